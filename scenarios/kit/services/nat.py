"""Network address translation, as home routers and carriers do it (RFC 4787), with the filter that belongs to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .nftables import Ruleset

NAT = """\
table ip nat {{
  chain prerouting {{
    type nat hook prerouting priority dstnat
{forwards}  }}
  chain postrouting {{
    type nat hook postrouting priority srcnat
{translations}  }}
}}
"""
GUARD = """\
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
ANY_PORT = "    oifname {outside} masquerade{how}\n"
HAIRPIN = "    iifname {inside} oifname {inside} ct status dnat masquerade\n"
BLOCK = "    oifname {outside} ip saddr {subscriber} meta l4proto {{ tcp, udp }} snat to {public}:{first}-{last}\n"


class Translator(Ruleset):
    """Everybody ``inside`` shares the one address of ``outside``; nobody comes in unasked.

    ``forwards`` maps outside TCP ports to "address:port" inside. What the connection tracker calls invalid is dropped,
    for it would leave untranslated.
    """

    forwards: Mapping[int, str]
    outside: str
    inside: str
    name = "nat"

    def rules(self, node):
        facts = {"public": node.nameToIntf[self.outside].IP(), "outside": self.outside, "inside": self.inside}
        forwards = "".join(FORWARD.format(port=port, target=target, **facts) for port, target in self.forwards.items())
        return NAT.format(forwards=forwards, translations=self.translations(facts)) + GUARD.format(**facts)

    def translations(self, facts: Mapping[str, str]) -> str:
        """The rules for what goes out."""
        raise NotImplementedError


@dataclass(frozen=True)
class Nat(Translator):
    """A home router's translation (RFC 3022).

    Forwarded ports are reached from inside, too, by the outside address (hairpin, RFC 4787 section 6): the second
    masquerade sends the answer back through the router. With ``symmetric``, each conversation gets an outside port of
    its own at random, where otherwise a port is kept if it is free.
    """

    forwards: Mapping[int, str] = field(default_factory=dict)
    outside: str = "wan"
    inside: str = "lan"
    symmetric: bool = False

    def translations(self, facts):
        how = " random,fully-random" if self.symmetric else ""
        return ANY_PORT.format(how=how, **facts) + HAIRPIN.format(**facts)


@dataclass(frozen=True)
class CarrierNat(Translator):
    """A carrier's translation (RFC 6888): each subscriber's address has a block of outside ports (RFC 7422).

    Whoever knows an outside port knows the subscriber, without a log of every conversation.
    """

    blocks: Mapping[str, tuple[int, int]]
    forwards: Mapping[int, str] = field(default_factory=dict)
    outside: str = "core"
    inside: str = "access"

    def translations(self, facts):
        blocks = (BLOCK.format(subscriber=subscriber, first=first, last=last, **facts)
                  for subscriber, (first, last) in self.blocks.items())
        return "".join(blocks) + ANY_PORT.format(how="", **facts)  # what has no ports: ping


def port_blocks(subscribers: Sequence[str], first: int = 10000, size: int = 1000) -> dict[str, tuple[int, int]]:
    """A block of ports for each subscriber, one after another.

    >>> port_blocks(["100.64.0.2", "100.64.0.3"])
    {'100.64.0.2': (10000, 10999), '100.64.0.3': (11000, 11999)}
    """
    starts = range(first, first + size * len(subscribers), size)
    return {subscriber: (start, start + size - 1) for subscriber, start in zip(subscribers, starts, strict=True)}
