"""The world with FRR on its routers: the same ways, and the same detour when a cable is cut."""

from scenarios.global_internet import WORLD, scenario
from scenarios.kit import path
from scenarios.kit.providers.distance_claims import cable_cut


def test_a_cable_cut_leads_packets_the_next_quickest_way(lab):
    with scenario.running(daemon="frr") as net:
        path("reader", "sin", "mrs", "lon", "nyc", "origin", within=60).verify(net)
        cable_cut(WORLD, "atlantic", "nyc", "lon").verify(net)
