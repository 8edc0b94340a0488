r"""Continents, joined by cables as long as the seas are wide: light is fast, and not fast enough.

      sfo ----------- america ----------- nyc ------ atlantic ------ lon --- channel --- mrs
       | \                                 |                        : | :                 |
       |  \ southern                   americas                     : | : (geo) hle       | suez
    pacific \                              |                   (leo): africa              |
       |     syd --- oceania ------+      for --- brazil --+    asc : |                   |
       |                           |                       |          |                   |
      tyo -------- asia -------- sin --------- indian --- cpt --------+     sin ----------+

In glass light makes 200,000 km a second: New York and London, 5,570 km apart, are 56 ms from each other and back,
whatever one pays. A geostationary satellite is 36,000 km up. So pages are kept near those who read them.
"""

from scenarios.kit import Fault, Look, Scenario, fetches, path, says
from scenarios.kit.actions import carrier, plug, pull
from scenarios.kit.capability import program
from scenarios.kit.catalogue import DATA
from scenarios.kit.providers.daemons import DAEMONS
from scenarios.kit.providers.distance_claims import cable_cut, distances_match_the_map, nearer_is_faster, round_trip
from scenarios.kit.providers.world import WorldTopo, names
from scenarios.kit.routing.data_file import load
from scenarios.kit.routing.geography import World
from scenarios.kit.services import Dns, Web

WORLD = load(DATA / "global_internet.yaml", World)
SINGAPORE = WORLD.cities["sin"].prefix


class GlobalInternet(WorldTopo):
    """Eleven cities; the origin of a page in New York, an edge that keeps a copy and a reader in Singapore."""

    def build(self, daemon="bird"):
        self.addHost("origin", services=[Web({"big": "x" * 1_000_000})])
        self.addHost("edge", services=[Web()])
        self.addHost("ns", services=[Dns(names(WORLD, "example"))])
        self.addHost("reader", nameserver=SINGAPORE[53])
        self.addWorld(WORLD, {"nyc": {"origin": 10}, "sin": {"edge": 10, "reader": 20, "ns": 53}}, daemon)


scenario = Scenario(
    topo=GlobalInternet,
    chapter=3,
    options={"daemon": DAEMONS},
    requires=[program(name) for name in ("ovs-vswitchd", "bird", "ospfd", "nginx", "curl", "dnsmasq", "traceroute")],
    claims=[
        round_trip("nyc", "20.2.0.1", least=55, most=60),
        round_trip("hle", "20.2.0.1", least=480, most=540),
        round_trip("asc", "20.2.0.1", least=56, most=70),
        distances_match_the_map(),
        path("reader", "sin", "mrs", "lon", "nyc", "origin"),
        says("reader", ("traceroute", "-q1", "20.1.0.10"), "(?s)marseille.*london.*new-york"),
        fetches("reader", "http://origin/", shows="origin at your service"),
        nearer_is_faster("reader", "edge", "origin", times=4),
        cable_cut(WORLD, "atlantic", "nyc", "lon"),
        cable_cut(WORLD, "suez", "mrs", "sin"),
    ],
    look=[
        Look("atlantic", "icmp", "every packet twice, 28 ms apart: as it goes in, and as it comes out"),
        Look("origin", "tcp port 80", "./lab exec global_internet reader curl http://20.1.0.10/ comes from afar"),
    ],
    faults=[
        Fault("anchor", "Europe is twice as far from America", layer="link",
              inject=lambda net: pull(net, "atlantic:eth0"), repair=lambda net: plug(net, "atlantic:eth0"),
              injected=lambda net: not carrier(net, "nyc:atlantic"),
              breaks=["nyc and 20.2", "every two cities", "reader, sin", "traceroute", "atlantic cable"],
              hints=("Everybody reaches everybody.", "Which way do packets to New York go?", "Ask nyc's 'ip link'.")),
        Fault("dish_turned", "Saint Helena is alone", layer="link",
              inject=lambda net: pull(net, "geo:eth0"), repair=lambda net: plug(net, "geo:eth0"),
              injected=lambda net: not carrier(net, "hle:geo"), breaks=["hle and 20.2", "every two cities"],
              hints=("Only one place is affected.", "What joins it to the world?", "Ask hle's 'ip link'.")),
    ],
)

topos = {"global_internet": GlobalInternet}
