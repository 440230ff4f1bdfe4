"""A merge travels through the warehouse as one person, and its undoing gives back both, exactly."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.modules.patients import merge
from ops_app.modules.patients.models import Attachment, Patient
from tests.spec import marts
from tests.spec.conftest import District

pytestmark = pytest.mark.timeout(1_200)

# has visits and an attachment that holds, is alive and was never linked
ONE = """
select p.id, p.sex from patients.patient p
where p.id <> :other and p.sex = coalesce(cast(:sex as text), p.sex)
  and p.is_live and p.entered_in_error_at is null
  and not exists (select from deaths.death d where d.patient_id = p.id)
  and not exists (select from patients.patient_link l where p.id in (l.patient_id, l.other_patient_id))
  and exists (select from patients.attachment a where a.patient_id = p.id and a.end_date is null
    and a.entered_in_error_at is null)
  and exists (select from visits.encounter e where e.patient_id = p.id and e.entered_in_error_at is null)
order by p.id limit 1
"""
WITHOUT_DOCUMENTS = """
update patients.patient set iin = null, temporary_id = 'T-77777', identity_status = 'undocumented' where id = :person
"""


def rows_of(session: Session, people: list[int]) -> list[tuple[object, ...]]:
    """The two records and their attachments, but for the number of the writing transaction."""
    found: list[tuple[object, ...]] = []
    for model, column in ((Patient, Patient.id), (Attachment, Attachment.patient_id)):
        names = [each.name for each in model.__table__.columns if each.name != "row_xid"]
        for row in session.query(model).where(column.in_(people)).order_by(model.id):
            found.append(tuple(getattr(row, name) for name in names))
    return found


def served(district: District) -> dict[str, marts.Rows]:
    """Everything published; when a version was taken out of the operational database is no part of what it says."""
    return marts.sums_of(district.served, "extracted_at")


def one(connection: Connection, **about: object) -> tuple[int, str]:
    """A person, and the sex."""
    row = connection.execute(text(ONE), about).one()
    return int(row[0]), str(row[1])


def ask(district: District, question: str, **values: object) -> list[tuple[Any, ...]]:
    """Ask the published file."""
    with duckdb.connect(district.served, read_only=True) as connection:
        return connection.execute(question, values).fetchall()


@pytest.mark.req("REG-08")
def test_a_merge_is_undone_exactly_also_in_the_warehouse(district: District) -> None:
    engine = create_engine(district.installation.settings.database_url("app"))
    owner = create_engine(district.installation.settings.database_url("owner"))
    actor = Actor(account_id=0, session_id=0, login="merger", display_name="merger", language="kk")
    visits = "select count(*) from marts.fct_encounter where patient_key = $key"
    try:
        with owner.begin() as connection:
            hidden, sex = one(connection, other=0, sex=None)
            kept, _sex = one(connection, other=hidden, sex=sex)
            # came without documents once, so nobody saw that both are one person
            connection.execute(text(WITHOUT_DOCUMENTS), {"person": hidden})
        district.ask("pipeline", "run")
        before = served(district)
        with Session(engine) as session:
            records = rows_of(session, [kept, hidden])
            link_id = merge.merge(session, actor, kept, hidden).id
            session.commit()
        with owner.connect() as connection:
            named = text("select patient_id, patient_key::text from vault.pseudonym where patient_id in (:one, :two)")
            keys = {row[0]: row[1] for row in connection.execute(named, {"one": kept, "two": hidden})}
        first, second = keys[kept], keys[hidden]
        apart = [ask(district, visits, key=key)[0][0] for key in (first, second)]
        assert all(apart), "facts on both"

        district.ask("pipeline", "run")
        about = "select is_current, current_patient_key from marts.dim_patient where patient_key = $key"
        assert ask(district, about, key=first) == [(True, first)]
        assert ask(district, about, key=second) == [(False, first)]
        assert ask(district, visits, key=first)[0][0] == sum(apart)

        with Session(engine) as session:
            merge.unmerge(session, actor, link_id)
            session.commit()
            assert rows_of(session, [kept, hidden]) == records
        district.ask("pipeline", "run")
        assert marts.difference(before, served(district)) == {}
    finally:
        engine.dispose()
        owner.dispose()
