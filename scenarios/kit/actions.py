"""Things done to a running network, as a person with a screwdriver would: pull a cable, plug it elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from . import selector


def pull(net, wire: str) -> None:
    """Take a cable out: both ends lose their carrier. ``wire`` is "a-b", or one end "a:eth0"."""
    selector.interfaces(net, wire)[0].setDown()


def plug(net, wire: str) -> None:
    """Put the cable back in."""
    selector.interfaces(net, wire)[0].isUp(setUp=True)


@contextmanager
def pulled(net, wire: str) -> Iterator[None]:
    """A cable that is out for as long as the ``with`` block lasts; one that was out before stays out."""
    end = selector.interfaces(net, wire)[0]
    was_up = end.isUp()
    end.setDown()
    try:
        yield
    finally:
        if was_up:
            end.isUp(setUp=True)


def move(net, host: str, switch: str, port: int) -> None:
    """Plug a host's cable into another port of the switch, by its OpenFlow port number."""
    near = next(each for each in net[host].intfList() if each.far and each.far.node is net[switch])
    device = net[switch]
    device.detach(near.far)
    device.delIntf(near.far)
    device.intfs[port], device.ports[near.far], device.nameToIntf[near.far.name] = near.far, port, near.far
    device.attach(near.far)


def carrier(net, end: str) -> bool:
    """Whether an interface sees the other end of its cable (/sys/class/net/…/operstate, as the kernel tells it)."""
    return selector.interface(net, end).carrier()


def forwarding(net, router: str, on: bool = True) -> None:
    """Let a node pass on packets that are not its own, or not (ip_forward, ip-sysctl)."""
    net[router].place.sysctl({"net/ipv4/ip_forward": int(on)})


def forwards(net, router: str) -> bool:
    """Whether the node's kernel passes packets on."""
    return net[router].place.run(Path("/proc/sys/net/ipv4/ip_forward").read_text).strip() == "1"


def strict(net, router: str, on: bool = True) -> None:
    """Let a node drop what comes in by another interface than answers would leave by, or not (RFC 3704, rp_filter)."""
    net[router].place.sysctl({"net/ipv4/conf/all/rp_filter": int(on)})


def install(net, service, *nodes: str) -> None:
    """Start one more service on running nodes."""
    for name in nodes:
        net[name].services.append(service)
        net[name].supervisor.start(service)


def uninstall(net, service, *nodes: str) -> None:
    """Stop such a service, and have what it has set up undone."""
    for name in nodes:
        net[name].supervisor.stop(service.name)
        net[name].services.remove(service)


def substitute(net, service, *nodes: str) -> None:
    """Run this service instead of the one of the same name; ``resume`` brings that one back."""
    for name in nodes:
        net[name].supervisor.stop(service.name)
        net[name].supervisor.start(service)


@contextmanager
def reconfigured(net, controller: str, text: str) -> Iterator[None]:
    """A controller that obeys these settings for as long as the ``with`` block lasts, and then what it did before."""
    app = net[controller]
    before = None if app.settings.is_symlink() else app.settings.read_text()
    app.reconfigure(text)
    try:
        yield
    finally:
        app.reconfigure(before)


def halt(net, service: str, *nodes: str) -> None:
    """Stop a service, by its name."""
    for name in nodes:
        net[name].supervisor.stop(service)


def resume(net, service: str, *nodes: str) -> None:
    """Start it again."""
    for name in nodes:
        net[name].supervisor.restart(service)


@contextmanager
def without(net, node: str, service: str) -> Iterator[None]:
    """A service that is stopped for as long as the ``with`` block lasts; one that was stopped before stays so."""
    supervisor = net[node].supervisor
    has_daemons = any(each.commands(net[node]) for each in net[node].services if each.name == service)
    was_up = not has_daemons or any(daemon.name == service for daemon in supervisor.daemons)
    supervisor.stop(service)
    try:
        yield
    finally:
        if was_up:
            supervisor.restart(service)


def in_turn(*acts: Callable[..., object]) -> Callable[..., None]:
    """Several acts as one, for a fault that has more than one part."""
    def act(net) -> None:
        for each in acts:
            each(net)

    return act
