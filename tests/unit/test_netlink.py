"""rtnetlink requests, byte by byte; no socket is opened."""

import errno
import struct

import pytest

from scenarios.kit import netlink


def attributes(data: bytes) -> dict[int, bytes]:
    return netlink._attributes(data)


class TestRequests:
    @pytest.mark.parametrize("request_", [
        netlink.veth("h1-eth0", "s1-eth1", mac="02:00:00:00:00:01"), netlink.link_set(3, up=True),
        netlink.link_delete(group=427), netlink.address(3, "10.0.0.1", 8), netlink.address(3, "2001:db8::1", 64),
        netlink.route("default", via="10.0.0.254"), netlink.route("2001:db8::/32", via="fe80::1", index=2),
        netlink.neighbour(2, "10.0.0.2", "02:00:00:00:00:02"), netlink.unknown_neighbour(2, "10.0.0.2")])
    def test_length_in_the_header_is_the_length(self, request_):
        assert struct.unpack_from("=I", request_)[0] == len(request_)
        assert len(request_) % 4 == 0

    def test_only_a_new_cable_creates_an_interface(self):
        assert netlink.creates(netlink.veth("a", "b"))
        assert not netlink.creates(netlink.link_set(3, up=True))
        assert not netlink.creates(netlink.address(3, "10.0.0.1", 8))

    def test_an_ipv4_address_has_its_broadcast_address(self):
        found = attributes(netlink.address(3, "192.0.2.1", 24)[24:])

        assert found[netlink.IFA_BROADCAST] == bytes([192, 0, 2, 255])

    @pytest.mark.parametrize("length", [31, 32])
    def test_a_point_to_point_address_has_none(self, length):
        assert netlink.IFA_BROADCAST not in attributes(netlink.address(3, "192.0.2.0", length)[24:])

    def test_ipv6_skips_duplicate_address_detection(self):
        request = netlink.address(3, "2001:db8::1", 64)

        assert struct.unpack_from("=BBB", request, 16)[2] == netlink.IFA_F_NODAD

    def test_an_unknown_neighbour_replaces_none_that_is_known(self):
        flags = struct.unpack_from("=IHH", netlink.unknown_neighbour(2, "10.0.0.2"))[2]

        assert flags & netlink.NLM_F_EXCL


class TestRefusals:
    def test_a_refusal_names_interface_and_reason(self):
        refused = netlink.Refused(errno.EEXIST, 0, netlink._subject(netlink.veth("h1-eth0", "s1-eth1")), "in use")

        assert str(refused) == "the kernel refused the interface h1-eth0: File exists (in use)"

    def test_the_kernels_own_words_are_read(self):
        attribute = struct.pack("=HH", 4 + 8, netlink.NLMSGERR_ATTR_MSG) + b"Too bad\0"

        assert netlink._said(bytes(36) + attribute, netlink.NLM_F_ACK_TLVS) == "Too bad"
        assert netlink._said(bytes(36) + attribute, 0) == ""
