from scenarios.kit.providers.outage import Outage, outage


def test_the_dark_time_is_the_longest_gap_between_answered_requests():
    sent = {number: number * 0.01 for number in range(100)}

    assert outage(sent, set(sent)) == Outage(100, 0, 0.0)
    lost = outage(sent, set(sent) - {20, 21, 22, 50})
    assert (lost.sent, lost.lost, round(lost.dark, 6)) == (100, 4, 0.04)


def test_darkness_that_has_no_end_counts_to_the_last_request():
    sent = {number: number * 0.01 for number in range(100)}

    assert round(outage(sent, set(range(10))).dark, 6) == 0.9
