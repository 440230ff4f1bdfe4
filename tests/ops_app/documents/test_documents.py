"""Documents: who may not, forming and numbering, signing, checking, annulling, tampering."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import io
import json
import re
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ops_app.mechanisms.document.declaration import declarations
from ops_app.mechanisms.signature import making
from ops_app.mechanisms.signature.development import Identity
from ops_app.mechanisms.signature.verify import question, verify
from ops_app.modules.audit.models import Event
from ops_app.modules.documents import service
from ops_app.modules.documents.models import Document, DocumentSignature, NumberCounter
from ops_app.permissions import Role
from saulyq.settings import settings
from tests.installation import Database
from tests.ops_app.browser import Browser, make_account
from tests.ops_app.clinic import Clinic
from tests.ops_app.documents.conftest import CLINIC_BIN, DOCTOR_IIN, Keys, send
from tests.ops_app.signature.service import answering

pytestmark = pytest.mark.usefixtures("keys")


def form(clinic: Clinic, kind: str = "visit_record", encounter_id: int | None = None, **typed: str) -> int:
    """A document of a fresh visit, formed by the doctor on the screen; its number in the database."""
    if encounter_id is None:
        encounter_id = clinic.visit(clinic.register().id, note="Жалоб нет").id
    posted = {"kind": kind, "language": "kk"} | typed
    answer = clinic.browser("doctor").post(f"/visits/{encounter_id}/documents", posted)
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].rpartition("/")[2])


def load(clinic: Clinic, document_id: int) -> Document:
    with clinic.session() as session:
        return session.get_one(Document, document_id)


def pdf_of(clinic: Clinic, document_id: int) -> bytes:
    return clinic.browser("doctor").get(f"/documents/{document_id}/pdf").content


def sign(clinic: Clinic, document_id: int, identity: Identity, content: bytes | None = None) -> str:
    """Sign as the page does; what the server said."""
    browser = clinic.browser("doctor")
    asked = send(browser, "/to-sign/content", {"ids": [document_id]}).json()
    pdf = content if content is not None else base64.b64decode(asked["documents"][0]["content"])
    cms = base64.b64encode(making.sign(pdf, [identity])).decode()
    answer = send(browser, "/to-sign/signatures", {"signatures": [{"id": document_id, "cms": cms}]})
    return str(answer.json()["results"][0]["result"])


def test_who_may_not(clinic: Clinic) -> None:
    document_id = form(clinic)
    visit_id = load(clinic, document_id).encounter_id
    for login in ("nurse", "chief", "second", "stranger"):
        answer = clinic.browser(login).post(f"/visits/{visit_id}/documents", {"kind": "visit_record", "language": "kk"})
        assert answer.status_code in (403, 422), login
    for path in ("", "/pdf", "/container"):
        assert clinic.browser("stranger").get(f"/documents/{document_id}{path}").status_code == 403
        assert clinic.browser("registrar").get(f"/documents/{document_id}{path}").status_code == 403
    assert send(clinic.browser("second"), "/to-sign/content", {"ids": [document_id]}).status_code == 403
    # a paper that must be signed is handed out by nobody before
    assert clinic.browser("nurse").get(f"/documents/{document_id}/pdf").status_code == 409
    refused = clinic.browser("stranger").post(f"/documents/{document_id}/annul", {"reason": "по ошибке"})
    assert refused.status_code == 403
    assert clinic.browser("doctor").get("/documents/999999").status_code == 404


@pytest.mark.req("EDS-09", "EDS-02")
def test_the_record_of_a_visit_is_formed_signed_by_its_doctor_and_locked(
    clinic: Clinic, keys: Keys, module_database: Database
) -> None:
    document_id = form(clinic)
    document = load(clinic, document_id)
    assert re.fullmatch(r"MR-\d{4}-\d{6}", document.number)
    assert (document.data["visit"]["note"], document.status) == ("Жалоб нет", "formed")
    assert pdf_of(clinic, document_id).startswith(b"%PDF")
    assert document.number in clinic.browser("doctor").get("/to-sign").text
    assert sign(clinic, document_id, keys.doctor) == "valid"
    assert load(clinic, document_id).status == "signed"
    assert sign(clinic, document_id, keys.doctor) == "refused"
    shown = clinic.browser("doctor").get(f"/documents/{document_id}").text
    assert "ТЕСТОВ ТЕСТ" in shown
    for column, value in (("data", "'{}'"), ("pdf", "'x'"), ("number", "'1'"), ("formed_by", "'x'")):
        with pytest.raises(IntegrityError), module_database.engine("app").begin() as connection:
            connection.execute(text(f"update documents.document set {column} = {value} where id = {document_id}"))
    with pytest.raises(IntegrityError), module_database.engine("app").begin() as connection:
        connection.execute(text("update documents.document_signature set cms = 'x'"))


@pytest.mark.req("EDS-09")
def test_a_changed_visit_makes_a_new_version_and_the_signed_one_stays(clinic: Clinic, keys: Keys) -> None:
    first = form(clinic)
    visit_id = load(clinic, first).encounter_id
    sign(clinic, first, keys.doctor)
    before = pdf_of(clinic, first)
    doctor = clinic.browser("doctor")
    same = doctor.post(f"/visits/{visit_id}/documents", {"kind": "visit_record", "language": "kk"})
    assert same.status_code == 422
    shown = doctor.get(f"/visits/{visit_id}").text
    version = re.search(r'name="version" value="(\d+)"', shown)
    assert version
    assert doctor.post(f"/visits/{visit_id}", {"version": version[1], "note": "Добавлено"}).status_code == 303
    assert "changed after this document" in doctor.get(f"/documents/{first}").text
    second = form(clinic, encounter_id=visit_id)
    old, new = load(clinic, first), load(clinic, second)
    assert (old.status, old.replaced_by_id, new.version) == ("replaced", second, 2)
    assert (old.number, old.sequence) == (new.number, new.sequence)
    assert pdf_of(clinic, first) == before and "Добавлено" in new.data["visit"]["note"]


@pytest.mark.req("EDS-06")
def test_only_the_doctors_own_good_certificate_signs(clinic: Clinic, keys: Keys) -> None:
    document_id = form(clinic)
    authority = keys.authority
    other_clinic = authority.issue("elsewhere", DOCTOR_IIN, kind="ecdsa", bin="111140000011", organization="ӨЗГЕ")
    revoked = authority.issue("revoked", DOCTOR_IIN, kind="ecdsa", bin=CLINIC_BIN, organization="ТЕСТ")
    authority.revoke(revoked)
    entering = authority.issue("entering", DOCTOR_IIN, kind="ecdsa", use="enter")
    past = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    expired = authority.issue("expired", DOCTOR_IIN, kind="ecdsa", valid_from=past, valid_to=past.replace(month=6))
    for identity, reason in (
        (keys.second, "iin_differs"),
        (other_clinic, "bin_differs"),
        (revoked, "revoked"),
        (entering, "key_usage"),
        (expired, "expired"),
    ):
        assert sign(clinic, document_id, identity) == reason
    assert sign(clinic, document_id, keys.doctor, content=b"another document") == "document_differs"
    assert load(clinic, document_id).status == "formed"
    with clinic.session() as session:
        assert not session.scalars(select(DocumentSignature).where(DocumentSignature.document_id == document_id)).all()
    assert sign(clinic, document_id, keys.doctor) == "valid"


@pytest.mark.req("IAM-22")
def test_refused_signatures_are_listed_for_the_security_administrator(clinic: Clinic, keys: Keys) -> None:
    assert clinic.browser("doctor").get("/signatures/attempts").status_code == 403
    assert sign(clinic, form(clinic), keys.second) == "iin_differs"
    make_account(clinic.app.state.engine, "guard", [(Role.ADMINISTRATOR, clinic.tree["hospital"])])
    make_account(clinic.app.state.engine, "faraway", [(Role.ADMINISTRATOR, clinic.tree["other"])])
    shown = clinic.browser("guard").get("/signatures/attempts").text
    assert "belongs to another person" in shown and "900101300011" in shown
    assert f"{keys.second.certificate.serial_number:x}" in shown
    assert "900101300011" not in clinic.browser("faraway").get("/signatures/attempts").text


@pytest.mark.req("EDS-05", "EDS-07")
def test_the_container_holds_document_signature_and_evidence_unchanged(clinic: Clinic, keys: Keys) -> None:
    document_id = form(clinic)
    pdf = pdf_of(clinic, document_id)
    cms = making.sign(pdf, [keys.doctor])
    body = {"signatures": [{"id": document_id, "cms": base64.b64encode(cms).decode()}]}
    assert send(clinic.browser("doctor"), "/to-sign/signatures", body).json()["results"][0]["result"] == "valid"
    # a nurse hands out what is signed
    answer = clinic.browser("nurse").get(f"/documents/{document_id}/container")
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    names = archive.namelist()
    assert archive.read("META-INF/signature001.p7s") == cms
    assert archive.read(f"{load(clinic, document_id).number}.pdf") == pdf
    assert {name.rpartition(".")[2] for name in names if "evidence" in name} == {"cer", "crl"}
    manifest = json.loads(archive.read("META-INF/manifest.json"))
    for name, digest in manifest["sha256"].items():
        assert hashlib.sha256(archive.read(name)).hexdigest() == digest
    assert clinic.browser("nurse").get(f"/documents/{document_id}/container").content == answer.content


@pytest.mark.req("EDS-07")
def test_a_signature_is_stamped_with_the_time_where_a_service_is_named(
    clinic: Clinic, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    document_id = form(clinic)
    tsa = keys.authority.issue("tsa", DOCTOR_IIN, kind="ecdsa", use="stamp")
    with answering(lambda _path, body: (200, making.answer_stamp_question(body, tsa))) as url:
        monkeypatch.setenv("SAULYQ_EDS_TSP_URL", url)
        settings.cache_clear()
        try:
            assert sign(clinic, document_id, keys.doctor) == "valid"
        finally:
            monkeypatch.undo()
            settings.cache_clear()
    archive = zipfile.ZipFile(io.BytesIO(clinic.browser("nurse").get(f"/documents/{document_id}/container").content))
    [name] = [name for name in archive.namelist() if name.endswith(".tst")]
    signature = archive.read("META-INF/signature001.p7s")
    asked = question(settings(), content=pdf_of(clinic, document_id), tokens=[archive.read(name)])
    verdict = verify(signature, asked)
    assert verdict.is_valid and verdict.signers[0].time_source == "time_stamp"


@pytest.mark.req("EDS-10")
def test_anybody_with_the_paper_checks_it_and_learns_nothing_personal(
    clinic: Clinic, keys: Keys, module_database: Database
) -> None:
    document_id = form(clinic, "visit_certificate", presented_to="мектепке")
    document = load(clinic, document_id)
    anybody = Browser(clinic.app)
    address = f"/check/{document.check_code}"
    assert "Not signed yet" in anybody.get(address).text
    assert sign(clinic, document_id, keys.doctor) == "valid"
    shown = anybody.get(address).text
    assert "Genuine and in force" in shown and document.number in shown and "hospital" in shown
    personal = document.data["patient"]
    for value in (personal["name"], personal["iin"], personal["birth_date"], document.data["doctor"]["name"]):
        assert value not in shown
    assert "мектепке" not in shown
    assert anybody.get(f"/check/{document.check_code[:-1]}").status_code == 404
    clinic.browser("doctor").post(f"/documents/{document_id}/annul", {"reason": "не тот пациент"})
    shown = anybody.get(address).text
    assert "Annulled" in shown and "не тот пациент" not in shown
    assert clinic.browser("doctor").post(f"/documents/{document_id}/annul", {"reason": "опять"}).status_code == 409


def test_a_damaged_document_is_neither_handed_out_nor_called_genuine(
    clinic: Clinic, keys: Keys, module_database: Database
) -> None:
    document_id = form(clinic)
    sign(clinic, document_id, keys.doctor)
    with module_database.engine("owner").begin() as connection:
        connection.execute(text("alter table documents.document disable trigger document_is_frozen"))
        connection.execute(text(f"update documents.document set pdf = pdf || 'x'::bytea where id = {document_id}"))
        connection.execute(text("alter table documents.document enable trigger document_is_frozen"))
    assert clinic.browser("doctor").get(f"/documents/{document_id}/pdf").status_code == 409
    code = load(clinic, document_id).check_code
    assert "damaged" in Browser(clinic.app).get(f"/check/{code}").text


def test_numbers_have_no_gaps_and_no_repeats_under_concurrency(clinic: Clinic) -> None:
    other = clinic.tree["other"]

    def take(position: int) -> int:
        with Session(clinic.app.state.engine) as session:
            taken = service.next_number(session, "visit_record", other, 2026)
            # every third writer fails after taking a number
            if position % 3 == 0:
                session.rollback()
                return 0
            session.commit()
            return taken

    with ThreadPoolExecutor(8) as pool:
        taken = [number for number in pool.map(take, range(60)) if number]
    assert sorted(taken) == list(range(1, 41))
    with clinic.session() as session:
        counter = session.get_one(NumberCounter, ("visit_record", other, 2026))
        assert counter.last == 40
        assert service.next_number(session, "visit_record", other, 2027) == 1


@pytest.mark.req("EDS-03")
def test_the_administrator_says_where_a_signature_is_mandatory(clinic: Clinic) -> None:
    assert clinic.browser("doctor").get("/signatures/rules").status_code == 403
    make_account(clinic.app.state.engine, "keeper", [(Role.ADMINISTRATOR, clinic.tree["hospital"])])
    keeper = clinic.browser("keeper")
    rule = {"kind": "visit_certificate", "organization_id": clinic.tree["hospital"], "is_mandatory": "0"}
    assert keeper.post("/signatures/rules", rule | {"organization_id": clinic.tree["other"]}).status_code == 422
    assert keeper.post("/signatures/rules", rule | {"organization_id": 0}).status_code == 422
    assert keeper.post("/signatures/rules", rule | {"kind": "nothing"}).status_code == 422
    document_id = form(clinic, "visit_certificate")
    assert clinic.browser("nurse").get(f"/documents/{document_id}/pdf").status_code == 409
    assert keeper.post("/signatures/rules", rule).status_code == 303
    assert "optional" in keeper.get("/signatures/rules").text
    free = form(clinic, "visit_certificate")
    assert clinic.browser("nurse").get(f"/documents/{free}/pdf").status_code == 200
    # what was formed under the old rule keeps it
    assert clinic.browser("nurse").get(f"/documents/{document_id}/pdf").status_code == 409
    assert keeper.post("/signatures/rules", rule | {"is_mandatory": "1"}).status_code == 303
    again = form(clinic, "visit_certificate")
    assert clinic.browser("nurse").get(f"/documents/{again}/pdf").status_code == 409


@pytest.mark.req("CARD-10")
def test_card_and_journal_list_documents_and_the_reading_is_audited(clinic: Clinic) -> None:
    document = load(clinic, form(clinic, "visit_certificate"))
    assert document.number in clinic.browser("doctor").get(f"/patients/{document.patient_id}/documents").text
    shown = clinic.browser("chief").get("/documents?kind=visit_certificate&status=formed").text
    assert document.number in shown and document.data["patient"]["name"] in shown
    assert document.number not in clinic.browser("stranger").get("/documents").text
    assert document.number not in clinic.browser("chief").get("/documents?status=annulled").text
    with clinic.session() as session:
        read = session.scalars(select(Event).where(Event.patient_id == document.patient_id, Event.login == "chief"))
        assert {row.rule for row in read} == {"document_journal"}


def test_bad_input_is_answered_at_its_field(clinic: Clinic) -> None:
    encounter_id = clinic.visit(clinic.register().id).id
    doctor = clinic.browser("doctor")
    address = f"/visits/{encounter_id}/documents"
    assert doctor.post(address, {"kind": "nothing", "language": "kk"}).status_code == 422
    assert doctor.post(address, {"kind": "visit_record", "language": "en"}).status_code == 422
    long = {"kind": "visit_certificate", "language": "ru", "presented_to": "ш" * 201}
    assert "Too long" in doctor.post(address, long).text
    assert doctor.post(f"/documents/{form(clinic)}/annul", {"reason": "х"}).status_code == 422
    for body in ({}, {"signatures": []}, {"signatures": [{"id": 1, "cms": "###"}]}, {"signatures": [{"id": 1}] * 51}):
        assert send(doctor, "/to-sign/signatures", body).status_code == 422


def test_declarations_speak_both_languages() -> None:
    assert {"visit_record", "visit_certificate"} <= set(declarations())
    for declared in declarations().values():
        for titles in (declared.title, *declared.labels.values(), *(field.title for field in declared.fields)):
            assert titles.kk.strip() and titles.ru.strip() and titles.en.strip()


def test_a_declaration_without_a_label_of_its_template_stops_the_start() -> None:
    declared = declarations()["visit_certificate"]
    labels = {name: titles for name, titles in declared.labels.items() if name != "presented_to"}
    with pytest.raises(ValueError, match="visit_certificate has no labels presented_to"):
        type(declared).model_validate(declared.model_dump() | {"labels": labels})
