"""Every interface of a network heard at once: a packet socket (packet(7)) in each namespace, bound to none of them."""

import socket
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from . import selector
from .capture import BUFFER, ETH_P_ALL, PACKET_OUTGOING, SNAPLEN, SO_TIMESTAMPNS, Packet, open_ear
from .links import place_of

CLOSERS = 32  # threads
ETHERNET = {1, 772}  # ARPHRD_ETHER, ARPHRD_LOOPBACK: frames begin with an Ethernet header


class Ears:
    """Open ears in all namespaces of a network; also for interfaces that services made later, tunnels for instance."""

    def __init__(self, net, expression: str = ""):
        """``expression`` is of pcap-filter(7); with one, interfaces that are made later are not heard."""
        self._names = {intf.name: f"{switch.name}:{selector.short(switch.name, intf.name)}"
                       for switch in net.switches for intf in switch.intfList()}
        places = {node.name: place_of(node) for node in net.hosts if node.inNamespace} | {"": place_of(None)}
        self._ears = [(name, ear) for name, place in places.items() for ear in place.run(_listen, expression)]

    def packets(self) -> Iterator[Packet]:
        """What was heard since the last time, namespace by namespace."""
        for node, ear in self._ears:
            yield from self._drain(node, ear)

    def fileno_list(self) -> list[int]:
        """Descriptors to wait on."""
        return [ear.fileno() for _, ear in self._ears]

    def close(self) -> None:
        """The kernel takes some 10 ms to close a packet socket: all at once, and nobody waits."""
        closers = ThreadPoolExecutor(CLOSERS, "closer")
        for _, ear in self._ears:
            closers.submit(ear.close)
        closers.shutdown(wait=False)

    def _drain(self, node: str, ear: socket.socket) -> Iterator[Packet]:
        while True:
            try:
                data, ancillary, _, (interface, _, kind, hardware, *_) = ear.recvmsg(SNAPLEN, 256)
            except OSError:  # nothing more for now (EAGAIN), or an interface that is off (ENETDOWN), told once
                return
            seconds, nanoseconds = struct.unpack("ll", ancillary[0][2][:16])
            where = self._where(node, interface)
            if where:
                yield Packet(seconds + nanoseconds / 1e9, where, kind == PACKET_OUTGOING, data,
                             hardware not in ETHERNET)

    def _where(self, node: str, interface: str) -> str | None:
        """The selector of an interface; None for what belongs to the lab itself and not to a switch."""
        return f"{node}:{selector.short(node, interface)}" if node else self._names.get(interface)


@contextmanager
def everywhere(net) -> Iterator[Ears]:
    """Hear everything for as long as the ``with`` block lasts."""
    ears = Ears(net)
    try:
        yield ears
    finally:
        ears.close()


def _listen(expression: str) -> list[socket.socket]:
    if expression:
        return [open_ear(name, expression)[1] for _, name in socket.if_nameindex()]
    ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    ear.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    ear.setblocking(False)
    return [ear]
