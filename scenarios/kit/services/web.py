"""Web servers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .service import Service, listening

NGINX = """\
daemon off;
pid {directory}/nginx.pid;
error_log stderr warn;
worker_processes 1;
user root;
events {{ worker_connections 256; }}
http {{
  access_log {directory}/access.log;
  default_type text/plain;
{scratch}
  server {{
    listen {port};
    listen [::]:{port};
    server_name {name};
    root {directory}/www;
  }}
}}
"""
SCRATCH = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass(frozen=True)
class Web(Service):
    """nginx(8), serving ``pages``: names of files, and what they say."""

    pages: Mapping[str, str] = field(default_factory=dict)
    port: int = 80

    def files(self, node):
        directory = node.supervisor.directory
        scratch = "\n".join(f"  {kind}_temp_path {directory}/{kind};" for kind in SCRATCH)
        pages = {"index.html": f"{node.name} at your service\n", **self.pages}
        return {"nginx.conf": NGINX.format(directory=directory, scratch=scratch, port=self.port, name=node.name),
                **{f"www/{name}": text for name, text in pages.items()}}

    def commands(self, node):
        return [["nginx", "-c", str(node.supervisor.directory / "nginx.conf"), "-e", "stderr"]]

    def ready(self, node):
        return listening(node, self.port)
