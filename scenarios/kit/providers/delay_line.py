"""A cable as long as the sea is wide: passes on every frame, so many milliseconds later.

    python3 delay_line.py MILLISECONDS INTERFACE INTERFACE

Stands in for netem where the kernel has none. A frame is never early, and late by a fraction of a millisecond. It is
passed on as the kernel sees it, with its unfinished checksum and as the one big segment that it may still be
(PACKET_VNET_HDR, packet(7)). Runs alone: it imports nothing of the lab.
"""

import select
import socket
import sys
import time
from collections import deque

SOL_PACKET, PACKET_VNET_HDR, PACKET_OUTGOING = 263, 15, 4
ETH_P_ALL = 0x0003
LARGEST = 65536 + 64
LONGEST_QUEUE = 20_000  # frames; beyond that they are lost, as anywhere


def listen(interface: str) -> socket.socket:
    """Everything that comes in at an interface, each frame behind its virtio header."""
    ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    ear.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
    ear.bind((interface, ETH_P_ALL))
    ear.setblocking(False)
    return ear


def take(ear: socket.socket, queue: deque, due: float) -> None:
    """Queue all frames that have come in, with the time at which they must leave."""
    while True:
        try:
            frame, (_, _, kind, *_) = ear.recvfrom(LARGEST)
        except BlockingIOError:
            return
        except OSError:
            return  # the interface is down: a cut cable
        if kind != PACKET_OUTGOING and len(queue) < LONGEST_QUEUE:
            queue.append((due, frame))


def give(mouth: socket.socket, queue: deque) -> None:
    """Send the frames whose time has come."""
    while queue and queue[0][0] <= time.monotonic():
        try:
            mouth.send(queue.popleft()[1])
        except OSError:
            pass  # nobody is there


def run(delay: float, one: str, other: str) -> None:
    ends = listen(one), listen(other)
    queues: tuple[deque, deque] = deque(), deque()  # of what came in at each end
    while True:
        due = min((queue[0][0] for queue in queues if queue), default=None)
        wait = None if due is None else max(0.0, due - time.monotonic())
        select.select(ends, [], [], wait)
        for ear, mouth, queue in zip(ends, reversed(ends), queues, strict=True):
            take(ear, queue, time.monotonic() + delay)
            give(mouth, queue)


if __name__ == "__main__":
    run(float(sys.argv[1]) / 1000, sys.argv[2], sys.argv[3])
