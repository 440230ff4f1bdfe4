"""Words of documents: their states, and positions as they are printed."""

from __future__ import annotations

from ops_app.i18n import N_, language
from ops_app.mechanisms.document.declaration import declarations

STATUSES = {
    "formed": N_("formed"),
    "signed": N_("signed"),
    "annulled": N_("annulled"),
    "replaced": N_("replaced by a newer version"),
}
STATUS_COLOURS = {"formed": "amber", "signed": "green", "annulled": "grey", "replaced": "grey"}

POSITIONS = {
    "general_practitioner": N_("general practitioner"),
    "therapist": N_("physician"),
    "paediatrician": N_("paediatrician"),
    "obstetrician": N_("obstetrician-gynaecologist"),
    "neurologist": N_("neurologist"),
    "cardiologist": N_("cardiologist"),
    "surgeon": N_("surgeon"),
    "radiologist": N_("radiologist"),
    "oncologist": N_("oncologist"),
    "midwife": N_("midwife"),
    "nurse": N_("nurse"),
    "feldsher": N_("feldsher"),
    "registrar": N_("registrar"),
    "department_head": N_("head of department"),
    "chief_physician": N_("chief physician"),
    "statistician": N_("statistician"),
    "other": N_("member of staff"),
}


def kind_text(kind: str) -> str:
    """The title of a kind of document in the language of the request."""
    return declarations()[kind].title.of(language())
