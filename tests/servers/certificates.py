"""Certificates for tests, made on the spot: one that is trusted, and some that aren't."""

from __future__ import annotations

import dataclasses
import datetime as dt
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclasses.dataclass(frozen=True)
class Certificates:
    """bundle: what a client trusts, a file. The contexts are for servers."""

    bundle: str
    trusted: ssl.SSLContext
    self_signed: ssl.SSLContext
    expired: ssl.SSLContext
    of_another: ssl.SSLContext


def make_certificates(folder: Path) -> Certificates:
    """All for the host made.example and 127.0.0.1, but for one of another host."""
    key = ec.generate_private_key(ec.SECP256R1())
    authority = _certificate("Made-up authority", key, "Made-up authority", key, is_authority=True)
    bundle = folder / "authority.pem"
    bundle.write_bytes(authority.public_bytes(serialization.Encoding.PEM))

    def context(
        name: str, host: str = "made.example", *, is_signed: bool = True, days: int = 10
    ) -> ssl.SSLContext:
        own = ec.generate_private_key(ec.SECP256R1())
        made = _certificate(
            host, own, "Made-up authority" if is_signed else host, key if is_signed else own, days=days
        )
        file = folder / f"{name}.pem"
        file.write_bytes(
            made.public_bytes(serialization.Encoding.PEM)
            + own.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(file)
        return server

    return Certificates(
        str(bundle),
        context("trusted"),
        context("self-signed", is_signed=False),
        context("expired", days=-1),
        context("of-another", "other.example"),
    )


def _certificate(
    host: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    is_authority: bool = False,
    days: int = 10,
) -> x509.Certificate:
    now = dt.datetime.now(dt.timezone.utc)
    names: list[x509.GeneralName] = [x509.DNSName(host.replace(" ", "-"))]
    if host == "made.example":
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=30))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, key_cert_sign=is_authority, crl_sign=is_authority, content_commitment=False,
                key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
        .sign(issuer_key, hashes.SHA256())
    )  # fmt: skip
