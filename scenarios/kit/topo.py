"""Mininet's Topo, which also knows routers, subnets and who is whose gateway. A topology is data; nothing runs yet."""

from typing import Any

from mininet import topo as mininet_topo

from .addressing import Subnet, Subnet6
from .links import TCLink
from .nodes import Host, Router, Switch

SHAPING = ("bw", "delay", "jitter", "loss", "max_queue_size")


class Topo(mininet_topo.Topo):
    """A network described, not yet built. Methods keep Mininet's naming."""

    def addHost(self, name, cls=Host, ip=None, **opts):
        return super().addHost(name, cls=cls, ip=ip, **opts)

    def addRouter(self, name, cls=Router, **opts):
        """A host that forwards."""
        return self.addHost(name, cls=cls, **opts)

    def addSwitch(self, name, cls=Switch, **opts):
        return super().addSwitch(name, cls=cls, **opts)

    def addLan(self, switch: str, subnet: Subnet | None = None, /, gateway: Any = None, subnet6: Any = None,
               **members: Any) -> None:
        """Plug ``members``, numbered in ``subnet``, into one switch; ``gateway`` names the one that leads elsewhere.

        ``addLan("s1", Subnet("192.168.1.0/24"), router=(1, "lan"), laptop=10, gateway="router")``

        A member is its number, or its number and a name for its interface. Nodes that are not there yet are added: a
        switch, and plain hosts.
        """
        if switch not in self.g.node:
            self.addSwitch(switch)
        for name, member in members.items():
            self._add_missing(name)
            number, interface = member if isinstance(member, tuple) else (member, None)
            self.addLink(name, switch, intfName1=interface, params1=_facts(number, subnet, subnet6))
        if gateway:
            self._route_by(gateway, subnet, members)

    def addWire(self, subnet: Subnet | None = None, /, gateway: Any = None, subnet6: Any = None, facts: Any = None,
                **ends: Any) -> None:
        """A cable between two nodes, each numbered in ``subnet``: ``addWire(Subnet("10.0.0.0/30"), r1=1, r2=2)``.

        ``facts`` says more about an end, by node: what it knows of the link, for services to read. Mininet's
        ``bw`` (Mbit/s), ``delay``, ``jitter``, ``loss`` (%) shape the cable.
        """
        options = {name: ends.pop(name) for name in SHAPING if name in ends}
        if len(ends) != 2:
            raise ValueError(f"a wire has two ends, not {len(ends)}")
        params = []
        for name, member in ends.items():
            self._add_missing(name)
            number, interface = member if isinstance(member, tuple) else (member, None)
            params.append((interface, _facts(number, subnet, subnet6) | (facts or {}).get(name, {})))
        (name1, params1), (name2, params2) = params
        if options:
            options["cls"] = TCLink
        self.addLink(*ends, intfName1=name1, intfName2=name2, params1=params1, params2=params2, **options)
        if gateway:
            self._route_by(gateway, subnet, ends)

    def _add_missing(self, name: str) -> None:
        if name not in self.g.node:
            self.addHost(name)

    def _route_by(self, gateway: str, subnet, members) -> None:
        number = members[gateway][0] if isinstance(members[gateway], tuple) else members[gateway]
        for name in members:
            info = self.nodeInfo(name)
            if name != gateway and not self.isSwitch(name):
                info.setdefault("defaultRoute", f"via {subnet.member(number).ip}")
                self.setNodeInfo(name, info)


def _facts(number: int, subnet: Subnet | None, subnet6: Subnet6 | None) -> dict[str, str]:
    facts = {"ip": str(subnet.member(number))} if subnet is not None else {}
    return facts | ({"ip6": str(subnet6.member(number))} if subnet6 is not None else {})
