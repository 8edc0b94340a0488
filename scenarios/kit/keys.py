"""Secrets of one run: made when they are first asked for, shown to nobody, gone with the lab.

The libraries are imported where they are used: they take 0.1 s, and most scenarios need no keys.
"""

from base64 import b64encode
from functools import cached_property
from secrets import token_bytes

from .pki import Authority


class KeyPair:
    """A key pair for Curve25519 (RFC 7748), in the base64 of wg(8). It never prints its private half."""

    @cached_property
    def _key(self):
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        return X25519PrivateKey.generate()

    @property
    def private(self) -> str:
        return b64encode(self._key.private_bytes_raw()).decode()

    @property
    def public(self) -> str:
        return b64encode(self._key.public_key().public_bytes_raw()).decode()


class Keyring:
    """The key pairs of a run by their owners' names, the secrets that two of them share, and an authority whose
    certificates they trust."""

    def __init__(self) -> None:
        self.authority = Authority("certificates of this run")
        self._pairs: dict[str, KeyPair] = {}
        self._shared: dict[frozenset[str], str] = {}

    def __getitem__(self, owner: str) -> KeyPair:
        return self._pairs.setdefault(owner, KeyPair())

    def shared(self, one: str, other: str) -> str:
        """A pre-shared key of 256 bits, in base64: the same for both, in either order."""
        return self._shared.setdefault(frozenset({one, other}), b64encode(token_bytes(32)).decode())
