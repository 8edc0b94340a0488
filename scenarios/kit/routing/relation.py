"""What an AS is to its neighbour, and what that makes of the routes it hears.

RFC 9234, section 3, names the roles; Gao and Rexford (2001) the consequence: a route learned from a customer
earns money and is told to everybody; one from a peer or a provider costs, and is told to customers alone.
"""

from enum import IntEnum, StrEnum


class Role(StrEnum):
    """Our own role on a session, as ``local role`` of BIRD and ``local-role`` of FRR spell it (almost)."""

    PROVIDER = "provider"
    CUSTOMER = "customer"
    PEER = "peer"
    RS = "rs"
    RS_CLIENT = "rs-client"

    @property
    def far(self) -> "Role":
        """The role that the other end must have."""
        return FAR[self]

    @property
    def learns(self) -> "Source":
        """What our routes heard on such a session are."""
        return LEARNS[self]


class Source(IntEnum):
    """Where we have a route from: the last part of its large community (our AS, 1, source)."""

    OWN = 0
    CUSTOMER = 1
    PEER = 2
    PROVIDER = 3

    @property
    def preference(self) -> int:
        """LOCAL_PREF (RFC 4271, section 5.1.5): who pays us comes first, whom we pay comes last."""
        return 400 - 100 * self


FAR = {Role.PROVIDER: Role.CUSTOMER, Role.CUSTOMER: Role.PROVIDER, Role.PEER: Role.PEER,
       Role.RS: Role.RS_CLIENT, Role.RS_CLIENT: Role.RS}
LEARNS = {Role.PROVIDER: Source.CUSTOMER, Role.CUSTOMER: Source.PROVIDER, Role.PEER: Source.PEER,
          Role.RS: Source.PEER, Role.RS_CLIENT: Source.PEER}
