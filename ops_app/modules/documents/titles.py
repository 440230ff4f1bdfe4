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

RECEIVED_STATES = {
    "current": N_("in force"),
    "replaced": N_("replaced by its sender"),
    "cancelled": N_("cancelled by its sender"),
}
RECEIVED_COLOURS = {"current": "green", "replaced": "grey", "cancelled": "red"}
COMPLETIONS = {
    "DI": N_("dictated"),
    "DO": N_("written down"),
    "IP": N_("in progress"),
    "IN": N_("incomplete"),
    "PA": N_("waits for its signature"),
    "AU": N_("signed by its author"),
    "LA": N_("signed"),
}
"""HL7 table 0271."""


def kind_text(kind: str) -> str:
    """The title of a kind of document in the language of the request."""
    return declarations()[kind].title.of(language())
