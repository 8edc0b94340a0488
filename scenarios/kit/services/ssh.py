"""Remote shells (RFC 4251), with keys that are made in every run."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from .service import Service, listening

SSHD = """\
Port {port}
HostKey {directory}/host.key
AuthorizedKeysFile {directory}/authorized_keys
PidFile none
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
StrictModes no
Subsystem sftp internal-sftp
"""
WITH_DIRECTORY = 'mkdir -p /run/sshd && exec "$0" "$@"'  # sshd insists on it, and a node's /run is empty at first


class SshKey:
    """An Ed25519 key pair (RFC 8709) in OpenSSH's formats. It never prints its private half."""

    @cached_property
    def _key(self):
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.generate()

    @property
    def private(self) -> str:
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        return self._key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()

    @property
    def public(self) -> str:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return self._key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


@dataclass(frozen=True)
class Ssh(Service):
    """sshd(8), which proves itself by ``host_key`` and lets in those who have one of the ``users``' keys, as root."""

    host_key: SshKey
    users: Sequence[SshKey] = ()
    port: int = 22

    def files(self, node):
        return {"sshd.conf": SSHD.format(port=self.port, directory=node.supervisor.directory),
                "host.key": self.host_key.private,
                "authorized_keys": "".join(f"{user.public}\n" for user in self.users)}

    def commands(self, node):
        configuration = str(node.supervisor.directory / "sshd.conf")
        return [["sh", "-c", WITH_DIRECTORY, "/usr/sbin/sshd", "-D", "-e", "-f", configuration]]

    def ready(self, node):
        return listening(node, self.port)


@dataclass(frozen=True)
class SshUser(Service):
    """What somebody needs to log in elsewhere: a key, and the host keys of those who are known by address."""

    key: SshKey
    known: tuple[tuple[str, SshKey], ...] = ()

    name = "ssh_user"

    def files(self, node):
        known = "".join(f"{address} {key.public}\n" for address, key in self.known)
        return {"id.key": self.key.private, "known_hosts": known}

    def commands(self, node):
        return []


def ssh(node, address: str, *words: str, port: int = 22) -> list[str]:
    """The command line by which a node that has an SshUser runs ``words`` at an address."""
    directory = node.supervisor.directory
    options = {"UserKnownHostsFile": f"{directory}/known_hosts", "IdentityFile": f"{directory}/id.key",
               "IdentitiesOnly": "yes", "BatchMode": "yes", "ConnectTimeout": "3", "GlobalKnownHostsFile": "none"}
    return ["ssh", "-F", "none", "-p", str(port), *(f"-o{name}={value}" for name, value in options.items()),
            f"root@{address}", *words]
