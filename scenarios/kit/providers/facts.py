"""What a running router knows: its Speaker, read from the node, its links and whoever is at their far ends.

A scenario writes facts once, where they live. On a router: ``asn``, perhaps ``loopback``. On an end of a link: ``role``
(RFC 9234: what this end is to the other), ``cost`` (OSPF), and for mistakes on purpose ``filtered``, ``speaks_roles``,
``limited``, ``leaks``. The rest is read from the far end.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from mininet import node as mininet_node

from ..routing.internet import Internet
from ..routing.relation import Role
from ..routing.speaker import Neighbour, Port, RpkiCache, Speaker, Timers

COST = 10  # of a link inside an AS which says nothing else
SPARE = 20  # announcements beyond twice the expected before max-prefix closes a session
DEFAULT_TIMERS = Timers()


def speaker_of(node, registry: Internet | None = None, timers: Timers = DEFAULT_TIMERS) -> Speaker:
    """The facts of a router. ``registry`` tells who may announce what: prefix filters and limits come from it."""
    asn, inside = node.params.get("asn"), colleagues(node)
    return Speaker(
        name=node.name,
        asn=asn,
        router_id=router_id(node, inside),
        ports=tuple(ports(node, bool(inside) or asn is None)),
        neighbours=(*across(node, registry), *(Neighbour(each.name, loopback(each).ip, asn) for each in inside if asn)),
        originates=tuple(originated(node, registry)),
        rpki=RpkiCache(IPv4Address(node.params["rpki"])) if "rpki" in node.params else None,
        timers=timers,
    )


def router_id(node, inside) -> IPv4Address:
    """Alone in its AS, a router is known by the AS number: then the last tie of BGP's decision is ours to foresee."""
    if node.params.get("asn") and not inside:
        return IPv4Address(node.params["asn"])
    return loopback(node).ip


def loopback(node) -> IPv4Interface:
    """The address that is up as long as the router is: its own, else the highest of its interfaces."""
    given = node.params.get("loopback")
    return IPv4Interface(given) if given else max(address(intf) for intf in node.intfList() if intf.IP())


def address(intf) -> IPv4Interface:
    return IPv4Interface(f"{intf.IP()}/{intf.prefixLen}")


def far_ends(intf) -> list:
    """Interfaces that hear this one: the cable's other end, however long, or everybody on the same switch."""
    if not intf.far:
        return []
    if intf.far.node.params.get("passes_on"):
        return [each.far for each in intf.far.node.intfList() if each.link and each is not intf.far]
    if isinstance(intf.far.node, mininet_node.Switch):
        return [each.far for each in intf.far.node.intfList() if each.link and each is not intf.far]
    return [intf.far]


def colleagues(node) -> list:
    """The other routers of the same AS, which are joined to this one inside it; by name."""
    found, front = {node.name: node}, [node]
    while front:
        here = front.pop()
        for far in (far.node for intf in here.intfList() for far in far_ends(intf)):
            if far.name not in found and same_as(far, node):
                found[far.name] = far
                front.append(far)
    return [found[name] for name in sorted(found) if name != node.name]


def same_as(one, other) -> bool:
    """Whether both are routers, of one AS."""
    return "asn" in one.params and one.params["asn"] == other.params.get("asn")


def ports(node, ospf: bool) -> Iterator[Port]:
    """Interfaces. OSPF speaks towards colleagues, tells of what else is inside, and is silent towards other ASes."""
    if ospf and node.params.get("loopback"):
        yield Port("lo", loopback(node), 1, passive=True)
    for intf in (each for each in node.intfList() if each.IP()):
        inner = any(same_as(far.node, node) for far in far_ends(intf))
        cost = intf.params.get("cost", COST) if ospf and "role" not in intf.params else None
        yield Port(intf.name, address(intf), cost, passive=not inner)


def across(node, registry: Internet | None) -> Iterator[Neighbour]:
    """Neighbours in other ASes: at the far end of each link with a role, whoever has the role that answers it."""
    for intf in node.intfList():
        if "role" in intf.params:
            role = Role(intf.params["role"])
            for far in far_ends(intf):
                if far.params.get("role") == role.far:
                    yield neighbour(intf, far, role, registry)


def neighbour(intf, far, role: Role, registry: Internet | None) -> Neighbour:
    asn, facts = far.node.params["asn"], intf.params
    known = registry.cone_prefixes(asn) if registry and asn in registry.ases else None
    filtered = role in (Role.PROVIDER, Role.RS) and facts.get("filtered", True)
    limited = role is not Role.CUSTOMER and facts.get("limited", True)
    return Neighbour(
        far.node.name, IPv4Address(far.IP()), asn, role,
        accepts=known if filtered else None,
        limit=2 * len(known) + SPARE if limited and known is not None else None,
        speaks_roles=facts.get("speaks_roles", True),
        leaks=facts.get("leaks", False),
    )


def originated(node, registry: Internet | None) -> Iterator[IPv4Network]:
    """The prefixes of the AS but those it ``withdraws``, and what else it ``announces``, true or not."""
    asn, silent = node.params.get("asn"), set(map(IPv4Network, node.params.get("withdraws", ())))
    if registry and asn in registry.ases:
        yield from (prefix for prefix in registry.ases[asn].prefixes if prefix not in silent)
    yield from map(IPv4Network, node.params.get("announces", ()))
