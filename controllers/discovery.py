"""Finds out what is behind each port: hosts, or another switch of ours. Until it is known, a port stays closed."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

from controllers import lldp
from controllers.settings import FabricSettings
from controllers.topology import Endpoint, Role, Switch, SwitchPort, Topology

PROBES = 4
"""Announcements a new port sends, unanswered, before it counts as an edge."""
LAST = PROBES - 1
"""Where loops are ruled out a port is an edge at once, and sends the last of them only, to find links in time."""
EDGE_ROUNDS = 10
"""Edges hear one in so many rounds of announcements."""
SUSPECT = -1
"""In place of a number of probes: a port that was a link and went silent; closed until something changes."""

Record = Callable[..., None]
"""Called with an event's name and its facts."""


class Discovery:
    """Keeps a `Topology` true. `changed` is set when something did; whoever brings the switches up to date clears it.

    `send(end, frame)` has a frame leave by a port; `left(end)` is called when what was behind a port is gone;
    `after(dpid, act)` acts once a switch has done all it was told.
    """

    def __init__(self, settings: FabricSettings, key: bytes, now: float, record: Record,
                 send: Callable[[Endpoint, bytes], None], left: Callable[[Endpoint], None],
                 after: Callable[[int, Callable[[], None]], None]) -> None:
        self.topology = Topology()
        self.changed = False
        self.now = now
        self._settings, self._key = settings, key
        self._record, self._send, self._left, self._after = record, send, left, after
        self._announced, self._rounds = now, 0
        self._busy: set[int] = set()  # switches that have not sent their latest probes yet
        self._spoke: set[int] = set()  # switches that have sent their announcements of this round
        self._silence: Counter[Endpoint] = Counter()  # rounds in a row in which an end of a link heard nothing

    # --- ports ---

    def restore_port(self, end: Endpoint, name: str, role: Role, on_tree: bool) -> None:
        """Take a port for what it was before this controller was started. A link has to show up again."""
        switch = self.topology.switches[end.dpid]
        switch.ports[end.port] = SwitchPort(end.port, name, switch.name, role, PROBES + 1)
        self.topology.tree |= {end} if on_tree else set()

    def port_changed(self, end: Endpoint, name: str, up: bool) -> None:
        """A port is new, or its carrier came or went."""
        switch = self.topology.switches[end.dpid]
        port = switch.ports.setdefault(end.port, SwitchPort(end.port, name, switch.name))
        port.name = name
        if up and port.role is Role.DOWN:
            self._enter(end, *((Role.PENDING, 0) if self._settings.loops else (Role.EDGE, LAST)))
            self._announce(end)
        elif not up and port.role is not Role.DOWN:
            self.close(end)
            self._enter(end, Role.DOWN, 0)

    def port_removed(self, end: Endpoint) -> None:
        port = self.topology.port(end)
        if port is not None:
            self.port_changed(end, port.name, up=False)
            del self.topology.switches[end.dpid].ports[end.port]

    def switch_gone(self, dpid: int) -> None:
        """It will not answer what it was asked."""
        self._busy.discard(dpid)
        self._spoke.discard(dpid)

    def close(self, end: Endpoint) -> None:
        """Whatever was behind a port is not there any more. If that was a link, both its ends are suspect."""
        far = self.topology.disconnect(end)
        self.topology.tree.discard(end)
        for place in filter(None, (end, far)):
            port = self.topology.port(place)
            if port is not None and port.role in (Role.LINK, Role.PENDING):
                port.role, port.probes = Role.PENDING, SUSPECT
        self._left(end)
        self.changed = True

    def _enter(self, end: Endpoint, role: Role, probes: int) -> None:
        port = self.topology.switches[end.dpid].ports[end.port]
        port.role, port.probes = role, probes
        self.changed = True
        self._record("port", switch=self.topology.switches[end.dpid].name, port=port.name, role=role.value)

    def pending(self, switch: Switch) -> list[SwitchPort]:
        """Ports about to be classified."""
        return [port for port in switch.in_role(Role.PENDING, Role.EDGE) if SUSPECT < port.probes <= PROBES]

    def unconfirmed(self, dpid: int) -> list[Endpoint]:
        """Links from before a restart that have not shown up again."""
        ends = [Endpoint(dpid, port.number) for port in self.topology.switches[dpid].in_role(Role.LINK)]
        return [end for end in ends if end not in self.topology.links]

    # --- announcements ---

    def announce(self, switch: Switch) -> None:
        for number in switch.ports:
            self._announce(Endpoint(switch.dpid, number))

    def _announce(self, end: Endpoint) -> None:
        if self.topology.role(end) is not Role.DOWN:
            self._send(end, lldp.announce(self._key, *end))

    def heard(self, here: Endpoint, data: bytes) -> None:
        """An announcement came in."""
        claim = lldp.heard(self._key, data)
        there = Endpoint(*claim) if claim else here
        if claim is None or Role.DOWN in (self.topology.role(here), self.topology.role(there)):
            return
        self._silence[here] = 0
        if self.topology.links.get(here) != there:
            self._link(here, there)

    def _link(self, here: Endpoint, there: Endpoint) -> None:
        admitted = all(self.topology.role(end) in (Role.EDGE, Role.LINK) and end not in self.topology.links
                       for end in (here, there))  # both open already: frames may go on crossing
        for end in (here, there):
            self._left(end)
            if end in self.topology.links:
                self.close(end)
        self.topology.connect(here, there)
        if admitted:
            self.use(here)
        self._silence[here] = self._silence[there] = 0
        self.changed = True
        self._record("link", ends=[self.name(here), self.name(there)], role=self.topology.role(here).value)

    def use(self, end: Endpoint) -> None:
        """Both switches admit frames from the link at `end`: from now on frames may be sent over it."""
        if end in self.topology.links:
            self.topology.use(end)
            self.changed = True

    # --- time ---

    def tick(self, now: float) -> None:
        self.now = now
        for switch in self._present():
            if switch.dpid not in self._busy:
                self._probe_ports(switch)
        if now - self._announced >= self._settings.announce:
            self._announced, self._rounds = now, self._rounds + 1
            self._drop_silent_links()
            self._announce_again()

    def _announce_again(self) -> None:
        """Links are kept up by this; hosts, who have no use for it, are spared most of it."""
        self._spoke.clear()
        for switch in self._present():
            for port in switch.ports.values():
                if port.role is not Role.EDGE or self._rounds % EDGE_ROUNDS == 0:
                    self._announce(Endpoint(switch.dpid, port.number))
            self._after(switch.dpid, partial(self._spoke.add, switch.dpid))

    def _probe_ports(self, switch: Switch) -> None:
        """Ask once more what is behind new ports, if the switch has done so the last time: a slow one gets longer."""
        ports = self.pending(switch)
        for port in ports:
            self._probe(Endpoint(switch.dpid, port.number), port)
        if ports:
            self._busy.add(switch.dpid)
            self._after(switch.dpid, partial(self._busy.discard, switch.dpid))

    def _probe(self, end: Endpoint, port: SwitchPort) -> None:
        port.probes += 1
        if port.probes <= PROBES:
            self._announce(end)
        elif port.role is Role.PENDING:
            self._enter(end, Role.EDGE, port.probes)

    def _drop_silent_links(self) -> None:
        """A round counts only when both ends of a link have spoken: a busy machine must not look like a cut cable."""
        for end, far in list(self.topology.links.items()):
            if {end.dpid, far.dpid} <= self._spoke:
                self._silence[end] += 1
        for end, far in list(self.topology.links.items()):
            if end in self.topology.links and min(self._silence[end], self._silence[far]) > self._settings.lost:
                self._record("link_lost", ends=[self.name(end), self.name(far)])
                self.close(end)

    def _present(self) -> Iterator[Switch]:
        return (switch for switch in self.topology.switches.values() if switch.connected)

    def name(self, end: Endpoint) -> str:
        port = self.topology.port(end)
        return port.name if port else f"{end.dpid:x}:{end.port}"
