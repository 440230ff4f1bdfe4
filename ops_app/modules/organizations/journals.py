"""The list of staff."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, or_

from ops_app.actor import Scope
from ops_app.i18n import N_, _
from ops_app.kit import clock
from ops_app.kit.numbers import show_number
from ops_app.mechanisms.journal.declaration import Add, Asked, ChoiceFilter, Column, Journal, WordFilter
from ops_app.modules.organizations import structure_queries
from ops_app.modules.organizations.models import Organization, Practitioner, PractitionerRole
from ops_app.modules.organizations.titles import POSITIONS
from ops_app.permissions import Permission
from ops_app.ui.render import local_name

STATES = (("working", N_("working now")), ("left", N_("no longer")))


def _staff(scope: Scope, asked: Asked) -> Select[Practitioner, PractitionerRole, Organization]:
    statement, today = structure_queries.staff(scope), clock.today()
    if "position" in asked:
        statement = statement.where(PractitionerRole.position == asked["position"])
    if asked.get("state") == "working":
        statement = statement.where(or_(PractitionerRole.end_date.is_(None), PractitionerRole.end_date > today))
    if asked.get("state") == "left":
        statement = statement.where(PractitionerRole.end_date <= today)
    return statement


def _name(row: Any, more: Any) -> str:
    person = row.Practitioner
    return " ".join(filter(None, (person.family_name, person.given_name, person.patronymic)))


JOURNALS = (
    Journal(
        name="staff",
        title=N_("Staff"),
        about=N_("Members of staff with their positions."),
        permission=Permission.ORGANIZATIONS_TREE_MANAGE,
        query=_staff,
        columns=(
            Column(
                "name",
                N_("Name"),
                _name,
                sort=Practitioner.sort_key,
                link=lambda row: ("organizations:staff_member", {"practitioner_id": row.Practitioner.id}),
            ),
            Column("position", N_("Position"), lambda row, more: _(POSITIONS[row.PractitionerRole.position])),
            Column("specialty", N_("Specialty"), lambda row, more: row.PractitionerRole.specialty),
            Column("place", N_("Place"), lambda row, more: local_name(row.Organization), sort=Organization.sort_key),
            Column("rate", N_("Share of a post"), lambda row, more: show_number(row.PractitionerRole.rate, 2)),
            Column(
                "since",
                N_("From"),
                lambda row, more: row.PractitionerRole.start_date,
                "date",
                sort=PractitionerRole.start_date,
            ),
            Column("until", N_("Until"), lambda row, more: row.PractitionerRole.end_date, "date"),
        ),
        default_sort=(Practitioner.sort_key, PractitionerRole.id),
        person=lambda row: None,
        filters=(
            WordFilter(
                (
                    Practitioner.family_name,
                    Practitioner.given_name,
                    Practitioner.patronymic,
                    PractitionerRole.specialty,
                    Organization.name_kk,
                    Organization.name_ru,
                    Organization.name_en,
                )
            ),
            ChoiceFilter("position", N_("Position"), tuple(POSITIONS.items())),
            ChoiceFilter("state", N_("State"), STATES, default="working"),
        ),
        empty=N_("The first row appears with the button above."),
        nav=False,
        add=Add(N_("Add a member of staff"), "organizations:new_staff", {}, Permission.ORGANIZATIONS_TREE_MANAGE),
    ),
)
