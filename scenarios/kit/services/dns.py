"""Names (RFC 1035)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .service import Service, listening

DNSMASQ = """\
keep-in-foreground
user=root
conf-file=
pid-file=
no-resolv
no-hosts
port={port}
local=/#/
log-facility=-
"""


@dataclass(frozen=True)
class Dns(Service):
    """dnsmasq(8) as a name server that knows just ``names``, over UDP and TCP; of all others it says there are none."""

    names: Mapping[str, object] = field(default_factory=dict)
    port: int = 53

    def files(self, node):
        records = "".join(f"host-record={name},{address}\n" for name, address in self.names.items())
        return {"names.conf": DNSMASQ.format(port=self.port) + records}

    def commands(self, node):
        return [["dnsmasq", f"--conf-file={node.supervisor.directory}/names.conf"]]

    def ready(self, node):
        return listening(node, self.port, "udp") and listening(node, self.port)
