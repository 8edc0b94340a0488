"""Rows for Open vSwitch's database and lines of its log; no daemon runs."""

from scenarios.kit import ovs, vswitchd

CONNECTED = "2026-01-01T00:00:00.000Z|00066|rconn|INFO|s1<->tcp:127.0.0.1:6653: connected"
CLOSED = "2026-01-01T00:00:01.000Z|00067|rconn|INFO|s1<->tcp:127.0.0.1:6653: connection closed by peer"
OTHER = "2026-01-01T00:00:01.000Z|00068|bridge|INFO|bridge s1: added interface s1-eth1 on port 1"


class TestOperations:
    def test_each_port_asks_for_its_openflow_number(self):
        rows = ovs.operations(ovs.Bridge("s1", "01", {"s1-eth1": 1, "s1-eth7": 7}))

        asked = {row["row"]["name"]: row["row"].get("ofport_request") for row in rows if row["table"] == "Interface"}
        assert asked == {"s1": None, "s1-eth1": 1, "s1-eth7": 7}

    def test_a_bridge_joins_the_root_row_or_the_database_would_collect_it(self):
        last = ovs.operations(ovs.Bridge("s1", "01", {}))[-1]

        assert last["table"] == "Open_vSwitch"
        assert last["mutations"][0][:2] == ["bridges", "insert"]

    def test_names_that_are_no_identifiers_make_identifiers(self):
        rows = ovs.operations(ovs.Bridge("s-1.x", "01", {}))

        assert all(row["uuid-name"].replace("_", "").isalnum() for row in rows if "uuid-name" in row)


class TestConnections:
    def test_the_last_word_counts(self):
        key = ("s1", "tcp:127.0.0.1:6653")

        assert vswitchd.connections(CONNECTED) == {key: True}
        assert vswitchd.connections(f"{CONNECTED}\n{CLOSED}") == {key: False}
        assert vswitchd.connections(f"{CLOSED}\n{CONNECTED}") == {key: True}

    def test_other_lines_say_nothing(self):
        assert vswitchd.connections(f"{OTHER}\n\nrconn|nonsense") == {}
