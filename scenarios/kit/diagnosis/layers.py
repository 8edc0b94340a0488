"""Checks of one layer each, from the bottom up; each is pure and returns a Finding, or None when its layer is well."""

from ipaddress import ip_address

from ..drawing import End
from .case import Case
from .finding import Finding


def link(case: Case, end: End, other: End | None = None) -> Finding | None:
    """Every wire from an end to another of its segment, or its own wire: both ends on, and hearing each other."""
    wires = case.drawing.wires_between(end, other) if other else [(end, case.drawing.far[end.name])]
    for wire in wires:
        for one in wire:
            if found := _off(case, one):
                return found
    return None


def _off(case: Case, end: End) -> Finding | None:
    facts = case.facts_of(end)
    if facts.link(end.interface) is None:
        sentence = f"{end.node} has no {end.interface} any more: the cable to {case.drawing.far[end.name].node} is gone"
    elif not facts.is_up(end.interface):
        sentence = f"{end.name} is switched off"
    else:
        return None
    node = "" if case.drawing.is_switch(end.node) else end.node
    return Finding("link", sentence, node, ("ip", "-br", "link", "show"), shows=(end.interface,))


def loopback(case: Case, node: str) -> Finding | None:
    if case.world[node].is_up("lo"):
        return None
    return Finding("link", f"{node}:lo is switched off, so {node} cannot talk to itself", node,
                   ("ip", "-br", "link", "show", "dev", "lo"))


def address(case: Case, end: End) -> Finding | None:
    """An end has the address and the prefix length of the drawing, and nobody else on its segment has it."""
    facts = case.world[end.node]
    for drawn in end.addresses:
        have = [each for each in facts.addresses(end.interface) if each.version == drawn.version]
        if drawn in have:
            if found := _twice(case, end, str(drawn.ip)):
                return found
            continue
        same = [each for each in have if each.ip == drawn.ip]
        shown = ", ".join(map(str, same or have)) or "none"
        what = f"prefix length /{drawn.network.prefixlen}" if same else f"address {drawn}"
        return Finding("address", f"{end.name} does not have the {what} of the drawing; it has {shown}", end.node,
                       ("ip", "-br", "addr", "show", "dev", end.interface))
    return None


def _twice(case: Case, end: End, address: str) -> Finding | None:
    others = case.holders_near(end, address)
    if not others:
        return None
    first = others[0]
    drawn = address in [str(each.ip) for each in first.addresses]
    wrong, right = (end, first) if drawn and address not in [str(e.ip) for e in end.addresses] else (first, end)
    return Finding("address", f"{wrong.name} and {right.name} both have the address {address}", wrong.node,
                   ("ip", "-br", "addr", "show", "dev", wrong.interface))


def neighbour(case: Case, end: End, hop: str) -> Finding | None:
    """Whoever has the address ``hop`` on this segment is known by the hardware address that it really has."""
    facts, near = case.world[end.node], case.holders_near(end, hop)
    row = facts.neighbour(hop)
    known = (row or {}).get("lladdr")
    real = {case.world[each.node].mac(each.interface) for each in near}
    if known and real and known not in real:
        whose = next((each.name for each in case.drawing.segment(end)
                      if case.world[each.node].mac(each.interface) == known), "nobody here")
        return Finding("neighbour", f"{end.node} believes that {hop} is at {known} ({whose}), but it is at "
                       f"{', '.join(real)} ({near[0].name})", end.node, ("ip", "neigh", "show", hop))
    return None


def unresolved(case: Case, end: End, hop: str) -> Finding | None:
    """Why nobody answers for ``hop``, which should be on this segment."""
    drawn, near = case.drawing.owner(hop), case.holders_near(end, hop)
    mates = case.drawing.segment(end)
    if drawn and drawn in mates and (found := link(case, end, drawn) or address(case, drawn)):
        return found
    if near:
        if found := link(case, end, near[0]) or _ignores(case, near[0]):
            return found
        return _deaf(case, end, near[0], hop)
    if found := address(case, end):
        return found
    return _nobodys(case, end, hop)


def _nobodys(case: Case, end: End, hop: str) -> Finding:
    facts, elsewhere = case.world[end.node], case.drawing.owner(hop)
    route = facts.route_to(case.ask.dst if end.node == case.ask.src else hop) or {}
    command = ("ip", "route", "get", hop)
    if any(row.get("gateway") == hop for row in facts.routes):
        should = case.drawing.gateways.get(end.node)
        rest = f"; in the drawing it is {should}" if should and should != hop else ""
        return Finding("route", f"{end.node} sends to the gateway {hop}, which is nobody on its link{rest}", end.node,
                       ("ip", "route"), shows=(hop,))
    if elsewhere:
        return Finding("route", f"{end.node} looks for {hop} on its own link ({route.get('dst')} dev {end.interface}), "
                       f"but {elsewhere.name} is not there", end.node, command)
    return Finding("address", f"nobody on the link of {end.name} has the address {hop}", end.node,
                   ("ip", "neigh", "show", hop))


def _ignores(case: Case, end: End) -> Finding | None:
    settings = case.world[end.node].settings
    if any(settings.get(f"net/ipv4/conf/{name}/arp_ignore", "0") not in ("0", "1") for name in ("all", end.interface)):
        return Finding("neighbour", f"{end.name} does not answer ARP requests (arp_ignore)", end.node,
                       ("sysctl", f"net.ipv4.conf.{end.interface}.arp_ignore"))
    return None


def _deaf(case: Case, end: End, owner: End, hop: str) -> Finding:
    """Both are well, and yet the question or its answer got lost: where was it seen last?"""
    heard = [packet for packet in case.journey.arps if packet.dst == hop and not packet.sent]
    at_owner = [packet for packet in heard if packet.where == owner.name]
    switches = [each.node for wire in case.drawing.wires_between(end, owner) for each in wire
                if case.drawing.is_switch(each.node)]
    what = f"the answer of {owner.name} to the ARP request of {end.name}" if at_owner else \
        f"the ARP request of {end.name} for {hop}"
    if switches:
        return Finding("switch", f"{what} got lost between the ports of {' and '.join(dict.fromkeys(switches))}", "",
                       ("ovs-ofctl", "-O", "OpenFlow13", "dump-flows", switches[0]))
    return Finding("neighbour", f"{what} got lost", end.node, ("ip", "neigh", "show", hop))


def forwarding(case: Case, node: str) -> Finding | None:
    version = ip_address(case.ask.dst).version
    if case.world[node].forwards(version):
        return None
    name = "net.ipv4.ip_forward" if version == 4 else "net.ipv6.conf.all.forwarding"
    return Finding("route", f"{node} does not pass on packets that are not its own: forwarding is off", node,
                   ("sysctl", name))


def reverse_path(case: Case, node: str, came: str | None) -> Finding | None:
    """Strict reverse path filtering (RFC 3704) drops what comes in by another interface than answers would leave by."""
    dropped = case.journey.counters.get(node, {}).get("TcpExtIPReversePathFilter", 0)
    if not dropped:
        return None
    return Finding("filter", f"{node} drops the packet because an answer would not leave by {came}: "
                   "the reverse path filter is strict", node, ("sysctl", f"net.ipv4.conf.{came}.rp_filter"))


def route(case: Case, node: str, target: str) -> Finding | None:
    """There is a way to the target, and it is no dead end."""
    row = case.world[node].route_to(target)
    command = ("ip", "route")
    if row is None:
        back = " (the way back)" if case.journey.back else ""
        return Finding("route", f"{node} has no route to {target}{back}", node, command)
    if row.get("type") in ("blackhole", "unreachable", "prohibit"):
        return Finding("route", f"on {node}, the route to {row['dst']} is a dead end ({row['type']})", node, command,
                       shows=(row["type"],))
    return None


def packet_filter(case: Case, node: str) -> Finding | None:
    """The last rule that the packet met on a node dropped it."""
    rulings = [each for each in case.journey.rulings if each.node == node]
    if not rulings or rulings[-1].verdict != "drop":
        return None
    last = rulings[-1]
    rule = f"the rule '{last.rule}'" if last.rule else "the policy"
    family, _, table = last.table.partition(" ")
    return Finding("filter", f"{node} drops the packet: {rule} of chain {last.chain} in table {last.table}", node,
                   ("nft", "list", "chain", family, table, last.chain), shows=(last.rule,) if last.rule else ())


def daemons(case: Case, node: str) -> Finding | None:
    """Every service of a node runs that should."""
    dead = next((row for row in case.world[node].daemons if row["process"] and not row["runs"]), None)
    if dead is None:
        return None
    if dead["filters"]:
        return Finding("filter", f"{node} should have loaded the packet filter {dead['name']}, and has not", node,
                       ("nft", "list", "tables"))
    why = f" ({dead['last']})" if dead["last"] else ""
    return Finding("service", f"{node} should run {dead['name']}, and does not{why}", node, ("ps", "-ef"))


def lease(case: Case, node: str) -> Finding | None:
    """A node to which the drawing gives no address has got one from somebody."""
    ends = case.drawing.ends_of(node)
    if not ends or any(end.addresses for end in ends) or case.world[node].addresses():
        return None
    end = ends[0]
    for mate in case.drawing.segment(end):
        for row in case.world[mate.node].daemons:
            if "dhcp" in row["name"] and row["process"] and not row["runs"] and mate.addresses:
                return Finding("service", f"{node} has no address: nobody lends it one, for {row['name']} does not run "
                               f"on {mate.node}", mate.node, ("ss", "-uln"))
    return link(case, end) or Finding("address", f"{end.name} has no address, and nobody lends it one", node,
                                      ("ip", "-br", "addr", "show", "dev", end.interface))


def service(case: Case, node: str) -> Finding | None:
    """Somebody listens at the port."""
    ask, facts = case.ask, case.world[node]
    if ask.port is None or facts.listens(ask.protocol, ask.port):
        return None
    dead = next((row for row in facts.daemons if not row["runs"]), None)
    why = f": {dead['name']} does not run" + (f" ({dead['last']})" if dead["last"] else "") if dead else ""
    option = "-tln" if ask.protocol == "tcp" else "-uln"
    return Finding("service", f"nobody listens at {ask.protocol} port {ask.port} of {node}{why}", node, ("ss", option))
