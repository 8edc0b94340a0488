"""Loans of addresses, as they cross the wire, and what hosts make of them (RFC 2131, options of RFC 2132)."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path

import dpkt

from .. import tables, waiting
from ..actions import install, resume
from ..capture import Packet, Tap, tap
from ..command import run
from ..expect import CannotAsk, claims
from ..services.dhcp import Dhcpcd, leases_file, renew

PORTS = "udp port 67 or udp port 68"
ANSWER = 3.0  # seconds; the client repeats itself every second
LINK_LOCAL = IPv4Network("169.254.0.0/16")
KINDS = ("", "DISCOVER", "OFFER", "REQUEST", "DECLINE", "ACK", "NAK", "RELEASE", "INFORM")
MASK, ROUTER, NAME_SERVER, KIND = 1, 3, 6, 53


@dataclass(frozen=True)
class Message:
    """One DHCP message. ``address`` is the one on loan, ``old`` the one that the client has and uses."""

    kind: str
    client: str
    address: str
    old: str
    options: dict[int, bytes]

    @classmethod
    def of(cls, packet: Packet) -> "Message":
        body = dpkt.dhcp.DHCP(bytes(packet.udp.data))
        options = dict(body.opts)
        return cls(KINDS[options[KIND][0]], body.chaddr[:6].hex(":"), str(IPv4Address(body.yiaddr)),
                   str(IPv4Address(body.ciaddr)), options)

    def told(self, option: int) -> str:
        """The first address of an option."""
        return str(IPv4Address(self.options[option][:4])) if option in self.options else "nothing"


@claims("{client} gets its address by DISCOVER, OFFER, REQUEST and ACK, in this order")
def borrows(net, client: str, server: str) -> str | None:
    seen = [message.kind for message in _conversation(net, client, server)]
    return None if seen == ["DISCOVER", "OFFER", "REQUEST", "ACK"] else f"{server} heard {', '.join(seen) or 'nothing'}"


@claims("{client}'s address, gateway and name server are those of the ACK: {pool}, {router}, {dns}")
def configured(net, client: str, server: str, pool: str, router: str, dns: str) -> str | None:
    """What the server said on the wire, what the client's kernel and resolver use, and what the plan says, are one."""
    ack = next((message for message in _conversation(net, client, server) if message.kind == "ACK"), None)
    if ack is None:
        return "no ACK was heard"
    said = (f"{ack.address}/{_length(ack.told(MASK))}", ack.told(ROUTER), ack.told(NAME_SERVER))
    waiting.poll(lambda: _uses(net, client) == said, ANSWER)
    if _uses(net, client) != said:
        return f"told {said}, it uses {_uses(net, client)}"
    first, _, last = pool.partition("-")
    planned = IPv4Address(first) <= IPv4Address(ack.address) <= IPv4Address(last or first)
    return None if planned and said[1:] == (router, dns) else f"it was told {said}"


@claims("{client} renews its lease with a REQUEST and an ACK, and keeps its address")
def renews(net, client: str, server: str) -> str | None:
    """Without a broadcast: the client asks the server that it knows, from the address that it has (RFC 2131, 4.4.5)."""
    with tap(net, server, filter=PORTS) as heard:
        renew(net, client)
        waiting.poll(lambda: len(_of(net, client, heard)) >= 2, ANSWER)
        seen = _of(net, client, heard)
    kept = [message for message in seen if message.kind == "ACK" and message.address == seen[0].old != "0.0.0.0"]
    told = ", ".join(f"{message.kind} ({message.old})" for message in seen) or "nothing"
    return None if [message.kind for message in seen] == ["REQUEST", "ACK"] and kept else f"{server} heard {told}"


@claims("{server}'s account names {clients}, with the addresses that they use")
def accounted(net, server: str, clients: tuple[str, ...]) -> str | None:
    """dnsmasq's file of leases, against the clients' kernels."""
    lines = Path(leases_file(net[server])).read_text().splitlines()
    account = {mac: address for _, mac, address, *_ in map(str.split, lines)}
    wrong = [client for client in clients if account.get(net[client].MAC()) not in _addresses(net, client)]
    return f"it does not of {', '.join(wrong)}: {account}" if wrong else None


@claims("the pool is exhausted: {client} asks, and {server} offers nothing")
def offered_nothing(net, client: str, server: str, control: str) -> str | None:
    """``control`` is a client whose lease the server renews after it has heard the question that it leaves open."""
    with tap(net, server, filter=PORTS) as heard:
        _start_anew(net, client)
        waiting.poll(lambda: _of(net, client, heard), ANSWER)
        alive = renews(control, server).ask(net, 0)
        seen = [message.kind for message in _of(net, client, heard)]
    if not seen or not alive.held:
        raise CannotAsk(f"{client} said {', '.join(seen) or 'nothing'}; {alive}")
    return None if set(seen) == {"DISCOVER"} else f"{server} heard {', '.join(seen)}"


@claims("{client} has chosen an address of {network} for itself", within=15)
def link_local(net, client: str, network: IPv4Network = LINK_LOCAL) -> str | None:
    """RFC 3927: three times it asks whether anybody has the address already, which takes some seconds."""
    held = _addresses(net, client)
    return None if any(IPv4Address(each) in network for each in held) else f"it has {', '.join(held) or 'none'}"


def _conversation(net, client: str, server: str) -> list[Message]:
    """What is said when the client starts anew, up to the ACK."""
    with tap(net, server, filter=PORTS) as heard:
        _start_anew(net, client)
        waiting.poll(lambda: "ACK" in [message.kind for message in _of(net, client, heard)], ANSWER)
        return _of(net, client, heard)


def _start_anew(net, client: str) -> None:
    """A computer that had no client so far gets one, which makes do without a server, too."""
    if not net[client].services:
        install(net, Dhcpcd(), client)
    else:
        resume(net, net[client].services[0].name, client)


def _of(net, client: str, heard: Tap) -> list[Message]:
    mac = net[client].MAC()
    return [message for message in map(Message.of, heard.packets()) if message.client == mac]


def _uses(net, client: str) -> tuple[str, str | None, str]:
    """Address and prefix length, gateway, name servers."""
    words = run(net[client], "cat", "/etc/resolv.conf").split()
    held = [each for each in tables.addresses(net, client) if each.partition("/")[0] in _addresses(net, client)]
    return ", ".join(held), tables.gateway(net, client), ", ".join(words[1::2])


def _addresses(net, client: str) -> list[str]:
    """All but those by which it talks to itself."""
    addresses = (IPv4Interface(each).ip for each in tables.addresses(net, client) if ":" not in each)
    return [str(each) for each in addresses if not each.is_loopback]


def _length(mask: str) -> int:
    return IPv4Network((0, mask)).prefixlen
