"""A person's card opens only by a rule, and never without a row in the journal."""

from __future__ import annotations

import datetime as dt

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.errors import NotFound
from ops_app.kit import clock
from ops_app.modules.accounts import queries
from ops_app.modules.accounts.models import Account
from ops_app.modules.audit.models import Event
from ops_app.modules.patients.models import Attachment, Patient
from ops_app.patient_access import CardClosed, open_patient
from ops_app.permissions import Permission, Role
from tests.ops_app.browser import make_account

Tree = dict[str, int]


def plant_patient(session: Session, site: int, organization: int) -> int:
    patient = Patient(
        temporary_id="T-1",
        identity_status="undocumented",
        family_name="Сейітова",
        given_name="Мадина",
        family_fold="seitova",
        given_fold="madina",
        sort_key="x",
        sex="female",
        birth_date=dt.date(1993, 5, 1),
    )
    session.add(patient)
    session.flush()
    session.add(
        Attachment(patient_id=patient.id, organization_id=organization, site_id=site, start_date=dt.date(2020, 1, 1))
    )
    session.flush()
    return patient.id


def reads(session: Session) -> list[Event]:
    return list(session.scalars(select(Event).where(Event.kind == "read")))


@pytest.fixture
def accounts(app: FastAPI, tree: Tree) -> dict[str, Account]:
    """A nurse of the person's own site, one of another organisation, an official above both."""
    return {
        "own": make_account(app.state.engine, "own", [(Role.NURSE, tree["site"])]),
        "neighbour": make_account(app.state.engine, "neighbour", [(Role.NURSE, tree["other"])]),
        "official": make_account(app.state.engine, "official", [(Role.OFFICIAL, tree["region"])]),
    }


@pytest.mark.parametrize("login", ["neighbour", "official"])
def test_whom_no_rule_lets_in(app: FastAPI, tree: Tree, accounts: dict[str, Account], login: str) -> None:
    with Session(app.state.engine) as session:
        patient_id = plant_patient(session, tree["site"], tree["hospital"])
        actor = queries.actor_of(session, accounts[login], 1)
        with pytest.raises(CardClosed):
            open_patient(session, actor, patient_id, Permission.PATIENTS_CARD_READ)
        assert reads(session) == []


def test_unknown_number_is_not_found(app: FastAPI, accounts: dict[str, Account]) -> None:
    with Session(app.state.engine) as session:
        actor = queries.actor_of(session, accounts["own"], 1)
        with pytest.raises(NotFound):
            open_patient(session, actor, 999_999, Permission.PATIENTS_CARD_READ)


@pytest.mark.req("IAM-17")
def test_attached_person_opens_with_a_row_in_the_journal(
    app: FastAPI, tree: Tree, accounts: dict[str, Account]
) -> None:
    with Session(app.state.engine) as session:
        patient_id = plant_patient(session, tree["site"], tree["hospital"])
        actor = queries.actor_of(session, accounts["own"], 1)
        access = open_patient(session, actor, patient_id, Permission.PATIENTS_CARD_READ)
        assert access.rule == "attached"
        session.flush()
        (row,) = reads(session)
    assert (row.login, row.patient_id, row.rule) == ("own", patient_id, "attached")
    assert abs(row.at - clock.now()) < dt.timedelta(minutes=1)
