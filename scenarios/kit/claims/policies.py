"""A policy between departments, and what packets really do: every pair, both ways, by ping and by TCP."""

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

from .. import probes
from ..actions import reconfigured
from ..expect import CannotAsk, Claim, claims
from ..openflow import controller_view
from ..policy import Policy
from ..portscan import connect_all
from ..probes import Connect
from ..streams import stream
from .filtering import listening

ALL_PAIRS = 0.5  # seconds until a question counts as refused; those that are not take a few milliseconds
BLOCKED = 0.5  # seconds in which a live stream must carry nothing
WORDS = b"one", b"two", b"three"  # the first may still slip through: a switch obeys a moment after it has said so
AGAIN = 5.0  # seconds: TCP waits longer and longer before it sends again
Way = tuple[str, str, str, int]  # source, destination, protocol, port


@claims("by ping and at TCP ports {ports}, every pair speaks just as the policy allows", within=6)
def as_permitted(net, policy: Policy | Path, people: Sequence[str], ports: Sequence[int]) -> str | None:
    """The whole matrix, observed, against the one that is computed from the file as it stands when it is asked."""
    policy = Policy.read(policy) if isinstance(policy, Path) else policy
    computed, seen = expected(net, policy, people, ports), observed(net, people, ports)
    wrong = [f"{src} {'reaches' if seen[way] else 'does not reach'} {dst} by {protocol} {port or ''}".strip()
             for way, allowed in computed.items() if seen[way] != allowed for src, dst, protocol, port in [way]]
    return f"{len(wrong)} of {len(seen)} differ: {'; '.join(wrong[:6])}" if wrong else None


def under(policy: Policy, controller: str, what: str, people: Sequence[str], ports: Sequence[int]) -> Claim:
    """With this policy instead, the network follows, and it follows back; ``what`` says what is different."""
    def probe(net) -> str | None:
        with reconfigured(net, controller, policy.text()):
            return as_permitted(policy, people, ports).ask(net).seen or None

    return Claim(f"{what}, and the whole matrix follows while the network runs", probe, within=0)


@claims("a stream from {src} to {dst} stops when the policy forbids it, and goes on when it allows it again", within=0)
def stops_live(net, src: str, dst: str, controller: str, forbidding: Policy) -> str | None:
    """The connection stays open all the while: TCP sends again what did not get through."""
    with stream(net, src, dst) as talk:
        talk.near.sendall(b"before")
        if talk.far.recv(100) != b"before":
            raise CannotAsk("the control failed: nothing came before the change either")
        with reconfigured(net, controller, forbidding.text()):
            talk.far.settimeout(BLOCKED)
            stopped = next((word for word in WORDS if _sent(talk, word) is None), None)
        if stopped is None:
            return "what was sent while it was forbidden came all the same"
        talk.far.settimeout(AGAIN)
        late = _received(talk.far)
    return None if late == stopped else f"of what was sent while it was forbidden {late!r} came afterwards"


@claims("the switches hold a rule for each line of the policy, and count what each decides")
def shown(net, policy: Policy) -> str | None:
    """What the switches answer to the controller's question for their rules (OFPMP_FLOW)."""
    rows = [row for row in controller_view(net, "flows") if "/policy/" in row["owner"]]
    packets = {str(line): 0 for line in range(len(policy.policy.rules) + 1)}  # the last line is the default
    for row in rows:
        line = row["owner"].rpartition("/")[2]
        packets[line] = packets.get(line, 0) + row["packets"]
    idle = [line for line, count in packets.items() if not count]
    return f"nothing was counted in line {', '.join(idle)} of {packets}" if idle else None


def expected(net, policy: Policy, people: Sequence[str], ports: Sequence[int]) -> dict[Way, bool]:
    """What the file says of every pair, in both directions."""
    at = {name: probes.address(net, name) for name in people}
    kinds = [("icmp", 0), *(("tcp", port) for port in ports)]
    return {(src, dst, protocol, port): policy.permits(at[src], at[dst], protocol, port)
            for src, dst in permutations(people, 2) for protocol, port in kinds}


def observed(net, people: Sequence[str], ports: Sequence[int]) -> dict[Way, bool]:
    """What becomes of every ping and of every connection; somebody listens everywhere."""
    answered = net.reach([net[name] for name in people], within=ALL_PAIRS)
    with listening(net, set(people), ports):
        attempts = [(src, dst, port) for src, dst in permutations(people, 2) for port in ports]
        opened = connect_all(net, attempts, ALL_PAIRS)
    pings = {(src, dst, "icmp", 0): ok for (src, dst), ok in answered.items()}
    return pings | {(src, dst, "tcp", port): outcome is Connect.OPEN for (src, dst, port), outcome in opened.items()}


def _sent(talk, word: bytes) -> bytes | None:
    talk.near.sendall(word)
    return _received(talk.far)


def _received(ear) -> bytes | None:
    try:
        return ear.recv(100)
    except TimeoutError:
        return None
