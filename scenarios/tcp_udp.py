r"""Two ways to talk: TCP repeats until all is there and in order, UDP sends once and hopes.

      client 192.168.1.10 ------------- a wire that can lose packets ------------- server 192.168.1.20
                                                                                     :80    a page, a long book
                                                                                     :81    nobody
                                                                                     :8080  a page behind a wall

TCP (RFC 9293) opens a conversation with three packets, numbers every byte, sends again what is not acknowledged, and
closes with four. UDP (RFC 768) has no conversation: each datagram comes whole, or not at all. A port where nobody
listens says so (RST, "connection refused"); a filter says nothing ("timed out").
"""

from scenarios.kit import Fault, Look, Scenario, Subnet, Topo, carries, closed, fetches, filtered
from scenarios.kit.actions import halt, install, resume, substitute, uninstall
from scenarios.kit.capability import NFTABLES, program
from scenarios.kit.claims.conversation import boundaries, intact_despite_loss, lost_for_good, shakes_hands
from scenarios.kit.services import Nftables, Web
from scenarios.kit.services.nftables import has_rules, rules

WIRE = Subnet("192.168.1.0/24")
BOOK = "".join(f"This is line {number} of a long book.\n" for number in range(10_000))  # 360 kB, 250 packets
RULE = 'table inet wall {{ chain input {{ type filter hook input priority 0; iifname != lo tcp dport 8080 {}; }}; }}'
WALL, DOOR = (Nftables(RULE.format(verdict), name="wall") for verdict in ("drop", "reject with tcp reset"))
BAD_PLUG = Nftables("""table netdev bad_plug { chain ingress {
  type filter hook ingress device "server-eth0" priority 0; meta protocol ip numgen inc mod 4 < 2 drop
}\n}""", "bad_plug")


class TcpUdp(Topo):
    """A client, a server, and the wire between them."""

    def build(self):
        self.addHost("server", services=[
            Web({"book.txt": BOOK}), Web(port=8080, name="walled_web"), WALL])
        self.addWire(WIRE, client=10, server=20)


scenario = Scenario(
    topo=TcpUdp,
    chapter=1,
    requires=[NFTABLES, *map(program, ("nginx", "curl", "ethtool"))],
    claims=[
        shakes_hands("client", "server"),
        fetches("client", "http://server/", shows="server at your service"),
        intact_despite_loss("client", "server", "http://server/book.txt", BOOK, wire="client-server", every=10),
        boundaries("client", "server"),
        lost_for_good("client", "server", wire="client-server", every=10),
        carries("client", "src port 81 and tcp[tcpflags] & tcp-rst != 0", during=closed("client", "server", 81)),
        filtered("client", "server", 8080, control=("server", "server")),
    ],
    look=[
        Look("client", "tcp port 80", "while it fetches http://192.168.1.20/: three packets, the page, and the close"),
        Look("client", "tcp port 8080", "a SYN, after a second the same SYN, after two more again; and no answer"),
    ],
    faults=[
        Fault("wall_refuses", "a port that used to be silent says no", layer="filter",
              inject=lambda net: substitute(net, DOOR, "server"), repair=lambda net: resume(net, "wall", "server"),
              injected=lambda net: "reject" in str(rules(net, "server", "wall")), breaks=["hears nothing"],
              hints=("The page is there: ask on the server itself.", "What comes back for a SYN to port 8080?",
                     "Look at 'nft list ruleset' on server.")),
        Fault("web_dead", "no page, no book", layer="service",
              inject=lambda net: halt(net, "web", "server"), repair=lambda net: resume(net, "web", "server"),
              injected=lambda net: not any(each.name == "web" for each in net["server"].daemons),
              breaks=["fetches", "whole"],
              hints=("The server answers to ping.", "Refused, or silence?", "Look at 'ss -tln' on server.")),
        Fault("bad_plug", "pages come slowly, datagrams come or not", layer="link",
              inject=lambda net: install(net, BAD_PLUG, "server"),
              repair=lambda net: uninstall(net, BAD_PLUG, "server"),
              injected=lambda net: has_rules(net, "server", "netdev bad_plug ingress"),
              breaks=["open with", "messages", "datagrams"],
              hints=("Nobody refuses anything.", "Do all of ten pings come back?",
                     "What leaves client and what the server makes of it: count on both sides.")),
    ],
)

topos = {"tcp_udp": TcpUdp}
