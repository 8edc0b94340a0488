r"""Three tiers of Internet providers, and who pays whom.

    tier 1          as10 ===== as20 ===== as30 ==(as10)      ====  peers, settlement-free
                   /    \      |  \          \               ----  provider above, customer below
    tier 2      as110 == as120 == as130      as140           [  ]  exchange, with a route server
                  |  [metro]--|------|--------/ |  \
    tier 3     as1100      as1200  as1300 -----/  as1400
                  |           |       |             |
                h1100       h1200   h1300         h1400

A route that a provider learned from a customer brings money in, and it tells everybody. One learned from a peer or
from its own provider costs, and it tells customers alone. So nobody carries traffic between two networks that do not
pay for it: routing is valley-free (Gao and Rexford 2001), by RFC 9234 roles and by filters. as120 peers with as110
and as130, and carries nothing between them.

The business is in data/isp_tiers.yaml; any file of that kind will do: -o internet=FILE, or a number of ASes to grow.
"""

from scenarios.kit import Scenario
from scenarios.kit.capability import program
from scenarios.kit.providers.claims import (
    bogon_refused,
    flood_cut_off,
    follows_the_business,
    hijack_refused,
    leak_refused,
    origin_moves,
    packets_follow,
    valley_free,
)
from scenarios.kit.providers.daemons import DAEMONS, retell_link
from scenarios.kit.providers.failures import exchange_fails, link_fails, router_fails, tier_one_depeers
from scenarios.kit.providers.layout import InternetTopo, any_internet


class IspTiers(InternetTopo):
    """One border router for each AS; a host behind the first few that have no customers."""

    def build(self, daemon="bird", internet="isp_tiers.yaml"):
        internet = any_internet(internet)
        stubs = [asn for asn in internet.ases if not internet.customers(asn)]
        self.addInternet(internet, daemon, homes=stubs[:4])


def trust(net, router, customer, blindly: bool) -> None:
    """Whether a provider takes whatever its customer says."""
    retell_link(net, router, customer, filtered=not blindly, limited=not blindly, speaks_roles=not blindly)


scenario = Scenario(
    topo=IspTiers,
    chapter=3,
    options={"daemon": DAEMONS, "internet": ()},
    requires=[program("bird")],
    claims=[
        follows_the_business(),
        valley_free(),
        packets_follow(),
        hijack_refused(),
        leak_refused(),
        bogon_refused(),
        flood_cut_off(),
        origin_moves(),
        link_fails(),
        router_fails(),
        exchange_fails(),
        tier_one_depeers(),
    ],
)

topos = {"isp_tiers": IspTiers}
