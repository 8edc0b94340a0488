"""Nebula (nebula(1)): a mesh of peers who find each other by a known one, the lighthouse."""

import json
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from ..command import attempt, executable
from .service import Service

PORT = 4242
MTU = 1300  # bytes: what is left of 1500 with the headers of a relay, too


class NebulaAuthority:
    """Nebula's certificates are of its own kind; its own program makes them, in a directory that is gone at once."""

    @cached_property
    def _own(self) -> tuple[str, str]:
        with TemporaryDirectory() as directory:
            return _make(directory, "ca", "-name", "mesh of this run")

    @property
    def certificate(self) -> str:
        return self._own[0]

    def issue(self, name: str, address: str) -> tuple[str, str]:
        """Certificate and key for a peer with this address in the mesh, "10.9.0.2/24"."""
        with TemporaryDirectory() as directory:
            for file, text in zip(("by.crt", "by.key"), self._own, strict=True):
                Path(directory, file).write_text(text)
            return _make(directory, "sign", "-name", name, "-ip", address, "-ca-crt", "by.crt", "-ca-key", "by.key")


@dataclass(frozen=True)
class Nebula(Service):
    """A peer with an ``address`` in the mesh. ``hub`` is the mesh address and the public one of the lighthouse, which
    also passes on what two peers who are ``hidden`` behind NAT cannot send to each other."""

    address: str
    hub: tuple[str, str]
    authority: NebulaAuthority = field(repr=False)
    hidden: bool = False
    name: str = "mesh"

    def files(self, node):
        certificate, key = self.authority.issue(node.name, self.address)
        return {"nebula.yml": yaml.safe_dump(configuration(self)), "ca.crt": self.authority.certificate,
                "own.crt": certificate, "own.key": key}

    def commands(self, node):
        return [["nebula", "-config", "nebula.yml"]]

    def ready(self, node):
        rows = json.loads(attempt(node, "ip", "-j", "addr", "show", "dev", "mesh0", "up").stdout or "[]")
        return any(row.get("addr_info") for row in rows)

    @property
    def is_hub(self) -> bool:
        return self.address.partition("/")[0] == self.hub[0]


def configuration(peer: Nebula) -> dict:
    """What nebula reads."""
    inside, public = peer.hub
    anybody = [{"port": "any", "proto": "any", "host": "any"}]
    return {
        "pki": {"ca": "ca.crt", "cert": "own.crt", "key": "own.key"},
        "static_host_map": {inside: [f"{public}:{PORT}"]},
        "lighthouse": {"am_lighthouse": peer.is_hub, "interval": 5, "hosts": [] if peer.is_hub else [inside]},
        "listen": {"host": "0.0.0.0", "port": PORT},
        "punchy": {"punch": True, "respond": True, "delay": "10ms"},
        "relay": {"am_relay": peer.is_hub, "use_relays": peer.hidden,
                  "relays": [inside] if peer.hidden else []},
        "tun": {"dev": "mesh0", "mtu": MTU},
        "firewall": {"outbound": anybody, "inbound": anybody},
    }


def _make(directory: str, *words: str) -> tuple[str, str]:
    command = executable(["nebula-cert", *words, "-out-crt", "made.crt", "-out-key", "made.key"])
    subprocess.run(command, cwd=directory, check=True, capture_output=True)
    certificate, key = (Path(directory, f"made.{kind}").read_text() for kind in ("crt", "key"))
    return certificate, key
