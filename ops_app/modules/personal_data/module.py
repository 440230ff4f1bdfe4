"""Consents, requests of people about their data, disclosures, acts, terms of storage."""

from __future__ import annotations

from fastapi import APIRouter

from ops_app.i18n import N_
from ops_app.module import Module, NavItem
from ops_app.modules.personal_data import (
    application_routes,
    consent_routes,
    facility_routes,
    register_routes,
    request_routes,
)
from ops_app.modules.personal_data.declarations import data_sets, exceptions, refusals
from ops_app.modules.personal_data.journals import JOURNALS
from ops_app.modules.personal_data.notices import OVERDUE
from ops_app.modules.personal_data.request_queries import waiting
from ops_app.modules.personal_data.tasks import TASKS
from ops_app.permissions import Permission

# A wrong declaration stops the start.
data_sets(), exceptions(), refusals()

router = APIRouter()
for part in (consent_routes, request_routes, register_routes, facility_routes, application_routes):
    router.routes.extend(part.router.routes)

_READ = Permission.PERSONAL_DATA_REGISTER_READ

MODULE = Module(
    "personal_data",
    router=router,
    nav=(
        NavItem(
            N_("Register a request about data"),
            "personal_data:new_request",
            Permission.PERSONAL_DATA_REQUEST_REGISTER,
            order=60,
            waiting=waiting,
        ),
        NavItem(N_("Personal databases"), "personal_data:databases", _READ, group="administration", order=60),
        NavItem(N_("Terms of storage"), "personal_data:terms", _READ, group="administration", order=61),
        NavItem(N_("Acts of destruction"), "personal_data:acts", _READ, group="administration", order=62),
        NavItem(
            N_("Data for applications of patients"),
            "personal_data:application",
            Permission.PERSONAL_DATA_REQUEST_DECIDE,
            group="administration",
            order=64,
        ),
        NavItem(N_("Exports of facilities"), "personal_data:facilities", _READ, group="administration", order=63),
    ),
    messages={"data_use": N_("Notice of how a person's data were used")},
    actions={
        "personal_data:of_patient": N_("Opened the consents of a person"),
        "personal_data:new_consent": N_("Began a consent"),
        "personal_data:new_disclosure": N_("Began a disclosure"),
        "personal_data:new_representative": N_("Began a representative"),
        "personal_data:withdrawal": N_("Began a withdrawal of a consent"),
        "personal_data:term": N_("Opened the term of storage"),
        "personal_data:answer_file": N_("Took out the answer to a request"),
        "personal_data:record_consent": N_("Recorded a consent"),
        "personal_data:receive": N_("Received a decision from the eGov cabinet"),
        "personal_data:withdraw": N_("Withdrew a consent"),
        "personal_data:add_representative": N_("Recorded a representative"),
        "personal_data:note_collection": N_("Noted where data came from"),
        "personal_data:set_cabinet": N_("Noted an eGov cabinet"),
        "personal_data:file": N_("Opened a scan"),
        "personal_data:register_request": N_("Registered a request about personal data"),
        "personal_data:request": N_("Opened a request about personal data"),
        "personal_data:answer": N_("Answered a request about personal data"),
        "personal_data:refuse": N_("Refused a request about personal data"),
        "personal_data:block": N_("Blocked personal data"),
        "personal_data:lift": N_("Lifted a block of personal data"),
        "personal_data:draw_up": N_("Drew up an act of destruction"),
        "personal_data:draw_up_for_term": N_("Drew up an act of destruction"),
        "personal_data:execute": N_("Destroyed personal data by an act"),
        "personal_data:archive": N_("Marked records for the archive"),
        "personal_data:record_disclosure": N_("Registered a disclosure"),
        "personal_data:evidence": N_("Compiled the evidence about a person's data"),
        "personal_data:access_log": N_("Showed who opened the data"),
        "personal_data:limit_application": N_("Decided what applications of patients are given"),
        "personal_data:end_contract": N_("Noted the end of a contract"),
        "personal_data:deliver": N_("Registered the delivery of an export"),
        "personal_data:check_delivery": N_("Decided on the delivery of an export"),
    },
    journals=JOURNALS,
    tasks=TASKS,
    notices=(OVERDUE,),
)
