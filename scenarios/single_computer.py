r"""One computer, alone: it can talk to itself and to nobody else.

      +------------------------+
      |  computer              |
      |    client -- lo -- web |      lo: 127.0.0.1 and ::1
      +------------------------+

Loopback is a whole network inside one machine: programs find each other there by port, with no cable and no card. For
every other address the kernel has no route, and says so at once, without sending anything.
"""

from scenarios.kit import Fault, Look, Scenario, Topo, carries, closed, fetches, reachable, unreachable_at_once
from scenarios.kit.actions import plug, pull
from scenarios.kit.capability import program
from scenarios.kit.claims import loopback_up
from scenarios.kit.services import Web


class SingleComputer(Topo):
    """A host with no cable."""

    def build(self):
        self.addHost("computer", services=[Web()])


scenario = Scenario(
    topo=SingleComputer,
    chapter=1,
    requires=[program("nginx"), program("curl")],
    claims=[
        reachable("computer", "127.0.0.1"),
        reachable("computer", "::1"),
        unreachable_at_once("computer", "192.168.1.1"),
        unreachable_at_once("computer", "93.184.216.34"),
        unreachable_at_once("computer", "2001:db8::1"),
        fetches("computer", "http://127.0.0.1/", shows="computer at your service"),
        fetches("computer", "http://[::1]/", shows="computer at your service"),
        carries("computer:lo", "tcp port 80", during=fetches("computer", "http://127.0.0.1/")),
        closed("computer", "127.0.0.1", 8080),
    ],
    look=[Look("computer:lo", "tcp port 80", "both ends of a conversation, from 127.0.0.1 to 127.0.0.1")],
    faults=[
        Fault("loopback_down", "the computer cannot even talk to itself",
              inject=lambda net: pull(net, "computer:lo"), repair=lambda net: plug(net, "computer:lo"),
              injected=lambda net: not loopback_up(net, "computer"), layer="link",
              breaks=["reaches 127.0.0.1", "reaches ::1", "2001:db8::1", "fetches", "carries", "refuses"],
              hints=("Nothing is wrong with the web server.", "Which interface carries 127.0.0.1?",
                     "Look at 'ip link show lo'.")),
        Fault("web_killed", "the page is gone", layer="service",
              inject=lambda net: net["computer"].supervisor.stop("web"),
              repair=lambda net: net["computer"].supervisor.restart("web"),
              injected=lambda net: not any(each.name == "web" for each in net["computer"].daemons),
              breaks=["fetches", "carries"],
              hints=("Ping still works.", "Who listens at port 80?", "Compare 'ss -tln' with what you expect.")),
    ],
)

topos = {"single_computer": SingleComputer}
