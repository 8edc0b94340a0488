"""What an Open vSwitch switch goes by: its rules, and where it has learned who lives."""

import re
from collections.abc import Iterator

from ..command import attempt
from .table import Table


def tables(net, name: str) -> Iterator[Table]:
    switch = net[name]
    dump = attempt(switch, "ovs-ofctl", "-O", "OpenFlow13", "--names", "--no-stats", "dump-flows", name).stdout
    flows = (re.match(r"\s*(?:cookie=\S+, )?(?:table=(\d+),? ?)?(.*?)\s?actions=(.*)", line)
             for line in dump.splitlines())
    yield Table(name, "flows", ("table", "match", "actions"),
                tuple((found[1] or "0", found[2].strip(" ,"), found[3]) for found in flows if found))
    learned = attempt(switch, "ovs-appctl", "fdb/show", name).stdout.splitlines()[1:]
    yield Table(name, "learned", ("port", "VLAN", "hardware", "age (s)"),
                tuple(tuple(line.split()[:4]) for line in learned if len(line.split()) >= 4))
