"""Network address translation as a home router does it (RFC 3022, RFC 4787), with the filter that belongs to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .nftables import Ruleset

RULES = """\
table ip nat {{
  chain prerouting {{
    type nat hook prerouting priority dstnat
{forwards}  }}
  chain postrouting {{
    type nat hook postrouting priority srcnat
    oifname {outside} masquerade{ports}
    iifname {inside} oifname {inside} ct status dnat masquerade
  }}
}}
table ip guard {{
  chain input {{
    type filter hook input priority filter
    iifname {outside} ct state != {{ established, related }} counter drop
  }}
  chain forward {{
    type filter hook forward priority filter; policy drop
    ct state invalid counter drop
    ct state {{ established, related }} accept
    ct status dnat accept
    iifname {inside} accept
    counter drop
  }}
}}
"""
FORWARD = "    ip daddr {public} tcp dport {port} dnat to {target}\n"


@dataclass(frozen=True)
class Nat(Ruleset):
    """Everybody ``inside`` shares the one address of ``outside``; nobody comes in unasked.

    ``forwards`` maps outside TCP ports to "address:port" inside. Those are reached from inside, too, by the outside
    address (hairpin, RFC 4787 section 6): the second masquerade sends the answer back through the router. What the
    connection tracker calls invalid is dropped, for it would leave untranslated. With ``symmetric``, each
    conversation gets an outside port of its own at random, where otherwise a port is kept if it is free.
    """

    forwards: Mapping[int, str] = field(default_factory=dict)
    outside: str = "wan"
    inside: str = "lan"
    symmetric: bool = False

    def rules(self, node):
        public = node.nameToIntf[self.outside].IP()
        forwards = "".join(FORWARD.format(public=public, port=port, target=target)
                           for port, target in self.forwards.items())
        return RULES.format(outside=self.outside, inside=self.inside, forwards=forwards,
                            ports=" random,fully-random" if self.symmetric else "")
