"""Mail (RFC 5321)."""

from dataclasses import dataclass
from pathlib import Path

from .service import Service, listening

OPENSMTPD = """\
smtp max-message-size 1M
listen on 0.0.0.0 port {port} hostname {name}.home.arpa
table everybody {{ "@" = "nobody" }}
action "keep" maildir "{mailbox}" virtual <everybody>
match from any for any action "keep"
"""
SPOOL = "/var/spool"  # a host that runs smtpd has its own, by ``privateDirs``, for mail on its way


@dataclass(frozen=True)
class Smtp(Service):
    """smtpd(8) of OpenSMTPD. It takes mail for everybody, and keeps it in one ``mailbox``."""

    port: int = 25

    def files(self, node):
        return {"smtpd.conf": OPENSMTPD.format(port=self.port, name=node.name, mailbox=mailbox(node))}

    def commands(self, node):
        return [["smtpd", "-d", "-f", str(node.supervisor.directory / "smtpd.conf")]]

    def ready(self, node):
        return listening(node, self.port)


def mailbox(node) -> Path:
    """Where the mail is kept, a file for each message (maildir(5))."""
    return Path(f"/tmp/{node.name}.mail")
