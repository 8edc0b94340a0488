"""Who may originate what, signed: a validator cache for routers (RFC 6811, RFC 8210)."""

import json
from dataclasses import dataclass

from ..routing.internet import Internet
from ..services import Service, listening

PORT = 8282


@dataclass(frozen=True)
class StayRtr(Service):
    """stayrtr(1) on the router itself, serving an authorization for every prefix of an Internet."""

    registry: Internet

    def files(self, node):
        roas = [{"asn": f"AS{asn}", "prefix": str(prefix), "maxLength": prefix.prefixlen, "ta": "lab"}
                for asn, system in self.registry.ases.items() for prefix in system.prefixes]
        return {"roas.json": json.dumps({"roas": roas})}

    def commands(self, node):
        return [["stayrtr", "-bind", f"127.0.0.1:{PORT}", "-cache", str(node.supervisor.directory / "roas.json"),
                 "-checktime=false", "-metrics.addr", "", "-refresh", "3600"]]

    def ready(self, node):
        return listening(node, PORT)
