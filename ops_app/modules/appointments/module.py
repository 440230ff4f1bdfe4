"""Bookings: list, book, move, cancel."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.module import Module, NavItem
from ops_app.modules.appointments.queries import still_to_come
from ops_app.modules.appointments.routes import router
from ops_app.permissions import Permission

MODULE = Module(
    "appointments",
    router=router,
    nav=(
        NavItem(
            N_("Bookings"),
            "appointments:day",
            Permission.APPOINTMENTS_SLOT_BOOK,
            group="day",
            order=30,
            waiting=still_to_come,
            of_own_place=True,
        ),
    ),
    actions={
        "appointments:day": N_("Read the list of bookings"),
        "appointments:of_patient": N_("Opened the bookings of a person"),
        "appointments:book": N_("Booked a time"),
        "appointments:change": N_("Opened a booking"),
        "appointments:move": N_("Moved a booking"),
        "appointments:cancel": N_("Cancelled a booking"),
        "appointments:arrival": N_("Marked whether the patient came"),
    },
)
