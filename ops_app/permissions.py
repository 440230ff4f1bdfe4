"""Every permission, and which role holds it: the one table to read when asking who may do what.

A permission is named ``area:thing:action``. Keep the list alphabetical, one line of meaning each.
``ROLE_PERMISSIONS`` is what the built-in roles hold; every upgrade writes it into ``accounts.role``, where
administrators keep roles of their own beside them.
"""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """What a route may ask of an actor."""

    ACCOUNTS_NETWORK_MANAGE = "accounts:network:manage"
    """Say from which networks an organisation may be worked in."""
    ACCOUNTS_ROLE_MANAGE = "accounts:role:manage"
    """Make, change and remove roles."""
    ACCOUNTS_USER_MANAGE = "accounts:user:manage"
    """Create accounts, give roles, reset passwords, end sessions."""
    APPOINTMENTS_SLOT_BOOK = "appointments:slot:book"
    """Book and cancel appointments."""
    AUDIT_ACCESS_REVIEW = "audit:access:review"
    """Review cards that were opened with a stated reason."""
    AUDIT_JOURNAL_READ = "audit:journal:read"
    """Read who looked at and changed what."""
    DASHBOARDS_PAGE_READ = "dashboards:page:read"
    """Sign in to the dashboards; the scope decides what they show."""
    DEATHS_RECORD_READ = "deaths:record:read"
    """See registered deaths of the scope."""
    DEATHS_RECORD_WRITE = "deaths:record:write"
    """Register a death."""
    DOCUMENTS_RECORD_ANNUL = "documents:record:annul"
    """Annul issued documents, with a reason."""
    DOCUMENTS_RECORD_READ = "documents:record:read"
    """Open documents and their journal."""
    DOCUMENTS_RECORD_SIGN = "documents:record:sign"
    """Sign documents with one's own EDS."""
    DOCUMENTS_RECORD_WRITE = "documents:record:write"
    """Form documents from what is recorded."""
    EPISODES_RECORD_WRITE = "episodes:record:write"
    """Put on and take off a register: pregnancy, dispensary."""
    EXCHANGE_CONTENTS_READ = "exchange:contents:read"
    """See what a message to another system says of a person."""
    EXCHANGE_JOURNAL_READ = "exchange:journal:read"
    """See which messages went to which system and what came of them."""
    EXCHANGE_MESSAGE_RESEND = "exchange:message:resend"
    """Correct, send again or withdraw a message that did not arrive."""
    EXCHANGE_SYSTEM_MANAGE = "exchange:system:manage"
    """Switch the traffic with another system on and off."""
    EXPORTS_PERSON_MAKE = "exports:person:make"
    """Give out everything of one person as files."""
    FHIR_RESOURCE_READ = "fhir:resource:read"
    """Read through the FHIR API what one's other permissions let see."""
    JOBS_QUEUE_MANAGE = "jobs:queue:manage"
    """See background jobs, run failed ones again or set them aside."""
    ORGANIZATIONS_TREE_MANAGE = "organizations:tree:manage"
    """Change the organisation tree and staff."""
    PATIENTS_CARD_READ = "patients:card:read"
    """Open the clinical card."""
    PATIENTS_IDENTITY_READ = "patients:identity:read"
    """Find people, see name, birth date, address, attachment."""
    PATIENTS_IDENTITY_WRITE = "patients:identity:write"
    """Register people, correct their passport part, attach them."""
    PATIENTS_RECORD_MERGE = "patients:record:merge"
    """Link two records of one person, and undo it."""
    PERSONAL_DATA_CONSENT_WRITE = "personal_data:consent:write"
    """Record consents, their withdrawal, and who speaks for a person."""
    PERSONAL_DATA_DESTRUCTION_APPROVE = "personal_data:destruction:approve"
    """Approve acts of destruction that somebody else has drawn up."""
    PERSONAL_DATA_REGISTER_READ = "personal_data:register:read"
    """See the registers: data sets, disclosures, requests, terms of storage."""
    PERSONAL_DATA_REQUEST_DECIDE = "personal_data:request:decide"
    """Answer or refuse requests about personal data, block data, draw up acts."""
    PERSONAL_DATA_REQUEST_REGISTER = "personal_data:request:register"
    """Register requests of people about their data."""
    PIPELINE_RUN_READ = "pipeline:run:read"
    """See runs, checks and freshness of the warehouse."""
    PROGRAMMES_STEP_EXCLUDE = "programmes:step:exclude"
    """Take a person off the list of a programme for a reason, and put him back."""
    QUESTIONNAIRES_DEFINITION_MANAGE = "questionnaires:definition:manage"
    """Enter new versions of forms and scales, switch them on and off."""
    QUESTIONNAIRES_RESPONSE_WRITE = "questionnaires:response:write"
    """Fill in and correct forms and scales of a patient, keep own templates."""
    REFERRALS_REQUEST_PERFORM = "referrals:request:perform"
    """Take, schedule, complete and refuse referrals addressed to the own organisation."""
    SECURITY_INCIDENT_MANAGE = "security:incident:manage"
    """Register security incidents, collect their evidence, close them."""
    SECURITY_SIGNIN_READ = "security:signin:read"
    """See successful and refused sign-ins."""
    SIGNALS_CASE_DECIDE = "signals:case:decide"
    """Decide on a pseudonymous case."""
    SIGNALS_CASE_READ = "signals:case:read"
    """See pseudonymous cases of the scope."""
    SIGNATURES_ATTEMPT_READ = "signatures:attempt:read"
    """See attempts to enter or sign with an EDS that were refused."""
    SIGNATURES_RULE_MANAGE = "signatures:rule:manage"
    """Say where a signature is mandatory."""
    VISITS_RECORD_READ = "visits:record:read"
    """Open visits."""
    VISITS_RECORD_WRITE = "visits:record:write"
    """Record visits: diagnoses, services, referrals."""
    VISITS_VITALS_WRITE = "visits:vitals:write"
    """Record measurements and procedures of a mid-level worker."""
    WORKLIST_TASK_ANSWER = "worklist:task:answer"
    """Answer a task: contact, plan, explanation."""
    WORKLIST_TASK_READ = "worklist:task:read"
    """See the work list with the persons on it."""


class Role(StrEnum):
    """What a member of staff is; given together with an organisation and all below it."""

    ADMINISTRATOR = "administrator"
    REGISTRAR = "registrar"
    NURSE = "nurse"
    DOCTOR = "doctor"
    CHIEF_PHYSICIAN = "chief_physician"
    OFFICIAL = "official"
    DATA_ENGINEER = "data_engineer"
    ONCALL_OBSTETRICIAN = "oncall_obstetrician"
    DATA_OFFICER = "data_officer"


_P = Permission

_CARE_READ = frozenset(
    {
        _P.DOCUMENTS_RECORD_READ,
        _P.FHIR_RESOURCE_READ,
        _P.PATIENTS_CARD_READ,
        _P.PATIENTS_IDENTITY_READ,
        _P.VISITS_RECORD_READ,
    }
)
_OWN_LIST = frozenset({_P.WORKLIST_TASK_READ, _P.WORKLIST_TASK_ANSWER})

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(
        {
            _P.ACCOUNTS_NETWORK_MANAGE,
            _P.ACCOUNTS_ROLE_MANAGE,
            _P.ACCOUNTS_USER_MANAGE,
            _P.AUDIT_JOURNAL_READ,
            _P.DASHBOARDS_PAGE_READ,
            _P.EXCHANGE_JOURNAL_READ,
            _P.EXCHANGE_SYSTEM_MANAGE,
            _P.JOBS_QUEUE_MANAGE,
            _P.ORGANIZATIONS_TREE_MANAGE,
            _P.QUESTIONNAIRES_DEFINITION_MANAGE,
            _P.SECURITY_INCIDENT_MANAGE,
            _P.SECURITY_SIGNIN_READ,
            _P.SIGNATURES_ATTEMPT_READ,
            _P.SIGNATURES_RULE_MANAGE,
        }
    ),
    Role.REGISTRAR: frozenset(
        {
            _P.APPOINTMENTS_SLOT_BOOK,
            _P.DEATHS_RECORD_READ,
            _P.DEATHS_RECORD_WRITE,
            _P.FHIR_RESOURCE_READ,
            _P.PATIENTS_IDENTITY_READ,
            _P.PATIENTS_IDENTITY_WRITE,
            _P.PATIENTS_RECORD_MERGE,
            _P.PERSONAL_DATA_CONSENT_WRITE,
            _P.PERSONAL_DATA_REQUEST_REGISTER,
        }
    ),
    Role.NURSE: _CARE_READ
    | _OWN_LIST
    | {
        _P.APPOINTMENTS_SLOT_BOOK,
        _P.PATIENTS_IDENTITY_WRITE,
        _P.PERSONAL_DATA_CONSENT_WRITE,
        _P.PROGRAMMES_STEP_EXCLUDE,
        _P.QUESTIONNAIRES_RESPONSE_WRITE,
        _P.REFERRALS_REQUEST_PERFORM,
        _P.VISITS_VITALS_WRITE,
    },
    Role.DOCTOR: _CARE_READ
    | _OWN_LIST
    | {
        _P.APPOINTMENTS_SLOT_BOOK,
        _P.DASHBOARDS_PAGE_READ,
        _P.DEATHS_RECORD_READ,
        _P.DEATHS_RECORD_WRITE,
        _P.DOCUMENTS_RECORD_ANNUL,
        _P.DOCUMENTS_RECORD_SIGN,
        _P.DOCUMENTS_RECORD_WRITE,
        _P.EPISODES_RECORD_WRITE,
        _P.EXPORTS_PERSON_MAKE,
        _P.PATIENTS_IDENTITY_WRITE,
        _P.PERSONAL_DATA_CONSENT_WRITE,
        _P.PROGRAMMES_STEP_EXCLUDE,
        _P.QUESTIONNAIRES_RESPONSE_WRITE,
        _P.REFERRALS_REQUEST_PERFORM,
        _P.VISITS_RECORD_WRITE,
        _P.VISITS_VITALS_WRITE,
    },
    Role.CHIEF_PHYSICIAN: _CARE_READ
    | _OWN_LIST
    | {
        _P.AUDIT_ACCESS_REVIEW,
        _P.AUDIT_JOURNAL_READ,
        _P.DASHBOARDS_PAGE_READ,
        _P.DEATHS_RECORD_READ,
        _P.DOCUMENTS_RECORD_ANNUL,
        _P.EXCHANGE_CONTENTS_READ,
        _P.EXCHANGE_JOURNAL_READ,
        _P.EXCHANGE_MESSAGE_RESEND,
        _P.EXPORTS_PERSON_MAKE,
        _P.PATIENTS_RECORD_MERGE,
        _P.PERSONAL_DATA_DESTRUCTION_APPROVE,
        _P.PERSONAL_DATA_REGISTER_READ,
        _P.PERSONAL_DATA_REQUEST_REGISTER,
        _P.SECURITY_INCIDENT_MANAGE,
    },
    # The official decides without a name: nothing here opens a person.
    Role.OFFICIAL: frozenset({_P.DASHBOARDS_PAGE_READ, _P.SIGNALS_CASE_DECIDE, _P.SIGNALS_CASE_READ}),
    Role.DATA_ENGINEER: frozenset({_P.DASHBOARDS_PAGE_READ, _P.PIPELINE_RUN_READ}),
    # The second hat of the region: takes part in care, by name, audited.
    Role.ONCALL_OBSTETRICIAN: _CARE_READ | _OWN_LIST,
    # Answers people about their data and opens no card for care.
    Role.DATA_OFFICER: frozenset(
        {
            _P.DOCUMENTS_RECORD_READ,
            _P.DOCUMENTS_RECORD_SIGN,
            _P.PATIENTS_IDENTITY_READ,
            _P.PERSONAL_DATA_CONSENT_WRITE,
            _P.PERSONAL_DATA_REGISTER_READ,
            _P.PERSONAL_DATA_REQUEST_DECIDE,
            _P.PERSONAL_DATA_REQUEST_REGISTER,
        }
    ),
}
