"""One way to name things everywhere: ``laptop``, ``router:wan``, ``laptop-router``.

A node by its name; an interface by node and interface, whose name may leave out the node's (``router:eth0`` for
router-eth0); a wire by its two nodes.
"""

from .errors import NoSuchThing
from .links import Loopback


def interfaces(net, selector: str) -> list:
    """The interfaces a selector stands for. Raises NoSuchThing with the names that would do.

    A node stands for all its interfaces, a wire for its two ends.
    """
    if ":" in selector:
        return [interface(net, selector)]
    if selector in net:
        return [intf for intf in net[selector].intfList() if intf.name != "lo"]  # which Mininet counts among a switch's
    for link in net.links:
        ends = link.intf1.node.name, link.intf2.node.name
        if selector in ("-".join(ends), "-".join(reversed(ends))):
            return [link.intf1, link.intf2]
    raise NoSuchThing("node or wire", selector, names(net))


def interface(net, selector: str):
    """One interface: ``node:interface``, or a node that has only one."""
    name, _, wanted = selector.partition(":")
    node = net[name]
    known = {intf.name: intf for intf in node.intfList() if intf.name != "lo"}
    if wanted == "lo":
        return Loopback(node)
    if not wanted and len(known) == 1:
        return next(iter(known.values()))
    for candidate in wanted, f"{name}-{wanted}":
        if candidate in known:
            return known[candidate]
    raise NoSuchThing("interface", selector, (f"{name}:{short(name, each)}" for each in known))


def short(node: str, interface_name: str) -> str:
    """An interface's name without the node's."""
    return interface_name.removeprefix(f"{node}-")


def names(net) -> list[str]:
    wires = [f"{link.intf1.node.name}-{link.intf2.node.name}" for link in net.links]
    return [*net.keys(), *wires]
