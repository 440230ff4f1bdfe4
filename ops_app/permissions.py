"""Every permission, and which role holds it: the one table to read when asking who may do what.

A permission is named ``area:thing:action``. Keep the list alphabetical, one line of meaning each.
``ROLE_PERMISSIONS`` is what the built-in roles hold; every upgrade writes it into ``accounts.role``, where
administrators keep roles of their own beside them.
"""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """What a route may ask of an actor."""

    ACCESS_MAP_MANAGE = "access:map:manage"
    """Say who may open whose card and who treats which closed topic."""
    ACCOUNTS_CHANGE_SIGN = "accounts:change:sign"
    """Sign changes of accounts and rights as the responsible employee, where a signature is mandatory."""
    ACCOUNTS_GROUP_MANAGE = "accounts:group:manage"
    """Make groups of users and positions, give them roles."""
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
    CLASSIFIERS_BOOK_MANAGE = "classifiers:book:manage"
    """Enter reference books and load their editions."""
    DASHBOARDS_PAGE_READ = "dashboards:page:read"
    """Sign in to the dashboards; the scope decides what they show."""
    DEATHS_RECORD_READ = "deaths:record:read"
    """See registered deaths of the scope."""
    DEATHS_RECORD_WRITE = "deaths:record:write"
    """Register a death."""
    DEVICES_DEVICE_MANAGE = "devices:device:manage"
    """Register devices, say what their codes mean, retire them."""
    DEVICES_DEVICE_READ = "devices:device:read"
    """See the register of devices."""
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
    GUIDANCE_BOOK_MANAGE = "guidance:book:manage"
    """Enter protocols of diagnostics and treatment and conditions of services."""
    IMAGING_STUDY_READ = "imaging:study:read"
    """See the images of people whose card one may open."""
    IMAGING_STUDY_RECONCILE = "imaging:study:reconcile"
    """Say whose a received study is, take mixed ones apart, undo it."""
    IMAGING_STUDY_WRITE = "imaging:study:write"
    """Bring images in: upload, removable media, DICOMweb."""
    INGEST_CONTENTS_READ = "ingest:contents:read"
    """See what a message of a device or another system says of a person."""
    INGEST_JOURNAL_READ = "ingest:journal:read"
    """See which messages came from where and what became of them."""
    INGEST_MESSAGE_CORRECT = "ingest:message:correct"
    """Correct a message that could not be read, have one read again."""
    JOBS_QUEUE_MANAGE = "jobs:queue:manage"
    """See background jobs, run failed ones again or set them aside."""
    LAB_QUALITY_HOLD_CLOSE = "lab_quality:hold:close"
    """Close a failure of quality control with its cause, which releases results."""
    LAB_QUALITY_LOT_MANAGE = "lab_quality:lot:manage"
    """Take control lots into use and set their targets."""
    LAB_QUALITY_RUN_READ = "lab_quality:run:read"
    """See charts and failures of quality control."""
    LAB_QUALITY_RUN_WRITE = "lab_quality:run:write"
    """Enter and withdraw control measurements."""
    LABORATORY_BLOOD_DETERMINE = "laboratory:blood:determine"
    """Enter determinations of blood groups."""
    LABORATORY_CATALOGUE_MANAGE = "laboratory:catalogue:manage"
    """Set workplaces and the numbering of a laboratory; its ranges too for who may confirm results."""
    LABORATORY_ORDER_WRITE = "laboratory:order:write"
    """Order tests for a person."""
    LABORATORY_REPORT_MATCH = "laboratory:report:match"
    """Assign reports that no order was found for."""
    LABORATORY_RESULT_CONFIRM = "laboratory:result:confirm"
    """Confirm and correct results; from then on the requester sees them."""
    LABORATORY_RESULT_ENTER = "laboratory:result:enter"
    """Enter, change and remove results that are not confirmed."""
    LABORATORY_SPECIMEN_COLLECT = "laboratory:specimen:collect"
    """Take and label material, send it with an accompanying sheet."""
    LABORATORY_TRANSFUSION_WRITE = "laboratory:transfusion:write"
    """Record transfusions and reactions to them."""
    LABORATORY_WORK_DO = "laboratory:work:do"
    """Register orders in the laboratory, accept and reject material, see worklists."""
    MONITORING_ENROLMENT_WRITE = "monitoring:enrolment:write"
    """Have patients watched at home: indicators, limits, devices, participants."""
    MONITORING_RECORD_READ = "monitoring:record:read"
    """See patients watched at home, their values and alerts."""
    MONITORING_VALUE_WRITE = "monitoring:value:write"
    """Enter values measured at home, record what was done about an alert."""
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
    PLATFORM_DAGSTER_OPEN = "platform:dagster:open"
    """Look at the pipelines in Dagster: runs, checks, logs."""
    PLATFORM_DAGSTER_OPERATE = "platform:dagster:operate"
    """Start, stop and switch on and off what Dagster runs."""
    PROGRAMMES_STEP_EXCLUDE = "programmes:step:exclude"
    """Take a person off the list of a programme for a reason, and put him back."""
    QUESTIONNAIRES_DEFINITION_MANAGE = "questionnaires:definition:manage"
    """Enter new versions of forms and scales, switch them on and off."""
    QUESTIONNAIRES_RESPONSE_WRITE = "questionnaires:response:write"
    """Fill in and correct forms and scales of a patient."""
    QUESTIONNAIRES_TEMPLATE_KEEP = "questionnaires:template:keep"
    """Keep templates of forms: one's own, or as an administrator those of the system."""
    RADIOLOGY_ORDER_PERFORM = "radiology:order:perform"
    """Take orders for images and ECG: who came, what was done."""
    RADIOLOGY_REPORT_WRITE = "radiology:report:write"
    """Write reports of studies and ECG, mark key images."""
    REFERRALS_REQUEST_PERFORM = "referrals:request:perform"
    """Take, schedule, complete and refuse referrals addressed to the own organisation."""
    RESOURCES_REGISTER_READ = "resources:register:read"
    """See the registers of the facility: schools, enterprises, services, beds, stores."""
    RESOURCES_REGISTER_WRITE = "resources:register:write"
    """Keep the registers of the facility."""
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
    LABORATORY_TECHNICIAN = "laboratory_technician"
    LABORATORY_DOCTOR = "laboratory_doctor"
    ONCALL_OBSTETRICIAN = "oncall_obstetrician"
    RADIOGRAPHER = "radiographer"
    RADIOLOGIST = "radiologist"
    DATA_OFFICER = "data_officer"


_P = Permission

_CARE_READ = frozenset(
    {
        _P.DOCUMENTS_RECORD_READ,
        _P.FHIR_RESOURCE_READ,
        _P.IMAGING_STUDY_READ,
        _P.PATIENTS_CARD_READ,
        _P.PATIENTS_IDENTITY_READ,
        _P.VISITS_RECORD_READ,
    }
)
_IMAGING = frozenset(
    {
        _P.IMAGING_STUDY_READ,
        _P.IMAGING_STUDY_WRITE,
        _P.PATIENTS_IDENTITY_READ,
        _P.RADIOLOGY_ORDER_PERFORM,
        _P.REFERRALS_REQUEST_PERFORM,
        _P.VISITS_RECORD_READ,
    }
)
_OWN_LIST = frozenset({_P.WORKLIST_TASK_READ, _P.WORKLIST_TASK_ANSWER})
_LABORATORY = frozenset(
    {
        _P.DEVICES_DEVICE_READ,
        _P.LABORATORY_BLOOD_DETERMINE,
        _P.LABORATORY_REPORT_MATCH,
        _P.LABORATORY_RESULT_ENTER,
        _P.LABORATORY_SPECIMEN_COLLECT,
        _P.LABORATORY_WORK_DO,
        _P.LAB_QUALITY_RUN_READ,
        _P.LAB_QUALITY_RUN_WRITE,
        _P.PATIENTS_IDENTITY_READ,
    }
)

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(
        {
            _P.ACCESS_MAP_MANAGE,
            _P.ACCOUNTS_GROUP_MANAGE,
            _P.ACCOUNTS_NETWORK_MANAGE,
            _P.ACCOUNTS_ROLE_MANAGE,
            _P.ACCOUNTS_USER_MANAGE,
            _P.AUDIT_JOURNAL_READ,
            _P.CLASSIFIERS_BOOK_MANAGE,
            _P.DASHBOARDS_PAGE_READ,
            _P.DEVICES_DEVICE_MANAGE,
            _P.DEVICES_DEVICE_READ,
            _P.EXCHANGE_JOURNAL_READ,
            _P.EXCHANGE_SYSTEM_MANAGE,
            _P.GUIDANCE_BOOK_MANAGE,
            _P.INGEST_JOURNAL_READ,
            _P.JOBS_QUEUE_MANAGE,
            _P.LABORATORY_CATALOGUE_MANAGE,
            _P.ORGANIZATIONS_TREE_MANAGE,
            _P.PLATFORM_DAGSTER_OPEN,
            _P.QUESTIONNAIRES_DEFINITION_MANAGE,
            _P.QUESTIONNAIRES_TEMPLATE_KEEP,
            _P.RESOURCES_REGISTER_READ,
            _P.RESOURCES_REGISTER_WRITE,
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
            _P.RESOURCES_REGISTER_READ,
        }
    ),
    Role.NURSE: _CARE_READ
    | _OWN_LIST
    | {
        _P.APPOINTMENTS_SLOT_BOOK,
        _P.IMAGING_STUDY_WRITE,
        _P.LABORATORY_SPECIMEN_COLLECT,
        _P.MONITORING_RECORD_READ,
        _P.MONITORING_VALUE_WRITE,
        _P.PATIENTS_IDENTITY_WRITE,
        _P.PERSONAL_DATA_CONSENT_WRITE,
        _P.PROGRAMMES_STEP_EXCLUDE,
        _P.QUESTIONNAIRES_RESPONSE_WRITE,
        _P.QUESTIONNAIRES_TEMPLATE_KEEP,
        _P.REFERRALS_REQUEST_PERFORM,
        _P.RESOURCES_REGISTER_READ,
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
        _P.IMAGING_STUDY_RECONCILE,
        _P.IMAGING_STUDY_WRITE,
        _P.LABORATORY_ORDER_WRITE,
        _P.LABORATORY_SPECIMEN_COLLECT,
        _P.LABORATORY_TRANSFUSION_WRITE,
        _P.MONITORING_ENROLMENT_WRITE,
        _P.MONITORING_RECORD_READ,
        _P.MONITORING_VALUE_WRITE,
        _P.PATIENTS_IDENTITY_WRITE,
        _P.PERSONAL_DATA_CONSENT_WRITE,
        _P.PROGRAMMES_STEP_EXCLUDE,
        _P.QUESTIONNAIRES_RESPONSE_WRITE,
        _P.QUESTIONNAIRES_TEMPLATE_KEEP,
        _P.REFERRALS_REQUEST_PERFORM,
        _P.RESOURCES_REGISTER_READ,
        _P.VISITS_RECORD_WRITE,
        _P.VISITS_VITALS_WRITE,
    },
    Role.CHIEF_PHYSICIAN: _CARE_READ
    | _OWN_LIST
    | {
        _P.ACCESS_MAP_MANAGE,
        _P.ACCOUNTS_CHANGE_SIGN,
        _P.AUDIT_ACCESS_REVIEW,
        _P.AUDIT_JOURNAL_READ,
        _P.DASHBOARDS_PAGE_READ,
        _P.DEATHS_RECORD_READ,
        _P.DEVICES_DEVICE_READ,
        _P.DOCUMENTS_RECORD_ANNUL,
        _P.EXCHANGE_CONTENTS_READ,
        _P.EXCHANGE_JOURNAL_READ,
        _P.EXCHANGE_MESSAGE_RESEND,
        _P.EXPORTS_PERSON_MAKE,
        _P.GUIDANCE_BOOK_MANAGE,
        _P.IMAGING_STUDY_RECONCILE,
        _P.INGEST_CONTENTS_READ,
        _P.INGEST_JOURNAL_READ,
        _P.INGEST_MESSAGE_CORRECT,
        _P.LAB_QUALITY_RUN_READ,
        _P.MONITORING_RECORD_READ,
        _P.PATIENTS_RECORD_MERGE,
        _P.PERSONAL_DATA_DESTRUCTION_APPROVE,
        _P.PERSONAL_DATA_REGISTER_READ,
        _P.PERSONAL_DATA_REQUEST_REGISTER,
        _P.RESOURCES_REGISTER_READ,
        _P.RESOURCES_REGISTER_WRITE,
        _P.SECURITY_INCIDENT_MANAGE,
    },
    # The official decides without a name: nothing here opens a person.
    Role.OFFICIAL: frozenset({_P.DASHBOARDS_PAGE_READ, _P.SIGNALS_CASE_DECIDE, _P.SIGNALS_CASE_READ}),
    Role.DATA_ENGINEER: frozenset(
        {_P.DASHBOARDS_PAGE_READ, _P.PIPELINE_RUN_READ, _P.PLATFORM_DAGSTER_OPEN, _P.PLATFORM_DAGSTER_OPERATE}
    ),
    Role.LABORATORY_TECHNICIAN: _LABORATORY,
    Role.LABORATORY_DOCTOR: _LABORATORY
    | {
        _P.DOCUMENTS_RECORD_READ,
        _P.DOCUMENTS_RECORD_SIGN,
        _P.DOCUMENTS_RECORD_WRITE,
        _P.LABORATORY_CATALOGUE_MANAGE,
        _P.LABORATORY_RESULT_CONFIRM,
        _P.LAB_QUALITY_HOLD_CLOSE,
        _P.LAB_QUALITY_LOT_MANAGE,
    },
    # The second hat of the region: takes part in care, by name, audited.
    Role.ONCALL_OBSTETRICIAN: _CARE_READ | _OWN_LIST,
    Role.RADIOGRAPHER: _IMAGING,
    # Also the doctor of functional diagnostics, who reads ECG.
    Role.RADIOLOGIST: _IMAGING
    | _CARE_READ
    | _OWN_LIST
    | {
        _P.DOCUMENTS_RECORD_SIGN,
        _P.DOCUMENTS_RECORD_WRITE,
        _P.IMAGING_STUDY_RECONCILE,
        _P.RADIOLOGY_REPORT_WRITE,
    },
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
