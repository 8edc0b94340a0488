"""Programs that nodes run, one module for each noun."""

from .dhcp import Dhcpcd, DhcpServer, Udhcpc
from .dns import Dns
from .ftp import Ftp
from .nat import CarrierNat, Nat
from .nftables import Nftables, Ruleset
from .service import Service, listening
from .smtp import Smtp
from .ssh import Ssh, SshKey, SshUser
from .supervisor import LOGS, Daemon, DaemonDied, Supervisor
from .web import Web

__all__ = [
    "LOGS",
    "CarrierNat",
    "Daemon",
    "DaemonDied",
    "DhcpServer",
    "Dhcpcd",
    "Dns",
    "Ftp",
    "Nat",
    "Nftables",
    "Ruleset",
    "Service",
    "Smtp",
    "Ssh",
    "SshKey",
    "SshUser",
    "Supervisor",
    "Udhcpc",
    "Web",
    "listening",
]
