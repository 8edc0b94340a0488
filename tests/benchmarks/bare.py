"""The same network with nothing around it: plain rtnetlink requests and one transaction of Open vSwitch's database.

No nodes, no commands, no API: about as fast as this kernel and this Open vSwitch can go.
"""

import ctypes
import fcntl
import os
import socket
import struct

from scenarios.kit import netlink, ovs
from scenarios.kit.syscalls import CLONE_NEWNET, setns, unshare

from .campus import groups

SETTINGS = {"net/ipv4/ip_forward": b"0", "net/ipv6/conf/default/disable_ipv6": b"1"}


def build(n: int) -> list[int]:
    """Build it; returns the hosts' namespaces."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    hosts = [_namespace() for _ in range(n)]
    setns(home)
    bridges = [ovs.Bridge("s1", f"{1:016x}", {}, fail_mode="standalone", datapath_type="netdev")]
    cables, host = [], 0
    for number, size in enumerate(groups(n), 2):
        bridge = ovs.Bridge(f"s{number}", f"{number:016x}", {f"s{number}-up": 1}, fail_mode="standalone",
                            datapath_type="netdev")
        bridges[0].ports[f"s1-d{number}"] = number
        cables.append(netlink.veth(f"s1-d{number}", f"s{number}-up"))
        for port in range(size):
            cables.append(netlink.veth(f"s{number}-{port}", "eth0", peer_netns=hosts[host]))
            bridge.ports[f"s{number}-{port}"] = port + 2
            host += 1
        bridges.append(bridge)
    netlink.send(cables)
    netlink.send([netlink.link_set(socket.if_nametoindex(f"s{number}-up"), up=True)
                  for number in range(2, len(bridges) + 1)])
    for number, place in enumerate(hosts, 1):
        setns(place)
        _configure(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    setns(home)
    ovs.transact([operation for bridge in bridges for operation in ovs.operations(bridge)])
    return hosts


def _namespace() -> int:
    unshare(CLONE_NEWNET)
    for name, value in SETTINGS.items():
        fd = os.open(f"/proc/sys/{name}", os.O_WRONLY)
        os.write(fd, value)
        os.close(fd)
    return os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _configure(address: str) -> None:
    index = socket.if_nametoindex("eth0")
    netlink.send([netlink.link_set(1, up=True), netlink.link_set(index, up=True), netlink.address(index, address, 8)])
    off = ctypes.create_string_buffer(struct.pack("=II", 0x17, 0))  # checksums in software
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8946, struct.pack("16sP16x", b"eth0", ctypes.addressof(off)))
