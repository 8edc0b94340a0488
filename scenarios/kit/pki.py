"""Certificate authorities of one run (X.509, RFC 5280), with keys that nobody else has ever had.

The libraries are imported where they are used: they take 0.1 s, and most scenarios need no certificates.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Credentials:
    """A certificate and its private key, both in PEM. The key is not printed."""

    certificate: str
    key: str = field(repr=False)


class Authority:
    """A certificate authority. What it issued stays the same for a name; ``revoked`` names those it takes back."""

    def __init__(self, name: str):
        self.name = name
        self.revoked: set[str] = set()
        self._issued: dict[str, Credentials] = {}
        self._serials: dict[str, int] = {}

    @cached_property
    def _key(self):
        return _new_key()

    @cached_property
    def certificate(self) -> str:
        """The authority's own certificate, PEM: whoever has it trusts what it signs."""
        from cryptography import x509

        draft = _draft(self.name, self.name, self._key.public_key(), DAY)
        draft = draft.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        return _pem(draft.sign(self._key, _sha256()))

    def issue(self, name: str) -> Credentials:
        """A certificate in this name, good for a day from an hour ago, for server and client alike."""
        if name not in self._issued:
            self._issued[name] = self._make(name)
        return self._issued[name]

    def revocations(self) -> str:
        """The certificate revocation list, PEM."""
        from cryptography import x509

        now = datetime.now(UTC)
        crl = x509.CertificateRevocationListBuilder().issuer_name(_name(self.name)).last_update(now - DAY)
        crl = crl.next_update(now + DAY)
        for name in sorted(self.revoked):
            self.issue(name)
            entry = x509.RevokedCertificateBuilder().serial_number(self._serials[name]).revocation_date(now)
            crl = crl.add_revoked_certificate(entry.build())
        return _pem(crl.sign(self._key, _sha256()))

    def _make(self, name: str) -> Credentials:
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
        from cryptography.x509.oid import ExtendedKeyUsageOID

        key = _new_key()
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        draft = _draft(name, self.name, key.public_key(), DAY).add_extension(usage, critical=False)
        draft = draft.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        certificate = draft.sign(self._key, _sha256())
        self._serials[name] = certificate.serial_number
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return Credentials(_pem(certificate), private.decode())


def _draft(subject: str, issuer: str, public_key, lifetime: timedelta):
    from cryptography import x509

    since = datetime.now(UTC) - timedelta(hours=1)
    return (x509.CertificateBuilder().subject_name(_name(subject)).issuer_name(_name(issuer)).public_key(public_key)
            .serial_number(x509.random_serial_number()).not_valid_before(since).not_valid_after(since + lifetime))


def _name(common: str):
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _new_key():
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _sha256():
    from cryptography.hazmat.primitives.hashes import SHA256

    return SHA256()


def _pem(thing) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return thing.public_bytes(Encoding.PEM).decode()
