"""Values that fields of the registers take: fixed ones with their titles, and those found for a writer's scope."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.actor import Scope
from ops_app.i18n import N_, gettext
from ops_app.modules.organizations import queries, structure_queries
from ops_app.modules.organizations.models import Location, Organization, Practitioner, PractitionerRole
from ops_app.modules.organizations.queries import short_name
from ops_app.modules.organizations.titles import POSITIONS
from ops_app.ui.render import local_name

Found = Sequence[tuple[str, str]]

INSTITUTIONS = (
    ("kindergarten", N_("kindergarten")),
    ("school", N_("school")),
    ("boarding_school", N_("boarding school")),
    ("college", N_("college")),
    ("university", N_("university")),
    ("other", N_("other")),
)
FACTORS = (
    ("chemical", N_("chemical substances")),
    ("dust", N_("dust")),
    ("noise", N_("noise")),
    ("vibration", N_("vibration")),
    ("radiation", N_("radiation")),
    ("biological", N_("biological agents")),
    ("strain", N_("physical strain")),
    ("height", N_("work at height")),
    ("other", N_("other")),
)
SERVICES = (("service", N_("service")), ("operation", N_("operation")))
BED_STATES = (("working", N_("working")), ("repair", N_("under repair")), ("closed", N_("folded up")))
PROFILES = (
    ("therapeutic", N_("therapeutic")),
    ("cardiological", N_("cardiological")),
    ("neurological", N_("neurological")),
    ("stroke", N_("stroke unit")),
    ("surgical", N_("surgical")),
    ("trauma", N_("trauma")),
    ("paediatric", N_("paediatric")),
    ("neonatal", N_("neonatal")),
    ("obstetric", N_("obstetric")),
    ("pregnancy_pathology", N_("pathology of pregnancy")),
    ("gynaecological", N_("gynaecological")),
    ("infectious", N_("infectious diseases")),
    ("oncological", N_("oncological")),
    ("intensive_care", N_("intensive care")),
    ("rehabilitation", N_("rehabilitation")),
    ("palliative", N_("palliative")),
    ("day_care", N_("day hospital")),
)
STORES = (
    ("nurse_post", N_("nurse post")),
    ("pharmacy", N_("pharmacy")),
    ("warehouse", N_("warehouse")),
    ("procedure_room", N_("procedure room")),
    ("blood_store", N_("blood store")),
)

WEEKDAYS = (
    ("monday", N_("Monday")),
    ("tuesday", N_("Tuesday")),
    ("wednesday", N_("Wednesday")),
    ("thursday", N_("Thursday")),
    ("friday", N_("Friday")),
    ("saturday", N_("Saturday")),
    ("sunday", N_("Sunday")),
)
CHANGES = (
    ("leave", N_("leave")),
    ("parental_leave", N_("parental leave")),
    ("business_trip", N_("business trip")),
    ("training", N_("training")),
    ("other_absence", N_("other absence")),
    ("other_hours", N_("works at other hours")),
)


def _named(rows: Iterable[Organization | Location]) -> Found:
    return [(str(row.id), local_name(row)) for row in rows]


def organizations(session: Session, scope: Scope) -> Found:
    """Facilities of a scope."""
    return _named(queries.organizations(session, scope))


def departments(session: Session, scope: Scope) -> Found:
    """Departments of a scope."""
    return _named(node for node in queries.tree(session, scope) if node.kind == "department")


def sites(session: Session, scope: Scope) -> Found:
    """Sites of a scope."""
    return _named(node for node in queries.tree(session, scope) if node.kind == "site")


def wards(session: Session, scope: Scope) -> Found:
    """Wards of a scope."""
    return _named(_locations(session, scope, ("ward",)))


def rooms(session: Session, scope: Scope) -> Found:
    """Rooms and wards of a scope."""
    return _named(_locations(session, scope, ("room", "ward")))


def staff(session: Session, scope: Scope) -> Found:
    """People with a position in a scope."""
    facilities = [row.id for row in queries.organizations(session, scope)]
    found = {row.Practitioner.id: row.Practitioner for row in queries.practitioners_of(session, facilities)}
    return [(str(key), f"{each.family_name} {each.given_name}") for key, each in found.items()]


def positions(session: Session, scope: Scope) -> Found:
    """Positions of a scope, those that ended too: rows of former days name them."""
    rows = session.execute(structure_queries.staff(scope).order_by(Practitioner.sort_key, PractitionerRole.id))
    return [
        (
            str(role.id),
            f"{short_name(person.family_name, person.given_name, person.patronymic)}, "
            f"{gettext(POSITIONS[role.position])}, {local_name(place)}",
        )
        for person, role, place in rows
    ]


def _locations(session: Session, scope: Scope, kinds: Sequence[str]) -> Sequence[Location]:
    return session.scalars(
        select(Location)
        .where(Location.kind.in_(kinds), scope.condition(Location.organization_id))
        .order_by(Location.name_kk, Location.id)
    ).all()
