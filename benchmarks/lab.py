"""Laboratory results a second from receipt to confirmation under quality control, beside bare inserts of the same rows.

Four connections each receive reports of an analyser (a potassium and a glucose of a tube, the control of glucose has
failed, so its results are held) and a fifth of the tubes' controls, then confirm them as the laboratory doctor does.
The bound, in the same run: as many Python connections insert the rows that came of it (report, results, observations,
the journal of changes) as plain SQL, a commit a tube. ``--people`` is the number of results.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import Any

import psycopg
from _installation import Installation, installation
from _report import Benchmark, at_least, percentiles_ms
from _together import timed
from psycopg import sql

CONNECTIONS = 4
A_TUBE = 2
A_DAY = 50_000
WORKING_SECONDS = 10 * 3600
POTASSIUM, GLUCOSE = "B03.348.002", "B03.335.002"
WRITTEN = ("laboratory.report", "laboratory.result", "visits.observation", "lab_quality.run", "audit.event")


def main() -> None:
    run = Benchmark("lab", __doc__ or "")
    tubes = max(run.people // A_TUBE // CONNECTIONS, 5) * CONNECTIONS
    with installation() as place:
        from saulyq import database

        with database.ready(place.settings):
            run.say(f"a laboratory with {tubes} tubes to measure")
            laboratory = Laboratory(place, tubes)
            before = counts(place)
            run.say(f"{tubes * A_TUBE} results received and held over {CONNECTIONS} connections")
            received = laboratory.timed(laboratory.receive)
            run.say("and confirmed")
            confirmed = laboratory.timed(laboratory.confirm)
            grown = {name: after - before[name] for name, after in counts(place).items()}
            run.say(f"bound: the same rows ({sum(grown.values())}) as plain SQL")
            bound = insert_again(place, before, tubes)
            held = laboratory.held()
        results = tubes * A_TUBE
        whole = received + confirmed
        run.finish(
            {"per_second": at_least(round(results / whole, 1), round(A_DAY / WORKING_SECONDS, 1))},
            results=results,
            held_by_control=held,
            received_per_second=round(results / received, 1),
            confirmed_per_second=round(results / confirmed, 1),
            bound_per_second=round(results / bound, 1),
            of_bound=round(bound / whole, 3),
            day_of_50000_minutes=round(A_DAY * whole / results / 60, 1),
            confirm_ms=percentiles_ms(laboratory.delays),
            rows=grown,
        )


class Laboratory:
    """An organisation with an analyser, a control that failed, and ordered tubes of as many people."""

    def __init__(self, place: Installation, tubes: int) -> None:
        from sqlalchemy import create_engine

        self.engine = create_engine(place.settings.database_url("app"), pool_size=CONNECTIONS)
        self.delays: list[float] = []
        self.lines: list[list[int]] = []
        self.barcodes: list[str] = []
        self._found(tubes)

    def _found(self, tubes: int) -> None:
        from sqlalchemy import select
        from sqlalchemy.orm import Session

        from ops_app.kit import clock
        from ops_app.modules.accounts.queries import account_by_login, actor_of
        from ops_app.modules.accounts.service import create_account
        from ops_app.modules.devices.models import Device
        from ops_app.modules.lab_quality.models import ControlLot, Target
        from ops_app.modules.lab_quality.service import record_from_device
        from ops_app.modules.laboratory.models import LabOrder, OrderService, Service, Specimen
        from ops_app.modules.organizations.models import Organization
        from ops_app.modules.patients.models import Patient
        from ops_app.permissions import Role

        with Session(self.engine) as session, session.begin():
            names = {"name_kk": "Зертхана", "name_ru": "Лаборатория", "name_en": "Laboratory", "sort_key": "z"}
            region = Organization(kind="region", **names)
            session.add(region)
            session.flush()
            own = Organization(
                kind="organization",
                parent_id=region.id,
                organization_type="polyclinic",
                **names,
            )
            session.add(own)
            session.flush()
            create_account(session, "labdoctor", "Doctor", [(Role.LABORATORY_DOCTOR, own.id)], password="x" * 20)
            account = account_by_login(session, "labdoctor")
            assert account is not None
            self.actor = actor_of(session, account, 0)
            device = Device(
                kind="analyser", name="A", protocol="hl7", sender="A", organization_id=own.id, registered_by="bench"
            )
            lot = ControlLot(
                organization_id=own.id,
                material="Control",
                level=1,
                lot_number="1",
                specimen_code="QC",
                expires_on=clock.today() + dt.timedelta(days=30),
                opened_by="bench",
            )
            session.add_all([device, lot])
            session.flush()
            for code in ("K", "GLU"):
                session.add(
                    Target(lot_id=lot.id, device_id=device.id, parameter_code=code, mean=5.0, sd=0.1, set_by="bench")
                )
            session.flush()
            record_from_device(session, device, "QC", "GLU", 5.6, clock.now(), "failed")
            self.device_id = device.id
            services = session.scalars(select(Service).where(Service.code.in_((POTASSIUM, GLUCOSE)))).all()
            for number in range(tubes):
                patient = Patient(
                    family_name=f"Т{number}",
                    given_name="А",
                    birth_date=dt.date(1980, 1, 1),
                    sex="female",
                    family_fold=f"t{number}",
                    given_fold="a",
                    sort_key=f"t{number}",
                    temporary_id=f"T{number:08d}",
                )
                session.add(patient)
                session.flush()
                order = LabOrder(
                    order_number=f"B{number}",
                    patient_id=patient.id,
                    organization_id=own.id,
                    laboratory_id=own.id,
                    status="in_progress",
                    ordered_at=clock.now(),
                )
                session.add(order)
                session.flush()
                tube = Specimen(
                    order_id=order.id,
                    barcode=f"B{number}01",
                    specimen_type="blood_serum",
                    container="yellow",
                    status="received",
                    collected_at=clock.now(),
                    received_at=clock.now(),
                )
                session.add(tube)
                session.flush()
                lines = [
                    OrderService(order_id=order.id, service_id=each.id, specimen_id=tube.id, status="in_progress")
                    for each in services
                ]
                session.add_all(lines)
                session.flush()
                self.barcodes.append(tube.barcode)
                self.lines.append([line.id for line in lines])

    def timed(self, work: Callable[[int], None]) -> float:
        """Seconds that all connections need, each in a thread with its share of the tubes."""

        def share(first: int) -> None:
            for number in range(first, len(self.barcodes), CONNECTIONS):
                work(number)

        return timed(share, CONNECTIONS)

    def receive(self, number: int) -> None:
        """The report of a tube, and with each fifth one the control of potassium, which is right: a commit each."""
        from sqlalchemy.orm import Session

        from ops_app.kit import clock
        from ops_app.modules.devices.models import Device
        from ops_app.modules.lab_quality.service import record_from_device
        from ops_app.modules.laboratory.incoming import IncomingReport, IncomingResult, receive_report

        told = IncomingReport(
            channel="hl7",
            sender="A",
            source_key=f"bench-{number}",
            specimen_barcode=self.barcodes[number],
            analyser=self.device_id,
            reported_at=clock.now(),
            results=(
                IncomingResult(code="K", value_number=4.2, unit="mmol/L", observed_at=clock.now()),
                IncomingResult(code="GLU", value_number=5.0, unit="mmol/L", observed_at=clock.now()),
            ),
        )
        with Session(self.engine) as session, session.begin():
            received = receive_report(session, None, told)
            assert received.matched
        if number % 5 == 0:
            with Session(self.engine) as session, session.begin():
                device = session.get_one(Device, self.device_id)
                value = 5.02 if number % 10 else 4.98
                record_from_device(session, device, "QC", "K", value, clock.now(), f"run-{number}")

    def confirm(self, number: int) -> None:
        """What the laboratory doctor does with both tests of a tube, a commit each."""
        from sqlalchemy.orm import Session

        from ops_app.modules.laboratory.confirming import confirm
        from ops_app.modules.laboratory.forms import ConfirmForm

        for line in self.lines[number]:
            started = time.monotonic()
            with Session(self.engine) as session, session.begin():
                confirm(session, self.actor, line, ConfirmForm(held_because="measured again elsewhere"))
            self.delays.append(time.monotonic() - started)

    def held(self) -> int:
        """How many results the failed control held."""
        from sqlalchemy import func, select
        from sqlalchemy.orm import Session

        from ops_app.modules.laboratory.models import Result

        with Session(self.engine) as session:
            return session.scalar(select(func.count()).where(Result.held_reason.startswith("quality_control"))) or 0


def counts(place: Installation) -> dict[str, int]:
    """The newest key of every table that is written to."""
    with psycopg.connect(place.settings.libpq_url("owner")) as connection:
        found = {}
        for name in WRITTEN:
            asked = sql.SQL("select coalesce(max(id), 0) from {}").format(sql.Identifier(*name.split(".")))
            row = connection.execute(asked).fetchone()
            found[name] = int(row[0]) if row else 0
        return found


def insert_again(place: Installation, before: dict[str, int], tubes: int) -> float:
    """Seconds to insert the same rows into tables without keys, from as many connections, a commit a tube."""
    owner = place.settings.libpq_url("owner")
    rows: list[tuple[sql.Composed, list[tuple[Any, ...]]]] = []
    with psycopg.connect(owner) as connection:
        for name in WRITTEN:
            source, target = sql.Identifier(*name.split(".")), sql.Identifier("public", f"bench_{name.split('.')[1]}")
            connection.execute(sql.SQL("create table {} as select * from {} limit 0").format(target, source))
            # as text both ways, so that no type needs an adapter
            columns = [
                each[0]
                for each in connection.execute(
                    "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 "
                    "and not attisdropped order by attnum",
                    [name],
                )
            ]
            kinds = dict(
                connection.execute(
                    "select attname, format_type(atttypid, atttypmod) from pg_attribute "
                    "where attrelid = %s::regclass and attnum > 0 and not attisdropped",
                    [name],
                ).fetchall()
            )
            asked = sql.SQL("select {} from {} where id > %s order by id").format(
                sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(each)) for each in columns), source
            )
            values = sql.SQL(", ").join(sql.SQL("%s::text::" + kinds[each]) for each in columns)
            insert = sql.SQL("insert into {} values ({})").format(target, values)
            rows.append((insert, connection.execute(asked, [before[name]]).fetchall()))

    def work(first: int) -> None:
        with psycopg.connect(owner) as connection:
            for turn in range(first, tubes, CONNECTIONS):
                for insert, told in rows:
                    start, end = (len(told) * each // tubes for each in (turn, turn + 1))
                    for row in told[start:end]:
                        connection.execute(insert, row)
                connection.commit()

    return timed(work, CONNECTIONS)


if __name__ == "__main__":
    main()
