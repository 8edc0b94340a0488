"""OpenVPN (openvpn(8)) for people on the road: a server that knows its users by their certificates."""

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Interface, ip_network
from pathlib import Path

from ..errors import NoSuchThing
from ..pki import Authority
from .service import Service, listening

PORT = 1194
PATIENCE = 5  # seconds for the daemon to do as it is told
ALIVE = "ping 1\nping-restart 5\nverb 1\n"  # seconds: told soon when the other end is gone
SERVER = """\
dev tun0
dev-type tun
proto udp4
port {port}
topology subnet
server {pool.network_address} {pool.netmask}
{routes}
push "route {office.network_address} {office.netmask}"
push "dhcp-option DNS {nameserver}"
client-config-dir users
ccd-exclusive
ca ca.crt
cert own.crt
key own.key
dh none
data-ciphers AES-256-GCM
crl-verify crl.pem
management manage unix
"""
USER = """\
client
dev tun0
dev-type tun
proto udp4
remote {server} {port}
nobind
ca ca.crt
cert own.crt
key own.key
data-ciphers AES-256-GCM
verify-x509-name {server_name} name
tls-timeout 1
hand-window 5
connect-retry 1 1
auth-retry nointeract
script-security 2
up "/bin/sh names.sh"
"""
NAMES = """\
#!/bin/sh
# What the server pushes is told in the environment (openvpn(8)).
case $foreign_option_1 in
    "dhcp-option DNS "*) echo "nameserver ${foreign_option_1##* }" >/etc/resolv.conf ;;
esac
"""


@dataclass(frozen=True)
class Account:
    """What a user gets: a ``fixed`` address, "10.10.10.5/24", or one of the pool; with ``full``, all traffic goes
    through the tunnel, else only what is for the office."""

    fixed: str | None = None
    full: bool = False


@dataclass(frozen=True)
class AccessServer(Service):
    """The company's end: users by name, and the ``office`` behind it, whose names ``nameserver`` knows."""

    users: Mapping[str, Account]
    authority: Authority = field(repr=False)
    pool: str
    office: str
    nameserver: str
    name: str = "tunnel"

    def files(self, node):
        own = self.authority.issue(node.name)
        fixed = {IPv4Interface(user.fixed).network for user in self.users.values() if user.fixed}
        text = SERVER.format(port=PORT, pool=ip_network(self.pool), office=ip_network(self.office),
                             nameserver=self.nameserver,
                             routes="\n".join(f"route {each.network_address} {each.netmask}" for each in sorted(fixed)))
        return {"openvpn.conf": text + ALIVE, "ca.crt": self.authority.certificate, "own.crt": own.certificate,
                "own.key": own.key, "crl.pem": self.authority.revocations(),
                **{f"users/{name}": pushed(user) for name, user in self.users.items()}}

    def commands(self, node):
        return [["openvpn", "--cd", str(node.supervisor.directory), "--config", "openvpn.conf"]]

    def ready(self, node):
        return listening(node, PORT, "udp")


@dataclass(frozen=True)
class AccessUser(Service):
    """A user's end, who calls the ``server`` of this name and address."""

    server_name: str
    server: str
    authority: Authority = field(repr=False)
    name: str = "tunnel"

    def files(self, node):
        own = self.authority.issue(node.name)
        return {"openvpn.conf": USER.format(server=self.server, server_name=self.server_name, port=PORT) + ALIVE,
                "ca.crt": self.authority.certificate, "own.crt": own.certificate, "own.key": own.key,
                "names.sh": NAMES}

    def commands(self, node):
        return [["openvpn", "--cd", str(node.supervisor.directory), "--config", "openvpn.conf"]]


def pushed(user: Account) -> str:
    """What the server tells this user when he has come in."""
    lines = ['push "redirect-gateway def1"'] if user.full else []
    if user.fixed:
        address = IPv4Interface(user.fixed)
        lines += [f"ifconfig-push {address.ip} {address.netmask}", "push-remove route-gateway",
                  f'push "route-gateway {address.network[1]}"']
    return "".join(f"{line}\n" for line in lines)


def server_of(net, node: str) -> AccessServer:
    """The access server of a node."""
    return next(each for each in net[node].services if isinstance(each, AccessServer))


def revoke(net, server: str, user: str) -> None:
    """Take a user's certificate back, and end his session."""
    _decree(net, server, user, set.add)
    with socket.socket(socket.AF_UNIX) as manager:
        manager.settimeout(PATIENCE)
        manager.connect(str(net[server].supervisor.directory / "manage"))
        manager.sendall(f"kill {user}\nquit\n".encode())
        while manager.recv(4096):
            pass  # until it has done so, and hangs up


def readmit(net, server: str, user: str) -> None:
    """Take the revocation back."""
    _decree(net, server, user, set.discard)


def _decree(net, server: str, user: str, change: Callable[[set[str], str], None]) -> None:
    """Change the list of those who are revoked, in one step: the daemon reads it at every call."""
    service, directory = server_of(net, server), net[server].supervisor.directory
    if user not in service.users:
        raise NoSuchThing("user", user, service.users)
    change(service.authority.revoked, user)
    fresh = Path(directory, "crl.new")
    fresh.touch(mode=0o600)
    fresh.write_text(service.authority.revocations())
    fresh.rename(directory / "crl.pem")
