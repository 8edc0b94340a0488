"""The parts of user-mode Linux that need no kernel: frames, and the words it is started with."""

from hypothesis import given
from hypothesis import strategies as st

from scenarios.kit.uml.kernel import command_line
from scenarios.kit.uml.wire import Frame, Kind, Unpacker

frames = st.lists(st.builds(Frame, st.sampled_from(Kind), st.integers(0, 0xFFFF), st.binary(max_size=300)), max_size=8)


@given(frames, st.integers(1, 50))
def test_frames_arrive_as_they_were_sent_however_the_line_cuts_them(sent, size):
    data = b"".join(bytes(frame) for frame in sent)
    unpacker = Unpacker()
    received = [frame for start in range(0, len(data), size) for frame in unpacker.feed(data[start:start + size])]

    assert received == sent


def test_a_path_with_a_space_stays_one_word_of_the_kernel(monkeypatch):
    monkeypatch.setattr("sys.executable", "/home/me/my lab/.venv/bin/python")

    assert 'init="/home/me/my lab/.venv/bin/python"' in command_line("2G", 3, 4)


def test_what_follows_the_dashes_is_for_the_first_process():
    words = command_line("512M", 3, 4)

    assert words[0] == "mem=512M"
    assert words[words.index("--") + 1:] == ["-P", "-m", "scenarios.kit.uml.guest"]
