"""The FHIR API: what is read is R4 and tells what the card holds."""

from __future__ import annotations

from ops_app.modules.fhir.types import CLINICAL
from ops_app.modules.patients import merge
from ops_app.modules.patients.models import Patient
from tests.ops_app.clinic import Clinic
from tests.ops_app.fhir.reading import reader


def test_person_with_name_number_and_place(clinic: Clinic, ill: Patient) -> None:
    person = reader(clinic).get(f"Patient/{ill.id}")
    assert person["identifier"] == [{"system": "urn:kz:iin", "value": ill.iin}]
    assert person["name"][0]["given"] == ["Әлия", "Ерланқызы"]
    assert person["gender"] == "female"
    assert person["address"][0]["district"] == "275030100"
    assert person["managingOrganization"] == {
        "reference": f"Organization/{clinic.tree['hospital']}",
        "display": "hospital",
    }
    assert person["meta"]["versionId"]


def test_facts_are_drawn_with_codes_values_and_references(clinic: Clinic, ill: Patient) -> None:
    doctor = reader(clinic)
    pressure = doctor.found(f"Observation?patient={ill.id}&code=http://loinc.org|8480-6")[0]
    assert pressure["valueQuantity"] == {
        "value": 141.0,
        "unit": "mm[Hg]",
        "system": "http://unitsofmeasure.org",
        "code": "mm[Hg]",
    }
    assert pressure["code"]["coding"][0]["display"] == "Systolic pressure"
    assert pressure["performer"][0]["display"] == "Doctor А."
    referral = doctor.found(f"ServiceRequest?subject=Patient/{ill.id}&status=revoked")[0]
    assert (referral["priority"], referral["performer"][0]["display"]) == ("stat", "other")
    refused, given_ = sorted(
        doctor.found(f"Immunization?patient={ill.id}"), key=lambda each: each["status"], reverse=True
    )
    assert (refused["status"], given_["protocolApplied"][0]["doseNumberPositiveInt"]) == ("not-done", 2)
    card = doctor.found(f"EpisodeOfCare?patient={ill.id}&type=pregnancy")[0]
    assert {"url": "urn:saulyq:extension:due-date", "valueDate": "2027-02-05"} in card["extension"]
    visit = doctor.found(f"Encounter?patient.identifier=urn:kz:iin|{ill.iin}")[0]
    assert visit["class"]["code"] == "AMB"
    for kind in ("Condition", "Observation", "Procedure", "MedicationRequest"):
        of_visit = doctor.found(f"{kind}?patient={ill.id}&encounter={visit['id']}")
        assert of_visit
        assert all(each["encounter"]["reference"] == f"Encounter/{visit['id']}" for each in of_visit)
    assert doctor.found(f"Condition?patient={ill.id}&code=http://hl7.org/fhir/sid/icd-10|I10")
    assert not doctor.found(f"Condition?patient={ill.id}&code=http://snomed.info/sct|I10")
    assert len(doctor.found(f"Appointment?patient={ill.id}")) == 1


def test_everything_holds_the_person_places_staff_and_all_facts(clinic: Clinic, ill: Patient) -> None:
    whole = reader(clinic).get(f"Patient/{ill.id}/$everything")
    kinds = [entry["resource"]["resourceType"] for entry in whole["entry"]]
    assert kinds[0] == "Patient"
    # this person has no relative on record; the tests of person facts hold that
    assert set(kinds) == {*CLINICAL, "Patient", "Organization", "Practitioner"} - {"RelatedPerson"}
    assert whole["total"] == len(kinds)


def test_error_of_entry_is_kept_and_marked(clinic: Clinic) -> None:
    patient = clinic.register()
    visit = clinic.visit(patient.id)
    doctor = reader(clinic)
    before = doctor.get(f"Encounter/{visit.id}")
    answer = clinic.browser("doctor").post(f"/visits/{visit.id}/error", {"reason": "another person"})
    assert answer.status_code == 303, answer.text
    after = doctor.get(f"Encounter/{visit.id}")
    assert after["status"] == "entered-in-error"
    assert after["meta"]["lastUpdated"] > before["meta"]["lastUpdated"]
    condition = doctor.found(f"Condition?patient={patient.id}&verification-status=entered-in-error")[0]
    assert "clinicalStatus" not in condition
    assert doctor.found(f"Condition?patient={patient.id}&clinical-status=active") == []
    # whoever copied the rows before asks what changed since and learns to withdraw them
    since = before["meta"]["lastUpdated"]
    assert [each["id"] for each in doctor.found(f"Encounter?patient={patient.id}&_lastUpdated=gt{since}")] == [
        str(visit.id)
    ]


def test_merged_records_point_at_each_other(clinic: Clinic) -> None:
    kept = clinic.register()
    hidden = clinic.register(iin=None, kind="undocumented")
    clinic.visit(hidden.id)
    with clinic.session() as session:
        link = merge.merge(session, clinic.actor(session, "registrar"), kept.id, hidden.id)
    doctor = reader(clinic)
    assert doctor.get(f"Patient/{kept.id}")["link"] == [
        {"other": {"reference": f"Patient/{hidden.id}"}, "type": "replaces"}
    ]
    replaced = doctor.get(f"Patient/{hidden.id}")
    assert replaced["active"] is False
    assert replaced["link"][0]["type"] == "replaced-by"
    assert len(doctor.found(f"Encounter?patient={kept.id}")) == 1
    assert len(doctor.found(f"Encounter?patient={hidden.id}")) == 1
    with clinic.session() as session:
        merge.unmerge(session, clinic.actor(session, "registrar"), link.id)
    assert doctor.found(f"Encounter?patient={kept.id}") == []
    assert "link" not in doctor.get(f"Patient/{kept.id}")
