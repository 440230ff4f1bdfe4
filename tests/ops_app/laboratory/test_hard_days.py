"""What goes wrong in a laboratory: two people on one tube, material taken again, corrections that reach further."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from ops_app.errors import Conflict
from ops_app.kit import clock
from ops_app.mechanisms.notifications.models import Notification
from ops_app.mechanisms.task.escalation import sweep
from ops_app.mechanisms.task.models import Task
from ops_app.modules.episodes.models import EpisodeOfCare
from ops_app.modules.laboratory import correcting, ordering, results
from ops_app.modules.laboratory.forms import CorrectForm
from ops_app.modules.laboratory.incoming import IncomingPerson, IncomingResult
from ops_app.modules.laboratory.models import FollowUp, LabOrder, Report, Result, Specimen
from ops_app.modules.patients.models import Patient
from ops_app.modules.signatures.models import SignatureRule
from tests.ops_app.clinic import Clinic
from tests.ops_app.laboratory.lab import BLOOD_COUNT, CREATININE, NORMAL_COUNT, POTASSIUM, Bench

HGB = "B02.322.001"


@pytest.fixture
def patient(clinic: Clinic, bench: Bench) -> Patient:
    """A woman of forty."""
    return clinic.register(birth_date=dt.date(clock.today().year - 40, 1, 15), sex="female")


def elsewhere(bench: Bench, person: IncomingPerson | None, number: str, **more: Any) -> Report:
    """A potassium of 7,1 in a report of another laboratory."""
    known: dict[str, Any] = {
        "analyser": None,
        "specimen_barcode": None,
        "sender": "INVIVO",
        "performer": "Инвиво",
        "filler_number": number,
        "person": person,
        "results": (IncomingResult(code="K", code_system="saulyq", value_number=7.1, unit="mmol/L"),),
        "reported_at": clock.now(),
    }
    received = bench.report(Specimen(barcode=""), {}, **(known | more))
    return next(row for row in bench.all(Report, id=received.report_id))


@pytest.mark.req("LAB-14", "LAB-17")
def test_a_field_nobody_touched_stays_the_analysers(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    order = bench.order(patient, BLOOD_COUNT)
    tube = bench.receive(order)[0]
    part = {code: value for code, value in NORMAL_COUNT.items() if code != "PLT"} | {"HGB": 1390.0}
    bench.report(tube, part)
    held = bench.result(order, "HGB")
    assert (held.source, held.held_reason) == ("analyser", "impossible_value")
    line = bench.lines(order)[BLOOD_COUNT]
    technician = clinic.browser("technician")
    shown = {"v-HGB": "1390", "was-HGB": "1390", "v-WBC": "6,40", "was-WBC": "6,40", "v-PLT": "245", "was-PLT": ""}
    url = f"/laboratory/tests/{line.id}/results"
    assert 'name="was-HGB" value="1' in technician.get(f"/laboratory/orders/{order.id}").text
    assert technician.post(url, shown).status_code == 303
    found = bench.result(order, "HGB")
    assert (found.source, found.held_reason, found.analyser_id) == ("analyser", "impossible_value", 1)
    assert bench.result(order, "WBC").source == "analyser"
    assert (bench.result(order, "PLT").source, bench.result(order, "PLT").value_number) == ("manual", 245.0)


@pytest.mark.req("LAB-13")
def test_two_technicians_on_one_tube(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    order = bench.order(patient, POTASSIUM)
    bench.receive(order)
    line = bench.lines(order)[POTASSIUM]
    url = f"/laboratory/tests/{line.id}/results"
    first, second = clinic.browser("technician"), clinic.browser("labdoctor")
    assert first.post(url, {"v-K": "4,1", "was-K": ""}).status_code == 303
    # the other page was opened before that
    refused = second.post(url, {"v-K": "5,0", "was-K": ""})
    assert refused.status_code == 422 and "4,1 was entered here meanwhile" in refused.text
    assert bench.result(order, "K").value_number == 4.1
    assert 'name="was-K" value="4,1"' in refused.text
    assert second.post(url, {"v-K": "5,0", "was-K": "4,1"}).status_code == 303
    assert (bench.result(order, "K").value_number, bench.result(order, "K").entered_by) == (5.0, "labdoctor")
    # an old page whose field was left alone takes nothing back
    assert first.post(url, {"v-K": "4,1", "was-K": "4,1"}).status_code == 303
    assert bench.result(order, "K").value_number == 5.0


def seen_on(page: str, line_id: int, name: str = "seen") -> str:
    """What the form of a test, or the button for all of them, says of the values that stood on the page."""
    at = page.index(f'name="{name}"', page.index(f"/laboratory/tests/{line_id}/confirm") if name == "seen" else 0)
    return page[at:].split('value="', 1)[1].split('"', 1)[0]


@pytest.mark.req("LAB-14", "LAB-17")
def test_nobody_confirms_a_value_that_came_after_the_page_was_opened(
    clinic: Clinic, bench: Bench, patient: Patient
) -> None:
    order = bench.order(patient, POTASSIUM, CREATININE)
    for tube in bench.receive(order):
        bench.report(tube, {"K": 4.2, "CREA": 80.0})
    potassium, creatinine = (bench.lines(order)[code].id for code in (POTASSIUM, CREATININE))
    doctor = clinic.browser("labdoctor")
    page = doctor.get(f"/laboratory/orders/{order.id}").text
    seen = {"seen": seen_on(page, potassium)}
    every = {f"seen-{line}": seen_on(page, line, f"seen-{line}") for line in (potassium, creatinine)}
    # the analyser measured again
    for tube in bench.tubes(order):
        bench.report(tube, {"K": 7.2})
    refused = doctor.post(f"/laboratory/tests/{potassium}/confirm", seen)
    assert refused.status_code == 422 and "changed after the page was opened" in refused.text
    assert doctor.post(f"/laboratory/orders/{order.id}/confirm", every).status_code == 422
    assert {bench.result(order, code).status for code in ("K", "CREA")} == {"entered"}
    again = {"seen": seen_on(refused.text, potassium)}
    assert again != seen and doctor.post(f"/laboratory/tests/{potassium}/confirm", again).status_code == 303
    # the other page of a colleague is still open: one confirmation, one clear answer
    assert clinic.browser("labdoctor").post(f"/laboratory/tests/{potassium}/confirm", again).status_code == 409
    assert (bench.result(order, "K").value_number, bench.result(order, "K").status) == (7.2, "confirmed")
    # of all that are ready only what stood on the page as ready
    rest = {name: value for name, value in every.items() if name.endswith(str(creatinine))}
    assert doctor.post(f"/laboratory/orders/{order.id}/confirm", rest).status_code == 303


def test_where_a_signature_is_asked_for_no_button_goes_round_it(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    order = bench.order(patient, POTASSIUM, CREATININE)
    bench.receive(order)
    bench.enter(order, POTASSIUM, K="4,2")
    bench.enter(order, CREATININE, CREA="80")
    rule = SignatureRule(
        subject="action:result_confirmation",
        organization_id=clinic.tree["hospital"],
        is_mandatory=True,
        set_by="test",
    )
    with clinic.session() as session:
        session.add(rule)
    try:
        doctor = clinic.browser("labdoctor")
        line = bench.lines(order)[POTASSIUM].id
        for url in (f"/laboratory/tests/{line}/confirm", f"/laboratory/orders/{order.id}/confirm"):
            asked = doctor.post(url)
            assert asked.status_code == 200 and "ncalayer" in asked.text.lower(), url
        assert {bench.result(order, code).status for code in ("K", "CREA")} == {"entered"}
    finally:
        with clinic.session() as session:
            session.get_one(SignatureRule, rule.id).is_mandatory = False


@pytest.mark.req("LAB-17", "LABEQ-03")
def test_another_value_for_a_confirmed_one_is_not_lost_among_the_rest(
    clinic: Clinic, bench: Bench, patient: Patient
) -> None:
    order = bench.order(patient, POTASSIUM, CREATININE)
    bench.receive(order)
    bench.enter(order, POTASSIUM, K="4,2")
    bench.confirm(order, POTASSIUM)
    (tube, *_others) = bench.tubes(order)
    received = bench.report(tube, {"K": 6.9, "CREA": 80.0})
    assert not received.matched
    assert (bench.result(order, "K").value_number, bench.result(order, "CREA").value_number) == (4.2, 80.0)
    technician = clinic.browser("technician")
    page = technician.get(f"/laboratory/orders/{order.id}").text
    assert f'href="/laboratory/reports/{received.report_id}"' in page and "other values are confirmed already" in page
    assert f'href="/laboratory/orders/{order.id}"' in technician.get(f"/laboratory/reports/{received.report_id}").text
    told = {"order_number": order.order_number or "", "reason": "калий исправлен"}
    assert technician.post(f"/laboratory/reports/{received.report_id}/match", told).status_code == 303
    assert "other values are confirmed already" not in technician.get(f"/laboratory/orders/{order.id}").text
    # the same value again is no dispute
    assert bench.report(tube, {"K": 4.2, "CREA": 81.0}).matched


def test_a_calculated_value_goes_and_changes_with_what_it_was_worked_out_of(
    clinic: Clinic, bench: Bench, patient: Patient
) -> None:
    order = bench.order(patient, CREATININE)
    bench.receive(order)
    bench.enter(order, CREATININE, CREA="80")
    before = bench.result(order, "EGFR").value_number
    with clinic.session() as session:
        results.remove(session, clinic.actor(session, "technician"), bench.result(order, "CREA").id)
    line = bench.lines(order)[CREATININE]
    assert bench.all(Result, order_service_id=line.id, is_current=True) == []
    bench.enter(order, CREATININE, CREA="80")
    bench.confirm(order, CREATININE)
    with clinic.session() as session:
        old = bench.result(order, "CREA")
        form = CorrectForm(value="240", reason="перепутан образец")
        correcting.correct(session, clinic.actor(session, "labdoctor"), old.id, form)
    now = bench.result(order, "EGFR")
    assert (now.version, now.source, now.status) == (2, "calculated", "confirmed")
    assert now.value_number is not None and before is not None and now.value_number < before / 2
    assert now.correction_reason == "перепутан образец"
    (follow_up,) = bench.all(FollowUp, order_id=order.id)
    assert follow_up.state == "open"


def test_a_cancelled_order_takes_no_result_and_stays_cancelled(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    order = bench.order(patient, POTASSIUM)
    bench.receive(order)
    with clinic.session() as session:
        ordering.cancel_order(session, clinic.actor(session, "doctor"), order.id, "назначено по ошибке")
    line = bench.lines(order)[POTASSIUM]
    technician = clinic.browser("technician")
    refused = technician.post(f"/laboratory/tests/{line.id}/results", {"v-K": "4,1"})
    assert refused.status_code == 409 and "cancelled" in refused.text
    # another laboratory measured it all the same: the person has the value, the order is not done
    report = elsewhere(bench, None, "C-1", placer_number=order.order_number)
    assert report.patient_id == patient.id
    assert bench.all(LabOrder, id=order.id)[0].status == "cancelled"
    assert bench.lines(order)[POTASSIUM].status == "cancelled"


def test_what_was_told_to_the_requester_cannot_be_cancelled_away(
    clinic: Clinic, bench: Bench, patient: Patient
) -> None:
    order = bench.order(patient, BLOOD_COUNT)
    bench.receive(order)
    bench.enter(order, BLOOD_COUNT, HGB="130")
    bench.confirm(order, BLOOD_COUNT)
    assert bench.lines(order)[BLOOD_COUNT].status == "partial"
    with clinic.session() as session, pytest.raises(Conflict):
        ordering.cancel_order(session, clinic.actor(session, "doctor"), order.id, "назначено по ошибке")


@pytest.mark.req("LAB-23")
def test_the_range_is_of_the_day_the_material_was_taken(clinic: Clinic, bench: Bench) -> None:
    woman = clinic.register(birth_date=dt.date(1998, 3, 5), sex="female")
    now = clock.now()
    with clinic.session() as session:
        card = EpisodeOfCare(
            patient_id=woman.id,
            organization_id=clinic.tree["hospital"],
            kind="pregnancy",
            event_at=now - dt.timedelta(weeks=20),
            known_at=now,
            lmp_date=clock.today() - dt.timedelta(weeks=28),
        )
        session.add(card)
        session.flush()
        card_id = card.id
    with clock.frozen(now - dt.timedelta(weeks=4)):
        order = bench.order(woman, HGB)
    assert order.trimester == 2
    bench.receive(order)
    bench.enter(order, HGB, HGB="108")
    # ordered in the second third, taken in the last
    assert (bench.result(order, "HGB").low, bench.result(order, "HGB").flag) == (110, "L")
    with clinic.session() as session:
        card = session.get_one(EpisodeOfCare, card_id)
        card.status, card.outcome_at, card.end_at = "finished", now - dt.timedelta(days=2), now - dt.timedelta(days=2)
    with clock.frozen(now - dt.timedelta(weeks=1)):
        later = bench.order(woman, HGB)
    bench.receive(later)
    bench.enter(later, HGB, HGB="112")
    # ordered before the birth, taken after it
    assert (bench.result(later, "HGB").low, bench.result(later, "HGB").flag) == (120, "L")


@pytest.mark.req("LAB-20")
def test_rejected_material_is_somebodys_task_until_it_is_taken_again(
    clinic: Clinic, bench: Bench, patient: Patient
) -> None:
    order = bench.order(patient, POTASSIUM, priority="urgent")
    (tube,) = bench.receive(order)
    technician, nurse = clinic.browser("technician"), clinic.browser("nurse")
    reject = {"reason": "haemolysed", "retake": "true"}
    assert technician.post(f"/laboratory/specimens/{tube.id}/reject", reject).status_code == 303
    again = bench.tubes(order)[1]
    (asked,) = bench.all(Task, subject=f"laboratory_specimen:{again.id}")
    assert (asked.kind, asked.owner_role, asked.state) == ("laboratory:retake", "nurse", "open")
    assert asked.due_at - asked.opened_at <= dt.timedelta(hours=1)
    page = nurse.get("/tasks").text
    assert "Take the material again" in page and "haemolysis" in page
    now = clock.local(clock.now())
    taken = {"specimens": str(again.id), "date": f"{now:%d.%m.%Y}", "time": f"{now:%H:%M}"}
    assert nurse.post(f"/laboratory/orders/{order.id}/collect", taken).status_code == 303
    assert bench.all(Task, id=asked.id)[0].state == "done"
    # the old tube turns up at an analyser: nothing of it is taken
    assert not bench.report(tube, {"K": 4.4}).matched
    # and the second is bad too, for good
    assert nurse.post(f"/laboratory/specimens/{again.id}/reject", {"reason": "leaked"}).status_code == 303
    (given_up,) = bench.all(Task, subject=f"laboratory_specimen:{again.id}", kind="laboratory:not_done")
    assert given_up.owner_practitioner_id == clinic.practitioners["doctor"]
    assert bench.all(LabOrder, id=order.id)[0].status == "cancelled"


def test_a_critical_value_whose_doctor_does_not_answer_reaches_another(
    clinic: Clinic, bench: Bench, patient: Patient
) -> None:
    order = bench.measured(patient, POTASSIUM, K="7,2")
    (row,) = bench.all(FollowUp, order_id=order.id)
    (task,) = bench.all(Task, subject=f"laboratory_follow_up:{row.id}", kind="laboratory:critical_result")
    with clinic.session() as session:
        second, chief = (clinic.actor(session, login).account_id for login in ("second", "chief"))

    def told(account_id: int) -> bool:
        page = f"/tasks/{task.id}"
        return any(note.target == page for note in bench.all(Notification, account_id=account_id))

    assert not told(second)
    with clock.frozen(clock.now() + dt.timedelta(minutes=16)):
        sweep(clinic.app.state.engine)
    assert told(second) and not told(chief)
    # the colleague acts; the one who is away has nothing to do any more
    colleague = clinic.browser("second")
    assert colleague.post(f"/laboratory/follow-ups/{row.id}/told", {"how": "telephone"}).status_code == 303
    assert bench.all(Task, id=task.id)[0].state == "done"
    with clock.frozen(clock.now() + dt.timedelta(hours=3)):
        sweep(clinic.app.state.engine)
    assert not told(chief)


@pytest.mark.req("INT-LIS-02")
def test_a_critical_value_from_elsewhere_of_somebody_attached_nowhere(clinic: Clinic, bench: Bench) -> None:
    guest = clinic.register(site_id=None)
    clinic.visit(guest.id)
    person = IncomingPerson(identifiers=(("iin", guest.iin or ""),))
    report = elsewhere(bench, person, "G-1")
    (row,) = bench.all(FollowUp, report_id=report.id)
    assert row.is_critical and row.organization_id == clinic.tree["hospital"]
    # a number whose unit nobody told is a document, not a value
    blind = IncomingResult(code="GLU", code_system="saulyq", value_number=9.0)
    elsewhere(bench, person, "G-2", results=(blind,))
    assert len(bench.all(Result, patient_id=guest.id)) == 1
