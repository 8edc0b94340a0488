"""The configuration with which a node's daemons run, as they read it; keys are left out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .errors import LabError

KEY_FILES = ".key"
HIDDEN = "(hidden)"
SECRET = re.compile(r'^(\s*(?:PrivateKey|PresharedKey|secret)\s*=\s*)(\S.*)$', re.MULTILINE | re.IGNORECASE)
PEM = re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END)", re.DOTALL)


@dataclass(frozen=True)
class File:
    """A file that a service of a node reads."""

    service: str
    name: str
    text: str


def files(node) -> Iterator[File]:
    """Every file that the node's services were given, as it is now. Raises LabError: it runs no service."""
    if not node.services:
        raise LabError(f"{node.name} runs no service, so nothing was configured")
    for service in node.services:
        for name in service.files(node):
            text = (node.supervisor.directory / name).read_text(errors="replace")
            yield File(service.name, name, HIDDEN if name.endswith(KEY_FILES) else without_secrets(text))


def without_secrets(text: str) -> str:
    """A configuration that may be shown to others."""
    return PEM.sub(rf"\1 {HIDDEN} \2", SECRET.sub(rf"\1{HIDDEN}", text))
