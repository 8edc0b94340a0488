"""Addresses on loan (RFC 2131): dnsmasq(8) lends them, udhcpc and dhcpcd(8) borrow.

dnsmasq answers DNS questions, too: for the names in ``names``, and for those that its clients give themselves.
"""

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field

from .service import Service, listening

DHCPCD_STATE = "/var/lib"  # a host that runs dhcpcd has its own, by ``privateDirs``, to keep leases in
DOMAIN = "home.arpa"  # RFC 8375: for homes, and never on the Internet
SERVER = """\
keep-in-foreground
user=root
conf-file=
pid-file=
no-resolv
no-hosts
interface={interface}
except-interface=lo
bind-interfaces
domain={domain}
local=/{domain}/
dhcp-authoritative
no-ping
dhcp-range={pool},{mask},{lease}
dhcp-option=option:router,{router}
dhcp-option=option:dns-server,{address}
dhcp-leasefile={leases}
log-dhcp
log-facility=-
"""
PATH = "PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"
UDHCPC = f"""\
#!/bin/sh
{PATH}
case $1 in
deconfig)
    ip -4 addr flush dev "$interface" ;;
bound|renew)
    ip addr replace "$ip/$mask" dev "$interface"
    for gateway in $router; do ip route replace default via "$gateway" dev "$interface"; done
    for server in $dns; do echo "nameserver $server"; done >/etc/resolv.conf ;;
esac
"""
DHCPCD = f"""\
#!/bin/sh
{PATH}
[ -z "$new_domain_name_servers" ] ||
    for server in $new_domain_name_servers; do echo "nameserver $server"; done >/etc/resolv.conf
"""


@dataclass(frozen=True)
class DhcpServer(Service):
    """Lends the addresses of ``pool``, "first-last", on an interface; ``reserved`` maps MAC addresses to addresses.

    ``lease`` is in seconds, 120 at least; clients are told ``router`` as their gateway, the server itself unless given.
    """

    pool: str
    interface: str = "lan"
    reserved: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    lease: int = 120
    router: str | None = None

    name = "dhcp"

    def files(self, node):
        card = node.nameToIntf[self.interface]
        lines = [f"dhcp-host={mac},{address}\n" for mac, address in self.reserved.items()]
        lines += [f"host-record={name}.{DOMAIN},{address}\n" for name, address in self.names.items()]
        common = SERVER.format(interface=self.interface, domain=DOMAIN, pool=self.pool.replace("-", ","),
                               mask=_netmask(card.prefixLen), lease=self.lease, router=self.router or card.IP(),
                               address=card.IP(), leases=leases_file(node))
        return {"dnsmasq.conf": common + "".join(lines)}

    def commands(self, node):
        return [["dnsmasq", f"--conf-file={node.supervisor.directory}/dnsmasq.conf"]]

    def ready(self, node):
        return listening(node, 67, "udp") and listening(node, 53, "udp")


@dataclass(frozen=True)
class Udhcpc(Service):
    """The DHCP client of busybox(1). It goes on asking once a second, and sets what it is told."""

    name = "udhcpc"

    def files(self, node):
        return {"udhcpc.script": UDHCPC}

    def commands(self, node):
        script = node.supervisor.directory / "udhcpc.script"
        return [["busybox", "udhcpc", "-f", "-i", node.defaultIntf().name, "-s", str(script),
                 "-x", f"hostname:{node.name}", "-T", "1", "-A", "1"]]


@dataclass(frozen=True)
class Dhcpcd(Service):
    """dhcpcd(8). Where nobody lends it an address it chooses one itself (RFC 3927), unless not ``link_local``."""

    link_local: bool = True

    name = "dhcpcd"

    def files(self, node):
        options = ["ipv4only", "nodelay", "reboot 1", f"hostname {node.name}", "option domain_name_servers, routers",
                   f"script {node.supervisor.directory}/dhcpcd.script"]
        return {"dhcpcd.script": DHCPCD, "dhcpcd.conf": "\n".join([*options, *([] if self.link_local else ["noarp"])])}

    def commands(self, node):
        return [["dhcpcd", "-B", "-f", str(node.supervisor.directory / "dhcpcd.conf"), node.defaultIntf().name]]


def leases_file(node) -> str:
    """Where the server on a node keeps account of what it has lent."""
    return f"{node.supervisor.directory}/dnsmasq.leases"


def told_gateway(net, server: str) -> str:
    """The gateway that the server on a node is configured to tell."""
    text = (net[server].supervisor.directory / "dnsmasq.conf").read_text()
    return next(line for line in text.splitlines() if "option:router" in line).rpartition(",")[2]


def renew(net, node: str) -> None:
    """Have udhcpc ask for more time, before half of the lease is over."""
    for daemon in net[node].daemons:
        if daemon.name == Udhcpc.name:
            daemon.process.send_signal(signal.SIGUSR1)


def _netmask(length: int) -> str:
    from ipaddress import IPv4Network

    return str(IPv4Network((0, length)).netmask)
