"""What the systems are called that rows came from: nobody reads the code of a source."""

from __future__ import annotations

from ops_app.i18n import N_, _
from ops_app.mechanisms.outbox.declaration import systems

TITLES = {
    "region": N_("the synthetic region"),
    "synthea": N_("Synthea (synthetic patients)"),
    "fhir": N_("a FHIR package"),
    "laboratory": N_("the laboratory of this installation"),
    "another_laboratory": N_("another laboratory"),
    "official_list": N_("an official list"),
}
SENDER = "hl7:"


def source_name(system: str | None) -> str:
    """The name of a source system in the language of the request; a sender of messages by the name it gives itself."""
    if not system:
        return ""
    if system in TITLES:
        return _(TITLES[system])
    declared = systems().get(system)
    return str(declared.title) if declared is not None else system.removeprefix(SENDER)
