"""Put our classes in the place of Mininet's, in Mininet's own modules.

Whoever then writes ``from mininet.node import Host`` gets ours. Mininet's other classes (NAT, CPULimitedHost,
Controller …) are made anew on top of ours, because they call their base classes by name.
"""

from types import ModuleType

from mininet import link, net, node, nodelib, topo, topolib

from scenarios.kit import links, nodes
from scenarios.kit import net as kit_net

MODULES = link, node, nodelib, net, topo, topolib


def DefaultController(name, **params):
    """Whichever reference controller is installed."""
    return node.findController()(name, **params)


class Mininet(kit_net.Net):
    """Ours, with Mininet's default of a reference controller."""

    def __init__(self, topo=None, switch=nodes.Switch, host=nodes.Host, controller=DefaultController, *args, **params):
        super().__init__(topo, switch, host, controller, *args, **params)


OURS = {
    link.Intf: links.Intf,
    link.TCIntf: links.TCIntf,
    link.Link: links.Link,
    link.TCLink: links.TCLink,
    node.Node: nodes.Node,
    node.Host: nodes.Host,
    node.OVSSwitch: nodes.Switch,
    node.OVSBridge: nodes.Bridge,
    net.Mininet: Mininet,
}


def install() -> None:
    new = dict(OURS)
    for module in MODULES:
        for cls in _descendants(module, new):
            new[cls] = type(cls.__name__, tuple(new.get(base, base) for base in cls.__bases__), _body(cls))
    for module in MODULES:
        for name, value in list(vars(module).items()):
            if isinstance(value, type) and value in new:
                setattr(module, name, new[value])
    node.DefaultController = net.DefaultController = DefaultController
    node.findController.__defaults__ = (tuple(new[cls] for cls in node.DefaultControllers),)


def _descendants(module: ModuleType, replaced) -> list[type]:
    """Mininet's classes in a module that build on those we replace, bases first; what ours build on stays as it is."""
    kept = {base for ours in OURS.values() for base in ours.__mro__}
    found = [cls for cls in vars(module).values() if isinstance(cls, type) and cls.__module__ == module.__name__
             and cls not in replaced and cls not in kept and set(cls.__mro__) & set(OURS)]
    return sorted(found, key=lambda cls: len(cls.__mro__))


def _body(cls: type) -> dict:
    return {name: value for name, value in vars(cls).items() if name not in ("__dict__", "__weakref__")}
