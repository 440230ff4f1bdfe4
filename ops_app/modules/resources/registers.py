"""The registers: each is a table, a form, fields with their titles, and a list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from sqlalchemy.orm import Session

from ops_app.i18n import N_
from ops_app.mechanisms.register.field import RegisterField
from ops_app.modules.resources import choices, forms, models, staff_rules


@dataclass(frozen=True, slots=True)
class Register:
    """One register."""

    name: str
    title: str
    about: str
    one: str
    """What "Add" adds."""
    table: type[Any]
    form: type[BaseModel]
    fields: tuple[RegisterField, ...]
    sort: str
    choice: str | None = None
    """The field with fixed values by which the list is filtered."""
    unique: tuple[str, ...] = ()
    """Columns that no two rows share on one day."""
    versioned: bool = False
    """A change from a later day leaves the former row to the days before."""
    planned: bool = False
    """The form asks for the last day too, and a row may be corrected after it."""
    rule: Callable[[Session, dict[str, Any]], None] | None = None
    """Refuses values that only the database can judge."""

    def field(self, name: str) -> RegisterField:
        """A field by its name."""
        return next(each for each in self.fields if each.name == name)


_OWNER = RegisterField(
    "organization_id", N_("Facility"), "select", options=choices.organizations, required=True, listed=False
)
_SINCE = RegisterField("start_date", N_("Counts from"), "date", required=True)
_KK = RegisterField("name_kk", N_("Name in Kazakh"), required=True)
_RU = RegisterField("name_ru", N_("Name in Russian"), required=True)
_BIN = RegisterField("bin", N_("BIN"))
_ADDRESS = RegisterField("address_line", N_("Address"))
_SITE = RegisterField("site_id", N_("Site"), "select", options=choices.sites)
_DEPARTMENT = RegisterField("department_id", N_("Department"), "select", options=choices.departments)

SCHOOLS = Register(
    "schools",
    N_("Educational institutions"),
    N_("Kindergartens, schools and colleges whose pupils the facility serves."),
    N_("Add an institution"),
    models.EducationalInstitution,
    forms.InstitutionForm,
    (
        _OWNER,
        RegisterField("kind", N_("Kind"), "select", titles=choices.INSTITUTIONS, required=True),
        _KK,
        _RU,
        _BIN,
        _ADDRESS,
        RegisterField("pupils", N_("Pupils"), "number"),
        _SITE,
        _SINCE,
    ),
    sort="name_kk",
    choice="kind",
)
ENTERPRISES = Register(
    "enterprises",
    N_("Enterprises"),
    N_("Employers whose workers the facility examines, with the leading harmful factor."),
    N_("Add an enterprise"),
    models.Enterprise,
    forms.EnterpriseForm,
    (
        _OWNER,
        _KK,
        _RU,
        _BIN,
        _ADDRESS,
        RegisterField("harmful_factor", N_("Harmful factor"), "select", titles=choices.FACTORS),
        RegisterField("workers", N_("Workers"), "number"),
        _SITE,
        _SINCE,
    ),
    sort="name_kk",
    choice="harmful_factor",
)
INSURERS = Register(
    "insurers",
    N_("Insurance companies"),
    N_("Contracts with insurers and the term of each."),
    N_("Add an insurer"),
    models.Insurer,
    forms.InsurerForm,
    (_OWNER, _KK, _RU, _BIN, RegisterField("contract_number", N_("Contract number"), required=True), _SINCE),
    sort="name_kk",
)
SERVICES = Register(
    "services",
    N_("Services and operations"),
    N_("What the facility renders: its own code, the state tariff code, the price, each from a day on."),
    N_("Add a service"),
    models.ServiceItem,
    forms.ServiceForm,
    (
        _OWNER,
        RegisterField("local_code", N_("Own code"), required=True),
        RegisterField("kind", N_("Kind"), "select", titles=choices.SERVICES, required=True),
        _KK,
        _RU,
        RegisterField("tariff_code", N_("Tariff code")),
        RegisterField("price_tenge", N_("Price, tenge"), "number"),
        _SINCE,
    ),
    sort="local_code",
    choice="kind",
    unique=("organization_id", "local_code"),
    versioned=True,
)
BEDS = Register(
    "beds",
    N_("Bed fund"),
    N_("Beds by department, ward and profile."),
    N_("Add a bed"),
    models.Bed,
    forms.BedForm,
    (
        _OWNER,
        RegisterField("department_id", N_("Department"), "select", options=choices.departments, required=True),
        RegisterField("ward_id", N_("Ward"), "select", options=choices.wards),
        RegisterField("number", N_("Number"), required=True),
        RegisterField("profile", N_("Bed profile"), "select", titles=choices.PROFILES, required=True),
        RegisterField("state", N_("State"), "select", titles=choices.BED_STATES, required=True),
        _SINCE,
    ),
    sort="number",
    choice="profile",
    unique=("department_id", "number"),
)
STORES = Register(
    "stores",
    N_("Posts and stores"),
    N_("Nurse posts, pharmacies and warehouses that keep medicines and devices."),
    N_("Add a post or store"),
    models.Store,
    forms.StoreForm,
    (
        _OWNER,
        RegisterField("kind", N_("Kind"), "select", titles=choices.STORES, required=True),
        _KK,
        _RU,
        _DEPARTMENT,
        RegisterField("location_id", N_("Room or ward"), "select", options=choices.rooms),
        RegisterField("responsible_id", N_("Responsible"), "select", options=choices.staff),
        _SINCE,
    ),
    sort="name_kk",
    choice="kind",
)
_POSITION = RegisterField("practitioner_role_id", N_("Position"), "select", options=choices.positions, required=True)
_HOURS_HINT = N_("For example 8:00–12:00, 13:00–17:00; empty is a day off, = is as the day before")

STAFF_HOURS = Register(
    "staff_hours",
    N_("Working hours of staff"),
    N_("The ordinary week of each position. Bookings are taken within these hours."),
    N_("Add working hours"),
    models.StaffHours,
    forms.StaffHoursForm,
    (
        _OWNER,
        _POSITION,
        RegisterField("room_id", N_("Room or ward"), "select", options=choices.rooms, listed=False),
        *(
            RegisterField(day, title, hint=_HOURS_HINT if not at else "")
            for at, (day, title) in enumerate(choices.WEEKDAYS)
        ),
        RegisterField("on_holidays", N_("Works on public holidays too"), "check", listed=False),
        _SINCE,
    ),
    sort="practitioner_role_id",
    unique=("practitioner_role_id",),
    versioned=True,
    rule=staff_rules.refuse_wrong_hours,
)
STAFF_CHANGES = Register(
    "staff_changes",
    N_("Absences and other hours of staff"),
    N_("Days on which somebody is away or works at other hours than in an ordinary week."),
    N_("Add an absence or other hours"),
    models.StaffChange,
    forms.StaffChangeForm,
    (
        _OWNER,
        _POSITION,
        RegisterField("kind", N_("Kind"), "select", titles=choices.CHANGES, required=True),
        RegisterField("hours", N_("Hours of these days"), hint=N_("Only for other hours, for example 9:00–13:00")),
        RegisterField("start_date", N_("First day"), "date", required=True),
        RegisterField("end_date", N_("First day back"), "date", hint=N_("Empty: until further notice")),
    ),
    sort="start_date",
    choice="kind",
    unique=("practitioner_role_id",),
    planned=True,
    rule=staff_rules.refuse_wrong_change,
)

REGISTERS = {
    each.name: each for each in (SCHOOLS, ENTERPRISES, INSURERS, SERVICES, BEDS, STORES, STAFF_HOURS, STAFF_CHANGES)
}
