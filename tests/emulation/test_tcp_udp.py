from scenarios.kit import closed, fetches, filtered
from scenarios.kit.actions import halt, resume
from scenarios.kit.claims.conversation import boundaries, intact_despite_loss, lost_for_good, shakes_hands
from scenarios.kit.losses import losing, lost
from scenarios.tcp_udp import BOOK, scenario  # noqa: F401

WIRE = "client-server"


def test_claim(net, claim):
    claim.verify(net)


def test_on_a_bad_wire_it_takes_more_than_seven_packets(net):
    with losing(net, WIRE, every=3):
        assert "the wire carried" in shakes_hands("client", "server").ask(net, 0).seen
    shakes_hands("client", "server").verify(net)


def test_a_wire_that_loses_everything_is_no_wire(net):
    with losing(net, WIRE, every=1):
        assert not fetches("client", "http://server/").ask(net, 0).held
        assert lost(net, WIRE)
    assert not lost(net, WIRE)


def test_a_file_over_a_good_wire_proves_nothing_about_loss(net):
    claim = intact_despite_loss("client", "server", "http://server/book.txt", BOOK, WIRE, every=10**6)

    assert "lost nothing" in claim.ask(net, 0).seen


def test_another_book_is_not_taken_for_this_one(net):
    other = BOOK.replace("77", "78", 1)
    claim = intact_despite_loss("client", "server", "http://server/book.txt", other, WIRE, every=10)

    assert "not the same" in claim.ask(net, 0).seen


def test_a_message_that_is_lost_is_noticed_and_the_stream_is_whole_all_the_same(net):
    with losing(net, WIRE, every=3):
        seen = boundaries("client", "server").ask(net, 0).seen

    assert seen.startswith("by UDP [")
    assert seen.endswith(" bytes came, by TCP 1021 at once")

    assert lost_for_good("client", "server", WIRE, every=10).ask(net, 0).held


def test_without_the_wall_silence_turns_into_an_answer(net):
    halt(net, "wall", "server")
    try:
        assert filtered("client", "server", 8080, control=("server", "server")).ask(net, 0).seen == "it is open"
        halt(net, "walled_web", "server")
        closed("client", "server", 8080).verify(net)
    finally:
        resume(net, "walled_web", "server")
        resume(net, "wall", "server")


def test_silence_of_a_service_that_is_dead_proves_nothing(net):
    halt(net, "walled_web", "server")
    try:
        assert "the control failed" in filtered("client", "server", 8080, control=("server", "server")).ask(net, 0).seen
    finally:
        resume(net, "walled_web", "server")
