"""`saulyq eds`: electronic signatures, verified; and identities for development."""

import datetime as dt
import errno
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from saulyq.commands.options import Json
from saulyq.errors import SaulyqError, Unavailable
from saulyq.language import _
from saulyq.output import print_json, print_text, say

app = typer.Typer(help="Electronic signatures.", no_args_is_help=True)

LARGEST = 256 * 2**20

Name = Annotated[str, typer.Argument(help="Name of the development identity: small letters, digits, dashes.")]


class KeyKind(StrEnum):
    """Kinds of keys that are verified natively."""

    rsa = "rsa"
    ecdsa = "ecdsa"


class KeyUse(StrEnum):
    """What an identity is for."""

    sign = "sign"
    enter = "enter"
    stamp = "stamp"


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The signature: CMS in DER, PEM or base64, or XML.")],
    content: Annotated[Path | None, typer.Option(help="The signed document, for a detached signature.")] = None,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="Judge as of this time, ISO 8601; UTC unless it says more.")
    ] = None,
    trust: Annotated[
        list[Path] | None,
        typer.Option(help="One more file or folder of authorities' certificates, CRLs and OCSP answers."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say whether a signature is valid, invalid or undecidable here; every answer is exit code 0."""
    from ops_app.mechanisms.signature import trust as authorities
    from ops_app.mechanisms.signature.verdict import Verdict
    from ops_app.mechanisms.signature.verify import question
    from ops_app.mechanisms.signature.verify import verify as verify_bytes
    from saulyq.settings import settings

    moment = _moment(at)
    for named in trust or []:
        # Mistyped, it would only make the verdict undecidable, and nobody would know why.
        if not named.exists():
            raise Unavailable("cannot read %(file)s: %(reason)s", file=named, reason=os.strerror(errno.ENOENT))
    signature, document = _read(file), _read(content) if content is not None else None
    if signature is None or (content is not None and document is None):
        verdict = Verdict("too_large")
    else:
        known = authorities.load([*authorities.folders_of(settings()), *(trust or [])])
        verdict = verify_bytes(signature, question(settings(), trust=known, content=document, at=moment))
    told = verdict.as_dict()
    if as_json:
        print_json(told)
        return
    print_text(f"{told['result']}: {told['explanation']}")
    for signer in verdict.signers:
        when = f"{signer.signed_at:%Y-%m-%d %H:%M} UTC ({signer.time_source})" if signer.signed_at else "unknown time"
        print_text(f"  {signer.name or signer.subject}, {signer.iin or 'no IIN'}, {when}: {signer.reason}")


@app.command("dev-identity")
def dev_identity(
    name: Name,
    iin: Annotated[str, typer.Option(help="Twelve digits; the account's practitioner has the same.")],
    owner: Annotated[str, typer.Option(help="The name in the certificate.")] = "ТЕСТОВ ТЕСТ",
    org_bin: Annotated[str | None, typer.Option("--bin", help="BIN of the organisation the owner acts for.")] = None,
    use: Annotated[KeyUse, typer.Option(help="What the key is for.")] = KeyUse.sign,
    key: Annotated[KeyKind, typer.Option(help="Kind of the key.")] = KeyKind.rsa,
    out: Annotated[Path | None, typer.Option(help="Write a PKCS#12 file here; its password is 123456.")] = None,
) -> None:
    """Issue an identity of the development authority; refused in production."""
    import re

    from ops_app.mechanisms.signature.development import authority_of, key_store
    from saulyq.settings import settings

    authority = authority_of(settings())
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,40}", name) or name == "authority":
        raise typer.BadParameter(_("use small letters, digits and dashes"), param_hint="NAME")
    for number, option in ((iin, "--iin"), (org_bin, "--bin")):
        if number is not None and not re.fullmatch(r"\d{12}", number):
            raise typer.BadParameter(_("twelve digits"), param_hint=option)
    identity = authority.issue(
        name, iin, owner=owner, bin=org_bin, organization="ТЕСТ" if org_bin else None, use=use.value, kind=key.value
    )
    if out is not None:
        out.write_bytes(key_store(identity, "123456"))
    say(
        "%(name)s: issued until %(day)s",
        name=name,
        day=f"{identity.certificate.not_valid_after_utc:%Y-%m-%d}",
    )


@app.command("dev-sign")
def dev_sign(
    name: Name,
    file: Annotated[Path, typer.Argument(help="The document.")],
    out: Annotated[Path, typer.Option(help="Where the signature goes.")],
    attached: Annotated[bool, typer.Option("--attached", help="Put the document into the signature.")] = False,
) -> None:
    """Sign a file with a development identity; refused in production."""
    from ops_app.mechanisms.signature import making
    from ops_app.mechanisms.signature.development import authority_of
    from saulyq.settings import settings

    identity = authority_of(settings()).find(name)
    document = _read(file)
    if document is None:
        raise SaulyqError("%(file)s is too large to sign", file=file)
    out.write_bytes(making.sign(document, [identity], detached=not attached))
    say("%(file)s: signed by %(name)s", file=out, name=name)


@app.command("dev-revoke")
def dev_revoke(name: Name) -> None:
    """Revoke a development identity; refused in production."""
    from ops_app.mechanisms.signature.development import authority_of
    from saulyq.settings import settings

    authority = authority_of(settings())
    authority.revoke(authority.find(name))
    say("%(name)s: revoked", name=name)


def _moment(written: str | None) -> dt.datetime | None:
    if written is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(written)
    except ValueError:
        raise typer.BadParameter(
            _("'%(given)s' is no time; write it as 2026-11-22T09:00", given=written), param_hint="--at"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _read(file: Path) -> bytes | None:
    """The bytes of a file; None when there are more than is wise to hold."""
    try:
        if file.stat().st_size > LARGEST:
            return None
        return file.read_bytes()
    except OSError as error:
        raise Unavailable("cannot read %(file)s: %(reason)s", file=file, reason=error.strerror) from None
