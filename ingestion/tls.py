"""TLS of the gateways: one certificate, and authorities whose certificates the other side must show."""

from __future__ import annotations

import ssl
from pathlib import Path

from saulyq.errors import SaulyqError


def server_context(
    certificate: Path | None, key: Path | None, client_authorities: Path | None, *, gateway: str
) -> ssl.SSLContext | None:
    """TLS as the installation sets it; None where none is set."""
    if certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
        if client_authorities is not None:
            context.load_verify_locations(client_authorities)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        raise SaulyqError(
            "the certificate of the %(gateway)s gateway cannot be used: %(error)s", gateway=gateway, error=error
        ) from None
    return context


def client_context(
    authorities: Path | None, certificate: Path | None, key: Path | None, *, gateway: str
) -> ssl.SSLContext:
    """TLS towards another system: its certificate is checked, ours is shown where it asks for one."""
    try:
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=authorities)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if certificate is not None:
            context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise SaulyqError(
            "certificates for what the %(gateway)s gateway sends cannot be used: %(error)s",
            gateway=gateway,
            error=error,
        ) from None
    return context
