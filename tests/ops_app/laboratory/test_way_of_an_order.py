"""From the order to the confirmed result through the services: tubes, values, ranges, confirmation, correction."""

from __future__ import annotations

import datetime as dt

import pytest

from ops_app.errors import Conflict, Forbidden, Invalid
from ops_app.kit import clock
from ops_app.modules.audit.models import Event
from ops_app.modules.laboratory import confirming, correcting, numbers, ordering, results, specimens
from ops_app.modules.laboratory.forms import (
    CallForm,
    ChangeForm,
    CollectForm,
    ConfirmForm,
    CorrectForm,
    OrderForm,
    RejectForm,
    SheetForm,
)
from ops_app.modules.laboratory.models import NumberScheme, OrderChange, Result
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits.models import Observation, ServiceRequest
from tests.ops_app.clinic import Clinic
from tests.ops_app.laboratory.lab import (
    BLOOD_COUNT,
    CREATININE,
    EXTENDED_COUNT,
    FERRITIN,
    HISTOLOGY,
    POTASSIUM,
    SYPHILIS,
    URINE,
    Bench,
)


@pytest.fixture
def patient(clinic: Clinic, bench: Bench) -> Patient:
    """A woman of forty."""
    return clinic.register(birth_date=dt.date(clock.today().year - 40, 1, 15), sex="female")


@pytest.mark.parametrize("login", ["nurse", "registrar", "stranger", "technician"])
def test_who_may_not_confirm(clinic: Clinic, bench: Bench, patient: Patient, login: str) -> None:
    order = bench.order(patient, POTASSIUM)
    bench.receive(order)
    line = bench.enter(order, POTASSIUM, K="4,1")
    with clinic.session() as session, pytest.raises(Forbidden):
        confirming.confirm(session, clinic.actor(session, login), line.id, ConfirmForm())
    assert bench.result(order, "K").status == "entered"


def test_who_may_not_order_and_whose_laboratory_it_is_not(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    hospital = clinic.tree["hospital"]
    form = OrderForm(services=[POTASSIUM], laboratory_id=hospital)
    for login in ("registrar", "elsewhere", "nurse"):
        with clinic.session() as session, pytest.raises(Forbidden):
            ordering.order_tests(session, clinic.actor(session, login), patient.id, form, hospital)
    order = bench.order(patient, POTASSIUM)
    for login in ("doctor", "elsewhere"):
        with clinic.session() as session, pytest.raises(Forbidden):
            specimens.receive(session, clinic.actor(session, login), bench.tubes(order)[0].id)


@pytest.mark.req("LAB-06", "LAB-09", "LAB-10")
def test_an_order_is_split_into_tubes_and_workplaces(bench: Bench, patient: Patient) -> None:
    order = bench.order(patient, BLOOD_COUNT, POTASSIUM, CREATININE, URINE)
    tubes = bench.tubes(order)
    assert sorted(tube.specimen_type for tube in tubes) == ["blood_edta", "blood_serum", "urine"]
    assert order.order_number and all(tube.barcode.startswith(order.order_number) for tube in tubes)
    lines = bench.lines(order)
    assert lines[POTASSIUM].specimen_id == lines[CREATININE].specimen_id != lines[URINE].specimen_id
    assert lines[BLOOD_COUNT].workplace_id != lines[POTASSIUM].workplace_id == lines[URINE].workplace_id
    requests = bench.all(ServiceRequest, patient_id=patient.id)
    assert {request.code for request in requests} == {BLOOD_COUNT, POTASSIUM, CREATININE, URINE}


@pytest.mark.req("LAB-08")
def test_the_laboratory_gives_its_own_number_at_acceptance(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    with clinic.session() as session:
        session.add(NumberScheme(organization_id=clinic.tree["hospital"], prefix="{yy}-", width=5, reset="year"))
    orders = [bench.order(patient, POTASSIUM) for _number in range(2)]
    assert orders[0].lab_number is None
    for order in orders:
        bench.receive(order)
    with clinic.session() as session:
        given = [session.get_one(type(order), order.id).lab_number for order in orders]
    year = f"{clock.today():%y}"
    assert given == [f"{year}-00001", f"{year}-00002"]


@pytest.mark.req("LAB-08")
def test_a_clock_that_was_put_back_gives_no_number_twice(clinic: Clinic) -> None:
    laboratory, day = clinic.tree["other"], dt.date(2026, 11, 22)
    with clinic.session() as session:
        session.add(NumberScheme(organization_id=laboratory, prefix="{dd}{mm}-", width=3, reset="day"))
    given = []
    for later in (0, 1, 0, 2, 1):
        with clinic.session() as session:
            given.append(numbers.next_lab_number(session, laboratory, day + dt.timedelta(days=later)))
    assert given == ["2211-001", "2311-001", "2311-002", "2411-001", "2411-002"]


@pytest.mark.req("LAB-13", "LAB-21")
def test_a_test_is_saved_in_parts(bench: Bench, patient: Patient) -> None:
    order = bench.order(patient, BLOOD_COUNT)
    bench.receive(order)
    assert bench.enter(order, BLOOD_COUNT, HGB="131", WBC="5,2").status == "partial"
    rest = {"RBC": "4,4", "HCT": "39", "MCV": "88", "MCH": "30", "MCHC": "335", "RDW": "13", "NEUT_PCT": "50"}
    more = {"LYMPH_PCT": "33", "MONO_PCT": "8", "EOS_PCT": "4", "BASO_PCT": "1", "PLT": "220"}
    assert bench.enter(order, BLOOD_COUNT, **rest, **more).status == "entered"
    assert bench.result(order, "NEUT").value_number == 2.6
    assert bench.result(order, "HGB").entered_by == "technician"


@pytest.mark.req("LAB-17")
def test_an_unconfirmed_value_is_changed_and_removed_a_confirmed_one_is_not(
    clinic: Clinic, bench: Bench, patient: Patient
) -> None:
    order = bench.order(patient, POTASSIUM)
    bench.receive(order)
    bench.enter(order, POTASSIUM, K="4,1")
    bench.enter(order, POTASSIUM, K="4,4")
    found = bench.result(order, "K")
    assert (found.value_number, found.version) == (4.4, 1)
    with clinic.session() as session:
        line = results.remove(session, clinic.actor(session, "technician"), found.id)
    assert line.status == "in_progress"
    bench.enter(order, POTASSIUM, K="4,5")
    bench.confirm(order, POTASSIUM)
    confirmed = bench.result(order, "K")
    with clinic.session() as session, pytest.raises(Conflict):
        results.remove(session, clinic.actor(session, "technician"), confirmed.id)
    with pytest.raises(Conflict):
        bench.enter(order, POTASSIUM, K="9")
    written = bench.all(Event, entity="laboratory.result", entity_id=str(found.id), kind="write")
    assert [event.after.get("status") for event in written][-1] == "removed"


@pytest.mark.req("LAB-18")
def test_confirmation_makes_an_observation_and_ends_the_referral(bench: Bench, patient: Patient) -> None:
    order = bench.order(patient, POTASSIUM)
    bench.receive(order)
    bench.enter(order, POTASSIUM, K="4,1")
    assert not bench.all(Observation, patient_id=patient.id)
    bench.confirm(order, POTASSIUM, conclusion="Без особенностей")
    (seen,) = bench.all(Observation, patient_id=patient.id)
    assert (seen.code, seen.value_number, seen.unit, seen.evidence) == ("2823-3", 4.1, "mmol/L", "measured")
    (request,) = bench.all(ServiceRequest, patient_id=patient.id)
    assert request.status == "completed"
    assert bench.result(order, "K").flag == "N"


@pytest.mark.req("LAB-23")
def test_a_pregnant_woman_has_her_own_ranges(clinic: Clinic, bench: Bench) -> None:
    from ops_app.modules.episodes.models import EpisodeOfCare

    woman = clinic.register(birth_date=dt.date(1998, 3, 3), sex="female")
    now = clock.now()
    with clinic.session() as session:
        session.add(
            EpisodeOfCare(
                patient_id=woman.id,
                organization_id=clinic.tree["hospital"],
                kind="pregnancy",
                event_at=now,
                known_at=now,
                lmp_date=clock.today() - dt.timedelta(weeks=20),
            )
        )
    order = bench.order(woman, "B02.322.001")
    bench.receive(order)
    bench.enter(order, "B02.322.001", HGB="106")
    found = bench.result(order, "HGB")
    assert order.trimester == 2
    assert (found.low, found.flag) == (105, "N")
    other = clinic.register(birth_date=dt.date(1998, 3, 4), sex="female")
    plain = bench.order(other, "B02.322.001")
    bench.receive(plain)
    bench.enter(plain, "B02.322.001", HGB="106")
    assert bench.result(plain, "HGB").flag == "L"


def test_a_large_change_is_marked_within_its_days(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    with clock.frozen(clock.now() - dt.timedelta(days=2)):
        bench.measured(patient, POTASSIUM, K="4,0")
    order = bench.order(patient, POTASSIUM)
    bench.receive(order)
    bench.enter(order, POTASSIUM, K="5,0")
    assert bench.result(order, "K").delta_from == 4.0
    bench.enter(order, POTASSIUM, K="4,3")
    assert bench.result(order, "K").delta_from is None


@pytest.mark.req("LAB-11", "LAB-12")
def test_a_service_is_replaced_or_added_by_an_interchangeable_one(
    clinic: Clinic, bench: Bench, patient: Patient
) -> None:
    order = bench.order(patient, BLOOD_COUNT)
    bench.receive(order)
    line = bench.lines(order)[BLOOD_COUNT]
    with clinic.session() as session:
        actor = clinic.actor(session, "technician")
        wrong = ChangeForm(kind="replaced", service=POTASSIUM, reason="нет реагента")
        with pytest.raises(Invalid):
            ordering.change_service(session, actor, line.id, wrong)
        change = ChangeForm(kind="replaced", service=EXTENDED_COUNT, reason="нет реагента")
        ordering.change_service(session, actor, line.id, change)
        added = ChangeForm(kind="added", service="B02.322.001", reason="повтор гемоглобина")
        ordering.change_service(session, actor, bench.lines(order)[BLOOD_COUNT].id, added)
    lines = bench.lines(order)
    assert (lines[BLOOD_COUNT].status, lines[EXTENDED_COUNT].status) == ("replaced", "in_progress")
    assert lines[EXTENDED_COUNT].service_request_id == line.service_request_id
    changes = bench.all(OrderChange, order_id=order.id)
    assert [(change.kind, change.reason, change.changed_by) for change in changes] == [
        ("replaced", "нет реагента", "technician"),
        ("added", "повтор гемоглобина", "technician"),
    ]


@pytest.mark.req("LAB-20")
def test_material_is_rejected_at_sending_and_at_receiving_and_taken_again(
    clinic: Clinic, bench: Bench, patient: Patient
) -> None:
    order = bench.order(patient, POTASSIUM)
    (tube,) = bench.tubes(order)
    with clinic.session() as session:
        nurse = clinic.actor(session, "nurse")
        again = specimens.reject(session, nurse, tube.id, RejectForm(reason="unlabelled", retake=True))
    assert again is not None
    with clinic.session() as session:
        technician = clinic.actor(session, "technician")
        specimens.receive(session, technician, again.id)
        specimens.reject(session, technician, again.id, RejectForm(reason="haemolysed", note="+++"))
    first, second = bench.tubes(order)
    assert (first.reject_stage, first.needs_retake, second.retake_of_id) == ("sending", True, first.id)
    assert (second.reject_stage, second.reject_reason) == ("receiving", "haemolysed")
    assert bench.lines(order)[POTASSIUM].status == "cancelled"
    (request,) = bench.all(ServiceRequest, patient_id=patient.id)
    assert request.status == "cancelled"


@pytest.mark.req("LAB-05")
def test_tubes_travel_on_a_sheet_with_a_day(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    order = bench.order(patient, POTASSIUM, URINE)
    now = clock.local(clock.now())
    ids = [tube.id for tube in bench.tubes(order)]
    with clinic.session() as session:
        nurse = clinic.actor(session, "nurse")
        specimens.collect(session, nurse, CollectForm(specimens=ids, date=now.date(), time=now.time()))
        form = SheetForm(specimens=ids, laboratory_id=clinic.tree["hospital"], delivery_date=now.date())
        sheet = specimens.send(session, nurse, form, clinic.tree["hospital"])
        with pytest.raises(Conflict):
            specimens.send(session, nurse, form, clinic.tree["hospital"])
        late = form.model_copy(update={"delivery_date": now.date() - dt.timedelta(days=1)})
        with pytest.raises(Invalid):
            specimens.send(session, nurse, late, clinic.tree["hospital"])
    assert {tube.status for tube in bench.tubes(order)} == {"sent"}
    assert {tube.sheet_id for tube in bench.tubes(order)} == {sheet.id}


def test_a_result_asks_for_another_test(bench: Bench, patient: Patient) -> None:
    order = bench.order(patient, BLOOD_COUNT)
    bench.receive(order)
    bench.enter(order, BLOOD_COUNT, HGB="84", MCV="71")
    bench.confirm(order, BLOOD_COUNT)
    assert FERRITIN in bench.lines(order)
    (change,) = bench.all(OrderChange, order_id=order.id)
    assert change.kind == "reflex"
    assert bench.lines(order)[FERRITIN].status == "ordered"


@pytest.mark.req("LAB-15")
def test_values_of_every_type(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    order = bench.order(patient, SYPHILIS, URINE, HISTOLOGY)
    bench.receive(order)
    bench.enter(order, SYPHILIS, SYPH="positive", RPR_TITRE="1:16")
    bench.enter(order, URINE, U_COLOUR="соломенно-жёлтый", U_GLU="2+", U_PROT="<0,1", U_SG="1,020")
    bench.confirm(order, SYPHILIS)
    assert bench.result(order, "SYPH").flag == "A"
    assert bench.result(order, "RPR_TITRE").value_number == 16
    assert bench.result(order, "U_PROT").comparator == "<"
    told = {row.code: row for row in bench.all(Observation, patient_id=patient.id)}
    assert told["20507-0"].value_code == "positive"
    assert (told["31147-2"].value_number, told["31147-2"].value_text) == (None, "1:16")


@pytest.mark.req("LAB-17", "LAB-18")
def test_a_corrected_result_keeps_what_was_said(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    order = bench.measured(patient, POTASSIUM, K="5,0")
    old = bench.result(order, "K")
    with clinic.session() as session:
        technician, doctor = clinic.actor(session, "technician"), clinic.actor(session, "labdoctor")
        form = CorrectForm(value="4,0", reason="перепутан образец")
        with pytest.raises(Forbidden):
            correcting.correct(session, technician, old.id, form)
        correcting.correct(session, doctor, old.id, form)
    now = bench.result(order, "K")
    assert (now.version, now.value_number, now.correction_reason) == (2, 4.0, "перепутан образец")
    before = bench.all(Result, order_service_id=now.order_service_id)[0]
    assert (before.status, before.value_number) == ("corrected", 5.0)
    first, second = bench.all(Observation, patient_id=patient.id)
    assert first.entered_in_error_reason == "перепутан образец"
    assert (second.value_number, second.status, second.entered_in_error_at) == (4.0, "corrected", None)


def test_a_critical_value_is_told_and_read_back(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    order = bench.measured(patient, POTASSIUM, K="6,9")
    found = bench.result(order, "K")
    assert found.flag == "HH"
    with clinic.session() as session:
        technician = clinic.actor(session, "technician")
        assert confirming.calls_missing(session, technician) == 1
        with pytest.raises(Invalid) as refused:
            confirming.record_call(session, technician, found.id, CallForm(told_to="Ахметова"))
        assert refused.value.field == "read_back"
        confirming.record_call(session, technician, found.id, CallForm(told_to="Ахметова", read_back=True))
        assert confirming.calls_missing(session, technician) == 0
