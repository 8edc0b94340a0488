"""Programs that nodes run, one module for each noun."""

from .dhcp import Dhcpcd, DhcpServer, Udhcpc
from .nat import Nat
from .nftables import Nftables, Ruleset
from .service import Service, listening
from .supervisor import LOGS, Daemon, DaemonDied, Supervisor
from .web import Web

__all__ = [
    "LOGS", "Daemon", "DaemonDied", "DhcpServer", "Dhcpcd", "Nat", "Nftables", "Ruleset", "Service", "Supervisor",
    "Udhcpc", "Web", "listening",
]
