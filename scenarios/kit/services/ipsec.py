"""IPsec tunnels (RFC 4301) between sites, by strongSwan's charon: ESP in the kernel where it has it, else in charon."""

from dataclasses import dataclass, field

from ..capability import ESP
from ..command import attempt, run
from ..keys import Keyring
from .service import Service, listening_at
from .site import Site

CHARON = "/usr/lib/ipsec/charon"
LIBRARIES = "random nonce openssl aes gcm sha2 hmac kdf"
MTU = 1420  # bytes, as of the other tunnels; of 1500 the kernel would leave 1446
DAEMON = """\
charon {{
  load = {libraries} {esp} kernel-netlink socket-default vici updown
  filelog {{
    stderr {{ default = 1 }}
  }}
  plugins {{
    kernel-netlink {{ mtu = {mtu} }}
    vici {{ socket = unix://{directory}/vici }}
    kernel-libipsec {{ allow_peer_ts = yes }}
  }}
  retransmit_timeout = 1
}}
"""
CONNECTION = """\
connections {{
  sites {{
    version = 2
    local_addrs = {here.public}
    remote_addrs = {remote}
    proposals = aes128-sha256-x25519
    local {{
      auth = psk
      id = {here.gateway}
    }}
    remote {{
      auth = psk
      id = {there.gateway}
    }}
    children {{
      net {{
        local_ts = {here.network}
        remote_ts = {there.network}
        esp_proposals = aes128gcm16
      }}
    }}
  }}
}}
secrets {{
  ike {{
    id-1 = {here.gateway}
    id-2 = {there.gateway}
    secret = "{secret}"
  }}
}}
"""


@dataclass
class IPsec(Service):
    """The end ``here`` of a tunnel between two sites; one of them calls. ``identity`` is whose secret it uses."""

    here: Site
    there: Site
    keys: Keyring = field(repr=False)
    calls: bool
    identity: str
    name: str = "ipsec"

    @classmethod
    def between(cls, here: Site, there: Site, keys: Keyring, calls: bool) -> "IPsec":
        return cls(here, there, keys, calls, here.gateway, "tunnel")

    def files(self, node):
        secret = self.keys.shared(self.identity, self.there.gateway)
        remote = self.there.public if self.calls else "%any"
        return {"strongswan.conf": DAEMON.format(directory=node.supervisor.directory, libraries=LIBRARIES,
                                                 esp="" if ESP.present else "kernel-libipsec",
                                                 mtu=MTU if ESP.present else 0),
                "swanctl.secret": CONNECTION.format(here=self.here, there=self.there, remote=remote, secret=secret)}

    def commands(self, node):
        return [["env", f"STRONGSWAN_CONF={node.supervisor.directory}/strongswan.conf", CHARON]]

    def ready(self, node):
        return listening_at(node, f"{node.supervisor.directory}/vici")

    def started(self, node):
        run(node, *self._swanctl(node, "--load-all"), "--file", node.supervisor.directory / "swanctl.secret")
        if self.calls:
            attempt(node, *self._swanctl(node, "--initiate"), "--child", "net", "--timeout", 3)

    def _swanctl(self, node, *words: str) -> list[str]:
        return ["swanctl", *words, "--uri", f"unix://{node.supervisor.directory}/vici"]
