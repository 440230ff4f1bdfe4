"""A morning in the laboratory of the demo district: an order in each state, made through the laboratory's services."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session

from ingestion.bulk.region import accounts
from ops_app.actor import Actor
from ops_app.kit import clock
from ops_app.kit.spelling import sort_key
from ops_app.models import load_all
from ops_app.modules.accounts.queries import account_by_login, actor_of
from ops_app.modules.devices import service as devices
from ops_app.modules.devices.forms import DeviceForm
from ops_app.modules.devices.models import Device
from ops_app.modules.lab_quality import service as quality
from ops_app.modules.lab_quality.forms import LotForm, TargetForm
from ops_app.modules.laboratory import confirming, correcting, incoming, ordering, queries, results, setup, specimens
from ops_app.modules.laboratory.forms import (
    CallForm,
    CollectForm,
    ConfirmForm,
    CorrectForm,
    OrderForm,
    RejectForm,
    SchemeForm,
    SheetForm,
    WorkplaceForm,
)
from ops_app.modules.laboratory.incoming import IncomingPerson, IncomingReport, IncomingResult
from ops_app.modules.laboratory.models import LabOrder, Specimen
from ops_app.modules.organizations.models import Practitioner, PractitionerRole
from ops_app.modules.patients.models import Patient
from ops_app.permissions import Role

COUNT, POTASSIUM, GLUCOSE, CREATININE = "B02.110.002", "B03.348.002", "B03.335.002", "B03.363.002"
URINE, HISTOLOGY = "B01.077.002", "B08.737.001"
STAFF = (
    ("labdoctor", Role.LABORATORY_DOCTOR, "laboratory_doctor", "Сералиева", "Гүлнәр"),
    ("technician", Role.LABORATORY_TECHNICIAN, "laboratory_technician", "Омаров", "Данияр"),
)
NORMAL = dict(
    zip(
        ("HGB", "RBC", "HCT", "MCV", "MCH", "MCHC", "RDW", "WBC", "NEUT_PCT", "LYMPH_PCT", "MONO_PCT", "EOS_PCT"),
        (134.0, 4.4, 40.5, 88.0, 29.8, 338.0, 12.8, 6.3, 57.0, 32.0, 7.2, 2.9),
        strict=True,
    )
) | {"BASO_PCT": 0.7, "PLT": 251.0}
ANAEMIA = NORMAL | {"HGB": 88.0, "RBC": 3.5, "HCT": 27.4, "MCV": 74.0, "MCH": 23.1, "MCHC": 318.0, "RDW": 17.2}
CONTROLS = (5.1, 4.9, 5.0, 5.2, 4.8, 5.0, 5.1, 4.9, 5.1, 5.0, 4.9, 5.1)
_PEOPLE = """
select p.id from patients.patient p join patients.attachment a on a.patient_id = p.id and a.end_date is null
where a.organization_id = :place and p.is_live and p.entered_in_error_at is null and p.iin is not null
  and p.birth_date between :oldest and :youngest and p.sex = 'female'
  and not exists (select from deaths.death d where d.patient_id = p.id)
  and not exists (select from episodes.episode_of_care e where e.patient_id = p.id and e.kind = 'pregnancy')
order by p.id limit 14
"""


@dataclass
class Morning:
    """Who works, and what they do; hours count back from now."""

    session: Session
    now: dt.datetime
    actors: dict[str, Actor]
    village: int
    polyclinic: int

    def at(self, hours: float) -> Any:
        """So many hours ago, for a ``with`` block."""
        return clock.frozen(self.now - dt.timedelta(hours=hours))

    def order(self, patient_id: int, *services: str, hours: float, **more: Any) -> LabOrder:
        """Tests ordered by the doctor of the village."""
        with self.at(hours):
            form = OrderForm(services=list(services), laboratory_id=self.polyclinic, **more)
            return ordering.order_tests(self.session, self.actors["doctor"], patient_id, form, self.village)

    def collect(self, order: LabOrder, hours: float) -> list[Specimen]:
        """All tubes filled by the nurse."""
        tubes = list(queries.specimens_of(self.session, order.id))
        with self.at(hours):
            taken = clock.local(clock.now())
            form = CollectForm(specimens=[tube.id for tube in tubes], date=taken.date(), time=taken.time())
            specimens.collect(self.session, self.actors["nurse"], form)
        return tubes

    def receive(self, order: LabOrder, hours: float) -> Specimen:
        """All tubes accepted; the first of them."""
        tubes = self.collect(order, hours + 0.75)
        with self.at(hours):
            for tube in tubes:
                specimens.receive(self.session, self.actors["technician"], tube.id)
        return tubes[0]

    def line(self, order: LabOrder, service: str) -> int:
        """A test of an order."""
        return next(line.id for line, each in queries.services_of(self.session, order.id) if each.code == service)

    def enter(self, order: LabOrder, service: str, hours: float, **typed: str) -> None:
        """Values typed at the bench."""
        with self.at(hours):
            results.enter(self.session, self.actors["technician"], self.line(order, service), typed)

    def confirm(self, order: LabOrder, service: str, hours: float, conclusion: str | None = None) -> None:
        """The laboratory doctor answers for a test."""
        with self.at(hours):
            form = ConfirmForm(conclusion=conclusion)
            confirming.confirm(self.session, self.actors["labdoctor"], self.line(order, service), form)

    def result(self, order: LabOrder, code: str) -> int:
        """The value of a parameter."""
        lines = [line.id for line, _service in queries.services_of(self.session, order.id)]
        found = queries.current_results(self.session, lines)
        return next(row.id for row, parameter in found if parameter.code == code)

    def measure(self, device: Device, barcode: str, values: dict[str, float], hours: float) -> None:
        """What an analyser sends of a tube."""
        with self.at(hours):
            held = {code: quality.holds(self.session, device.id, code, clock.now()) for code in values}
            told = tuple(
                IncomingResult(
                    code=code,
                    code_system="saulyq",
                    value_number=value,
                    observed_at=clock.now(),
                    held_reason="quality_control" if held[code] else None,
                )
                for code, value in values.items()
            )
            report = IncomingReport(
                channel=device.protocol,
                sender=device.sender,
                source_key=f"demo:{barcode}",
                specimen_barcode=barcode,
                reported_at=clock.now(),
                analyser=device.id,
                results=told,
            )
            incoming.receive_report(self.session, None, report)


def show(database_url: str, secrets: Path) -> int:
    """Make the morning once, where there is a district without laboratory orders; the number of orders."""
    load_all()
    engine = create_engine(database_url)
    try:
        with Session(engine) as session, session.begin():
            if session.scalar(select(LabOrder.id).limit(1)) is not None:
                return 0
            morning = _begin(session, secrets)
            if morning is None:
                return 0
            people = _people(morning)
            if not people:
                return 0
            _orders(morning, _set_up(morning), people)
            return len(session.scalars(select(LabOrder.id)).all())
    finally:
        engine.dispose()


def _begin(session: Session, secrets: Path) -> Morning | None:
    nodes = session.execute(text(accounts.NODES)).mappings().one()
    village, polyclinic = nodes["village"], nodes["polyclinic"]
    if village is None or account_by_login(session, "doctor") is None:
        return None
    made = {}
    for login, role, position, family, given in STAFF:
        person = Practitioner(family_name=family, given_name=given, sort_key=sort_key(f"{family} {given}"))
        session.add(person)
        session.flush()
        since = dt.date(clock.today().year - 3, 1, 1)
        session.add(
            PractitionerRole(practitioner_id=person.id, organization_id=polyclinic, position=position, start_date=since)
        )
        session.flush()
        made[login] = accounts.make(session, login, role, polyclinic, f"{family} {given}", person.id)
    path = secrets / accounts.FILE
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    accounts.write(path, known | made)
    actors = {}
    for login in ("doctor", "nurse", "labdoctor", "technician", "admin"):
        account = account_by_login(session, login)
        assert account is not None
        actors[login] = actor_of(session, account, 0)
    return Morning(session, clock.now().replace(microsecond=0), actors, village, polyclinic)


def _people(morning: Morning) -> Sequence[int]:
    today = clock.today()
    youngest, oldest = (today.replace(year=today.year - age, day=1) for age in (25, 70))
    asked = {"place": morning.village, "youngest": youngest, "oldest": oldest}
    return morning.session.scalars(text(_PEOPLE), asked).all()


def _set_up(morning: Morning) -> dict[str, Device]:
    """Analysers, workplaces, numbering, and a glucose control that failed this morning."""
    session, boss = morning.session, morning.actors["labdoctor"]
    found = {}
    for name, maker, sender, profile in (
        ("Гематология", "Sysmex", "XN-550", "sysmex_xn"),
        ("Биохимия", "Mindray", "BS-240", "lis2_a2"),
    ):
        form = DeviceForm(
            kind="analyser",
            name=f"{maker} {sender}",
            manufacturer=maker,
            model=sender,
            protocol="astm",
            sender=sender,
            organization_id=morning.polyclinic,
            profile=profile,
        )
        found[name] = devices.register(session, morning.actors["admin"], form)
    for name, kinds in (
        ("Гематология", ("blood_edta", "blood_capillary")),
        ("Биохимия", ("blood_serum", "blood_fluoride", "blood_citrate")),
        ("Жалпы клиникалық", ("urine", "stool", "smear")),
        ("Патоморфология", ("tissue",)),
    ):
        services = [each.id for each in queries.catalogue(session) if each.specimen_type in kinds]
        analyser = found[name].id if name in found else None
        setup.add_workplace(
            session, boss, WorkplaceForm(name=name, services=services, analyser_id=analyser), morning.polyclinic
        )
    setup.set_scheme(session, boss, SchemeForm(prefix="{dd}{mm}-", width=3, reset="day"), morning.polyclinic)
    lot = quality.open_lot(
        session,
        boss,
        LotForm(
            organization_id=morning.polyclinic,
            material="Multi Control",
            level=1,
            lot_number="26-117",
            specimen_code="QC-L1",
            expires_on=clock.today() + dt.timedelta(days=120),
        ),
    )
    chemistry = found["Биохимия"]
    target = TargetForm(device_id=chemistry.id, parameter_code="GLU", unit="mmol/L", mean=5.0, sd=0.15)
    quality.set_target(session, boss, lot, target)
    for days, value in enumerate((*CONTROLS, 5.62)):
        at = morning.now - dt.timedelta(days=len(CONTROLS) - days, hours=2.5)
        quality.record_from_device(session, chemistry, "QC-L1", "GLU", value, at, f"demo:{days}")
    return found


def _orders(morning: Morning, analysers: dict[str, Device], people: Sequence[int]) -> None:
    """One order in each state a newcomer should see."""
    patients = cycle(people)
    blood, chemistry = analysers["Гематология"], analysers["Биохимия"]
    _confirmed_and_corrected(morning, next(patients), blood)
    morning.receive(morning.order(next(patients), HISTOLOGY, hours=26), 24.8)
    _critical(morning, next(patients), chemistry, told=True)
    _critical(morning, next(patients), chemistry, told=False)
    # values of both analysers wait for a doctor; glucose is held, its control failed
    order = morning.order(next(patients), COUNT, GLUCOSE, CREATININE, hours=3.5, priority="urgent")
    tube = morning.receive(order, 2.4)
    morning.measure(blood, tube.barcode, ANAEMIA, 1.9)
    serum = queries.specimens_of(morning.session, order.id)[1]
    morning.measure(chemistry, serum.barcode, {"GLU": 6.9, "CREA": 74.0}, 1.6)
    # half of a urinalysis is typed
    order = morning.order(next(patients), URINE, hours=3)
    morning.receive(order, 2)
    morning.enter(order, URINE, 1.2, U_SG="1,018", U_PH="6,0")
    # accepted, nothing measured yet
    morning.receive(morning.order(next(patients), COUNT, POTASSIUM, hours=2.8), 1.5)
    # clotted on the way: to be taken again
    order = morning.order(next(patients), COUNT, hours=4)
    tubes = morning.collect(order, 3.4)
    _send(morning, tubes, 3.2)
    with morning.at(2.2):
        refused = RejectForm(reason="clotted", note="ұйыған, үлгі араластырылмаған", retake=True)
        specimens.reject(morning.session, morning.actors["technician"], tubes[0].id, refused)
    # on its way with a sheet; taken; only ordered
    _send(morning, morning.collect(morning.order(next(patients), COUNT, hours=2), 1.4), 1.2)
    morning.collect(morning.order(next(patients), POTASSIUM, CREATININE, hours=1.5), 0.8)
    morning.order(next(patients), COUNT, URINE, hours=0.5)
    _outside(morning, next(patients), blood)


def _confirmed_and_corrected(morning: Morning, patient_id: int, blood: Device) -> None:
    order = morning.order(patient_id, COUNT, hours=27)
    tube = morning.receive(order, 25)
    morning.measure(blood, tube.barcode, NORMAL, 24.5)
    morning.confirm(order, COUNT, 24)
    with morning.at(20):
        told = CorrectForm(value="214", reason="Тромбоциттер жағындыда қайта саналды")
        correcting.correct(morning.session, morning.actors["labdoctor"], morning.result(order, "PLT"), told)


def _critical(morning: Morning, patient_id: int, chemistry: Device, *, told: bool) -> None:
    order = morning.order(patient_id, POTASSIUM, hours=6 if told else 3, priority="urgent")
    tube = morning.receive(order, 4.5 if told else 1.5)
    morning.measure(chemistry, tube.barcode, {"K": 6.8 if told else 2.4}, 4 if told else 1)
    morning.confirm(order, POTASSIUM, 3.6 if told else 0.7)
    if told:
        with morning.at(3.5):
            call = CallForm(told_to="Учаскелік дәрігер", read_back=True)
            confirming.record_call(morning.session, morning.actors["technician"], morning.result(order, "K"), call)


def _send(morning: Morning, tubes: Sequence[Specimen], hours: float) -> None:
    with morning.at(hours):
        form = SheetForm(
            specimens=[tube.id for tube in tubes],
            laboratory_id=morning.polyclinic,
            delivery_date=clock.today(),
            courier="Санитарлық көлік",
        )
        specimens.send(morning.session, morning.actors["nurse"], form, morning.village)


def _outside(morning: Morning, patient_id: int, blood: Device) -> None:
    """A tube nobody ordered, and two reports of another laboratory: of a known person and of nobody known."""
    morning.measure(blood, "9900000001", NORMAL, 1.1)
    patient = morning.session.get_one(Patient, patient_id)
    known = IncomingPerson(identifiers=(("iin", patient.iin or ""),), birth_date=patient.birth_date)
    unknown = IncomingPerson(family_name="Белгісіз", given_name="Жолаушы", birth_date=dt.date(1960, 3, 1))
    told = (
        IncomingResult(code="2276-4", code_system="loinc", name="Ферритин", value_number=6.0, unit="ug/L", flag="L"),
        IncomingResult(code="ANTI-XA", name="Анти-Ха белсенділігі", value_number=0.31, unit="ХБ/мл"),
    )
    for number, (person, hours) in enumerate(((known, 2.0), (unknown, 1.0))):
        with morning.at(hours):
            report = IncomingReport(
                channel="hl7",
                sender="REGION-LAB",
                source_key=f"demo:outside:{number}",
                filler_number=f"R-{7001 + number}",
                person=person,
                reported_at=clock.now(),
                performer="Облыстық зертхана",
                results=told,
            )
            incoming.receive_report(morning.session, None, report)
