"""What can be configured of the router: networks, routes, and the policy between networks."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, IPvAnyAddress, IPvAnyNetwork, PositiveInt, model_validator

from controllers.routes import Prefix, Route
from controllers.settings import FabricSettings, Model, VlanId
from controllers.vlans import Membership, Vlans

ANY = "any"
FIRST_VLAN = 2  # 1 is for ports that belong to no network


def listed(value: Any) -> Any:
    """One thing, or a list of them."""
    return value if isinstance(value, list | tuple) else [value]


Prefixes = Annotated[tuple[IPvAnyNetwork, ...], BeforeValidator(listed), Field(min_length=1)]
Addresses = Annotated[tuple[IPvAnyAddress, ...], BeforeValidator(listed)]
Names = Annotated[tuple[str, ...], BeforeValidator(listed), Field(min_length=1)]
PortRange = Annotated[str, BeforeValidator(str), Field(pattern=r"^\d{1,5}(-\d{1,5})?$")]
Kilobits = PositiveInt


class Network(Model):
    """A subnet (or one for each IP version), and the ports it is on."""

    subnet: Prefixes
    gateway: Addresses = ()
    """The router's addresses; the first of each subnet unless told otherwise."""
    ports: tuple[str, ...] = ()
    """Port names (`s1-eth1`), or a switch's name for all its ports that lead to hosts; frames without tags."""
    tagged: tuple[str, ...] = ()
    """Ports on which frames of this network carry its VLAN tag."""
    vlan: VlanId | None = None
    """The VLAN that keeps it apart from others; chosen by the router unless told."""
    dhcp_relay: IPv4Address | None = None
    """The DHCP server to which clients' requests are relayed."""
    advertise: bool = True
    """Whether IPv6 prefixes are advertised to hosts (RFC 4861)."""
    limit: Kilobits | None = None
    """What each switch routes from it at most, in kbit/s."""

    @model_validator(mode="after")
    def _consistent(self) -> "Network":
        if not self.ports and not self.tagged:
            raise ValueError("has no ports; name ports or switches in `ports`")
        for address in self.gateway:
            if not any(address in subnet for subnet in self.subnet):
                raise ValueError(f"gateway {address} is in none of its subnets; choose an address within")
        return self

    def gateways(self) -> list[tuple[str, Prefix]]:
        """Each of the router's addresses, with its subnet."""
        return [(str(self._gateway(subnet)), subnet) for subnet in self.subnet]

    def _gateway(self, subnet: Prefix) -> IPv4Address | IPv6Address:
        chosen = [address for address in self.gateway if address in subnet]
        return chosen[0] if chosen else subnet[1]


class StaticRoute(Model):
    """`via` several next hops shares traffic among them (ECMP); `backup` takes over when none of them is there."""

    to: IPvAnyNetwork
    via: Addresses = ()
    backup: Addresses = ()

    def route(self) -> Route:
        return Route(self.to, tuple(map(str, self.via)), tuple(map(str, self.backup)))


class Rule(Model):
    """Who may start a conversation with whom; answers follow. The first rule that fits decides."""

    source: Names = Field(default=(ANY,), alias="from")
    to: Names = (ANY,)
    action: Literal["allow", "deny"]
    protocol: Literal["any", "tcp", "udp", "icmp"] = "any"
    ports: Annotated[tuple[PortRange, ...], BeforeValidator(listed)] = ()
    """Destination ports, single (`80`) or from-to (`8000-8010`)."""
    limit: Kilobits | None = None
    """What each switch lets through by this rule at most, in kbit/s."""

    @model_validator(mode="after")
    def _consistent(self) -> "Rule":
        if self.ports and self.protocol not in ("tcp", "udp"):
            raise ValueError("ports are of tcp or udp; say which `protocol`")
        if self.limit and self.action == "deny":
            raise ValueError("what is denied needs no limit; remove `limit`")
        for first, last in self.port_ranges():
            if not 0 < first <= last <= 65535:
                raise ValueError(f"{first}-{last} is no range of ports; write for instance 8000-8010")
        return self

    def port_ranges(self) -> list[tuple[int, int]]:
        parts = [text.partition("-") for text in self.ports]
        return [(int(first), int(last or first)) for first, _, last in parts]


class Policy(Model):
    """Rules for traffic between networks. Within a network everybody may talk."""

    default: Literal["allow", "deny"] = "allow"
    stateful: bool = False
    """Whether answers are known by tracking connections (the datapath must be able to), or by their TCP flags,
    ICMP types and UDP source ports."""
    groups: dict[str, Names] = {}
    """Names for several networks or prefixes."""
    rules: tuple[Rule, ...] = ()


class RouterSettings(FabricSettings):
    networks: Annotated[dict[str, Network], Field(min_length=1)]
    routes: tuple[StaticRoute, ...] = ()
    policy: Policy = Policy()
    mac: Annotated[str, Field(pattern="^[0-9a-f]{2}(:[0-9a-f]{2}){5}$")] = "0e:00:00:00:00:01"
    """The router's MAC address, in every network and on every switch."""
    neighbour_age: Annotated[float, Field(gt=0)] = 60.0
    """Seconds an address is trusted after it was last heard; it is asked again at two thirds."""
    advertise_every: Annotated[float, Field(gt=0)] = 30.0
    """Seconds between IPv6 router advertisements."""
    icmp_rate: PositiveInt = 100
    """ICMP errors sent at most, per second."""

    @model_validator(mode="after")
    def _consistent(self) -> "RouterSettings":
        self._no_overlap()
        for place, name in self._named():
            self._check_name(place, name)
        for index, route in enumerate(self.routes):
            for hop in (*route.via, *route.backup):
                if self.network_of(str(hop)) is None:
                    raise ValueError(f"routes.{index}: next hop {hop} is in no network; choose one that is connected")
        return self

    def _no_overlap(self) -> None:
        taken: list[tuple[str, Prefix]] = []
        for name, network in self.networks.items():
            for subnet in network.subnet:
                for other, prefix in taken:
                    if prefix.version == subnet.version and prefix.overlaps(subnet):
                        raise ValueError(f"networks.{name}: {subnet} overlaps {prefix} of {other}; choose another")
                taken.append((name, subnet))
        vlans = [network.vlan for network in self.networks.values() if network.vlan]
        if len(vlans) != len(set(vlans)):
            raise ValueError("networks: two of them have the same VLAN; choose different ones")

    def _named(self) -> Iterator[tuple[str, str]]:
        for group, names in self.policy.groups.items():
            yield from ((f"policy.groups.{group}", name) for name in names)
        for index, rule in enumerate(self.policy.rules):
            yield from ((f"policy.rules.{index}", name) for name in (*rule.source, *rule.to))

    def _check_name(self, place: str, name: str) -> None:
        if name not in (ANY, *self.networks, *self.policy.groups) and _prefix(name) is None:
            known = ", ".join([*self.networks, *self.policy.groups, ANY])
            raise ValueError(f"{place}: {name} is no network, group or prefix; choose from: {known}")

    def vlan(self, network: str) -> int:
        """The VLAN of a network: the one it names, or a free one."""
        return self.vlan_ids()[network]

    def vlan_ids(self) -> dict[str, int]:
        named = {name: network.vlan for name, network in self.networks.items() if network.vlan}
        free = (number for number in range(FIRST_VLAN, 4095) if number not in named.values())
        return {name: named.get(name) or next(free) for name in sorted(self.networks)}  # the file's order may change

    def vlans(self) -> Vlans:
        ids = self.vlan_ids()
        ports: dict[str, Membership] = {}
        for name, network in self.networks.items():
            for port in network.ports:
                ports[port] = Membership(ids[name], ports.get(port, Membership()).tagged)
            for port in network.tagged:
                before = ports.get(port, Membership())
                ports[port] = Membership(before.untagged, before.tagged | {ids[name]})
        return Vlans(ports)

    def network_of(self, address: str) -> str | None:
        """The network an address is in."""
        wanted = ip_address(address)
        return next((name for name, network in self.networks.items()
                     if any(wanted in subnet for subnet in network.subnet)), None)


def _prefix(name: str) -> Prefix | None:
    from ipaddress import ip_network
    try:
        return ip_network(name)
    except ValueError:
        return None
