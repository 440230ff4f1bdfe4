"""Shape and range of what is entered about bookings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from ops_app.i18n import N_
from ops_app.kit.dates import DateInput, TimeInput

STATUSES = (
    ("booked", N_("booked")),
    ("arrived", N_("has come")),
    ("fulfilled", N_("visit recorded")),
    ("cancelled", N_("cancelled")),
    ("noshow", N_("did not come")),
)
STATUS_TITLES = dict(STATUSES)
CANCEL_REASONS = (
    ("patient", N_("the patient asked")),
    ("clinic", N_("the organisation cannot")),
    ("mistake", N_("booked by mistake")),
)
CANCEL_TITLES = dict(CANCEL_REASONS) | {"died": N_("the person died"), "moved": N_("moved to another time")}


class BookingForm(BaseModel):
    """A booking: whom, when, for how long."""

    practitioner_id: int | None = None
    date: DateInput
    time: TimeInput
    minutes: Annotated[int, Field(ge=5, le=240)] = 20


class HoursQuery(BaseModel):
    """Whose hours on which day are asked for."""

    practitioner_id: int | None = None
    date: DateInput | None = None


class CancelForm(BaseModel):
    """Why a booking is cancelled."""

    reason: Literal["patient", "clinic", "mistake"] = "patient"


class DayFilter(BaseModel):
    """Which bookings are listed."""

    day: DateInput | None = None
    practitioner_id: int | None = None
    status: Literal["booked", "arrived", "fulfilled", "cancelled", "noshow"] | None = None
