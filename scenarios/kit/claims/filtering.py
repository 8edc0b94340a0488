"""What a firewall lets through. What it should let through is worked out from its policy, not from its rules."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from .. import probes, selector, waiting
from ..actions import without
from ..capture import tap, taps
from ..expect import CannotAsk, claims
from ..inject import ethernet, segment, send_frame
from ..portscan import connect_all, open_ports
from ..probes import Connect
from ..services.firewall import Policy, counter, firewall_of, forget_callers, load, log, permits
from ..services.nftables import rules

SILENCE = 0.4  # seconds without an answer; those that come take a few milliseconds
SCANNED = "1-1024,5432,8080"
ORPHAN = 45678  # a port from which nobody has opened anything


@claims("between {hosts}, just those connections open that the policy of {firewall} allows")
def as_allowed(net, hosts: Sequence[str], firewall: str, ports: Sequence[int], same: Sequence[str] = (),
               to: Sequence[str] = ()) -> str | None:
    """Every host tries every port of every other, or of those in ``to``; all are listening. ``same`` are those with
    no firewall between them."""
    pairs = [(src, dst) for src in hosts for dst in to or hosts if src != dst and not {src, dst} <= set(same)]
    expected = {(src, dst, port): _expected(net, firewall_of(net, firewall).policy, src, dst, port)
                for src, dst in pairs for port in ports}
    forget_callers(net)
    with listening(net, {dst for _, dst in pairs}, ports):
        seen = connect_all(net, expected, SILENCE)
    wrong = [f"{src} to {dst} port {port} is {seen[src, dst, port]}, not {wanted}"
             for (src, dst, port), wanted in expected.items() if seen[src, dst, port] is not wanted]
    return "; ".join(wrong) or None


@claims("a scan of {dst} by {src} finds just the open ports that the policy of {firewall} names")
def scanned(net, src: str, dst: str, firewall: str) -> str | None:
    """nmap(1) tries a thousand ports and more; it must find the allowed ones, and those alone."""
    policy = firewall_of(net, firewall).policy
    named = {port for rule in policy.rules if rule.tcp != "all" for port in rule.tcp}
    expected = {port for port in named if _expected(net, policy, src, dst, port) is Connect.OPEN}
    forget_callers(net)
    found = open_ports(net, src, dst, SCANNED)
    return None if found == expected else f"it finds {sorted(found)}, not {sorted(expected)}"


@claims("{src} opens {dst} port {port} {times} times in a row, and not once more")
def limited(net, src: str, dst: str, port: int, times: int) -> str | None:
    forget_callers(net)
    opened = [probes.connect(net, src, dst, port, SILENCE) for _ in range(times + 1)]
    forget_callers(net)
    wanted = [Connect.OPEN] * times + [Connect.FILTERED]
    return None if opened == wanted else f"they were {', '.join(opened)}"


@claims("an answer from {src} to {dst} that nobody asked for passes {firewall} just if it has no memory", within=0)
def unasked(net, src: str, dst: str, firewall: str, outside: str, inside: str) -> str | None:
    """A segment with ACK from a web server's port, of no connection: heard ``outside``, and ``inside`` or not."""
    near = selector.interface(net, src)
    packet = segment(near.IP(), probes.address(net, dst), 80, ORPHAN)
    with taps(net, outside, inside, filter=f"tcp dst port {ORPHAN}") as (before, behind):
        send_frame(net, src, ethernet(near.MAC(), near.far.MAC(), packet))
        if not before.wait(1, SILENCE):
            raise CannotAsk(f"the control failed: it did not even come to {outside}")
        passed = bool(behind.wait(1, SILENCE))
    remembers = firewall_of(net, firewall).stateful
    return None if passed != remembers else "it passed" if passed else "it did not pass"


@claims("with the firewall of {gone} gone, that of {host} still stands", within=0)
def stands_alone(net, host: str, gone: str, hosts: Sequence[str], ports: Sequence[int]) -> str | None:
    with without(net, gone, "firewall"):
        return as_allowed(hosts, host, ports, to=[host]).ask(net, 0).seen or None


@claims("{firewall} counts and logs what it drops")
def accounted(net, src: str, dst: str, firewall: str, port: int) -> str | None:
    """A connection that is not allowed raises the counter, and its source and destination appear in the log."""
    before, line = counter(net, firewall, "dropped"), f"> {probes.address(net, dst)}.{port}: Flags [S]"
    lines = log(net, firewall).count(line)
    if probes.connect(net, src, dst, port, SILENCE) is not Connect.FILTERED:
        return f"{src} was not stopped"
    rose = counter(net, firewall, "dropped") - before
    logged = waiting.poll(lambda: log(net, firewall).count(line) > lines, SILENCE)
    return None if rose and logged else f"the counter rose by {rose}, and the log says {'it' if logged else 'nothing'}"


@claims("without memory, {firewall} needs rules for both directions", within=0)
def both_directions(net, src: str, dst: str, firewall: str, port: int) -> str | None:
    """Rules for questions alone let the SYN reach ``dst``, and stop the SYN-ACK; with rules for answers it opens."""
    own = firewall_of(net, firewall)
    if not rules(net, firewall, "firewall"):
        raise CannotAsk(f"{firewall} has no firewall")
    try:
        with tap(net, dst, filter=f"tcp port {port} and tcp[tcpflags] & tcp-syn != 0") as heard:
            load(net, firewall, replace(own, stateful=False, replies=False))
            one_way, exchanged = probes.connect(net, src, dst, port, SILENCE), len(heard.wait(2, SILENCE))
            load(net, firewall, replace(own, stateful=False, replies=True))
            both = probes.connect(net, src, dst, port, SILENCE)
    finally:
        load(net, firewall, own)
    if exchanged < 2:
        raise CannotAsk(f"{dst} was not asked, or did not answer")
    right = (one_way, both) == (Connect.FILTERED, Connect.OPEN)
    return None if right else f"without rules for answers it is {one_way}, with them {both}"


@contextmanager
def listening(net, hosts: set[str], ports: Sequence[int]) -> Iterator[None]:
    """Somebody listens at every port of every host, so that a connection fails only on its way."""
    with ExitStack() as stack:
        for host in hosts:
            for port in ports:
                try:
                    stack.enter_context(probes.listen(net, host, port))
                except OSError:
                    pass  # a service of the host listens there already
        yield


def _expected(net, policy: Policy, src: str, dst: str, port: int) -> Connect:
    allowed = permits(policy, probes.address(net, src), probes.address(net, dst), port)
    return Connect.OPEN if allowed else Connect.FILTERED
