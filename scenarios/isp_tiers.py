r"""Three tiers of Internet providers, and who pays whom.

    tier 1          as10 ===== as20 ===== as30 ==(as10)      ====  peers, settlement-free
                   /    \      |  \          \               ----  provider above, customer below
    tier 2      as110 == as120 == as130      as140
                  |  [metro]--|------|--------/ |  \         [  ]  exchange, with a route server
    tier 3     as1100      as1200  as1300 -----/  as1400
                  |           |       |             |
                h1100       h1200   h1300         h1400

A route that a provider learned from a customer brings money in, and it tells everybody. One learned from a peer or
from its own provider costs, and it tells customers alone. So nobody carries traffic between two networks that do not
pay for it: routing is valley-free (Gao and Rexford 2001), by RFC 9234 roles and by filters. as120 peers with as110
and as130, and carries nothing between them.

The business is in data/isp_tiers.yaml; another file will do (-o internet=FILE), or a number of ASes to grow.
"""

from scenarios.kit import Fault, Look, Scenario
from scenarios.kit.capability import program
from scenarios.kit.providers import claims, failures
from scenarios.kit.providers.daemons import DAEMONS, believed, retell_link, unlimited
from scenarios.kit.providers.layout import InternetTopo, any_internet


class IspTiers(InternetTopo):
    """One border router for each AS; a host behind the first few that have no customers."""

    def build(self, daemon="bird", rpki="off", internet="isp_tiers.yaml"):
        internet = any_internet(internet)
        stubs = [asn for asn in internet.ases if not internet.customers(asn)]
        self.addInternet(internet, daemon, homes=stubs[:4], rpki=rpki == "on")


def trust(provider: str, customer: str, blindly: bool):
    """A provider takes whatever a customer says."""
    return lambda net: retell_link(net, provider, customer, filtered=not blindly, speaks_roles=not blindly)


def trusting(name: str, provider: str, customer: str, symptom: str, claim: str) -> Fault:
    return Fault(name, symptom, layer="route", inject=trust(provider, customer, True),
                 repair=trust(provider, customer, False), injected=lambda net: believed(net, provider, customer),
                 breaks=[claim], hints=("All is well until somebody lies.", "Who should have known better?",
                                        f"Which prefixes does {provider} take from {customer}?"))


scenario = Scenario(
    topo=IspTiers,
    chapter=3,
    options={"daemon": DAEMONS, "rpki": ("off", "on"), "internet": ()},
    requires=[program("bird"), program("bgpd"), program("stayrtr")],
    claims=[
        claims.follows_the_business(),
        claims.valley_free(),
        claims.packets_follow(),
        claims.hijack_refused(),
        claims.leak_refused(),
        claims.bogon_refused(),
        claims.flood_cut_off(),
        claims.origin_moves(),
        failures.link_fails(),
        failures.router_fails(),
        failures.exchange_fails(),
        failures.tier_one_depeers(),
    ],
    look=[
        Look("rsmetro", "icmp", "nothing, while h1100 pings h1300: the route server is no road"),
        Look("metro", "icmp", "./lab exec isp_tiers h1100 ping -c 3 22.130.0.10 crosses the exchange"),
        Look("as1100", "tcp port 179", "keepalives, and UPDATEs when something changes"),
    ],
    faults=[
        trusting("gullible_provider", "as110", "as1100", "as1100's word counts more than as1200's", "somebody else's"),
        trusting("gullible_backbone", "as10", "as120", "a small network carries the world", "learned from another"),
        Fault("open_door", "a peer's mistake becomes everybody's", layer="route",
              inject=lambda net: retell_link(net, "as20", "as10", limited=False),
              repair=lambda net: retell_link(net, "as20", "as10", limited=True),
              injected=lambda net: unlimited(net, "as20", "as10"), breaks=["far too much"],
              hints=("All is well until somebody errs.", "How much may a peer say?", "Count as10's routes on as20.")),
    ],
)

topos = {"isp_tiers": IspTiers}
