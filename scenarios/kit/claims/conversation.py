"""How TCP and UDP talk: opening and closing, loss and repair, streams and messages (RFC 9293, RFC 768)."""

import socket
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from hashlib import sha256

from .. import probes, waiting
from ..capture import Packet, tap, tcp_flags
from ..command import attempt
from ..expect import CannotAsk, Measured, claims
from ..losses import losing, lost
from .application import spelled_out

FIN_WAIT_2 = 5  # tcp_states.h: our FIN is acknowledged, the other side may go on talking
SETTLE = 1.0  # seconds for an acknowledgement that may be delayed by 40 ms
REPAIR = 5.0  # seconds for TCP to send again what a bad wire has lost, a SYN after one second
PATIENCE = 20  # seconds for a file over a bad wire
OPENING = ["> SYN", "< SYN ACK", "> ACK"]
CLOSING = ["> FIN ACK", "< ACK", "< FIN ACK", "> ACK"]


@claims("{client} and {server} open with SYN, SYN-ACK, ACK, and close with a FIN and an ACK each way", within=2)
def shakes_hands(net, client: str, server: str) -> str | None:
    """The client says that it has no more to say, the server acknowledges, and later does the same."""
    with ExitStack() as stack:
        listener = stack.enter_context(probes.listen(net, server, 0))
        port = listener.getsockname()[1]
        heard = stack.enter_context(tap(net, client, filter=f"tcp port {port}"))
        near = stack.enter_context(probes.open_stream(net, client, server, port, REPAIR))
        far = stack.enter_context(listener.accept()[0])
        near.shutdown(socket.SHUT_WR)
        waiting.poll(lambda: near.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == FIN_WAIT_2, SETTLE)
        far.close()
        packets = heard.wait(len(OPENING + CLOSING), SETTLE)
    seen = [f"{'>' if packet.sent else '<'} {tcp_flags(packet.tcp)}" for packet in packets]
    if seen != OPENING + CLOSING:
        return f"the wire carried {', '.join(seen)}"
    return None if _acknowledged(packets) else "an acknowledgement does not fit: " + "; ".join(map(str, packets))


@claims("though {wire} loses one packet in {every}, {client} gets {url} whole, for {server} repeats what was lost")
def intact_despite_loss(net, client: str, server: str, url: str, original: str, wire: str, every: int) -> str | None:
    """The same SHA-256 at both ends; and segments that left the server twice, as heard at its interface."""
    with losing(net, wire, every), tap(net, server, filter="tcp src port 80") as heard:
        done = attempt(net[client], "curl", "-sS", "--max-time", PATIENCE, spelled_out(net, url))
        missing, repeated = lost(net, wire), _repeated(heard.packets())
    if not missing:
        raise CannotAsk(f"the control failed: {wire} lost nothing")
    if _hash(done.stdout) != _hash(original):
        return f"{len(done.stdout)} of {len(original)} characters came, and not the same: {done.stderr.strip()}"
    return Measured(f"{missing} packets were lost, {repeated} sent again") if repeated else "nothing was sent again"


@claims("of {count} datagrams from {client} to {server} all come, but one in {every} is lost while {wire} is bad")
def lost_for_good(net, client: str, server: str, wire: str, every: int, count: int = 100) -> str | None:
    """Nobody repeats a datagram. Those that come are as they were sent."""
    whole = _received(net, client, server, count)
    with losing(net, wire, every):
        some = _received(net, client, server, count)
    if len(whole) != count:
        raise CannotAsk(f"the control failed: only {len(whole)} came over a good wire")
    if not set(some) <= set(_datagrams(count)):
        return "some came changed"
    missing = count - len(some)
    return None if abs(missing - count // every) <= 1 else f"{missing} were lost"  # another may count


@claims("UDP keeps messages of {sizes} bytes apart, and TCP makes one stream of them")
def boundaries(net, client: str, server: str, sizes: Sequence[int] = (1, 1000, 20)) -> str | None:
    """What is sent in so many calls, and what as many calls receive."""
    messages = [bytes([65 + number]) * size for number, size in enumerate(sizes)]
    apart, together = _by_udp(net, client, server, messages), _by_tcp(net, client, server, messages)
    if apart == messages and together == b"".join(messages):
        return None
    return f"by UDP {[len(each) for each in apart]} bytes came, by TCP {len(together)} at once"


def _acknowledged(packets: Sequence[Packet]) -> bool:
    """Each SYN and each FIN counts for one in the next acknowledgement of the other side."""
    syn, syn_ack, ack, fin, fin_acked, fin_back, last = (packet.tcp for packet in packets)
    pairs = ((syn, syn_ack), (syn_ack, ack), (fin, fin_acked), (fin_back, last))
    return all(answer.ack == (said.seq + 1) % 2**32 for said, answer in pairs)


def _repeated(packets: Sequence[Packet]) -> int:
    """How many segments with data left more than once."""
    times = Counter((packet.tcp.dport, packet.tcp.seq) for packet in packets if packet.sent and packet.tcp.data)
    return sum(count - 1 for count in times.values())


def _received(net, client: str, server: str, count: int) -> list[bytes]:
    with probes.datagram_socket(net, server) as ear, probes.datagram_socket(net, client) as mouth:
        there = probes.address(net, server), ear.getsockname()[1]
        for datagram in _datagrams(count):
            mouth.sendto(datagram, there)
        return _drain(ear, count)


def _datagrams(count: int) -> list[bytes]:
    return [f"datagram {number} ".encode() * (number % 20 + 1) for number in range(count)]


def _drain(ear: socket.socket, most: int) -> list[bytes]:
    """What has come already, and what still comes within a moment."""
    ear.settimeout(0.2)
    got: list[bytes] = []
    while len(got) < most:
        try:
            got.append(ear.recv(65535))
        except TimeoutError:
            break
    return got


def _by_udp(net, client: str, server: str, messages: Sequence[bytes]) -> list[bytes]:
    with probes.datagram_socket(net, server) as ear, probes.datagram_socket(net, client) as mouth:
        for message in messages:
            mouth.sendto(message, (probes.address(net, server), ear.getsockname()[1]))
        return _drain(ear, len(messages))


def _by_tcp(net, client: str, server: str, messages: Sequence[bytes]) -> bytes:
    """One call, when all of it is there."""
    size = sum(map(len, messages))
    with probes.listen(net, server, 0) as listener:
        port = listener.getsockname()[1]
        with probes.open_stream(net, client, server, port, REPAIR) as mouth, listener.accept()[0] as ear:
            ear.settimeout(REPAIR)
            for message in messages:
                mouth.sendall(message)
            waiting.poll(lambda: len(ear.recv(size, socket.MSG_PEEK)) == size, REPAIR)
            return ear.recv(size)


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
