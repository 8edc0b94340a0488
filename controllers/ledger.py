"""What we have told one switch to hold, and why: the difference to what it should hold is what we send."""

from collections.abc import Hashable, Iterable

from controllers.rules import Delete, DeleteGroup, DeleteMeter, Flow, Group, Message, Meter, ModifyGroup, ModifyMeter


class Ledger:
    """The rules of one switch, entered under the reason ("scope") they are there for.

    Every method returns the messages that bring the switch from what it holds to what was asked for, in an order
    that never leaves a gap: new and changed rules come before the removal of old ones.
    """

    def __init__(self) -> None:
        self._flows: dict[Hashable, dict[tuple, Flow]] = {}
        self._groups: dict[int, Group] = {}
        self._meters: dict[int, Meter] = {}

    @property
    def flows(self) -> list[Flow]:
        return [flow for scope in self._flows.values() for flow in scope.values()]

    @property
    def groups(self) -> list[Group]:
        return list(self._groups.values())

    def scope(self, scope: Hashable) -> list[Flow]:
        """What is entered under `scope`."""
        return list(self._flows.get(scope, {}).values())

    def replace(self, scope: Hashable, flows: Iterable[Flow]) -> list[Message]:
        """Make `flows` all there is under `scope`."""
        old, new = self._flows.get(scope, {}), {flow.key: flow for flow in flows}
        self._flows[scope] = new
        if not new:
            del self._flows[scope]
        changed: list[Message] = [flow for key, flow in new.items() if old.get(key) != flow]
        return changed + [Delete(flow) for key, flow in old.items() if key not in new]

    def forget(self, scope: Hashable) -> None:
        """The switch has removed these by itself."""
        self._flows.pop(scope, None)

    def replace_groups(self, groups: Iterable[Group]) -> tuple[list[Message], list[Message]]:
        """Make `groups` all there is: what to send before the flows that use them, and what to send after."""
        old, new = self._groups, {group.number: group for group in groups}
        self._groups = new
        before: list[Message] = [ModifyGroup(group) if number in old else group
                                 for number, group in new.items() if old.get(number) != group]
        return before, [DeleteGroup(number) for number in old if number not in new]

    def replace_meters(self, meters: Iterable[Meter]) -> tuple[list[Message], list[Message]]:
        """Likewise, for meters."""
        old, new = self._meters, {meter.number: meter for meter in meters}
        self._meters = new
        before: list[Message] = [ModifyMeter(meter) if number in old else meter
                                 for number, meter in new.items() if old.get(number) != meter]
        return before, [DeleteMeter(number) for number in old if number not in new]

    def reconcile(self, flows: Iterable[Flow], groups: Iterable[int], meters: Iterable[int]) -> list[Message]:
        """Bring a switch that holds these (from an earlier connection) to what is entered here.

        Rules we want are written over the old ones in place, so traffic does not notice.
        """
        held, running = set(groups), set(meters)
        wanted = {flow.key: flow for flow in self.flows}
        limits: list[Message] = [ModifyMeter(meter) if meter.number in running else meter
                                 for meter in self._meters.values()]
        entered: list[Message] = [ModifyGroup(group) if group.number in held else group for group in self.groups]
        stale: list[Message] = [Delete(flow) for flow in flows if flow.key not in wanted]
        unused: list[Message] = [DeleteGroup(number) for number in held - self._groups.keys()]
        idle: list[Message] = [DeleteMeter(number) for number in running - self._meters.keys()]
        return [*limits, *entered, *wanted.values(), *stale, *unused, *idle]
