"""The registers of requests and of disclosures."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from ops_app.actor import Scope
from ops_app.i18n import N_, _, ngettext
from ops_app.kit import clock
from ops_app.kit.privacy import Privacy
from ops_app.kit.working_days import working_days_left
from ops_app.mechanisms.journal.declaration import Asked, ChoiceFilter, Column, DateFilter, Journal
from ops_app.modules.patients.models import Patient
from ops_app.modules.personal_data.declarations import exceptions
from ops_app.modules.personal_data.models import Disclosure, SubjectRequest
from ops_app.modules.personal_data.titles import BASES, CHANNELS, ORIGINS, REQUEST_KINDS, STATES
from ops_app.permissions import Permission


def _requests(scope: Scope, asked: Asked) -> Select[SubjectRequest, Patient]:
    statement: Select[SubjectRequest, Patient] = (
        select(SubjectRequest, Patient)
        .join(Patient, Patient.id == SubjectRequest.patient_id)
        .where(scope.condition(SubjectRequest.organization_id))
    )
    if "since" in asked:
        statement = statement.where(SubjectRequest.received_on >= asked["since"])
    if "until" in asked:
        statement = statement.where(SubjectRequest.received_on <= asked["until"])
    if asked.get("state") == "overdue":
        return statement.where(SubjectRequest.state == "received", SubjectRequest.due_on < clock.today())
    return statement.where(SubjectRequest.state == asked["state"]) if "state" in asked else statement


def _left(row: Any, more: Any) -> str:
    if row.SubjectRequest.state != "received":
        return ""
    days = working_days_left(clock.today(), row.SubjectRequest.due_on)
    if days < 0:
        return ngettext("%(num)d working day overdue", "%(num)d working days overdue", -days)
    return ngettext("%(num)d working day left", "%(num)d working days left", days)


def _disclosures(scope: Scope, asked: Asked) -> Select[Disclosure, Patient]:
    statement: Select[Disclosure, Patient] = (
        select(Disclosure, Patient)
        .join(Patient, Patient.id == Disclosure.patient_id)
        .where(scope.condition(Disclosure.organization_id))
    )
    if "since" in asked:
        statement = statement.where(Disclosure.given_on >= asked["since"])
    if "until" in asked:
        statement = statement.where(Disclosure.given_on <= asked["until"])
    return statement.where(Disclosure.basis == asked["basis"]) if "basis" in asked else statement


def _basis(row: Any, more: Any) -> str:
    listed = exceptions().get(row.Disclosure.exception or "")
    return f"{listed.title!s} ({listed.source!s})" if listed else _(BASES[row.Disclosure.basis])


def _name(row: Any, more: Any) -> str:
    return f"{row.Patient.family_name} {row.Patient.given_name}"


JOURNALS = (
    Journal(
        name="requests",
        title=N_("Requests about personal data"),
        about=N_("What people ask about their data and by when the answer is due."),
        permission=Permission.PERSONAL_DATA_REGISTER_READ,
        query=_requests,
        columns=(
            Column(
                "number",
                "№",
                lambda row, more: row.SubjectRequest.number,
                sort=SubjectRequest.number,
                link=lambda row: ("personal_data:request", {"request_id": row.SubjectRequest.id}),
            ),
            Column("name", N_("Name"), _name, privacy=Privacy.DIRECT, sort=Patient.sort_key),
            Column("kind", N_("What is asked"), lambda row, more: _(REQUEST_KINDS[row.SubjectRequest.kind])),
            Column("channel", N_("Way of receipt"), lambda row, more: _(CHANNELS[row.SubjectRequest.channel])),
            Column(
                "received",
                N_("Received on"),
                lambda row, more: row.SubjectRequest.received_on,
                "date",
                sort=SubjectRequest.received_on,
            ),
            Column("due", N_("Due"), lambda row, more: row.SubjectRequest.due_on, "date", sort=SubjectRequest.due_on),
            Column("state", N_("State"), lambda row, more: _(STATES[row.SubjectRequest.state])),
            Column("left", N_("Time left"), _left),
        ),
        default_sort=(SubjectRequest.due_on.desc(), SubjectRequest.id.desc()),
        person=lambda row: row.Patient.id,
        filters=(
            DateFilter("since", N_("From")),
            DateFilter("until", N_("To")),
            ChoiceFilter("state", N_("State"), choices=(*STATES.items(), ("overdue", N_("overdue")))),
        ),
        empty=N_("A request stands here as soon as it is registered."),
        order=70,
    ),
    Journal(
        name="disclosures",
        title=N_("Disclosures of personal data"),
        about=N_("Who outside was given whose data, for what and on what basis."),
        permission=Permission.PERSONAL_DATA_REGISTER_READ,
        query=_disclosures,
        columns=(
            Column("given", N_("Day"), lambda row, more: row.Disclosure.given_on, "date", sort=Disclosure.given_on),
            Column("name", N_("Name"), _name, privacy=Privacy.DIRECT, sort=Patient.sort_key),
            Column("recipient", N_("To whom"), lambda row, more: row.Disclosure.recipient, privacy=Privacy.FREE_TEXT),
            Column("what", N_("What was given"), lambda row, more: row.Disclosure.what, privacy=Privacy.FREE_TEXT),
            Column("purpose", N_("Purpose"), lambda row, more: row.Disclosure.purpose, privacy=Privacy.FREE_TEXT),
            Column("basis", N_("Basis"), _basis),
            Column("document", N_("Inquiry"), lambda row, more: row.Disclosure.document, privacy=Privacy.FREE_TEXT),
            Column("origin", N_("Entered"), lambda row, more: _(ORIGINS[row.Disclosure.origin])),
            Column("times", N_("Times"), lambda row, more: row.Disclosure.times, "number"),
        ),
        default_sort=(Disclosure.given_on.desc(), Disclosure.id.desc()),
        person=lambda row: row.Patient.id,
        filters=(
            DateFilter("since", N_("From")),
            DateFilter("until", N_("To")),
            ChoiceFilter("basis", N_("Basis"), choices=tuple(BASES.items())),
        ),
        empty=N_("Exports, readings through the API and entries by hand stand here."),
        order=71,
    ),
)
