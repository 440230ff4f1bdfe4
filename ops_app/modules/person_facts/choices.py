"""Values that facts of a person take: fixed ones with their titles, and those found for a writer's scope."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ops_app.actor import Scope
from ops_app.i18n import N_
from ops_app.kit import clock
from ops_app.modules.personal_data.titles import WAYS as WAY_TITLES
from ops_app.modules.resources.models import EducationalInstitution, Enterprise
from ops_app.ui.render import local_name

Found = Sequence[tuple[str, str]]

WAYS = tuple(WAY_TITLES.items())
RELATIONS = (
    ("mother", N_("mother")),
    ("father", N_("father")),
    ("child", N_("child")),
    ("spouse", N_("spouse")),
    ("sibling", N_("brother or sister")),
    ("grandparent", N_("grandparent")),
    ("grandchild", N_("grandchild")),
    ("guardian", N_("guardian")),
    ("ward", N_("person under guardianship")),
    ("other", N_("other")),
)
INVERSE = {
    "mother": "child",
    "father": "child",
    "spouse": "spouse",
    "sibling": "sibling",
    "grandparent": "grandchild",
    "grandchild": "grandparent",
    "guardian": "ward",
    "ward": "guardian",
    "other": "other",
}
"""What the person is to his relative; a child's parent is mother or father by sex."""
CONTACTS = (
    ("mobile", N_("mobile phone")),
    ("home", N_("home phone")),
    ("work", N_("work phone")),
    ("email", N_("e-mail")),
)
ADDRESSES = (
    ("registered", N_("registered address")),
    ("living", N_("lives here")),
    ("temporary", N_("temporary")),
    ("former", N_("former")),
)
DOCUMENTS = (
    ("identity_card", N_("identity card")),
    ("passport", N_("passport")),
    ("residence_permit", N_("residence permit")),
    ("birth_certificate", N_("birth certificate")),
    ("refugee_certificate", N_("refugee certificate")),
    ("military_card", N_("military card")),
    ("other", N_("other document")),
)
STATUSES = (
    ("employed", N_("employed")),
    ("self_employed", N_("self-employed")),
    ("unemployed", N_("unemployed")),
    ("pensioner", N_("pensioner")),
    ("student", N_("pupil or student")),
    ("preschool", N_("child before school")),
    ("disabled_1", N_("disability of group I")),
    ("disabled_2", N_("disability of group II")),
    ("disabled_3", N_("disability of group III")),
    ("disabled_child", N_("child with a disability")),
    ("veteran", N_("veteran or equal to one")),
    ("many_children", N_("mother of many children")),
    ("low_income", N_("family of low income")),
    ("orphan", N_("orphan")),
    ("carer", N_("cares for a person with a disability")),
    ("prisoner", N_("in a penal institution")),
    ("no_fixed_abode", N_("without a fixed abode")),
    ("other", N_("other")),
)
INSURANCE_STATES = (("insured", N_("insured")), ("uninsured", N_("not insured")))
INSURANCE_CATEGORIES = (
    ("employer", N_("employer")),
    ("self", N_("the person himself")),
    ("single_payment", N_("single aggregate payment")),
    ("state", N_("the state, for a privileged category")),
)
INSURANCE_SOURCES = (
    ("registry", N_("information system of insurance")),
    ("statement", N_("words of the patient")),
    ("document", N_("document shown")),
)
LANGUAGES = (
    ("kk", N_("Kazakh")),
    ("ru", N_("Russian")),
    ("en", N_("English")),
    ("uz", N_("Uzbek")),
    ("ug", N_("Uyghur")),
    ("tr", N_("Turkish")),
    ("sign", N_("sign language")),
    ("other", N_("other")),
)


def enterprises(session: Session, scope: Scope) -> Found:
    """Enterprises that count today in the registers of a scope."""
    return _counting(session, Enterprise, scope)


def institutions(session: Session, scope: Scope) -> Found:
    """Educational institutions that count today in the registers of a scope."""
    return _counting(session, EducationalInstitution, scope)


def _counting(session: Session, table: Any, scope: Scope) -> Found:
    rows: Iterable[Any] = session.scalars(
        select(table)
        .where(
            scope.condition(table.organization_id),
            or_(table.end_date.is_(None), table.end_date > clock.today()),
        )
        .order_by(table.name_kk, table.id)
    )
    return [(str(row.id), local_name(row)) for row in rows]
