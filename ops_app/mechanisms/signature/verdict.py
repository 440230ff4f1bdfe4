"""What a verification says: valid, invalid or undecidable, and why."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from ops_app.i18n import N_


class Result(StrEnum):
    """Undecidable is an answer of its own: nothing was proved wrong, and nothing is believed."""

    valid = "valid"
    invalid = "invalid"
    undecidable = "undecidable"


_V, _I, _U = Result.valid, Result.invalid, Result.undecidable

REASONS: dict[str, tuple[Result, str]] = {
    "valid": (_V, N_("The signature is genuine and the certificate was good when it was made")),
    "empty": (_I, N_("The file is empty")),
    "not_a_signature": (_I, N_("The file is no CMS or XML signature")),
    "truncated": (_I, N_("The file ends before the signature does")),
    "malformed": (_I, N_("The file begins as a signature but breaks its own format")),
    "no_signers": (_I, N_("The file holds certificates but nobody signed")),
    "certificate_missing": (_I, N_("The signer's certificate is not in the file")),
    "no_signed_attributes": (_I, N_("The signature covers no signed attributes, which CAdES demands")),
    "document_differs": (_I, N_("The document is not the one that was signed")),
    "signature_broken": (_I, N_("The signature does not fit the certificate")),
    "wrong_certificate": (_I, N_("The certificate in the file is not the one the signer named")),
    "weak_key": (_I, N_("The key is too short to be believed")),
    "key_usage": (_I, N_("The certificate is not meant for this use")),
    "expired": (_I, N_("The certificate had expired when the signature was made")),
    "not_yet_valid": (_I, N_("The certificate was not valid yet when the signature was made")),
    "revoked": (_I, N_("The certificate was revoked when the signature was made")),
    "bad_chain": (_I, N_("A certificate of the chain was not issued by the authority it names")),
    "untrusted_root": (_I, N_("The chain ends at an authority that is not trusted here")),
    "time_stamp_differs": (_I, N_("The time stamp belongs to another signature")),
    "verifier_refused": (_I, N_("The GOST verification service refused the signature")),
    "content_missing": (_U, N_("The signature is detached: give the signed document too")),
    "signed_in_future": (_U, N_("The signing time claimed lies in the future")),
    "issuer_unknown": (_U, N_("The authority that issued the certificate is not among the configured ones")),
    "no_roots": (_U, N_("No trusted authorities are configured")),
    "revocation_unknown": (_U, N_("No OCSP answer or CRL says whether the certificate was revoked")),
    "revoked_later": (
        _U,
        N_("The certificate was revoked later, and no time stamp proves the signature older"),
    ),
    "gost": (_U, N_("A GOST signature cannot be verified here: no verification service is configured")),
    "verifier_silent": (_U, N_("The GOST verification service does not answer or answers nonsense")),
    "verifier_now": (_U, N_("The GOST verification service judges by today and cannot say what was valid then")),
    "xml": (
        _U,
        N_("An XML signature of this shape cannot be verified here: no verification service is configured"),
    ),
    "algorithm": (_U, N_("The signature uses an algorithm that cannot be verified here")),
    "too_large": (_U, N_("The file is larger than this program reads")),
}
"""Every reason belongs to one result, so that no code path can pair them wrongly."""


class Refused(Exception):
    """Stops a check with a reason that is not ``valid``."""

    def __init__(self, reason: str):
        self.reason = reason
        super().__init__(REASONS[reason][1])


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something the verdict rests on, kept byte for byte: ``ocsp``, ``crl``, ``certificate``, ``time_stamp``."""

    kind: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Signer:
    """One signature of a file."""

    reason: str = "valid"
    subject: str = ""
    name: str = ""
    iin: str | None = None
    bin: str | None = None
    organization: str | None = None
    serial: str = ""
    issuer: str = ""
    valid_from: dt.datetime | None = None
    valid_to: dt.datetime | None = None
    algorithm: str = ""
    signed_at: dt.datetime | None = None
    time_source: str = ""
    """Where ``signed_at`` is from: ``time_stamp``, ``given`` by the caller, ``claimed`` by the signer, ``now``."""
    revocation: str = "unknown"
    revocation_source: str | None = None

    @property
    def result(self) -> Result:
        """What the reason amounts to."""
        return REASONS[self.reason][0]

    def refused(self, reason: str) -> Signer:
        """The same signer with a reason not to believe him."""
        return replace(self, reason=reason)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        plain: dict[str, Any] = {"result": self.result.value}
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            plain[name] = value.isoformat() if isinstance(value, dt.datetime) else value
        return plain


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer about a whole file: as good as its worst signer."""

    reason: str
    signers: tuple[Signer, ...] = ()
    evidence: tuple[Evidence, ...] = field(default=(), repr=False)

    @property
    def result(self) -> Result:
        """What the reason amounts to."""
        return REASONS[self.reason][0]

    @property
    def is_valid(self) -> bool:
        """Whether the file may be believed."""
        return self.result is Result.valid

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "result": self.result.value,
            "reason": self.reason,
            "explanation": REASONS[self.reason][1],
            "signers": [signer.as_dict() for signer in self.signers],
        }


def of_signers(signers: tuple[Signer, ...], evidence: tuple[Evidence, ...] = ()) -> Verdict:
    """One wrong signature makes the file invalid, one open question leaves it undecided."""
    if not signers:
        return Verdict("no_signers")
    for result in (Result.invalid, Result.undecidable):
        for signer in signers:
            if signer.result is result:
                return Verdict(signer.reason, signers, evidence)
    return Verdict("valid", signers, evidence)
