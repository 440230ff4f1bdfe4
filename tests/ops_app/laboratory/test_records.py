"""Medical records with templates, pictures as results, and ranges that a laboratory confirms."""

from __future__ import annotations

import datetime as dt
import io
import re

import pytest
import typst
from PIL import Image

from ops_app.kit import clock
from ops_app.mechanisms.document.inserting import pages_of
from ops_app.modules.documents.models import Document
from ops_app.modules.documents.queries import pdf_of
from ops_app.modules.laboratory.incoming import IncomingResult
from ops_app.modules.laboratory.models import Parameter, RangeApproval, Report, Result, ResultFile
from ops_app.modules.laboratory.records import forms
from ops_app.modules.patients.models import Patient
from ops_app.modules.questionnaires.models import AnswerTemplate
from ops_app.modules.visits.models import Observation
from tests.ops_app.clinic import Clinic
from tests.ops_app.laboratory.lab import HISTOLOGY, POTASSIUM, Bench


def picture(width: int, height: int, kind: str = "PNG") -> bytes:
    """A picture of so many pixels."""
    drawn = io.BytesIO()
    Image.effect_noise((width, height), 60).convert("RGBA" if kind == "PNG" else "RGB").save(drawn, kind)
    return drawn.getvalue()


PNG = picture(120, 90)
RECORD = {
    "q-site": "Антральный отдел желудка",
    "q-macroscopy": "Два фрагмента по 2 мм",
    "q-microscopy_text": "Слизистая обычного строения",
    "q-behaviour": "inflammatory",
    "q-conclusion": "Хронический гастрит",
}


@pytest.fixture
def patient(clinic: Clinic, bench: Bench) -> Patient:
    """A man of fifty."""
    return clinic.register(birth_date=dt.date(clock.today().year - 50, 1, 15), sex="male")


def urls(bench: Bench, patient: Patient) -> tuple[str, str, int]:
    """Where the record and the picture of a histology are entered, and its order."""
    order = bench.order(patient, HISTOLOGY)
    bench.receive(order)
    line = bench.lines(order)[HISTOLOGY]
    parameters = {row.code: row.id for row in bench.all(Parameter)}
    base = f"/laboratory/tests/{line.id}"
    return f"{base}/records/{parameters['HISTO_TEXT']}", f"{base}/images/{parameters['HISTO_IMAGE']}", order.id


def test_every_declared_form_of_a_record_exists(bench: Bench) -> None:
    named = {row.questionnaire for row in bench.all(Parameter, kind="record")}
    assert named == set(forms())


def test_who_may_not(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    record, image, _order = urls(bench, patient)
    for login in ("doctor", "nurse", "elsewhere"):
        assert clinic.browser(login).post(record, RECORD).status_code == 403
        assert clinic.browser(login).post(image, {}, files={"file": ("a.png", PNG)}).status_code == 403
    assert clinic.browser("doctor").get(record).status_code == 403


@pytest.mark.req("LAB-15", "LAB-16")
def test_a_record_is_written_with_a_template_and_read_by_whoever_asked(
    clinic: Clinic, bench: Bench, patient: Patient
) -> None:
    record, _image, order_id = urls(bench, patient)
    technician = clinic.browser("technician")
    assert technician.get(record).status_code == 200
    missing = technician.post(record, RECORD | {"q-conclusion": ""})
    assert missing.status_code == 422 and "Антральный отдел" in missing.text
    kept = technician.post(f"{record}/templates", RECORD | {"template_title": "Гастрит", "is_shared": "1"})
    assert kept.status_code == 303, kept.text
    (template,) = bench.all(AnswerTemplate)
    assert (template.key, template.organization_id) == ("lab_histology", clinic.tree["hospital"])
    # a colleague begins with it
    begun = clinic.browser("labdoctor").get(f"{record}?template={template.id}")
    assert "Слизистая обычного строения" in begun.text and "Гастрит" in begun.text
    assert technician.post(record, RECORD).status_code == 303
    (row,) = bench.all(Result, patient_id=patient.id)
    assert row.answers["behaviour"] == "inflammatory" and row.questionnaire_version_id is not None
    assert "Хронический гастрит" in row.value_text
    doctor = clinic.browser("doctor")
    assert "Хронический гастрит" not in doctor.get(f"/laboratory/orders/{order_id}").text
    assert clinic.browser("labdoctor").post(f"/laboratory/orders/{order_id}/confirm").status_code == 303
    assert "Хронический гастрит" in doctor.get(f"/laboratory/orders/{order_id}").text
    (seen,) = bench.all(Observation, patient_id=patient.id)
    assert "Хронический гастрит" in (seen.value_text or "")
    assert technician.post(record, RECORD).status_code in (409, 422)


@pytest.mark.req("LAB-15")
def test_a_picture_is_a_result(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    record, image, order_id = urls(bench, patient)
    technician, doctor = clinic.browser("technician"), clinic.browser("doctor")
    technician.post(image, {}, files={"file": ("virus.png", b"MZ not a picture")})
    torn = technician.post(image, {}, files={"file": ("torn.png", PNG[:200], "image/png")})
    assert "damaged or too large" in technician.get(torn.headers["location"]).text
    assert bench.all(Result, patient_id=patient.id) == []
    answer = technician.post(image, {"title": "Окраска Г-Э, x200"}, files={"file": ("a.png", PNG, "image/png")})
    assert answer.status_code == 303, answer.text
    (row,) = bench.all(Result, patient_id=patient.id)
    url = f"/laboratory/result-images/{row.file_id}"
    assert technician.get(url).content == PNG
    assert doctor.get(url).status_code == 404
    assert clinic.browser("stranger").get(url).status_code == 403
    assert technician.post(record, RECORD).status_code == 303
    assert clinic.browser("labdoctor").post(f"/laboratory/orders/{order_id}/confirm").status_code == 303
    shown = doctor.get(url)
    assert shown.content == PNG and shown.headers["content-type"] == "image/png"
    page = doctor.get(f"/laboratory/orders/{order_id}").text
    assert url in page and "Окраска Г-Э, x200" in page


@pytest.mark.req("LAB-15", "LAB-19")
def test_a_picture_stands_in_the_printed_result_and_in_the_report(
    clinic: Clinic, bench: Bench, patient: Patient
) -> None:
    record, image, order_id = urls(bench, patient)
    technician, labdoctor = clinic.browser("technician"), clinic.browser("labdoctor")
    large = picture(3000, 2000, "JPEG")
    assert technician.post(image, {"title": "x400"}, files={"file": ("a.jpg", large, "image/jpeg")}).status_code == 303
    assert technician.post(record, RECORD).status_code == 303
    assert labdoctor.post(f"/laboratory/orders/{order_id}/confirm").status_code == 303
    printed = clinic.browser("doctor").get(f"/laboratory/orders/{order_id}/print").text
    (row,) = [row for row in bench.all(Result, patient_id=patient.id) if row.file_id]
    assert f'/laboratory/result-images/{row.file_id}"' in printed
    assert labdoctor.post(f"/laboratory/orders/{order_id}/report", {"language": "kk"}).status_code == 303
    (formed,) = bench.all(Document, patient_id=patient.id)
    (told,) = [each for test in formed.data["tests"] for each in test["images"]]
    assert told["title"] == "x400"
    with clinic.session() as session:
        pdf = pdf_of(session, formed.id)
    sizes = [{int(each) for each in re.findall(rb"/%s (\d+)" % side, pdf)} for side in (b"Width", b"Height")]
    assert sizes == [{1600}, {1067}] and len(pdf) < len(large)


@pytest.mark.req("INT-LIS-02")
def test_a_file_of_the_analyser_stands_at_its_order_once_the_values_are_confirmed(
    clinic: Clinic, bench: Bench, patient: Patient
) -> None:
    order = bench.order(patient, POTASSIUM)
    (tube,) = bench.receive(order)
    pdf = IncomingResult(code="PDF", name="Curve", attachment=b"%PDF-1.4 curve", attachment_type="application/pdf")
    bench.report(tube, {}, results=(IncomingResult(code="K", value_number=4.1, unit="mmol/L"), pdf))
    (report,) = bench.all(Report, order_id=order.id)
    (file,) = bench.all(ResultFile, report_id=report.id)
    page, address = f"/laboratory/orders/{order.id}", f"/laboratory/files/{file.id}"
    doctor, technician = clinic.browser("doctor"), clinic.browser("technician")
    assert doctor.get(address).status_code == 403 and address not in doctor.get(page).text
    assert address in technician.get(page).text and technician.get(address).content == b"%PDF-1.4 curve"
    bench.confirm(order, POTASSIUM)
    assert address in doctor.get(page).text and doctor.get(address).content == b"%PDF-1.4 curve"
    assert clinic.browser("stranger").get(address).status_code == 403


def file_of(kind: str, content: bytes, name: str) -> IncomingResult:
    return IncomingResult(code=name, name=name, attachment=content, attachment_type=kind)


@pytest.mark.req("INT-LIS-02", "LAB-19")
def test_files_sent_alone_and_later_stand_in_the_signed_report(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    pages = typst.compile(b"first #pagebreak() second")
    order = bench.measured(patient, POTASSIUM, K="4,1")
    (tube,) = bench.tubes(order)
    labdoctor = clinic.browser("labdoctor")
    assert labdoctor.post(f"/laboratory/orders/{order.id}/report", {"language": "ru"}).status_code == 303
    assert labdoctor.post(f"/laboratory/orders/{order.id}/report", {"language": "ru"}).status_code == 409
    sent = (
        file_of("application/pdf", pages, "Protocol"),
        file_of("image/png", picture(300, 200, "PNG"), "Curve"),
        file_of("application/pdf", b"%PDF-1.4 torn", "Torn"),
    )
    assert bench.report(tube, {}, results=sent).matched
    assert bench.report(tube, {}, results=sent[:1]).matched
    assert "came in since" in labdoctor.get(f"/laboratory/orders/{order.id}").text
    assert "Curve" in clinic.browser("doctor").get(f"/laboratory/orders/{order.id}/print").text
    assert labdoctor.post(f"/laboratory/orders/{order.id}/report", {"language": "ru"}).status_code == 303
    _first, formed = bench.all(Document, patient_id=patient.id)
    assert [(each["title"], each["pages"]) for each in formed.data["annexes"]] == [
        ("Protocol", 2),
        ("Curve", 0),
        ("Torn", 0),
    ]
    assert [each["file"] is None for each in formed.data["annexes"]] == [False, False, True]
    with clinic.session() as session:
        whole = pdf_of(session, formed.id)
    assert pages_of(whole) == 4


def test_a_report_without_an_order_shows_its_file_to_whoever_assigns_it(
    clinic: Clinic, bench: Bench, patient: Patient
) -> None:
    order = bench.order(patient, POTASSIUM)
    (tube,) = bench.receive(order)
    sent = (file_of("application/pdf", b"%PDF-1.4 whose", "Protocol"),)
    received = bench.report(tube, {}, specimen_barcode=None, results=sent)
    assert not received.matched
    (file,) = bench.all(ResultFile, report_id=received.report_id)
    page = f"/laboratory/reports/{received.report_id}"
    technician = clinic.browser("technician")
    assert f"{page}/files/{file.id}" in technician.get(page).text
    assert technician.get(f"{page}/files/{file.id}").content == b"%PDF-1.4 whose"
    assert technician.get(f"{page}/files/{file.id + 1000}").status_code == 404
    for login in ("doctor", "nurse"):
        assert clinic.browser(login).get(f"{page}/files/{file.id}").status_code == 403
    assigned = {"order_number": order.order_number, "reason": "the name stands on the paper"}
    assert technician.post(f"{page}/match", assigned).status_code == 303
    assert f"/laboratory/files/{file.id}" in technician.get(f"/laboratory/orders/{order.id}").text


@pytest.mark.req("LAB-23")
def test_shipped_ranges_are_a_default_until_the_laboratory_confirms_them(
    clinic: Clinic, bench: Bench, patient: Patient
) -> None:
    doctor = clinic.browser("labdoctor")
    potassium = next(row for row in bench.all(Parameter) if row.code == "K")
    url = f"/laboratory/catalogue/parameters/{potassium.id}"
    assert clinic.browser("technician").post(f"{url}/confirm").status_code == 403
    page = doctor.get(url).text
    assert "default, to be confirmed" in page and "Tietz" in page
    assert doctor.post(f"{url}/confirm").status_code == 303
    (row,) = bench.all(RangeApproval, parameter_id=potassium.id)
    assert (row.approved_by, row.organization_id) == ("labdoctor", clinic.tree["hospital"])
    assert "default, to be confirmed" not in doctor.get(url).text
    assert "default, to be confirmed" in doctor.get("/laboratory/catalogue").text
    # changed ranges are looked at again
    with clinic.session() as session:
        session.get_one(RangeApproval, row.id).digest = "of other ranges"
    assert "default, to be confirmed" in doctor.get(url).text
    histology = next(each for each in bench.all(Parameter) if each.code == "HISTO_TEXT")
    assert doctor.post(f"/laboratory/catalogue/parameters/{histology.id}/confirm").status_code == 409
