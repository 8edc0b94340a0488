"""The two ends of a tunnel between networks."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Site:
    """A network behind a gateway: the gateway's name, the address the Internet knows it by, the network, and the
    gateway's address there."""

    gateway: str
    public: str
    network: str
    inside: str
