"""A clinic with a laboratory: a technician, a laboratory doctor, two workplaces, and what a report looks like."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from ops_app.modules.classifiers.loading import ConceptRow, store_concepts
from ops_app.modules.laboratory import confirming, incoming, ordering, queries, results, specimens
from ops_app.modules.laboratory.forms import ConfirmForm, OrderForm
from ops_app.modules.laboratory.incoming import IncomingReport, IncomingResult
from ops_app.modules.laboratory.models import LabOrder, OrderService, Result, Specimen, Workplace, WorkplaceService
from ops_app.modules.organizations.models import Practitioner, PractitionerRole
from ops_app.modules.patients.models import Patient
from ops_app.permissions import Role
from tests.ops_app.browser import make_account
from tests.ops_app.clinic import Clinic

BLOOD_COUNT, EXTENDED_COUNT, POTASSIUM, CREATININE = "B02.110.002", "B02.113.002", "B03.348.002", "B03.363.002"
URINE, GROUP, HISTOLOGY, SYPHILIS, FERRITIN = "B01.077.002", "B06.672.012", "B08.737.001", "B06.681.012", "B03.500.002"

NORMAL_COUNT = {
    "HGB": 138.0,
    "RBC": 4.5,
    "HCT": 41.0,
    "MCV": 89.0,
    "MCH": 30.1,
    "MCHC": 336.0,
    "RDW": 12.9,
    "WBC": 6.4,
    "NEUT_PCT": 58.0,
    "LYMPH_PCT": 31.0,
    "MONO_PCT": 7.0,
    "EOS_PCT": 3.0,
    "BASO_PCT": 0.6,
    "PLT": 245.0,
}

STAFF = (
    ("technician", Role.LABORATORY_TECHNICIAN, "laboratory_technician"),
    ("labdoctor", Role.LABORATORY_DOCTOR, "laboratory_doctor"),
)

_serial = itertools.count(1)


def open_laboratory(clinic: Clinic) -> None:
    """Staff and workplaces of the laboratory of the hospital."""
    for login, role, position in STAFF:
        with clinic.session() as session:
            person = Practitioner(family_name=login.title(), given_name="Асель", sort_key=login)
            session.add(person)
            session.flush()
            session.add(
                PractitionerRole(
                    practitioner_id=person.id,
                    organization_id=clinic.tree["hospital"],
                    position=position,
                    start_date=dt.date(2020, 1, 1),
                )
            )
            clinic.practitioners[login] = person.id
        make_account(
            clinic.app.state.engine,
            login,
            [(role, clinic.tree["hospital"])],
            practitioner_id=clinic.practitioners[login],
        )
    make_account(clinic.app.state.engine, "elsewhere", [(Role.LABORATORY_DOCTOR, clinic.tree["other"])])
    with clinic.session() as session:
        concepts = [
            ConceptRow(
                code=service.code,
                parent_code=None,
                kind="lab",
                title_kk=service.title_kk,
                title_ru=service.title_ru,
                title_en=service.title_en,
                unit=None,
                is_selectable=True,
            )
            for service in queries.catalogue(session)
        ]
        store_concepts(session.connection(), "service", concepts)
        for name, wanted in (("Hematology", "blood_edta"), ("Chemistry", None)):
            place = Workplace(organization_id=clinic.tree["hospital"], name=name)
            session.add(place)
            session.flush()
            for service in queries.catalogue(session):
                if (service.specimen_type == "blood_edta") == (wanted is not None):
                    session.add(WorkplaceService(workplace_id=place.id, service_id=service.id))


@dataclass
class Bench:
    """What the laboratory does, through its services."""

    clinic: Clinic

    def order(self, patient: Patient, *services: str, login: str = "doctor", **values: Any) -> LabOrder:
        """Tests ordered by the doctor."""
        hospital = self.clinic.tree["hospital"]
        with self.clinic.session() as session:
            form = OrderForm(services=list(services), laboratory_id=hospital, **values)
            return ordering.order_tests(session, self.clinic.actor(session, login), patient.id, form, hospital)

    def tubes(self, order: LabOrder) -> list[Specimen]:
        """Tubes of an order."""
        with self.clinic.session() as session:
            return list(queries.specimens_of(session, order.id))

    def lines(self, order: LabOrder) -> dict[str, OrderService]:
        """Services of an order by code."""
        with self.clinic.session() as session:
            return {service.code: line for line, service in queries.services_of(session, order.id)}

    def receive(self, order: LabOrder) -> list[Specimen]:
        """All tubes of an order accepted."""
        with self.clinic.session() as session:
            actor = self.clinic.actor(session, "technician")
            for tube in queries.specimens_of(session, order.id):
                if tube.status != "rejected":
                    specimens.receive(session, actor, tube.id)
        return self.tubes(order)

    def enter(self, order: LabOrder, service: str, **typed: str) -> OrderService:
        """Values typed by the technician."""
        line = self.lines(order)[service]
        with self.clinic.session() as session:
            return results.enter(session, self.clinic.actor(session, "technician"), line.id, typed)

    def confirm(self, order: LabOrder, service: str, **values: Any) -> OrderService:
        """The laboratory doctor answers for a test."""
        line = self.lines(order)[service]
        with self.clinic.session() as session:
            return confirming.confirm(session, self.clinic.actor(session, "labdoctor"), line.id, ConfirmForm(**values))

    def result(self, order: LabOrder, code: str) -> Result:
        """The newest version of a value."""
        with self.clinic.session() as session:
            lines = [line.id for line, _service in queries.services_of(session, order.id)]
            return next(row for row, parameter in queries.current_results(session, lines) if parameter.code == code)

    def measured(self, patient: Patient, service: str, **typed: str) -> LabOrder:
        """A confirmed test from order to end."""
        order = self.order(patient, service)
        self.receive(order)
        self.enter(order, service, **typed)
        self.confirm(order, service)
        return order

    def report(self, tube: Specimen, values: dict[str, float], **more: Any) -> incoming.Received:
        """An analyser's report of a tube."""
        known: dict[str, Any] = {
            "channel": "hl7",
            "sender": "XN-1000",
            "source_key": f"message-{next(_serial)}",
            "specimen_barcode": tube.barcode,
            "analyser": 1,
            "results": tuple(IncomingResult(code=code, value_number=value) for code, value in values.items()),
        }
        with self.clinic.session() as session:
            return incoming.receive_report(session, None, IncomingReport(**(known | more)))

    def all(self, model: Any, **where: Any) -> list[Any]:
        """Rows of a table."""
        with self.clinic.session() as session:
            return list(session.scalars(select(model).filter_by(**where).order_by(model.id)))
