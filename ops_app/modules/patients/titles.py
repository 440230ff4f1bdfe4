"""What people did with people's records, as the audit journal names it."""

from __future__ import annotations

from ops_app.i18n import N_

ACTIONS = {
    "patients:search": N_("Searched for a person"),
    "patients:api_search": N_("Searched for a person"),
    "patients:register": N_("Registered a person"),
    "patients:api_register": N_("Registered a person"),
    "patients:card": N_("Opened the card"),
    "patients:summary": N_("Opened the summary of the card"),
    "patients:api_timeline": N_("Opened the card"),
    "patients:identity": N_("Opened the passport part"),
    "patients:api_person": N_("Opened the passport part"),
    "patients:edit": N_("Opened the passport part for editing"),
    "patients:edit_post": N_("Changed the passport part"),
    "patients:mark_in_error": N_("Marked a record as an error"),
    "patients:newborn": N_("Opened the form of a newborn"),
    "patients:register_newborn": N_("Registered a newborn"),
    "patients:attachment": N_("Opened the attachment form"),
    "patients:attach": N_("Changed the attachment"),
    "patients:state_reason_post": N_("Opened a card with a stated reason"),
    "patients:merge": N_("Compared two records"),
    "patients:merge_post": N_("Linked two records"),
    "patients:take_back_two": N_("Took back that two records are two people"),
    "patients:unmerge": N_("Separated two records"),
}
