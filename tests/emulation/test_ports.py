from contextlib import contextmanager

from scenarios.kit import closed, probes
from scenarios.kit.actions import resume, substitute
from scenarios.kit.claims.ports import at, ephemeral, fetches_securely, logs_in, taken
from scenarios.kit.pki import Authority
from scenarios.kit.services import Ssh, SshKey, SshUser
from scenarios.ports import AUTHORITY, HOST_KEY, NAME, SERVER, USER_KEY, scenario  # noqa: F401


def test_claim(net, claim):
    claim.verify(net)


def test_a_port_where_somebody_listens_does_not_refuse(net):
    with probes.listen(net, "server", 8080):
        assert closed("laptop", "server", 8080).ask(net, 0).seen == "it is open"
    closed("laptop", "server", 8080).verify(net)


def test_what_goes_to_another_port_is_not_heard_at_this_one(net):
    claim = at("server", 80, fetches_securely("phone", f"https://{NAME}/", AUTHORITY))

    assert claim.ask(net, 0).seen.startswith("0 packets of 'tcp dst port 80")


def test_a_certificate_of_a_stranger_is_not_trusted(net):
    claim = fetches_securely("phone", f"https://{NAME}/", Authority("somebody else"))

    assert "certificate" in claim.ask(net, 0).seen


def test_a_certificate_for_another_name_is_not_accepted(net):
    seen = fetches_securely("phone", f"https://{SERVER}/", AUTHORITY).ask(net, 0).seen

    assert "certificate" in seen
    assert SERVER in seen


def test_somebody_without_the_key_is_not_let_in(net):
    with instead(net, SshUser(SshKey(), known=((SERVER, HOST_KEY),)), "phone"):
        assert "Permission denied (publickey)" in logs_in("phone", "server").ask(net, 0).seen
    logs_in("phone", "server").verify(net)


def test_a_server_with_another_key_is_not_taken_for_the_one_that_is_known(net):
    with instead(net, Ssh(SshKey(), users=[USER_KEY]), "server"):
        assert "Host key verification failed" in logs_in("phone", "server").ask(net, 0).seen


def test_the_kernel_takes_ports_from_the_range_that_it_is_given(net):
    net["laptop"].place.sysctl({"net/ipv4/ip_local_port_range": "50000 50009"})
    try:
        with probes.open_stream(net, "laptop", "server", 80) as stream:
            assert 50000 <= stream.getsockname()[1] <= 50009
        ephemeral("laptop", "server", 80).verify(net)
    finally:
        net["laptop"].place.sysctl({"net/ipv4/ip_local_port_range": "32768 60999"})


def test_a_port_that_nobody_has_can_be_bound(net):
    assert taken("server", 8080).ask(net, 0).seen == "a second program could bind it"


@contextmanager
def instead(net, service, node):
    substitute(net, service, node)
    try:
        yield
    finally:
        resume(net, service.name, node)
