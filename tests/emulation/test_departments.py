import pytest

from scenarios.departments import ALONE, FILE, OPENED, PEOPLE, POLICY, PORTS, scenario  # noqa: F401
from scenarios.kit import isolated, reachable
from scenarios.kit.actions import reconfigured
from scenarios.kit.claims.nat import stopped
from scenarios.kit.claims.policies import as_permitted, stops_live
from scenarios.kit.command import run
from scenarios.kit.errors import LabError


def test_claim(net, claim):
    claim.verify(net)


def test_no_handler_of_the_controller_has_failed(net):
    """Ryu logs and swallows what its handlers raise."""
    assert "Traceback" not in net["c0"].daemon.output


def test_a_matrix_that_is_not_the_networks_own_is_noticed(net):
    seen = as_permitted(OPENED, PEOPLE, PORTS).ask(net, 0).seen

    assert seen.startswith("4 of 216 differ: dan does not reach hal by tcp 22; ")


def test_a_policy_that_changes_is_noticed_by_who_reads_the_file(net):
    with reconfigured(net, "c0", OPENED.text()):
        assert "dan reaches hal by tcp 22" in as_permitted(FILE, PEOPLE, PORTS).ask(net, 0).seen
    as_permitted(FILE, PEOPLE, PORTS).verify(net)


def test_a_policy_that_cannot_be_used_changes_nothing(net):
    with pytest.raises(LabError, match=r"the controller c0 refuses: .*nobody"):
        net["c0"].reconfigure(POLICY.text().replace("- finance", "- nobody").replace("- it\n", "- nobody\n"))
    net["c0"].reconfigure(None)
    as_permitted(FILE, PEOPLE, PORTS).verify(net)


def test_a_stream_that_nobody_forbids_does_not_stop(net):
    assert "came all the same" in stops_live("ivy", "hope", "c0", forbidding=POLICY).ask(net, 0).seen


def test_without_state_whatever_looks_like_an_answer_passes(net):
    """UDP has no flags: a datagram to IT could be an answer to IT, and comes in unasked."""
    claim = stopped("fay", "ivy", outside="s2:eth1", inside="s1:eth1")
    stateless = POLICY.model_copy(update={"policy": POLICY.policy.model_copy(update={"stateful": False})})

    with reconfigured(net, "c0", stateless.text()):
        assert "it went on" in claim.ask(net, 0).seen
    claim.verify(net)


def test_where_no_controller_has_said_anything_nothing_passes(net):
    reachable("fay", "finn").verify(net)
    net["c0"].kill()
    try:
        reachable("fay", "finn").verify(net)  # rules that are there go on without their author
        run(net["s2"], "ovs-ofctl", "-O", "OpenFlow13", "del-flows", "s2")
        isolated("fay", "finn", control=("ivy", "ian")).verify(net)
    finally:
        net["c0"].start()
        assert net.waitConnected()
    as_permitted(FILE, PEOPLE, PORTS).verify(net)


def test_whoever_saves_the_file_changes_what_passes(net, tmp_path, monkeypatch):
    mine = tmp_path / "departments.yaml"
    mine.write_text(POLICY.text())
    monkeypatch.setattr(net["c0"], "configuration", mine)
    net["c0"].reconfigure(None)
    try:
        mine.write_text(OPENED.text())
        as_permitted(mine, PEOPLE, PORTS).verify(net)
        assert not as_permitted(FILE, PEOPLE, PORTS).ask(net, 0).held
    finally:
        monkeypatch.undo()
        net["c0"].reconfigure(None)
    as_permitted(FILE, PEOPLE, PORTS).verify(net)
