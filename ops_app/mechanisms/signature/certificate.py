"""What a certificate of the national authority says about its owner, and what it may be used for."""

from __future__ import annotations

import re
from typing import Any

from ops_app.mechanisms.signature.verdict import Refused, Signer

SIGN, ENTER, STAMP = "sign", "enter", "stamp"
"""Purposes: signing a document, entering the system, stamping a time."""


def signer_of(certificate: Any) -> Signer:
    """The owner as the subject names him: serialNumber holds ``IIN…``, organizationalUnit ``BIN…``."""
    subject = certificate.subject.native
    return Signer(
        subject=certificate.subject.human_friendly,
        name=" ".join(part for part in (_one(subject.get("common_name")), _one(subject.get("given_name"))) if part),
        iin=_number(subject.get("serial_number"), "IIN"),
        bin=_number(subject.get("organizational_unit_name"), "BIN"),
        organization=_one(subject.get("organization_name")) or None,
        serial=f"{certificate.serial_number:x}",
        issuer=certificate.issuer.human_friendly,
        valid_from=certificate.not_valid_before,
        valid_to=certificate.not_valid_after,
    )


def check_use(certificate: Any, purpose: str) -> None:
    """Refuse a certificate that its authority issued for something else."""
    usage = set(certificate.key_usage_value.native) if certificate.key_usage_value else set()
    extended = set(certificate.extended_key_usage_value.native) if certificate.extended_key_usage_value else set()
    if purpose == STAMP:
        # RFC 3161 wants this extension alone and critical.
        fits = "time_stamping" in extended
    elif purpose == ENTER:
        fits = "digital_signature" in usage
    else:
        fits = "non_repudiation" in usage
    if not fits or certificate.ca:
        raise Refused("key_usage")


def _one(value: Any) -> str:
    return str(value[0] if isinstance(value, list) else value or "")


def _number(value: Any, prefix: str) -> str | None:
    for text in value if isinstance(value, list) else [value]:
        found = re.fullmatch(rf"{prefix}(\d{{12}})", str(text or "").strip())
        if found:
            return found[1]
    return None
