"""What users on the road get, and what becomes of those who are not users any more."""

from ipaddress import ip_address, ip_network

from .. import probes, waiting
from ..command import ask
from ..expect import CannotAsk, claims
from ..services.remote_access import readmit, revoke
from .reach import reachable

INTERFACE = "tun0"
ADMISSION = 10.0  # seconds: a user who was refused tries again when his handshake has timed out
REFUSAL = 0.5  # seconds without an answer; those that come take a few milliseconds


@claims("each of {users} gets an address of {pool}")
def pooled(net, users: tuple[str, ...], pool: str) -> str | None:
    """All of the pool, no two the same."""
    held = {user: address(net, user) for user in users}
    wrong = {user: each for user, each in held.items() if not each or ip_address(each) not in ip_network(pool)}
    return f"they have {held}" if wrong or len(set(held.values())) < len(users) else None


@claims("{user} always gets {wanted}")
def fixed(net, user: str, wanted: str) -> str | None:
    """By the kernel's account, and after calling again, too."""
    before = address(net, user)
    if before != wanted:
        return f"it is {before or 'none'}"
    net[user].supervisor.restart("tunnel")
    after = waiting.poll(lambda: address(net, user), ADMISSION)
    return None if after == wanted else f"after calling again it is {after or 'none'}"


@claims("{user}, whose certificate is revoked, is out at once and cannot come back; {other} stays in", within=0)
def revoked(net, user: str, other: str, server: str, target: str) -> str | None:
    """Before and afterwards the user is let in; meanwhile he calls, in vain."""
    for each in user, other:
        reachable(each, target).verify(net)
    refused = refusals(net, server)
    revoke(net, server, user)
    try:
        net[user].supervisor.restart("tunnel")
        waiting.poll(lambda: refusals(net, server) > refused or _answered(net, user, target), ADMISSION)
        back, called = _answered(net, user, target), refusals(net, server) > refused
        stays = _answered(net, other, target)
    finally:
        readmit(net, server, user)
        net[user].supervisor.restart("tunnel")
    if not waiting.poll(lambda: _answered(net, user, target), ADMISSION):
        raise CannotAsk(f"{user} is out, but does not come in again when readmitted either")
    if back or not called:
        return f"{user} came back" if back else f"{server} did not refuse {user}"
    return None if stays else f"{other} is out, too"


def refusals(net, server: str) -> int:
    """How often the server has refused a certificate because it is revoked, by its log."""
    return sum(daemon.output.count("error=certificate revoked") for daemon in net[server].daemons)


def address(net, user: str) -> str | None:
    """A user's address in the tunnel, by his own kernel's account; None while there is no tunnel."""
    rows = [row for row in ask(net[user], "ip", "-j", "-4", "addr") if row["ifname"] == INTERFACE]
    return next((info["local"] for row in rows for info in row["addr_info"]), None)


def _answered(net, user: str, target: str) -> bool:
    return probes.ping(net, user, target, wait=REFUSAL).answered
