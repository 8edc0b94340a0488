"""The pytest plugin: a scenario's network for a test module, one test for each claim, and evidence on failure.

In a test module, of this project or of one that installs it::

    from scenarios.lan import scenario

    def test_claim(net, claim):          # one test for each claim of the scenario
        claim.verify(net)

    def test_something_else(net):
        reachable("a", "b").verify(net)

The run moves into a sandbox (see ``scenarios.kit.sandbox``) at the first test that asks for ``net`` or ``lab``; those
that ask for neither come before.
"""

import signal
import sys

import pytest

USES_A_LAB = {"net", "lab"}
BAD_INPUT = 2  # exit code
STOPS = signal.SIGTERM, signal.SIGHUP


def pytest_addoption(parser):
    group = parser.getgroup("labs")
    group.addoption("--lab-break", action="store_true", help="open the prompt in the network in which a test failed")


def pytest_configure(config):
    config.addinivalue_line("markers", "lab: runs in a lab; its network namespaces are its own")


def pytest_generate_tests(metafunc):
    if "claim" in metafunc.fixturenames:
        claims = metafunc.module.scenario.claims
        metafunc.parametrize("claim", claims, ids=[str(claim) for claim in claims])


def pytest_collection_modifyitems(items):
    """Those that need no lab first: they run on the machine as it is."""
    items.sort(key=_needs_lab)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item):
    """Move into the sandbox at the first test that needs it, and go on there."""
    if _needs_lab(item):
        _enter(item.config)


@pytest.fixture(scope="module")
def net(request):
    """The running network of the module's ``scenario``."""
    scenario = request.module.scenario
    skip_without(scenario)
    with scenario.running(**getattr(request.module, "options", {})) as running:
        yield running
        _complain_of_dead_daemons(running)


@pytest.fixture
def lab():
    """The inside of a sandbox, for tests that build networks of their own."""
    from scenarios.kit import sandbox

    assert sandbox.inside()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    running = getattr(item, "funcargs", {}).get("net")
    if report.when == "call" and report.failed and running is not None:
        from scenarios.kit.evidence import gather

        report.sections += [(f"lab: {title}", text) for title, text in gather(running)]
        if item.config.option.lab_break:
            _open_prompt(item, running)
    return report


def pytest_terminal_summary(terminalreporter, config):
    """A run in which every test of a lab was skipped has proved nothing."""
    if getattr(config, "lab_items", None) and config.lab_ran == 0:
        terminalreporter.write_line("every test that needs a lab was skipped: this run has proved nothing", red=True)


def pytest_collection_finish(session):
    session.config.lab_items = [item.nodeid for item in session.items if _needs_lab(item)]
    session.config.lab_ran = 0


def pytest_runtest_logreport(report):
    if report.when == "call" and not report.skipped:
        _ran.add(report.nodeid)


def pytest_sessionfinish(session, exitstatus):
    labs = getattr(session.config, "lab_items", [])
    session.config.lab_ran = len(_ran & set(labs))
    if labs and not session.config.lab_ran and exitstatus == 0 and not session.config.option.collectonly:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


_ran: set[str] = set()


def _needs_lab(item) -> bool:
    return bool(USES_A_LAB & set(getattr(item, "fixturenames", ()))) or item.get_closest_marker("lab") is not None


def _enter(config) -> None:
    from scenarios.kit import errors, sandbox

    if sandbox.inside():
        return
    _flush()
    try:
        sandbox.enter("tests", [str(config.rootpath)])
    except errors.CannotRun as error:
        pytest.exit(str(error), returncode=BAD_INPUT)
    for stop in STOPS:
        signal.signal(stop, _stop)
    config._tmp_path_factory._basetemp = None  # the lab has its own /tmp; tmp_path is made anew there


def _stop(number: int, _frame) -> None:
    """Told to stop: this is no failure of the test that happens to run, and the next ones are not begun."""
    from scenarios.kit.sandbox import deaf

    for stop in STOPS:
        signal.signal(stop, deaf)
    pytest.exit(f"told to stop by {signal.Signals(number).name}", returncode=128 + number)


def skip_without(scenario) -> None:
    """Skip a test where the machine lacks what the scenario needs, and tell the remedy."""
    from scenarios.kit.errors import CannotRun

    try:
        scenario.check_machine()
    except CannotRun as lack:
        pytest.skip(str(lack))


def _complain_of_dead_daemons(running) -> None:
    from scenarios.kit.errors import LabError
    from scenarios.kit.scenario import dead_daemons

    dead = dead_daemons(running)
    if dead:
        raise LabError("; ".join(dead))


def _open_prompt(item, running) -> None:
    from mininet.cli import CLI
    from mininet.log import lg, setLogLevel

    capture = item.config.pluginmanager.getplugin("capturemanager")
    capture.suspend_global_capture(in_=True)
    handler, = lg.handlers
    captured = handler.setStream(sys.stdout)  # bound, like the input, when pytest held both
    try:
        print(f"\n{item.nodeid} failed; the network is yours, Ctrl-D goes on")
        setLogLevel("output")
        CLI(running, stdin=sys.stdin)
    finally:
        handler.setStream(captured)
        capture.resume_global_capture()


def _flush() -> None:
    for stream in sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__:
        if stream is not None:
            stream.flush()
