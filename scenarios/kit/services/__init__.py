"""Programs that nodes run, one module for each noun."""

from .nftables import Nftables
from .service import Service, listening
from .supervisor import LOGS, Daemon, DaemonDied, Supervisor
from .web import Web

__all__ = ["LOGS", "Daemon", "DaemonDied", "Nftables", "Service", "Supervisor", "Web", "listening"]
