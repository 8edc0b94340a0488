"""Subnets that hand out addresses by number, as people write them on a drawing."""

from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network


class Subnet(IPv4Network):
    """An IPv4 network whose members are numbered.

    >>> str(Subnet("192.168.1.0/24").member(10))
    '192.168.1.10/24'
    """

    def member(self, number: int) -> IPv4Interface:
        """The address with this number, and the prefix length. Raises IndexError outside the subnet."""
        return IPv4Interface((self[number], self.prefixlen))

    def links(self):
        """The /30 subnets for the point-to-point links that share this space."""
        return (Subnet(link) for link in self.subnets(new_prefix=30))


class Subnet6(IPv6Network):
    """An IPv6 network whose members are numbered.

    >>> str(Subnet6("2001:db8:1::/64").member(10))
    '2001:db8:1::a/64'
    """

    def member(self, number: int) -> IPv6Interface:
        return IPv6Interface((self[number], self.prefixlen))
