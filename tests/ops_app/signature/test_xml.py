"""XML signatures: what was moved, added or merely shown is not believed; what NCALayer makes is."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops_app.mechanisms.signature import making, outside
from ops_app.mechanisms.signature.trust import load
from ops_app.mechanisms.signature.verdict import REASONS
from tests.ops_app.signature.service import answering, saying
from tests.ops_app.signature.test_verify import NOW, World, ask, world
from tests.shared_data import shared

__all__ = ["world"]

DOCUMENT = '<?xml version="1.0"?><order xmlns:n="urn:n"><n:dose unit="мг">5</n:dose><!-- as said --></order>'.encode()


def signed(world: World, *people: str) -> bytes:
    return making.sign_xml(DOCUMENT, [getattr(world, name) for name in people])


@pytest.mark.req("EDS-06")
def test_another_document_owner_or_shape_is_not_believed(world: World) -> None:
    whole = signed(world, "aset")
    assert ask(world, whole.replace(b">5<", b">50<")).reason == "document_differs"
    assert ask(world, whole.replace(b"</order>", b"<more/></order>")).reason == "document_differs"
    assert ask(world, whole, content=DOCUMENT.replace(b"5", b"6")).reason == "document_differs"
    assert ask(world, signed(world, "fired")).reason == "revoked"
    assert ask(world, signed(world, "late")).reason == "expired"
    assert ask(world, signed(world, "clerk")).reason == "key_usage"
    assert ask(world, signed(world, "alien")).reason == "issuer_unknown"
    value = re.search(rb"<ds:SignatureValue>(....)", whole)
    assert value is not None
    assert ask(world, whole.replace(value[0], value[0][:-4] + value[1][::-1])).reason in ("signature_broken", "valid")
    assert ask(world, whole[: len(whole) // 2]).reason == "malformed"
    # the ways a document is shown that nobody signed
    for shown in (
        whole.replace(b'URI=""', b'URI="#id"'),
        whole.replace(b"<ds:KeyInfo>", b"<ds:Object><order>5</order></ds:Object><ds:KeyInfo>"),
        whole.replace(b"enveloped-signature", b"base64"),
        whole.replace(b"<order", b"<page><order").replace(b"</order>", b"</order></page>"),
        whole.replace(b"<order", b"<!DOCTYPE order [<!ENTITY e 'x'>]><order"),
        whole.replace(b"<ds:DigestValue>", b"<ds:DigestValue><!-- x -->"),
    ):
        assert shown != whole
        assert ask(world, shown).reason == "xml"


@pytest.mark.req("EDS-06")
def test_genuine_xml_signatures_are_valid_with_their_owner(world: World) -> None:
    for name in ("aset", "dana"):
        verdict = ask(world, signed(world, name))
        assert verdict.reason == "valid", verdict
        assert verdict.signers[0].revocation_source == "crl"
    assert ask(world, signed(world, "aset"), content=DOCUMENT).is_valid
    owner = ask(world, signed(world, "aset")).signers[0]
    assert (owner.iin, owner.bin, owner.algorithm) == ("850612400017", "990140000017", "rsa-sha256")


def test_each_signature_covers_those_before_it(world: World) -> None:
    both = signed(world, "aset", "dana")
    verdict = ask(world, both)
    assert verdict.is_valid
    assert [signer.iin for signer in verdict.signers] == ["850612400017", "900101300011"]
    assert ask(world, signed(world, "aset", "fired")).reason == "revoked"
    first, second = re.findall(rb"<ds:Signature .*?</ds:Signature>", both, re.DOTALL)
    swapped = both.replace(first + second, second + first)
    assert swapped != both
    assert ask(world, swapped).reason == "document_differs"


def test_real_samples_and_gost_by_the_service_only(world: World) -> None:
    folder = shared("signatures")
    known = load([folder / "ca", folder / "crl", folder / "ocsp"])
    one, two, three = ((folder / "xmldsig" / f"ncanode_xml_0{n}.xml").read_bytes() for n in (1, 2, 5))
    then = dt.datetime(2021, 6, 1, tzinfo=dt.UTC)
    assert ask(world, one, trust=known, at=then).reason == "valid"
    assert ask(world, one, trust=known).reason == "expired"
    assert ask(world, one.replace(b"test", b"tset", 1), trust=known, at=then).reason == "document_differs"
    mixed = ask(world, two, trust=known, at=dt.datetime(2022, 9, 1, tzinfo=dt.UTC))
    assert [signer.reason for signer in mixed.signers] == ["expired", "gost"]
    assert mixed.signers[1].iin == "123456789012"
    assert ask(world, three, trust=known).reason == "xml"
    gost_only = re.sub(rb"<ds:Signature .*?</ds:Signature>", b"", two, count=1, flags=re.DOTALL)
    at = {"trust": known, "at": dt.datetime(2022, 9, 1, tzinfo=dt.UTC)}
    assert ask(world, gost_only, **at).result == "undecidable"
    for told, reason in (({"valid": True}, "valid"), ({"valid": False}, "verifier_now"), ({}, "verifier_silent")):
        with answering(saying(told)) as url:
            assert ask(world, gost_only, **at, gost=outside.verifier(url)).reason == reason


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_changed_file_never_says_something_else(world: World, data: st.DataObject) -> None:
    content = bytearray(FIXED.setdefault("one", signed(world, "dana")))
    owner = ask(world, bytes(content), at=NOW).signers[0]
    for _number in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(content) - 1))
        if data.draw(st.booleans()):
            content[position] ^= data.draw(st.integers(1, 127))
        else:
            del content[position : position + data.draw(st.integers(1, 30))]
    verdict = ask(world, bytes(content), at=NOW)
    assert verdict.reason in REASONS
    if verdict.is_valid:
        assert verdict.signers[0].serial == owner.serial
        assert ask(world, bytes(content), content=DOCUMENT, at=NOW).is_valid


FIXED: dict[str, bytes] = {}


def test_nothing_is_fetched_or_expanded(world: World, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    content = f"<!DOCTYPE a [<!ENTITY e SYSTEM 'file://{secret}'>]><a>&e;<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'/></a>"
    assert ask(world, content.encode()).reason == "xml"
    bomb = (
        "<!DOCTYPE a [<!ENTITY b '"
        + "x" * 1000
        + "'>"
        + "".join(f"<!ENTITY b{n} '{'&b;' * 100}'>" for n in range(9))
        + "]><a>&b8;<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'/></a>"
    )
    assert ask(world, bomb.encode()).result != "valid"
