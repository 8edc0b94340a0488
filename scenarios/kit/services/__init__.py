"""Programs that nodes run, one module for each noun."""

from .service import Service, listening
from .supervisor import LOGS, Daemon, DaemonDied, Supervisor
from .web import Web

__all__ = ["LOGS", "Daemon", "DaemonDied", "Service", "Supervisor", "Web", "listening"]
