"""Administrators keep definitions, users keep templates; neither touches what was filled in before."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from fhir.resources.R4B.questionnaire import Questionnaire as FhirQuestionnaire

from ops_app.kit import clock
from ops_app.mechanisms.questionnaire.loading import DefinitionError, read, shipped
from ops_app.permissions import Role
from tests.ops_app.browser import Browser, make_account
from tests.ops_app.clinic import Clinic

BASE = """\
id: demo
version: 1
effective_from: 2026-01-01
kind: scale
title: {kk: а, ru: б, en: c}
sections:
- id: main
  title: {kk: а, ru: б, en: c}
  items:
  - {id: one, type: number, label: {kk: а, ru: б, en: c}, min: 0, max: 5, points: value}
  - {id: two, type: boolean, label: {kk: а, ru: б, en: c}, points: 1}
score: {formula: sum_points()}
"""


@pytest.fixture(scope="module")
def administrator(clinic: Clinic) -> Browser:
    make_account(clinic.app.state.engine, "keeper", [(Role.ADMINISTRATOR, None)])
    return clinic.browser("keeper")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("kind: scale", "kind: scale\nkind: form"), "line 5: This key stands twice: kind"),
        (("id: demo", "id: &x demo\nnotes: *x"), "Write it out: aliases are not read"),
        (("  - {id: two, type: boolean", "  - {id: two, type: boolen"), "There is no such type"),
        (("min: 0, max: 5", "min: 0, maxx: 5"), "sections › main › items › one › maxx: There is no such key"),
        (("min: 0, max: 5", "min: 6, max: 5"), "“min” is greater than “max”"),
        (("id: two", "id: one"), "This id is used twice: one"),
        (("id: two", "id: score"), "This id is a word of the formulas: score"),
        (("sum_points()", "sum_points(three)"), "score: This item gives no points, or stands later: three"),
        (("sum_points()", "one +"), "score: The formula ends too early"),
        (
            ("title: {kk: а, ru: б, en: c}\nsections", "title: {kk: а, ru: б}\nsections"),
            "title › en: Fill in this field",
        ),
        (("kind: scale", "kind: test"), "kind: Choose one of the listed values"),
        (("sections:", "status: structure_only\nsections:"), "why_off"),
        ((BASE, "- a list"), "A definition is a list of keys with their values"),
        ((BASE, "a: [unclosed"), "line"),
        ((BASE, "a: " + "[" * 5000), ""),
    ],
)
def test_a_wrong_definition_is_told_where_it_is_wrong(change: tuple[str, str], message: str) -> None:
    from ops_app.kit import request_context

    request_context.enter(request_context.RequestContext(request_id="t", ip=None, language="en"))
    with pytest.raises(DefinitionError) as refused:
        read(BASE.replace(*change))
    assert message in str(refused.value)


def test_only_the_administrator_keeps_definitions(clinic: Clinic) -> None:
    for login in ("doctor", "nurse", "chief", "registrar", "official"):
        browser = clinic.browser(login)
        assert browser.get("/questionnaires").status_code == 403
        assert browser.post("/questionnaires/gcs/switch", {"is_on": ""}).status_code == 403
        assert browser.post("/questionnaires/new", {"content": BASE, "step": "store"}).status_code == 403


def test_the_list_says_why_a_scale_is_off(administrator: Browser) -> None:
    page = administrator.get("/questionnaires").text
    assert page.count("<tr data-href") == len(shipped())
    assert "Copyright: the wording of the items is not reproduced" in page
    assert administrator.post("/questionnaires/moca/switch", {"is_on": "1"}).status_code == 409
    resource = administrator.get("/questionnaires/news2/fhir").json()
    assert FhirQuestionnaire.model_validate(resource).status == "active"


def test_a_new_version_waits_for_its_day_and_leaves_old_forms_alone(clinic: Clinic, administrator: Browser) -> None:
    doctor = clinic.browser("doctor")
    patient = clinic.register()
    started = doctor.post(f"/patients/{patient.id}/questionnaires", {"key": "katz"}).headers["location"]
    today = clock.today()
    text = shipped()["katz"].text.replace("en: Bathing", "en: Washing oneself")
    wrong = administrator.post("/questionnaires/katz/versions", {"content": text, "step": "store"})
    assert wrong.status_code == 422
    assert "The newest version is 1" in wrong.text
    text = text.replace("version: 1", "version: 2", 1)
    past = administrator.post("/questionnaires/katz/versions", {"content": text, "step": "store"})
    assert "begins today or later" in past.text
    later = text.replace("2026-01-01", (today + timedelta(days=30)).isoformat())
    preview = administrator.post("/questionnaires/katz/versions", {"content": later, "step": "preview"})
    assert preview.status_code == 200
    assert "Washing oneself" in preview.text
    assert administrator.post("/questionnaires/katz/versions", {"content": later, "step": "store"}).status_code == 303
    listed = administrator.get("/questionnaires/katz").text
    assert "keeper" in listed
    assert "Washing oneself" not in listed, "not in force yet"
    now = text.replace("2026-01-01", today.isoformat()).replace("version: 2", "version: 3", 1)
    early = administrator.post("/questionnaires/katz/versions", {"content": now, "step": "store"})
    assert "cannot begin before the last one" in early.text
    assert "Bathing" in doctor.get(started).text


def test_an_own_form_is_made_filled_in_and_switched_off(clinic: Clinic, administrator: Browser) -> None:
    assert administrator.get("/questionnaires/new").status_code == 200
    content = BASE.replace("2026-01-01", clock.today().isoformat()).replace(
        "en: c}\nsections", "en: Our scale}\nsections"
    )
    answer = administrator.post("/questionnaires/new", {"content": content, "step": "store"})
    assert answer.headers["location"] == "/questionnaires/demo"
    again = administrator.post("/questionnaires/new", {"content": content, "step": "store"})
    assert "exists already" in again.text
    doctor = clinic.browser("doctor")
    patient = clinic.register()
    assert "Our scale" in doctor.get(f"/patients/{patient.id}/questionnaires").text
    assert administrator.post("/questionnaires/demo/switch", {"is_on": ""}).status_code == 303
    assert "Our scale" not in doctor.get(f"/patients/{patient.id}/questionnaires").text
    assert doctor.post(f"/patients/{patient.id}/questionnaires", {"key": "demo"}).status_code == 409
    assert administrator.post("/questionnaires/demo/switch", {"is_on": "1"}).status_code == 303
    assert doctor.post(f"/patients/{patient.id}/questionnaires", {"key": "demo"}).status_code == 303


@pytest.mark.req("SUP-03")
def test_a_user_keeps_templates_and_shares_them(clinic: Clinic) -> None:
    doctor, second, stranger = (clinic.browser(login) for login in ("doctor", "second", "stranger"))
    assert clinic.browser("registrar").get("/questionnaire-templates").status_code == 403
    new = "/questionnaire-templates/of/therapist_examination"
    assert doctor.get("/questionnaire-templates/new?key=therapist_examination").status_code == 200
    assert doctor.post(new, {"title": "ARVI"}).status_code == 422
    fields = {"title": "ARVI", "q-complaints": "Насморк", "q-systems--lungs--state": "normal"}
    assert doctor.post(new, fields).status_code == 303
    page = doctor.get("/questionnaire-templates").text
    found = re.search(r'/questionnaire-templates/(\d+)">ARVI', page)
    assert found is not None
    url = f"/questionnaire-templates/{found[1]}"
    assert "ARVI" not in second.get("/questionnaire-templates").text
    assert second.get(url).status_code == 404
    assert doctor.post(url, fields | {"is_shared": "1"}).status_code == 303
    assert "ARVI" in second.get("/questionnaire-templates").text
    assert second.post(f"{url}/remove").status_code == 403
    assert "ARVI" not in stranger.get("/questionnaire-templates").text
    patient = clinic.register()
    assert "ARVI" in second.get(f"/patients/{patient.id}/questionnaires").text
    started = second.post(
        f"/patients/{patient.id}/questionnaires", {"key": "therapist_examination", "template_id": found[1]}
    )
    form = second.get(started.headers["location"]).text
    assert "Насморк" in form
    assert re.search(r'value="normal" selected', form)
    assert doctor.post(f"{url}/remove").status_code == 303
    assert "ARVI" not in second.get("/questionnaire-templates").text


@pytest.mark.req("SUP-02", "SUP-04")
def test_a_template_of_the_system_is_for_everybody_and_its_versions_stay(
    clinic: Clinic, administrator: Browser
) -> None:
    doctor, stranger = clinic.browser("doctor"), clinic.browser("stranger")
    new = "/questionnaire-templates/of/therapist_examination"
    fields = {"title": "Cold", "q-complaints": "Cough", "specialty": "Therapist", "is_system": "1"}
    assert doctor.post(new, fields).status_code == 422, "only an administrator keeps templates for everybody"
    assert administrator.post(new, fields).status_code == 303
    for browser in (doctor, stranger):
        page = browser.get("/questionnaire-templates").text
        assert "Cold" in page and "Therapist" in page and "everybody" in page
    found = re.search(r"/questionnaire-templates/(\d+)[^>]*>Cold", administrator.get("/questionnaire-templates").text)
    assert found is not None
    first = f"/questionnaire-templates/{found[1]}"
    assert doctor.post(first, fields).status_code == 403
    assert doctor.post(f"{first}/remove").status_code == 403
    patient = clinic.register()
    start = {"key": "therapist_examination", "template_id": found[1]}
    began = doctor.post(f"/patients/{patient.id}/questionnaires", start).headers["location"]
    assert administrator.post(first, fields | {"q-complaints": "Cough and fever"}).status_code == 303
    assert administrator.get(first).status_code == 404, "the former version begins nothing more"
    page = administrator.get("/questionnaire-templates").text
    assert "version 2" in page and page.count(">Cold</a>") == 1
    assert "Cough" in doctor.get(began).text and "Cough and fever" not in doctor.get(began).text
    told = doctor.get(began.removesuffix("/edit")).text
    assert "template “Cold”, version 1" in told, "a record keeps the version it began with"
    newest = re.search(r"/questionnaire-templates/(\d+)[^>]*>Cold", page)
    assert newest is not None
    assert "version 1" in administrator.get(f"/questionnaire-templates/{newest[1]}").text
