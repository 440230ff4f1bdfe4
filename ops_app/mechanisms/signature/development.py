"""A certification authority for development and tests, in a folder; production refuses it."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ops_app.kit import clock
from saulyq.errors import SaulyqError
from saulyq.settings import Mode, Settings

TEN_YEARS = dt.timedelta(days=3650)
YEAR = dt.timedelta(days=365)

_USES: dict[str, tuple[tuple[str, ...], tuple[Any, ...]]] = {
    "sign": (("digital_signature", "content_commitment"), (ExtendedKeyUsageOID.EMAIL_PROTECTION,)),
    "enter": (("digital_signature", "key_encipherment"), (ExtendedKeyUsageOID.CLIENT_AUTH,)),
    "stamp": (("digital_signature", "content_commitment"), (ExtendedKeyUsageOID.TIME_STAMPING,)),
    "ocsp": (("digital_signature",), (ExtendedKeyUsageOID.OCSP_SIGNING,)),
}
"""What the national authority issues: one key signs, another enters."""

_KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True)
class Identity:
    """A key with its certificate."""

    name: str
    key: Any
    certificate: x509.Certificate

    @property
    def asn1(self) -> Any:
        """The certificate as asn1crypto reads it."""
        return asn1_x509.Certificate.load(self.certificate.public_bytes(serialization.Encoding.DER))


def authority_of(current: Settings) -> Authority:
    """The development authority of an installation, which production does not have."""
    if current.mode is Mode.production:
        raise SaulyqError("a production installation issues no identities; they come from the national authority")
    return Authority(current.home / "eds" / "development")


class Authority:
    """Issues, revokes and publishes; its folder is its whole state."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.published = folder / "published"
        self.published.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        if not (folder / "authority.pem").exists():
            self._found()
        self.identity = self._read("authority")

    def issue(
        self,
        name: str,
        iin: str,
        *,
        owner: str = "ТЕСТОВ ТЕСТ",
        bin: str | None = None,
        organization: str | None = None,
        use: str = "sign",
        kind: str = "rsa",
        valid_from: dt.datetime | None = None,
        valid_to: dt.datetime | None = None,
    ) -> Identity:
        """A new identity under a name, as the national authority would word it."""
        attributes = [(NameOID.COMMON_NAME, owner), (NameOID.SERIAL_NUMBER, f"IIN{iin}"), (NameOID.COUNTRY_NAME, "KZ")]
        if organization:
            attributes.append((NameOID.ORGANIZATION_NAME, organization))
        if bin:
            attributes.append((NameOID.ORGANIZATIONAL_UNIT_NAME, f"BIN{bin}"))
        usages, extended = _USES[use]
        key: Any = _rsa() if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
        start = valid_from or clock.now() - dt.timedelta(hours=1)
        built = (
            _builder(attributes, key.public_key(), start, valid_to or start + YEAR)
            .issuer_name(self.identity.certificate.subject)
            .add_extension(x509.KeyUsage(**{one: one in usages for one in _KEY_USAGES}), critical=True)
            .add_extension(x509.ExtendedKeyUsage(extended), critical=use == "stamp")
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.identity.key.public_key()), critical=False
            )
            .sign(self.identity.key, hashes.SHA256())
        )
        return self._keep(Identity(name, key, built))

    def find(self, name: str) -> Identity:
        """An identity issued before."""
        if not (self.folder / f"{name}.pem").exists():
            raise SaulyqError(
                "there is no development identity %(name)s; issue it with saulyq eds dev-identity %(name)s", name=name
            )
        return self._read(name)

    def revoke(self, identity: Identity, at: dt.datetime | None = None) -> None:
        """Put a certificate on the list of revoked ones."""
        revoked = self._revoked()
        revoked[str(identity.certificate.serial_number)] = (at or clock.now()).isoformat()
        (self.folder / "revoked.json").write_text(json.dumps(revoked), encoding="utf-8")
        self.publish()

    def publish(self) -> None:
        """Write the list of revoked certificates anew."""
        now = clock.now()
        listed = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.identity.certificate.subject)
            .last_update(now)
            .next_update(now + TEN_YEARS)
        )
        for serial, moment in self._revoked().items():
            listed = listed.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(int(serial))
                .revocation_date(dt.datetime.fromisoformat(moment))
                .build()
            )
        content = listed.sign(self.identity.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
        (self.published / "revoked.crl").write_bytes(content)

    def _found(self) -> None:
        key = _rsa()
        name = [(NameOID.COMMON_NAME, "SAULYQ DEVELOPMENT CA"), (NameOID.COUNTRY_NAME, "KZ")]
        # Years back, so that tests may sign in the past.
        start = clock.now() - TEN_YEARS
        built = (
            _builder(name, key.public_key(), start, start + TEN_YEARS * 2)
            .issuer_name(x509.Name([x509.NameAttribute(*pair) for pair in name]))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(
                x509.KeyUsage(**{one: one in ("key_cert_sign", "crl_sign") for one in _KEY_USAGES}), critical=True
            )
            .sign(key, hashes.SHA256())
        )
        self.identity = self._keep(Identity("authority", key, built))
        (self.published / "authority.crt").write_bytes(built.public_bytes(serialization.Encoding.PEM))
        self.publish()

    def _revoked(self) -> dict[str, str]:
        file = self.folder / "revoked.json"
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}

    def _keep(self, identity: Identity) -> Identity:
        plain = serialization.NoEncryption()
        key = identity.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        (self.folder / f"{identity.name}.pem").write_bytes(
            key + identity.certificate.public_bytes(serialization.Encoding.PEM)
        )
        return identity

    def _read(self, name: str) -> Identity:
        content = (self.folder / f"{name}.pem").read_bytes()
        key = serialization.load_pem_private_key(content, None)
        return Identity(name, key, x509.load_pem_x509_certificate(content))


def key_store(identity: Identity, password: str) -> bytes:
    """The identity as a PKCS#12 file, the form in which the national authority hands out keys."""
    protection = serialization.BestAvailableEncryption(password.encode())
    return pkcs12.serialize_key_and_certificates(
        identity.name.encode(), identity.key, identity.certificate, None, protection
    )


def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def _builder(
    attributes: list[tuple[Any, str]], public_key: Any, start: dt.datetime, end: dt.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(*pair) for pair in attributes]))
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )
