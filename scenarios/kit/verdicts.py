"""What a node's packet filter did with a packet, rule by rule, told by the kernel itself (nft(8), "meta nftrace").

A table of our own asks the kernel to trace the packets that match; it sends a message for every rule they meet.
"""

import re
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .command import attempt, run

NETLINK_NETFILTER, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, NFNLGRP_NFTRACE = 12, 270, 1, 9
TRACE = (10 << 8) | 17  # NFNL_SUBSYS_NFTABLES, NFT_MSG_TRACE
TABLE, CHAIN, HANDLE, TYPE, VERDICT, NETWORK, TRANSPORT, POLICY = 1, 2, 3, 4, 5, 9, 10, 16
POLICY_EVENT, RULE_EVENT, RETURN_EVENT = 1, 3, 2
WORDS = {0: "drop", 1: "accept", 0xFFFFFFFF: "continue", 0xFFFFFFFE: "break", 0xFFFFFFFD: "jump", 0xFFFFFFFC: "goto",
         0xFFFFFFFB: "return"}
OUR_TABLE = "inet lab_trace"
TRACING = """table inet lab_trace {{
  chain before {{ type filter hook prerouting priority -400; {match} meta nftrace set 1; }}
  chain own {{ type filter hook output priority -400; {match} meta nftrace set 1; }}
}}"""
NLA_TYPE = 0x3FFF  # without the flags of nested and byte order


@dataclass(frozen=True)
class Ruling:
    """One rule, or a chain's policy, and what it said: "drop", "accept", "continue" …

    ``network`` and ``transport`` are the first bytes of the packet's headers at that moment, if the kernel told them.
    """

    node: str
    table: str
    chain: str
    verdict: str
    handle: int = 0
    rule: str = ""
    network: bytes = b""
    transport: bytes = b""

    def __str__(self) -> str:
        rule = self.rule or ("policy" if not self.handle else f"rule {self.handle}")
        return f"{self.table} {self.chain}: {rule} ({self.verdict})"


class Witness:
    """Hears what the filters of one node say."""

    def __init__(self, node, families: dict[str, str], match: str):
        self.node, self.families = node, families
        self.ear = node.place.run(_subscribe)
        run(node, "nft", "-f", "-", stdin=TRACING.format(match=match))

    def close(self) -> None:
        attempt(self.node, "nft", "delete", "table", *OUR_TABLE.split())
        self.ear.close()

    def rulings(self) -> list[Ruling]:
        """Everything said so far, in order, with the rules as nft(8) spells them."""
        heard = [ruling for message in _messages(self.ear) for ruling in _ruling(self.node.name, message)]
        spelled: dict[tuple[str, str], dict[int, str]] = {}
        for each in heard:
            if each.handle and (each.table, each.chain) not in spelled:
                spelled[each.table, each.chain] = self._spelled(each.table, each.chain)
        return [Ruling(each.node, f"{self.families.get(each.table, '')} {each.table}".strip(), each.chain, each.verdict,
                       each.handle, spelled.get((each.table, each.chain), {}).get(each.handle, ""), each.network,
                       each.transport) for each in heard if each.table != OUR_TABLE.split()[1]]

    def _spelled(self, table: str, chain: str) -> dict[int, str]:
        listed = attempt(self.node, "nft", "-a", "list", "chain", self.families.get(table, "inet"), table, chain).stdout
        found = re.findall(r"^\s*(.*?) # handle (\d+)$", listed, re.MULTILINE)
        return {int(handle): rule for rule, handle in found}


@contextmanager
def witnesses(nodes: dict, families: dict[str, dict[str, str]], match: str) -> Iterator[list[Witness]]:
    """Witnesses on all nodes that have a packet filter; ``families`` maps node and table to the table's family."""
    opened: list[Witness] = []
    try:
        for name, tables in families.items():
            opened.append(Witness(nodes[name], tables, match))
        yield opened
    finally:
        for each in opened:
            each.close()


def _subscribe() -> socket.socket:
    ear = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, NETLINK_NETFILTER)
    ear.bind((0, 0))
    ear.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, NFNLGRP_NFTRACE)
    return ear


def _messages(ear: socket.socket) -> Iterator[dict[int, bytes]]:
    while True:
        try:
            data = ear.recv(1 << 16)
        except BlockingIOError:
            return
        place = 0
        while place < len(data):
            length, kind = struct.unpack_from("=IH", data, place)
            if kind == TRACE:
                yield attributes(data[place + 20:place + length])  # after nlmsghdr and nfgenmsg
            place += (length + 3) & ~3


def attributes(data: bytes) -> dict[int, bytes]:
    """Netlink attributes (netlink(7)) by their types.

    >>> attributes(bytes.fromhex("06000100 61000000".replace(" ", "")))
    {1: b'a\\x00'}
    """
    found, place = {}, 0
    while place + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, place)
        found[kind & NLA_TYPE] = data[place + 4:place + length]
        place += max(4, (length + 3) & ~3)
    return found


def _ruling(node: str, told: dict[int, bytes]) -> Iterator[Ruling]:
    kind = struct.unpack("!I", told[TYPE])[0]
    if kind == RULE_EVENT and VERDICT in told:
        code = struct.unpack("!I", attributes(told[VERDICT])[1])[0]
    elif kind == POLICY_EVENT and POLICY in told:
        code = struct.unpack("!I", told[POLICY])[0]
    else:
        return
    handle = struct.unpack("!Q", told[HANDLE])[0] if HANDLE in told else 0
    yield Ruling(node, _text(told[TABLE]), _text(told[CHAIN]), WORDS.get(code, str(code)), handle,
                 network=told.get(NETWORK, b""), transport=told.get(TRANSPORT, b""))


def _text(value: bytes) -> str:
    return value.rstrip(b"\0").decode()
