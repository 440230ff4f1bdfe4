"""A laboratory with analysers and one ordered tube, and the way of a message through the archive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ingestion.archive import Archive, Received
from ingestion.interpreter import Interpreter, make_engine
from ops_app.app import create_app
from ops_app.kit import clock
from ops_app.modules.devices.models import CodeMapping, Device
from ops_app.modules.ingest.models import InboundMessage
from ops_app.modules.laboratory.models import LabOrder, OrderService, Parameter, Report, Service, ServiceParameter
from ops_app.modules.laboratory.models import Specimen as Tube
from tests.installation import Database
from tests.ops_app.clinic import open_clinic
from tests.ops_app.lab_quality.planted import plant_analyser, plant_target

TUBE = "2611220001"


@dataclass
class Laboratory:
    """One database."""

    database: Database
    hospital: int
    devices: dict[str, int]

    def keep(self, record: Received) -> int:
        """Archive one message."""
        archive = Archive(self.database.libpq("app"))
        try:
            return archive.keep(record).id
        finally:
            archive.close()

    def interpret(self) -> None:
        """Interpret all that waits."""
        engine = make_engine(self.database.url("app"))
        Interpreter(engine).run_waiting()
        engine.dispose()

    def message(self, number: int) -> InboundMessage:
        """What became of a message."""
        with Session(self.database.engine("app")) as session:
            return session.get_one(InboundMessage, number)

    def report(self, number: int) -> Report:
        """The first report of a message."""
        outcome = self.message(number).outcome or []
        found = next(each["id"] for each in outcome if each.get("kind") == "laboratory.report")
        with Session(self.database.engine("app")) as session:
            return session.get_one(Report, found)

    def add(self, *rows: Any) -> None:
        with Session(self.database.engine("app")) as session:
            session.add_all(rows)
            session.commit()


def open_laboratory(database: Database) -> Laboratory:
    """Devices by the name they use, and a tube with a blood count ordered."""
    clinic = open_clinic(create_app(database.engine("app")))
    hospital = clinic.tree["hospital"]
    patient = clinic.register()
    devices = {}
    with clinic.session() as session:
        for sender, profile, protocol in (
            ("SIM", "lis2_a2", "astm"),
            ("XN-550", "sysmex_xn", "astm"),
            ("XP-100", "sysmex_xp", "astm"),
            ("ABX", "horiba_abx", "astm"),
            ("STAGO", "stago_start", "astm"),
            ("Mindray", "mindray_ba88a", "astm"),
            ("ARCHITECT", "abbott_architect", "astm"),
            ("quant", "quantstudio", "file"),
            ("fluoro", "fluorocycler", "file"),
            ("tecan", "tecan_f50", "file"),
        ):
            row = plant_analyser(session, hospital, sender, protocol=protocol, profile=profile)
            devices[sender] = row.id
        for code, unit, parameter, factor in (("WBC", "10*9/L", "WBC", 1.0), ("HGB", "g/dL", "HGB", 10.0)):
            session.add(
                CodeMapping(
                    device_id=devices["SIM"],
                    their_code=code,
                    their_unit=unit,
                    parameter_code=parameter,
                    factor=factor,
                    mapped_by="test",
                )
            )
        service = Service(
            code="T02.110.002",
            title_kk="ҚЖТ",
            title_ru="ОАК",
            title_en="Blood count",
            specimen_type="blood_edta",
            container="edta",
            turnaround_minutes=120,
            urgent_minutes=30,
        )
        parameters = [session.scalars(select(Parameter).where(Parameter.code == code)).one() for code in ("WBC", "HGB")]
        order = LabOrder(
            order_number="1001",
            patient_id=patient.id,
            organization_id=hospital,
            laboratory_id=hospital,
            priority="urgent",
            ordered_at=clock.now(),
        )
        session.add_all([service, order])
        session.flush()
        for position, parameter in enumerate(parameters):
            session.add(ServiceParameter(service_id=service.id, parameter_id=parameter.id, position=position))
        tube = Tube(
            order_id=order.id,
            barcode=TUBE,
            specimen_type="blood_edta",
            container="edta",
            status="received",
            collected_at=clock.now(),
        )
        session.add(tube)
        session.flush()
        session.add(OrderService(order_id=order.id, service_id=service.id, specimen_id=tube.id))
        plant_target(session, session.get_one(Device, devices["SIM"]), "WBC", 5.0, 0.2, unit="10*9/L")
    return Laboratory(database, hospital, devices)
