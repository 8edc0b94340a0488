"""The parts of user-mode Linux that need no kernel: frames, and the words it is started with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.kit import Scenario, Topo
from scenarios.kit.capability import IN_A_VM, kernel_feature
from scenarios.kit.errors import CannotRun
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


def complaint(**where: str) -> str:
    """What a scenario says that needs something which no kernel has."""
    warp = kernel_feature("warp", "warp_drive", "false", **where)
    with pytest.raises(CannotRun) as raised:
        Scenario(topo=Topo, claims=[], requires=[warp]).check_machine()
    return str(raised.value)


def test_a_scenario_that_needs_a_fuller_kernel_names_the_place_in_one_line():
    assert "lacks warp (sudo modprobe -a warp_drive, or run the lab in" in complaint()
    assert complaint().startswith("topo: ")
    assert "./lab run --kernel uml topo" in complaint()
    assert "\n" not in complaint()


def test_what_user_mode_linux_lacks_too_is_not_looked_for_there():
    assert "uml" not in complaint(elsewhere=IN_A_VM)
    assert "vagrant/Vagrantfile" in complaint(elsewhere=IN_A_VM)
