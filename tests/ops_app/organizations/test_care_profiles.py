"""A facility is offered the forms of its own profiles."""

from __future__ import annotations

import re

import pytest

from ops_app.mechanisms.document.declaration import declarations
from ops_app.mechanisms.questionnaire.loading import shipped
from ops_app.modules.organizations.care_profiles import care_profiles
from ops_app.permissions import Role
from tests.ops_app.browser import Browser, make_account
from tests.ops_app.clinic import Clinic


@pytest.fixture(scope="module")
def keeper(clinic: Clinic) -> Browser:
    make_account(clinic.app.state.engine, "keeper", [(Role.ADMINISTRATOR, clinic.tree["region"])])
    return clinic.browser("keeper")


def choose(browser: Browser, clinic: Clinic, *profiles: str) -> int:
    fields = {"name_kk": "Аурухана", "name_ru": "Больница", "care_profiles": list(profiles)}
    return browser.post(f"/organizations/{clinic.tree['hospital']}", fields).status_code


def offered(browser: Browser, patient_id: int) -> set[str]:
    page = browser.get(f"/patients/{patient_id}/questionnaires").text
    return set(re.findall(r'<option value="(\w+)"', page)) & set(shipped())


def test_every_declared_form_exists() -> None:
    assert {form for profile in care_profiles().values() for form in profile.forms} <= set(shipped())
    named = {kind for profile in care_profiles().values() for kind in profile.documents}
    assert named and named <= {kind for kind, each in declarations().items() if each.about == "visit"}


def test_who_may_not_choose_profiles(clinic: Clinic) -> None:
    for login in ("doctor", "chief"):
        assert choose(clinic.browser(login), clinic, "oncology") == 403


@pytest.mark.req("OID-04")
def test_a_facility_is_offered_the_forms_of_its_profiles_and_those_of_all(clinic: Clinic, keeper: Browser) -> None:
    doctor, person = clinic.browser("doctor"), clinic.register()
    everything = offered(doctor, person.id)
    assert {"oncology_examination", "ecog", "gcs", "procedure_consent"} <= everything
    assert choose(keeper, clinic, "unknown") == 422
    assert choose(keeper, clinic, "oncology", "outpatient") == 303
    page = keeper.get(f"/organizations/{clinic.tree['hospital']}").text
    assert re.findall(r'name="care_profiles" value="(\w+)" checked', page) == ["outpatient", "oncology"]
    now = offered(doctor, person.id)
    assert {"oncology_examination", "ecog", "findrisc", "gcs", "procedure_consent"} <= now
    assert not now & {"bishop", "apgar", "nihss", "fim"}
    # and not begun by an address typed by hand
    refused = doctor.post(f"/patients/{person.id}/questionnaires", {"key": "bishop"})
    assert refused.status_code == 409
    assert "profile of your organisation" in refused.text
    # another facility keeps its own choice
    assert "bishop" in offered(
        clinic.browser("stranger"), clinic.register("stranger", organization_id=clinic.tree["other"], site_id=None).id
    )
    assert choose(keeper, clinic) == 303
    assert offered(doctor, person.id) == everything


@pytest.mark.req("OID-04")
def test_a_facility_is_offered_the_documents_of_its_profiles_and_those_of_all(clinic: Clinic, keeper: Browser) -> None:
    doctor = clinic.browser("doctor")
    address = f"/visits/{clinic.visit(clinic.register().id).id}/documents"

    def kinds() -> set[str]:
        return set(re.findall(r'name="kind" value="(\w+)"', doctor.get(address).text))

    assert kinds() == {"visit_record", "visit_certificate"}
    assert choose(keeper, clinic, "intensive_care") == 303
    assert kinds() == {"visit_record"}
    refused = doctor.post(address, {"kind": "visit_certificate", "language": "kk"})
    assert refused.status_code == 422
    assert "profile of your organisation" in refused.text
    assert choose(keeper, clinic, "intensive_care", "outpatient") == 303
    assert kinds() == {"visit_record", "visit_certificate"}
    assert choose(keeper, clinic) == 303
