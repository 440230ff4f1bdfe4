"""Signatures: what must never be believed, what is valid, and what cannot be decided here."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms, pem
from cryptography.hazmat.primitives import serialization
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from ops_app.kit import clock
from ops_app.mechanisms.signature import making, outside, time_stamp
from ops_app.mechanisms.signature.certificate import ENTER
from ops_app.mechanisms.signature.development import Authority, Identity
from ops_app.mechanisms.signature.trust import Trust, development_folder, folders_of, load
from ops_app.mechanisms.signature.verdict import REASONS, Verdict
from ops_app.mechanisms.signature.verify import Question, verify
from saulyq.cli import app
from saulyq.errors import SaulyqError, Unavailable
from saulyq.settings import settings as saulyq_settings
from tests.ops_app.signature.service import answering, saying
from tests.shared_data import shared

DOCUMENT = "Анықтама № 1".encode()
NOW = clock.now()


@dataclass
class World:
    """An authority with a few people; another one that nobody trusts."""

    authority: Authority
    trust: Trust
    aset: Identity
    """RSA, for an organisation."""
    dana: Identity
    """ECDSA."""
    fired: Identity
    """Revoked ten days ago."""
    late: Identity
    """Expired."""
    clerk: Identity
    """May only enter."""
    tsa: Identity
    foreign: Authority
    alien: Identity


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    authority = Authority(tmp_path_factory.mktemp("authority"))
    foreign = Authority(tmp_path_factory.mktemp("foreign"))
    month = NOW - dt.timedelta(days=30)
    fired = authority.issue("fired", "850612400017", kind="ecdsa", valid_from=month)
    authority.revoke(fired, NOW - dt.timedelta(days=10))
    return World(
        authority=authority,
        trust=load([authority.published]),
        aset=authority.issue("aset", "850612400017", bin="990140000017", organization="ТЕСТ", valid_from=month),
        dana=authority.issue("dana", "900101300011", kind="ecdsa", valid_from=month),
        fired=fired,
        late=authority.issue(
            "late", "850612400017", kind="ecdsa", valid_from=month, valid_to=NOW - dt.timedelta(days=5)
        ),
        clerk=authority.issue("clerk", "850612400017", kind="ecdsa", use="enter"),
        tsa=authority.issue("tsa", "850612400017", kind="ecdsa", use="stamp", valid_from=month),
        foreign=foreign,
        alien=foreign.issue("alien", "850612400017", kind="ecdsa"),
    )


def ask(world: World, file: bytes, /, **about: object) -> Verdict:
    return verify(file, Question(**({"trust": world.trust} | about)))  # type: ignore[arg-type]


def days_ago(number: int) -> dt.datetime:
    return NOW - dt.timedelta(days=number)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\x00", "not_a_signature"),
        (b"hello", "not_a_signature"),
        (b"%PDF-1.7", "not_a_signature"),
        (b"<html></html>", "not_a_signature"),
        (b"\x30\x82", "not_a_signature"),
        (b"-----BEGIN CMS-----\nMIIB", "truncated"),
        (b"\xff" * 100_000, "not_a_signature"),
        (b"<a xmlns:ds='http://www.w3.org/2000/09/xmldsig#'><ds:Signature></ds:Signature></a>", "xml"),
    ],
)
def test_what_is_no_signature_is_not_believed(world: World, content: bytes, reason: str) -> None:
    assert ask(world, content).reason == reason
    assert ask(world, content, content=DOCUMENT).result != "valid"


@pytest.mark.req("EDS-06")
def test_another_document_another_authority_another_use_and_a_revoked_owner_are_refused(world: World) -> None:
    signature = making.sign(DOCUMENT, [world.aset])
    assert ask(world, signature, content=DOCUMENT + b" ").reason == "document_differs"
    attached = making.sign(DOCUMENT, [world.aset], detached=False)
    assert ask(world, attached, content=b"another").reason == "document_differs"
    assert ask(world, making.sign(DOCUMENT, [world.alien]), content=DOCUMENT).reason == "issuer_unknown"
    der = world.aset.certificate.public_bytes(serialization.Encoding.DER)
    forged = signature.replace(der, der[:-1] + bytes([der[-1] ^ 1]))
    assert ask(world, forged, content=DOCUMENT).reason == "bad_chain"
    assert ask(world, making.sign(DOCUMENT, [world.clerk]), content=DOCUMENT).reason == "key_usage"
    assert ask(world, making.sign(DOCUMENT, [world.clerk]), content=DOCUMENT, purpose=ENTER).reason == "valid"
    assert ask(world, making.sign(DOCUMENT, [world.fired]), content=DOCUMENT).reason == "revoked"
    assert ask(world, making.sign(DOCUMENT, [world.late]), content=DOCUMENT).reason == "expired"
    before = making.sign(DOCUMENT, [world.aset], at=days_ago(60))
    assert ask(world, before, content=DOCUMENT).reason == "not_yet_valid"


@pytest.mark.req("EDS-06")
def test_genuine_signatures_are_valid_with_their_owner(world: World) -> None:
    for identity in (world.aset, world.dana):
        for detached in (True, False):
            signature = making.sign(DOCUMENT, [identity], detached=detached)
            for shape in (signature, base64.b64encode(signature), pem.armor("CMS", signature)):
                verdict = ask(world, shape, content=DOCUMENT)
                assert verdict.reason == "valid", verdict
    owner = ask(world, making.sign(DOCUMENT, [world.aset]), content=DOCUMENT).signers[0]
    assert (owner.iin, owner.bin, owner.revocation_source) == ("850612400017", "990140000017", "crl")
    assert ask(world, making.sign(DOCUMENT, [world.aset], detached=False)).reason == "valid"


def test_every_co_signer_counts(world: World) -> None:
    both = making.sign(DOCUMENT, [world.aset, world.dana])
    verdict = ask(world, both, content=DOCUMENT)
    assert {signer.iin for signer in verdict.signers} == {"850612400017", "900101300011"}
    assert verdict.is_valid
    spoiled = ask(world, making.sign(DOCUMENT, [world.aset, world.fired]), content=DOCUMENT)
    assert spoiled.reason == "revoked" and {one.reason for one in spoiled.signers} == {"valid", "revoked"}


def test_what_is_not_known_is_undecidable_never_valid(world: World) -> None:
    signature = making.sign(DOCUMENT, [world.aset])
    assert ask(world, signature).reason == "content_missing"
    assert ask(world, signature, content=DOCUMENT, trust=Trust()).reason == "no_roots"
    elsewhere = load([world.foreign.published])
    assert ask(world, signature, content=DOCUMENT, trust=elsewhere).reason == "issuer_unknown"
    no_evidence = Trust(world.trust.anchors)
    assert ask(world, signature, content=DOCUMENT, trust=no_evidence).reason == "revocation_unknown"
    ahead = making.sign(DOCUMENT, [world.aset], at=NOW + dt.timedelta(days=2))
    assert ask(world, ahead, content=DOCUMENT).reason == "signed_in_future"


def test_a_time_stamp_proves_that_a_signature_is_older_than_the_revocation(world: World) -> None:
    claimed = making.sign(DOCUMENT, [world.fired], at=days_ago(20))
    assert ask(world, claimed, content=DOCUMENT).reason == "revoked_later"
    assert ask(world, claimed, content=DOCUMENT, at=days_ago(20)).reason == "valid"
    stamped = making.sign(DOCUMENT, [world.fired], at=days_ago(20), stamped_by=world.tsa)
    verdict = ask(world, stamped, content=DOCUMENT)
    assert verdict.reason == "valid" and verdict.signers[0].time_source == "time_stamp"
    assert "time_stamp" in {one.kind for one in verdict.evidence}
    by_nobody = making.sign(DOCUMENT, [world.fired], at=days_ago(20), stamped_by=world.dana)
    assert ask(world, by_nobody, content=DOCUMENT).reason == "revoked_later"
    of_another = making.stamp(b"another signature", world.tsa, days_ago(20))
    assert ask(world, claimed, content=DOCUMENT, tokens=[of_another]).reason == "time_stamp_differs"


def test_a_time_stamp_service_is_asked_and_its_answer_checked(world: World) -> None:
    signature = making.sign(DOCUMENT, [world.aset])
    value = cms.ContentInfo.load(signature)["content"]["signer_infos"][0]["signature"].native
    with answering(lambda _path, body: (200, making.answer_stamp_question(body, world.tsa))) as url:
        token = time_stamp.ask(url, value)
    assert token is not None
    verdict = ask(world, signature, content=DOCUMENT, tokens=[token])
    assert verdict.is_valid and verdict.signers[0].time_source == "time_stamp"
    replayed = making.stamp(value, world.tsa, nonce=1)
    with answering(lambda _path, _body: (200, replayed)) as url:
        assert time_stamp.ask(url, value) is None
    assert time_stamp.ask("http://127.0.0.1:9/", value) is None


def test_ocsp_answers_count_like_the_list(world: World, tmp_path: Path) -> None:
    anchors = Trust(world.trust.anchors)
    signature = making.sign(DOCUMENT, [world.aset])
    good = tmp_path / "good.bin"
    good.write_bytes(making.ocsp_answer(world.authority, world.aset, at=NOW))
    assert ask(world, signature, content=DOCUMENT, trust=anchors.joined(load([good]))).reason == "valid"
    stale = tmp_path / "stale.bin"
    stale.write_bytes(making.ocsp_answer(world.authority, world.aset, at=days_ago(9)))
    assert ask(world, signature, content=DOCUMENT, trust=anchors.joined(load([stale]))).reason == "revocation_unknown"
    forged = tmp_path / "forged.bin"
    forged.write_bytes(making.ocsp_answer(world.foreign, world.aset, at=NOW))
    assert ask(world, signature, content=DOCUMENT, trust=anchors.joined(load([forged]))).reason == "revocation_unknown"
    bad = making.ocsp_answer(world.authority, world.aset, at=NOW, revoked_at=days_ago(3))
    asked = {"trust": anchors, "content": DOCUMENT}
    assert ask(world, signature, **asked, fetch=lambda *_: bad).reason == "revoked"
    assert ask(world, signature, **asked, fetch=lambda *_: None).reason == "revocation_unknown"


def test_gost_is_asked_outside_and_silence_is_no_yes(world: World) -> None:
    sample = (shared("signatures") / "cms" / "ncanode_cms_03.p7s").read_bytes()
    asked = {"content": b"test123", "at": dt.datetime(2022, 9, 27, tzinfo=dt.UTC)}
    alone = _only_signer(sample, 0)
    assert ask(world, alone, **asked).reason == "gost"
    for told, reason in (
        ({"valid": True}, "valid"),
        ({"valid": False}, "verifier_now"),
        ({"valid": "true"}, "verifier_silent"),
        ({}, "verifier_silent"),
        ([], "verifier_silent"),
    ):
        with answering(saying(told)) as url:
            assert ask(world, alone, **asked, gost=outside.verifier(url)).reason == reason
    assert ask(world, alone, **asked, gost=outside.verifier("http://127.0.0.1:9")).reason == "verifier_silent"


def _only_signer(content: bytes, number: int) -> bytes:
    info = cms.ContentInfo.load(content)
    kept = [info["content"]["signer_infos"][number]]
    info["content"]["signer_infos"] = kept
    return bytes(info.dump(force=False))


@pytest.mark.parametrize(
    ("file", "content", "at", "reason"),
    [
        ("ncanode_cms_01.p7s", None, None, "expired"),
        ("ncanode_cms_01.p7s", None, "2021-06-01", "valid"),
        ("ncanode_cms_01.p7s", b"lol_kek", "2021-06-01", "valid"),
        ("ncanode_cms_01.p7s", b"test", "2021-06-01", "document_differs"),
        ("ncanode_cms_04.p7s", b"test123", "2021-06-01", "valid"),
        ("ncanode_cms_03.p7s", b"test123", "2022-09-27", "expired"),
        ("ncanode_cms_03.p7s", b"test123", "2022-07-29", "expired"),
        ("ncanode_cms_03.p7s", b"test124", "2021-06-01", "document_differs"),
        ("ncanode_docs_05.p7s", None, None, "key_usage"),
    ],
)
def test_real_samples(world: World, file: str, content: bytes | None, at: str | None, reason: str) -> None:
    folder = shared("signatures")
    known = load([folder / "ca", folder / "crl", folder / "ocsp"])
    moment = dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC) if at else None
    sample = (folder / "cms" / file).read_bytes()
    verdict = ask(world, sample, trust=known, content=content, at=moment)
    assert reason in (verdict.reason, *(signer.reason for signer in verdict.signers))
    assert ask(world, sample[: len(sample) // 2], trust=known, content=content, at=moment).reason == "truncated"


def test_a_real_certificate_that_its_list_names_is_revoked() -> None:
    from ops_app.mechanisms.signature.revocation import status

    folder = shared("signatures")
    known = load([folder / "ca", folder / "crl"])
    [issuer] = [one for one in known.anchors if "RSA TEST" in one.subject.human_friendly]
    [listed] = [one for one in known.crls if one.issuer == issuer.subject]
    person = load_certificate(folder / "certs" / "individual_valid_sign_2004_rsa.cer")
    moment = dt.datetime(2022, 4, 1, tzinfo=dt.UTC)
    assert status(person, issuer, known, moment).state == "good"
    person["tbs_certificate"]["serial_number"] = listed["tbs_cert_list"]["revoked_certificates"][5][
        "user_certificate"
    ].native
    assert status(person, issuer, known, moment).state == "revoked"


def load_certificate(file: Path):  # type: ignore[no-untyped-def]
    from asn1crypto import x509

    return x509.Certificate.load(pem.unarmor(file.read_bytes())[2])


def meaning(verdict: Verdict) -> tuple[object, ...]:
    return tuple((one.iin, one.serial, one.signed_at, one.issuer) for one in verdict.signers)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_a_mutated_signature_never_crashes_and_never_says_something_else(world: World, data: st.DataObject) -> None:
    """What still verifies after a change says the same about the same document: only padding was touched."""
    identities = data.draw(st.sampled_from([[world.dana], [world.dana, world.aset]]))
    signature = bytearray(FIXED.setdefault(len(identities), making.sign(DOCUMENT, identities, stamped_by=world.tsa)))
    whole = meaning(ask(world, bytes(signature), content=DOCUMENT, at=NOW))
    for _number in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(signature) - 1))
        kind = data.draw(st.sampled_from(["flip", "cut", "insert", "end"]))
        if kind == "flip":
            signature[position] ^= data.draw(st.integers(1, 255))
        elif kind == "cut":
            del signature[position : position + data.draw(st.integers(1, 40))]
        elif kind == "insert":
            signature[position:position] = data.draw(st.binary(min_size=1, max_size=8))
        else:
            del signature[position:]
        if not signature:
            break
    verdict = ask(world, bytes(signature), content=DOCUMENT, at=NOW)
    assert verdict.reason in REASONS
    if verdict.is_valid:
        assert set(meaning(verdict)) <= set(whole)
    assert not ask(world, bytes(signature), content=DOCUMENT + b"!", at=NOW).is_valid


FIXED: dict[int, bytes] = {}


@settings(max_examples=50, deadline=None)
@given(content=st.binary(max_size=400))
def test_any_bytes_get_an_answer(world: World, content: bytes) -> None:
    head = bytes.fromhex("30820821 06092a864886f70d010702 a0820812 3082080e 020101")
    for whole in (content, head + content, b"-----BEGIN CMS-----\n" + content, b"<Signature " + content):
        assert ask(world, whole, content=DOCUMENT).result != "valid"


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    """`saulyq eds …` on an installation without a database, which these commands do not need."""
    monkeypatch.setenv("SAULYQ_HOME", str(tmp_path / "home"))
    saulyq_settings.cache_clear()
    yield lambda *words: CliRunner().invoke(app, ["eds", *(str(word) for word in words)])
    saulyq_settings.cache_clear()


def test_the_command_answers_for_any_file(command: Callable[..., Result], tmp_path: Path) -> None:
    document, signature, empty = tmp_path / "document.txt", tmp_path / "document.p7s", tmp_path / "empty"
    document.write_bytes(DOCUMENT)
    empty.write_bytes(b"")

    def answer(*words: object) -> dict[str, Any]:
        said = command("verify", *words, "--json")
        assert said.exit_code == 0
        return json.loads(said.stdout)

    command("dev-identity", "doctor", "--iin", "850612400017", "--key", "ecdsa", "--out", tmp_path / "key.p12")
    assert command("dev-sign", "doctor", document, "--out", signature).exit_code == 0
    told = answer(signature, "--content", document)
    assert (told["result"], told["signers"][0]["iin"]) == ("valid", "850612400017")
    assert set(told) >= {"result", "reason", "signers"}
    assert answer(signature, "--content", empty)["reason"] == "document_differs"
    assert "document" in command("verify", signature, "--content", empty).stdout
    command("dev-revoke", "doctor")
    # in the second of the signature the revocation came first, in a later one nothing proves which did
    assert answer(signature, "--content", document)["result"] in ("invalid", "undecidable")
    assert answer(empty)["reason"] == "empty"
    assert answer(document)["reason"] == "not_a_signature"
    for absent in (
        (tmp_path / "absent",),
        (signature, "--content", tmp_path / "absent"),
        (signature, "--trust", "absent"),
    ):
        assert isinstance(command("verify", *absent).exception, Unavailable)


def test_production_issues_no_identities_and_trusts_none_of_them(
    command: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAULYQ_MODE", "production")
    refused = command("dev-identity", "boss", "--iin", "850612400017")
    assert isinstance(refused.exception, SaulyqError) and "national authority" in str(refused.exception)
    assert development_folder(saulyq_settings()) not in folders_of(saulyq_settings())
