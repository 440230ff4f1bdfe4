"""Words for what matching found."""

from __future__ import annotations

import datetime as dt

from ops_app.i18n import N_, _
from ops_app.kit.dates import show_date

REASONS = {
    "order": N_("by the order, birth date and sex agree"),
    "iin": N_("by the IIN, birth date and sex agree"),
    "temporary_id": N_("by the temporary number, birth date and sex agree"),
    "person": N_("decided by a person"),
    "released": N_("taken away from a person"),
    "no_identifier": N_("the device sent no number of a person"),
    "unknown_identifier": N_("the number sent belongs to nobody here"),
    "unknown_order": N_("the accession number sent is of no order here"),
    "birth_date_differs": N_("the birth date sent is not that of the person with this number"),
    "sex_differs": N_("the sex sent is not that of the person with this number"),
    "not_checkable": N_("birth date or sex was not sent, so the number cannot be checked"),
    "order_names_another": N_("the order is for another person than the device named"),
    "mixed": N_("objects of this study name different people"),
}
KINDS = {
    "assign": N_("assigned to a person"),
    "unassign": N_("taken away from a person"),
    "split": N_("taken apart"),
    "choose_copy": N_("chosen between two copies"),
}

SEXES = {"M": N_("male"), "F": N_("female"), "O": N_("other sex")}


def sent_date(written: str | None) -> str:
    """A date as a device writes it, shown as dates are shown here; what is no date stands as it came."""
    digits = (written or "").replace(".", "").replace("-", "").strip()
    try:
        return show_date(dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])))
    except ValueError:
        return written or "–"


def sent_sex(written: str | None) -> str:
    """A sex as a device writes it, in words."""
    return _(SEXES[written]) if written in SEXES else written or "–"
