"""Echo packets and the order of questions; no socket is opened."""

import pytest

from scenarios.kit import pinger


def reply(family: int, identifier: int, number: int) -> bytes:
    request = pinger.echo(family, identifier, number)
    answer = bytes([pinger.ECHO_REPLY[family]]) + request[1:]
    return (b"\x45" + bytes(19) if family == 4 else b"") + answer


@pytest.mark.parametrize("family", [4, 6])
class TestAnswers:
    def test_a_reply_tells_its_number(self, family):
        assert pinger.answered_number(family, 77, reply(family, 77, 300)) == 300

    def test_somebody_elses_reply_is_none_of_ours(self, family):
        assert pinger.answered_number(family, 78, reply(family, 77, 300)) is None

    def test_a_request_is_no_reply(self, family):
        packet = (b"\x45" + bytes(19) if family == 4 else b"") + pinger.echo(family, 77, 300)

        assert pinger.answered_number(family, 77, packet) is None


def test_a_packet_with_its_checksum_sums_to_nothing():
    assert pinger.checksum(pinger.echo(4, 1, 2, size=56)) == 0


def probers(*names: str) -> list:
    return [pinger._Prober(name, None, 4, [(other, f"addr-{other}") for other in names if other != name])
            for name in names]


class TestOrder:
    def test_every_ordered_pair_is_asked_once(self):
        asked = [(prober.name, prober.targets[number][0]) for prober, number in pinger._by_distance(probers(*"abcd"))]

        assert sorted(asked) == sorted((a, b) for a in "abcd" for b in "abcd" if a != b)

    def test_each_asks_one_other_before_anybody_asks_a_second(self):
        asked = [prober.name for prober, _ in pinger._by_distance(probers(*"abcd"))]

        assert sorted(asked[:4]) == list("abcd")
