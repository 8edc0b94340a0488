"""Web servers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..pki import Authority
from .service import Service, listening

NGINX = """\
daemon off;
pid {directory}/{service}.pid;
error_log stderr warn;
worker_processes 1;
user root;
events {{ worker_connections 256; }}
http {{
  access_log {directory}/{service}.access.log;
  default_type text/plain;
{scratch}
  server {{
    listen {port}{tls};
    listen [::]:{port}{tls};
    server_name {name};
    root {directory}/{service};
{certificate}  }}
}}
"""
CERTIFICATE = """\
    ssl_certificate {directory}/{service}.crt;
    ssl_certificate_key {directory}/{service}.key;
"""
SCRATCH = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass(frozen=True)
class Web(Service):
    """nginx(8), serving ``pages``: names of files, and what they say.

    With an ``authority`` it speaks TLS, under a certificate for ``host`` (the node's name unless told otherwise).
    ``name`` tells apart several on one node.
    """

    pages: Mapping[str, str] = field(default_factory=dict)
    port: int = 80
    authority: Authority | None = None
    host: str | None = None
    name: str = "web"

    def files(self, node):
        pages = {"index.html": f"{node.name} at your service\n", **self.pages}
        return {f"{self.name}.conf": self._configuration(node), **self._credentials(node),
                **{f"{self.name}/{page}": text for page, text in pages.items()}}

    def commands(self, node):
        return [["nginx", "-c", str(node.supervisor.directory / f"{self.name}.conf"), "-e", "stderr"]]

    def ready(self, node):
        return listening(node, self.port)

    def _configuration(self, node) -> str:
        facts = {"directory": node.supervisor.directory, "service": self.name}
        scratch = "\n".join("  {0}_temp_path {directory}/{service}-{0};".format(kind, **facts) for kind in SCRATCH)
        certificate = CERTIFICATE.format(**facts) if self.authority else ""
        return NGINX.format(**facts, scratch=scratch, port=self.port, name=self.host or node.name,
                            tls=" ssl" if self.authority else "", certificate=certificate)

    def _credentials(self, node) -> dict[str, str]:
        if self.authority is None:
            return {}
        issued = self.authority.issue(self.host or node.name)
        return {f"{self.name}.crt": issued.certificate, f"{self.name}.key": issued.key}
