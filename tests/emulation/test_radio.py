"""IPv6 between two radios, in frames of at most 127 bytes (6LoWPAN, RFC 4944 and RFC 6282).

The air is the kernel's: mac802154_hwsim, or fakelb in user-mode Linux. Radios belong to the kernel's first network
namespace, so this runs there and not in a lab, and the two ends get namespaces of their own.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from scenarios.kit import waiting

AIR = ("mac802154_hwsim", "fakelb")
RADIOS = Path("/sys/class/ieee802154")
PAN, ANOTHER = "0xbeef", "0xcafe"
pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not any(Path("/sys/module", name).exists() for name in AIR),
                                reason="radios that are simulated (mac802154_hwsim) need a full kernel, and root")


class Mote:
    """A small computer with a radio and nothing else."""

    def __init__(self, number: int):
        self.number, self.address = number, f"fd00:6::{number}"
        self.process = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        self.process.stdout.read(1)  # now it is in its namespace

    def run(self, *words: str, check: bool = True) -> subprocess.CompletedProcess:
        inside = ["nsenter", f"--net=/proc/{self.process.pid}/ns/net", *words]
        return subprocess.run(inside, check=check, capture_output=True, text=True)

    def take(self, radio: str) -> None:
        subprocess.run(["iwpan", "phy", radio, "set", "netns", str(self.process.pid)], check=True)
        self.device = next(link["ifname"] for link in json.loads(self.run("ip", "-j", "link").stdout)
                           if link["ifname"].startswith("wpan"))
        self.join(PAN)

    def join(self, pan: str) -> None:
        """Become a member of a personal area network, with IPv6 over it."""
        self.run("iwpan", "dev", self.device, "set", "pan_id", pan)
        self.run("iwpan", "dev", self.device, "set", "short_addr", f"0x{self.number}")
        self.run("ip", "link", "set", self.device, "up")
        self.run("ip", "link", "add", "link", self.device, "name", "low", "type", "lowpan")
        self.run("ip", "link", "set", "low", "up")
        self.run("ip", "addr", "add", f"{self.address}/64", "dev", "low", "nodad")

    def leave(self) -> None:
        """Off the air; a radio that is on keeps its network's number."""
        self.run("ip", "link", "del", "low")
        self.run("ip", "link", "set", self.device, "down")

    def hears(self, other: "Mote", size: int = 8, times: int = 3) -> bool:
        words = ["ping", "-n", "-c", str(times), "-i0.2", "-W2", "-s", str(size), other.address]
        return self.run(*words, check=False).returncode == 0

    def frames(self) -> int:
        """Sent so far."""
        return json.loads(self.run("ip", "-j", "-s", "link", "show", self.device).stdout)[0]["stats64"]["tx"]["packets"]

    def end(self) -> None:
        self.process.communicate()


@pytest.fixture(scope="module")
def motes() -> Iterator[list[Mote]]:
    found = [Mote(1), Mote(2)]
    try:
        radios = waiting.until(lambda: sorted(each.name for each in RADIOS.iterdir())[:2], 10, "radios")
        for mote, radio in zip(found, radios, strict=True):
            mote.take(radio)
        yield found
    finally:
        for mote in found:
            mote.end()


def test_ipv6_crosses_the_air(motes):
    one, other = motes

    waiting.until(lambda: one.hears(other), 20, "an echo")


def test_a_packet_that_is_too_long_for_a_frame_goes_in_fragments(motes):
    one, other = motes
    waiting.until(lambda: one.hears(other), 20, "an echo")
    before = one.frames()

    assert one.hears(other, size=1000, times=1)
    assert one.frames() - before >= 1000 // 127


def test_another_personal_area_network_is_not_heard(motes):
    one, other = motes
    other.leave()
    other.join(ANOTHER)
    assert not one.hears(other, times=1)
    other.leave()
    other.join(PAN)

    waiting.until(lambda: one.hears(other), 20, "an echo")
