"""File transfer (RFC 959)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .service import Service, listening

VSFTPD = """\
listen=YES
background=NO
listen_port={port}
anonymous_enable=YES
local_enable=NO
write_enable=NO
anon_root={directory}/ftp
secure_chroot_dir={directory}/ftp
pasv_min_port={passive[0]}
pasv_max_port={passive[1]}
ftpd_banner={name} at your service
seccomp_sandbox=NO
isolate_network=NO
use_localtime=YES
xferlog_enable=NO
"""


@dataclass(frozen=True)
class Ftp(Service):
    """vsftpd(8), handing ``shared`` files to anybody; they travel over a second connection, to a ``passive`` port."""

    shared: Mapping[str, str] = field(default_factory=dict)
    port: int = 21
    passive: tuple[int, int] = (50000, 50099)

    def files(self, node):
        conf = VSFTPD.format(directory=node.supervisor.directory, name=node.name, port=self.port, passive=self.passive)
        shared = {"hello.txt": f"{node.name} at your service\n", **self.shared}
        return {"vsftpd.conf": conf, **{f"ftp/{name}": text for name, text in shared.items()}}

    def commands(self, node):
        return [["vsftpd", str(node.supervisor.directory / "vsftpd.conf")]]

    def ready(self, node):
        return listening(node, self.port)
