"""What translation hides, keeps apart, and lets in; told by the far end's sockets and by the translator's table."""

from contextlib import ExitStack
from itertools import pairwise

from .. import conntrack, probes
from ..capture import search, tap, taps
from ..expect import CannotAsk, claims
from ..streams import stream, streams

SAME_PORT = 40000  # all clients use it at once, so that the translator must tell them apart
HEARD = 1.0  # seconds that a datagram may need to where it should be heard
PASSING = 0.1  # seconds that the way through the translator may take; it takes less than one millisecond
QUESTION, ANSWER, INTRUSION = b"a question", b"the answer", b"an intrusion"


@claims("{server} sees {client} as {address}")
def seen_as(net, server: str, client: str, address: str) -> str | None:
    """The server's socket has this peer, and packets come to it from this address only."""
    with tap(net, server, filter="tcp") as heard:
        told = _peer(net, client, server)
        addresses = {packet.src for packet in heard.packets() if not packet.sent}
    return None if addresses | {told} == {address} else f"its socket says {told}, its wire {', '.join(addresses)}"


@claims("{translator} maps {clients}, all at port {port}, to an outside port each, and its table says which")
def mapped(net, translator: str, clients: tuple[str, ...], server: str, port: int = SAME_PORT) -> str | None:
    """Rows of the translator's table, compared with what the server's sockets see; no two clients share a port."""
    try:
        with streams(net, clients, server, port) as talks:
            table = conntrack.table(net, translator, "-p", "tcp", "--state", "ESTABLISHED")
            peers = {client: talk.peer for client, talk in talks.items()}
    except OSError as error:
        return f"no connection: {error}"
    rows = {row.source: row.mapped for row in table}
    told = {client: rows.get((probes.address(net, client), port)) for client in clients}
    if told != peers:
        return f"the table says {told}, the server sees {peers}"
    return None if len(set(peers.values())) == len(clients) else f"some share a port: {peers}"


@claims("between {client} and {server} stand the tables of {translators}, and what one gives out the next takes in")
def translated_in_turn(net, client: str, server: str, translators: tuple[str, ...]) -> str | None:
    """A conversation followed from table to table: from the client's socket to the one that the server sees."""
    try:
        with stream(net, client, server) as talk:
            way = [talk.near.getsockname()]
            for translator in translators:
                rows = {row.source: row.mapped for row in conntrack.table(net, translator, "-p", "tcp")}
                way.append(rows.get(way[-1], ("nowhere", 0)))
            peer = talk.peer
    except OSError as error:
        return f"no connection: {error}"
    changed = all(before[0] != after[0] for before, after in pairwise(way))
    return None if way[-1] == peer and changed else f"the tables lead from {way}, and the server sees {peer}"


@claims("{count} connections of {client} come from ports {first} to {last}, and no other")
def keeps_to_block(net, client: str, server: str, first: int, last: int, count: int = 20) -> str | None:
    """As the server sees them; the client's own ports lie elsewhere."""
    try:
        with ExitStack() as stack:
            talks = [stack.enter_context(stream(net, client, server)) for _ in range(count)]
            ports, own = {talk.peer[1] for talk in talks}, {talk.near.getsockname()[1] for talk in talks}
    except OSError as error:
        return f"no connection: {error}"
    if any(first <= port <= last for port in own):
        raise CannotAsk(f"{client} happens to use ports of the block itself: {own}")
    return None if all(first <= port <= last for port in ports) else f"the server sees ports {sorted(ports)}"


@claims("what {server} says to {clients} comes to the one it was meant for")
def told_apart(net, server: str, clients: tuple[str, ...], port: int = SAME_PORT) -> str | None:
    """Each client gets its own name back, though all speak from the same port at once."""
    try:
        with streams(net, clients, server, port) as talks:
            heard = {client: talk.say(client.encode()).decode() for client, talk in talks.items()}
    except OSError as error:
        return f"no connection: {error}"
    return None if all(client == name for client, name in heard.items()) else f"they heard {heard}"


@claims("through the port that {client} opened, {server} may answer, but {stranger} may not come in")
def answered_only_by(net, client: str, server: str, stranger: str, outside: str, inside: str) -> str | None:
    """A stranger's datagram to the very port that is mapped is heard ``outside`` the translator and not ``inside``."""
    with (taps(net, outside, inside, filter="udp") as (before, behind), probes.datagram_socket(net, client) as asker,
          probes.datagram_socket(net, server) as asked, probes.datagram_socket(net, stranger) as other):
        asker.sendto(QUESTION, (probes.address(net, server), asked.getsockname()[1]))
        hole = asked.recvfrom(100)[1]
        other.sendto(INTRUSION, hole)
        asked.sendto(ANSWER, hole)
        got = asker.recvfrom(100)[0]
        if not search(before.wait(3, HEARD), INTRUSION):
            raise CannotAsk(f"the control failed: what {stranger} sent did not even come to {outside}")
        leaked = search(behind.packets(), INTRUSION)
    return f"{client} heard {got!r}, and {inside} carried {len(leaked)} intrusions" if leaked or got != ANSWER else None


@claims("what {src} sends to {dst} unasked stops at {outside}")
def stopped(net, src: str, dst: str, outside: str, inside: str, port: int = 9) -> str | None:
    """A datagram comes to the ``outside`` interface and does not leave by the ``inside`` one."""
    with (taps(net, outside, inside, filter=f"udp port {port}") as (before, behind),
          probes.datagram_socket(net, src) as sender):
        sender.sendto(INTRUSION, (probes.address(net, dst), port))
        if not search(before.wait(1, HEARD), INTRUSION):
            raise CannotAsk(f"the control failed: it did not even come to {outside}")
        leaked = search(behind.wait(1, PASSING), INTRUSION)
    return f"it went on: {leaked[0]}" if leaked else None


def _peer(net, client: str, server: str) -> str:
    try:
        with stream(net, client, server) as talk:
            return talk.peer[0]
    except OSError as error:
        return f"nothing ({error})"
