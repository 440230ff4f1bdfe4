"""The laboratory over HTTP: who may not, the bench, the queue of unmatched reports, the card, the safety net."""

from __future__ import annotations

import datetime as dt

import pytest

from ops_app.kit import clock
from ops_app.mechanisms.notifications.models import Notification
from ops_app.mechanisms.task.models import Task
from ops_app.modules.audit.models import Event
from ops_app.modules.laboratory.incoming import IncomingPerson, IncomingResult, open_orders_for
from ops_app.modules.laboratory.models import FollowUp, LabOrder, OrderService, Report, Result, Specimen
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits.models import Observation, ServiceRequest
from ops_app.permissions import Role
from tests.ops_app.browser import make_account
from tests.ops_app.clinic import Clinic
from tests.ops_app.laboratory.lab import BLOOD_COUNT, EXTENDED_COUNT, NORMAL_COUNT, POTASSIUM, Bench


@pytest.fixture
def patient(clinic: Clinic, bench: Bench) -> Patient:
    """A woman of forty."""
    return clinic.register(birth_date=dt.date(clock.today().year - 40, 1, 15), sex="female")


@pytest.mark.parametrize("login", ["registrar", "official", "chief"])
def test_who_may_not_see_the_bench(clinic: Clinic, bench: Bench, patient: Patient, login: str) -> None:
    order = bench.order(patient, POTASSIUM)
    browser = clinic.browser(login)
    for url in ("/laboratory", f"/laboratory/orders/{order.id}", "/laboratory/unmatched", "/journals/orders"):
        assert browser.get(url).status_code == 403
    for url in ("/laboratory/catalogue", "/laboratory/send", "/laboratory/referrals"):
        assert browser.get(url).status_code == 403


@pytest.mark.parametrize("login", ["doctor", "nurse"])
def test_who_may_not_enter_nor_confirm(clinic: Clinic, bench: Bench, patient: Patient, login: str) -> None:
    order = bench.order(patient, POTASSIUM)
    bench.receive(order)
    line = bench.lines(order)[POTASSIUM]
    browser = clinic.browser(login)
    assert browser.post(f"/laboratory/tests/{line.id}/results", {"v-K": "4"}).status_code == 403
    assert browser.post(f"/laboratory/tests/{line.id}/confirm").status_code == 403
    assert clinic.browser("technician").post(f"/laboratory/tests/{line.id}/confirm").status_code == 403


def test_another_laboratory_opens_neither_order_nor_person(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    order = bench.order(patient, POTASSIUM)
    browser = clinic.browser("elsewhere")
    assert browser.get(f"/laboratory/orders/{order.id}").status_code == 403
    assert patient.family_name not in browser.get("/laboratory").text
    assert browser.get(f"/patients/{patient.id}/laboratory").status_code in (303, 403)
    assert browser.get(f"/laboratory/labels/{bench.tubes(order)[0].barcode}.svg").status_code == 403


@pytest.mark.req("LAB-02", "LAB-03", "LAB-09")
def test_a_referral_on_paper_is_registered_with_its_material(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    browser = clinic.browser("technician")
    page = browser.get(f"/patients/{patient.id}/laboratory/register")
    assert "Who asks" in page.text
    hospital = clinic.tree["hospital"]
    empty = browser.post(f"/patients/{patient.id}/laboratory/register", {"laboratory_id": str(hospital)})
    assert empty.status_code == 422
    asked = {
        "services": [BLOOD_COUNT, POTASSIUM],
        "laboratory_id": str(hospital),
        "requester_text": "ФАП Жаңа ауыл, Ахметова",
    }
    answer = browser.post(f"/patients/{patient.id}/laboratory/register", asked)
    assert answer.status_code == 303, answer.text
    page = browser.get(answer.headers["location"])
    assert "ФАП Жаңа ауыл" in page.text
    order = bench.all(LabOrder, patient_id=patient.id)[0]
    tube = bench.tubes(order)[0]
    assert browser.post(f"/laboratory/specimens/{tube.id}/receive").status_code == 303
    kept = bench.tubes(order)[0]
    assert (kept.status, kept.received_by) == ("received", "technician")
    assert kept.received_at is not None


@pytest.mark.req("LAB-01")
def test_referrals_of_a_visit_become_one_order(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    codes = ({"category": "laboratory", "code": BLOOD_COUNT}, {"category": "laboratory", "code": POTASSIUM})
    clinic.visit(patient.id, referrals=list(codes))
    asked = bench.all(ServiceRequest, patient_id=patient.id)
    browser = clinic.browser("technician")
    assert patient.family_name in browser.get("/laboratory/referrals").text
    answer = browser.post("/laboratory/referrals", {"request": [str(each.id) for each in asked]})
    assert answer.status_code == 303, answer.text
    (order,) = bench.all(LabOrder, patient_id=patient.id)
    assert set(bench.lines(order)) == {BLOOD_COUNT, POTASSIUM}
    assert order.encounter_id == asked[0].encounter_id
    assert patient.family_name not in browser.get("/laboratory/referrals").text


@pytest.mark.req("LAB-04")
def test_a_waiting_referral_is_found_by_name_and_number_and_the_urgent_stands_first(
    clinic: Clinic, bench: Bench, patient: Patient
) -> None:
    old, urgent = clinic.register(family_name="Бекмұратова"), clinic.register(family_name="Жолдасова")
    now = clock.now()
    with clinic.session() as session:
        for person, days, priority in ((old, 700, "routine"), (patient, 0, "routine"), (urgent, 3, "urgent")):
            session.add(
                ServiceRequest(
                    patient_id=person.id,
                    organization_id=clinic.tree["hospital"],
                    event_at=now - dt.timedelta(days=days),
                    known_at=now,
                    category="laboratory",
                    code=POTASSIUM,
                    priority=priority,
                )
            )
    technician = clinic.browser("technician")
    page = technician.get("/laboratory/referrals").text
    places = [page.index(person.family_name) for person in (urgent, patient, old)]
    assert places == sorted(places)
    for asked in (old.iin, old.family_name.lower()[:7]):
        found = technician.get(f"/laboratory/referrals?q={asked}").text
        assert old.family_name in found and urgent.family_name not in found
    assert "No referral of such a person waits" in technician.get("/laboratory/referrals?q=000000000000").text


@pytest.mark.req("LAB-07", "LAB-06")
def test_a_scanned_tube_opens_its_order(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    order = bench.order(patient, POTASSIUM)
    barcode = bench.tubes(order)[0].barcode
    browser = clinic.browser("technician")
    for code in (barcode, order.order_number):
        assert browser.get(f"/laboratory/scan?code={code}").headers["location"].endswith(f"/orders/{order.id}")
    assert browser.get("/laboratory/scan?code=1234567890").status_code == 404
    assert browser.get("/laboratory/scan?code=").headers["location"].endswith("/laboratory")
    labels = browser.get(f"/laboratory/orders/{order.id}/labels").text
    assert labels.count("<svg") >= 2 and barcode in labels and patient.family_name in labels
    picture = browser.get(f"/laboratory/labels/{barcode}.svg?kind=datamatrix")
    assert picture.headers["content-type"].startswith("image/svg")


@pytest.mark.req("LAB-04", "LAB-10")
def test_orders_are_found_by_any_criterion(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    order = bench.order(patient, POTASSIUM)
    bench.receive(order)
    browser = clinic.browser("technician")
    line = bench.lines(order)[POTASSIUM]
    asked = f"/journals/orders?test=in_progress&service={line.service_id}&workplace={line.workplace_id}"
    assert order.order_number in browser.get(asked).text
    assert order.order_number not in browser.get("/journals/orders?test=confirmed").text
    assert patient.family_name in browser.get(f"/laboratory?workplace={line.workplace_id}").text
    turnaround = browser.get("/journals/turnaround")
    assert turnaround.status_code == 200 and order.order_number in turnaround.text


@pytest.mark.req("LAB-05")
def test_the_sheet_names_tubes_and_the_day_of_delivery(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    order = bench.order(patient, POTASSIUM)
    tube = bench.tubes(order)[0]
    browser = clinic.browser("nurse")
    now = clock.local(clock.now())
    taken = {"specimens": [str(tube.id)], "date": "today", "time": f"{now:%H:%M}"}
    assert browser.post(f"/laboratory/orders/{order.id}/collect", taken).status_code == 303
    assert tube.barcode in browser.get("/laboratory/send").text
    sent = {"specimens": [str(tube.id)], "laboratory_id": str(clinic.tree["hospital"]), "delivery_date": "+1"}
    for day in ("yesterday", "+400", "31.02.2027", "tube"):
        refused = browser.post("/laboratory/send", sent | {"delivery_date": day})
        assert refused.status_code == 422 and 'id="e-delivery_date"' in refused.text, day
    answer = browser.post("/laboratory/send", sent)
    assert answer.status_code == 303, answer.text
    # a colleague sent them a moment before
    refused = browser.post("/laboratory/send", sent)
    assert refused.status_code == 422 and f"Tube {tube.barcode} is not ready to be sent" in refused.text
    page = browser.get(answer.headers["location"]).text
    tomorrow = clock.today() + dt.timedelta(days=1)
    assert tube.barcode in page and f"{tomorrow:%d.%m.%Y}" in page
    assert clinic.browser("stranger").get(answer.headers["location"]).status_code == 403


@pytest.mark.req("LAB-13", "LAB-18", "LAB-22", "CARD-02")
def test_from_typed_values_to_what_the_requester_sees(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    order = bench.order(patient, POTASSIUM)
    bench.receive(order)
    line = bench.lines(order)[POTASSIUM]
    technician, doctor = clinic.browser("technician"), clinic.browser("doctor")
    wrong = technician.post(f"/laboratory/tests/{line.id}/results", {"v-K": "51"})
    assert wrong.status_code == 422 and "check the number and its unit" in wrong.text
    assert technician.post(f"/laboratory/tests/{line.id}/results", {"v-K": "5,4"}).status_code == 303
    assert "5,4" not in doctor.get(f"/laboratory/orders/{order.id}").text
    assert "5,4" not in doctor.get(f"/patients/{patient.id}/laboratory").text
    confirmer = clinic.browser("labdoctor")
    answer = confirmer.post(f"/laboratory/tests/{line.id}/confirm", {"conclusion": "Гемолиза нет"})
    assert answer.status_code == 303, answer.text
    page = doctor.get(f"/laboratory/orders/{order.id}").text
    assert "5,4" in page and "Гемолиза нет" in page
    assert bench.lines(order)[POTASSIUM].seen_by == "doctor"
    card = doctor.get(f"/patients/{patient.id}/laboratory").text
    assert "5,4" in card and "high" in card
    printed = doctor.get(f"/laboratory/orders/{order.id}/print").text
    assert "3,5 – 5,1" in printed
    parameter = bench.result(order, "K").parameter_id
    trend = doctor.get(f"/patients/{patient.id}/laboratory/trends/{parameter}")
    assert "<polyline" in trend.text and "lab-band" in trend.text
    assert bench.all(Event, kind="read", patient_id=patient.id, login="doctor")


@pytest.mark.req("LAB-14", "LABEQ-03", "LAB-18")
def test_an_analysers_report_is_held_at_its_order(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    order = bench.order(patient, BLOOD_COUNT)
    (tube,) = bench.receive(order)
    with clinic.session() as session:
        (asked,) = open_orders_for(session, 1, tube.barcode)
    assert set(NORMAL_COUNT) <= set(asked.tests) and asked.order_number == order.order_number
    received = bench.report(tube, NORMAL_COUNT, source_key="one")
    assert received.matched and received.held
    assert bench.report(tube, NORMAL_COUNT | {"HGB": 1.0}, source_key="one") == received
    assert bench.result(order, "HGB").value_number == 138
    assert bench.lines(order)[BLOOD_COUNT].status == "entered"
    assert not bench.all(Observation, patient_id=patient.id)
    page = clinic.browser("labdoctor").get(f"/laboratory/orders/{order.id}")
    assert "138" in page.text
    bench.confirm(order, BLOOD_COUNT)
    assert len(bench.all(Observation, patient_id=patient.id)) == len(NORMAL_COUNT) + 1


@pytest.mark.req("LAB-14")
def test_a_held_value_is_confirmed_only_with_a_word(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    order = bench.order(patient, POTASSIUM)
    (tube,) = bench.receive(order)
    bench.report(tube, {}, results=(IncomingResult(code="K", value_number=4.0, held_reason="qc:1-3s"),))
    line = bench.lines(order)[POTASSIUM]
    browser = clinic.browser("labdoctor")
    refused = browser.post(f"/laboratory/tests/{line.id}/confirm")
    assert refused.status_code == 422 and "held results" in refused.text
    told = {"held_because": "повтор контроля в пределах"}
    assert browser.post(f"/laboratory/tests/{line.id}/confirm", told).status_code == 303
    assert "повтор контроля" in (bench.result(order, "K").held_reason or "")


@pytest.mark.req("LABEQ-03")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"specimen_barcode": "000000000099"}, "no_order"),
        ({"specimen_barcode": None}, "no_number"),
        ({"person": IncomingPerson(identifiers=(("iin", "850612400017"),))}, "another_person"),
        ({"person": IncomingPerson(family_name="Smith", given_name="John")}, "another_person"),
        ({"results": (IncomingResult(code="WBC", value_number=5.0),)}, "nothing_ordered"),
    ],
)
def test_what_finds_no_order_waits_in_the_queue(
    clinic: Clinic, bench: Bench, patient: Patient, change: dict[str, object], reason: str
) -> None:
    order = bench.order(patient, POTASSIUM)
    (tube,) = bench.receive(order)
    received = bench.report(tube, {"K": 4.2}, **change)
    assert not received.matched
    row = next(row for row in bench.all(Report) if row.id == received.report_id)
    assert (row.state, row.why_unmatched) == ("unmatched", reason)
    assert bench.lines(order)[POTASSIUM].status == "in_progress"


@pytest.mark.req("LABEQ-03")
def test_a_person_assigns_an_unmatched_report(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    order = bench.order(patient, POTASSIUM)
    (tube,) = bench.receive(order)
    received = bench.report(tube, {"K": 4.2}, specimen_barcode="XYZ")
    assert clinic.browser("doctor").get(f"/laboratory/reports/{received.report_id}").status_code == 403
    browser = clinic.browser("technician")
    assert "XYZ" in browser.get("/laboratory/unmatched").text
    url = f"/laboratory/reports/{received.report_id}"
    assert browser.post(f"{url}/match", {"order_number": "1234567890", "reason": "по журналу"}).status_code == 422
    answer = browser.post(f"{url}/match", {"order_number": order.order_number, "reason": "по журналу"})
    assert answer.status_code == 303, answer.text
    assert bench.result(order, "K").value_number == 4.2
    assert browser.post(f"{url}/match", {"order_number": order.order_number, "reason": "ещё раз"}).status_code == 422
    other = bench.report(tube, {"K": 4.4}, specimen_barcode="ABC")
    assert browser.post(f"/laboratory/reports/{other.report_id}/dismiss", {"reason": "калибровка"}).status_code == 303
    assert "ABC" not in browser.get("/laboratory/unmatched").text


@pytest.mark.req("INT-LIS-02", "INT-LIS-03")
def test_another_laboratorys_report_counts_only_in_the_systems_codes(
    clinic: Clinic, bench: Bench, patient: Patient
) -> None:
    person = IncomingPerson(identifiers=(("iin", patient.iin or ""),), birth_date=patient.birth_date, sex="female")
    results = (
        IncomingResult(code="718-7", code_system="loinc", value_number=9.8, unit="g/dL", flag="L", reference="12-15"),
        IncomingResult(code="X17", code_system="local", name="Секретный маркер", value_number=77.0, unit="ед"),
    )
    more = {"analyser": None, "specimen_barcode": None, "performer": "Инвиво", "person": person, "results": results}
    tube = Specimen(barcode="")
    received = bench.report(tube, {}, **more)
    assert received.matched and not received.held
    (row,) = bench.all(Result, patient_id=patient.id)
    assert (row.value_number, row.flag, row.performer, row.status) == (98.0, "L", "Инвиво", "confirmed")
    (seen,) = bench.all(Observation, patient_id=patient.id)
    assert (seen.code, seen.value_number, seen.unit) == ("718-7", 98.0, "g/L")
    page = clinic.browser("doctor").get(f"/patients/{patient.id}/laboratory").text
    assert "Секретный маркер" in page and "another laboratory" in page
    assert "received from another laboratory" in clinic.browser("doctor").get(f"/patients/{patient.id}").text
    unknown = bench.report(tube, {}, **(more | {"person": IncomingPerson(family_name=patient.family_name)}))
    assert not unknown.matched


def test_a_critical_potassium_reaches_the_doctor_and_ends_nowhere_before_it_is_done(
    clinic: Clinic, bench: Bench, patient: Patient
) -> None:
    order = bench.measured(patient, POTASSIUM, K="7,1")
    (row,) = bench.all(FollowUp, order_id=order.id)
    subject = f"laboratory_follow_up:{row.id}"
    tasks = {task.kind: task for task in bench.all(Task, subject=subject)}
    assert tasks["laboratory:critical_result"].owner_practitioner_id == clinic.practitioners["doctor"]
    with clinic.session() as session:
        account_id = clinic.actor(session, "doctor").account_id
    assert any(note.kind == "laboratory:critical_result" for note in bench.all(Notification, account_id=account_id))
    url = f"/laboratory/follow-ups/{row.id}"
    assert clinic.browser("technician").get(url).status_code == 403
    assert clinic.browser("stranger").get(url).status_code == 403
    doctor = clinic.browser("doctor")
    page = doctor.get(url)
    assert "7,1" in page.text and "critically high" in page.text
    assert doctor.post(f"{url}/done", {"how": "treated"}).status_code == 422
    assert doctor.post(f"{url}/told", {}).status_code == 422
    assert doctor.post(f"{url}/told", {"how": "telephone"}).status_code == 303
    states = {task.kind: task.state for task in bench.all(Task, subject=subject)}
    assert states == {"laboratory:critical_result": "done", "laboratory:abnormal_result": "open"}
    assert doctor.post(f"{url}/booked", {"day": "+1", "what": "повторный калий"}).status_code == 303
    assert doctor.post(f"{url}/done", {"how": "repeated_normal"}).status_code == 303
    assert {task.state for task in bench.all(Task, subject=subject)} == {"done"}
    assert bench.all(FollowUp, order_id=order.id)[0].state == "done"


@pytest.mark.req("LAB-11", "LAB-12", "LAB-20")
def test_changes_and_rejection_on_the_page(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    order = bench.order(patient, BLOOD_COUNT)
    browser = clinic.browser("technician")
    line = bench.lines(order)[BLOOD_COUNT]
    change = {"kind": "replaced", "service": EXTENDED_COUNT, "reason": ""}
    assert browser.post(f"/laboratory/tests/{line.id}/change", change).status_code == 422
    answer = browser.post(f"/laboratory/tests/{line.id}/change", change | {"reason": "нет реагента"})
    assert answer.status_code == 303
    tube = bench.tubes(order)[0]
    assert browser.post(f"/laboratory/specimens/{tube.id}/reject", {}).status_code == 422
    told = {"reason": "clotted", "retake": "1"}
    assert browser.post(f"/laboratory/specimens/{tube.id}/reject", told).status_code == 303
    page = browser.get(f"/laboratory/orders/{order.id}").text
    assert "нет реагента" in page and "clot" in page and "to be taken again" in page


@pytest.mark.req("LAB-23", "LAB-08")
def test_a_laboratory_sets_its_own_ranges_and_numbers(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    browser = clinic.browser("labdoctor")
    assert clinic.browser("technician").get("/laboratory/catalogue").status_code == 403
    potassium = bench.measured(patient, POTASSIUM, K="4,9")
    assert bench.result(potassium, "K").flag == "N"
    parameter = bench.result(potassium, "K").parameter_id
    url = f"/laboratory/catalogue/parameters/{parameter}"
    # an administrator sets up places and numbers; what is usual is for who confirms results
    make_account(clinic.app.state.engine, "keeper", [(Role.ADMINISTRATOR, clinic.tree["hospital"])])
    keeper = clinic.browser("keeper")
    assert url.removeprefix("http://testserver") in keeper.get("/laboratory/catalogue").text
    assert "Set a range" not in keeper.get(url).text and "Set a range" in browser.get(url).text
    allowed = {"age_from": "18y", "low": "3", "high": "9", "valid_from": "today", "citation": "паспорт набора"}
    assert keeper.post(url, allowed).status_code == 403
    assert keeper.post(f"{url}/confirm").status_code == 403
    assert (
        keeper.post("/laboratory/catalogue/numbers", {"prefix": "{x}", "width": "4", "reset": "day"}).status_code == 422
    )
    wrong = {"age_from": "18y", "low": "5", "high": "4", "valid_from": "today", "citation": "паспорт набора"}
    assert browser.post(url, wrong).status_code == 422
    assert browser.post(url, wrong | {"low": "3,4", "high": "4,8"}).status_code == 303
    again = bench.measured(patient, POTASSIUM, K="4,9")
    assert bench.result(again, "K").flag == "H"
    assert bench.result(potassium, "K").flag == "N"
    assert (
        browser.post("/laboratory/catalogue/numbers", {"prefix": "{x}", "width": "4", "reset": "day"}).status_code
        == 422
    )
    assert (
        browser.post("/laboratory/catalogue/numbers", {"prefix": "H-", "width": "4", "reset": "day"}).status_code == 303
    )
    third = bench.order(patient, POTASSIUM)
    bench.receive(third)
    assert bench.all(LabOrder, id=third.id)[0].lab_number == "H-0001"
    service = str(bench.all(OrderService, order_id=third.id)[0].service_id)
    place = {"name": "Биохимия 2", "services": [service]}
    assert browser.post("/laboratory/catalogue/workplaces", place).status_code == 303
    assert "Биохимия 2" in browser.get("/laboratory/catalogue").text
