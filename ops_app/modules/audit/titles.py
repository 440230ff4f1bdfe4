"""Words of the journal."""

from __future__ import annotations

from collections.abc import Iterable

from ops_app.i18n import N_, _
from ops_app.module import Module

KINDS = {"read": N_("Viewed"), "write": N_("Changed"), "security": N_("Access")}

RULES = {
    "attached": N_("attached here"),
    "served": N_("served here"),
    "treated": N_("treated here"),
    "everywhere": N_("whole installation"),
    "stated_reason": N_("stated a reason"),
    "consented": N_("consent to look into the record"),
    "terms_of_storage": N_("term of storage"),
    "subject_request": N_("request of the person"),
    "search": N_("found in search"),
    "registration": N_("registration"),
    "task": N_("on the work list"),
    "referral": N_("named by a referral"),
    "care plan": N_("rule of a programme"),
    "document_journal": N_("in the journal of documents"),
    "review": N_("reviewing a stated reason"),
    "journal": N_("read in the journal"),
    "closed_topics": N_("opened closed topics"),
    "station": N_("asked by a registered imaging station"),
    "incident": N_("investigating an incident"),
    "retention": N_("term of storage"),
    "booking_list": N_("in the list of bookings"),
    "merge_list": N_("in the list of linked records"),
    "duplicate_check": N_("looking for a second record"),
    "laboratory_referrals": N_("referrals of the laboratory"),
    "laboratory_sending": N_("sending of material"),
    "laboratory_sheet": N_("accompanying sheet of material"),
    "laboratory_released": N_("results released before a control failed"),
    "laboratory_worklist": N_("work list of the laboratory"),
    "laboratory_order": N_("order of the laboratory"),
    "radiology_worklist": N_("work list of the radiology department"),
    "monitoring": N_("watched at home"),
    "own_document": N_("own document"),
    "outside_scope_by_number": N_("found by number outside the own places"),
}
"""Why a person's data could be opened."""


def rule_title(rule: str) -> str:
    """Why a person's data could be opened, in words; a journal stands in its own action beside it."""
    return _(RULES.get(rule) or (RULES["journal"] if rule.startswith("journal ") else rule))


def action_titles(modules: Iterable[Module]) -> dict[str, str]:
    """Titles of actions, as the modules name them."""
    listed = list(modules)
    journals = {
        f"{module.journal_route(each)}{suffix}": each.title
        for module in listed
        for each in module.journals
        for suffix in ("", "_print", "_xlsx")
    }
    return journals | {action: title for module in listed for action, title in module.actions.items()}
