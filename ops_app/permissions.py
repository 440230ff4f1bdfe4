"""Every permission and every built-in role; ``role_permissions.py`` says who holds what.

A permission is named ``area:thing:action``. Keep the list alphabetical, one line of meaning each.
"""

from __future__ import annotations

from enum import StrEnum

from ops_app.i18n import N_


class Permission(StrEnum):
    """What a route may ask of an actor, with its meaning in words: administrators choose by it."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Permission:
        """A member that is its name; what it means stands beside it."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    ACCESS_MAP_MANAGE = "access:map:manage", N_("Say who may open whose card and who treats which closed topic")
    ACCOUNTS_CHANGE_SIGN = (
        "accounts:change:sign",
        N_("Sign changes of accounts and rights as the responsible employee, where a signature is mandatory"),
    )
    ACCOUNTS_GROUP_MANAGE = "accounts:group:manage", N_("Make groups of users and positions, give them roles")
    ACCOUNTS_NETWORK_MANAGE = "accounts:network:manage", N_("Say from which networks an organisation may be worked in")
    ACCOUNTS_ROLE_MANAGE = "accounts:role:manage", N_("Make, change and remove roles")
    ACCOUNTS_USER_MANAGE = "accounts:user:manage", N_("Create accounts, give roles, reset passwords, end sessions")
    APPOINTMENTS_SLOT_BOOK = "appointments:slot:book", N_("Book and cancel appointments")
    AUDIT_ACCESS_REVIEW = "audit:access:review", N_("Review cards that were opened with a stated reason")
    AUDIT_JOURNAL_READ = "audit:journal:read", N_("Read who looked at and changed what")
    CLASSIFIERS_BOOK_MANAGE = "classifiers:book:manage", N_("Enter reference books and load their editions")
    DASHBOARDS_PAGE_READ = "dashboards:page:read", N_("Sign in to the dashboards; the scope decides what they show")
    DEATHS_RECORD_READ = "deaths:record:read", N_("See registered deaths of the scope")
    DEATHS_RECORD_WRITE = "deaths:record:write", N_("Register a death")
    DEVICES_DEVICE_MANAGE = "devices:device:manage", N_("Register devices, say what their codes mean, retire them")
    DEVICES_DEVICE_READ = "devices:device:read", N_("See the register of devices")
    DOCUMENTS_RECORD_ANNUL = "documents:record:annul", N_("Annul issued documents, with a reason")
    DOCUMENTS_RECORD_READ = "documents:record:read", N_("Open documents and their journal")
    DOCUMENTS_RECORD_SIGN = "documents:record:sign", N_("Sign documents with one's own EDS")
    DOCUMENTS_RECORD_WRITE = "documents:record:write", N_("Form documents from what is recorded")
    EPISODES_RECORD_WRITE = "episodes:record:write", N_("Put on and take off a register: pregnancy, dispensary")
    EXCHANGE_CONTENTS_READ = "exchange:contents:read", N_("See what a message to another system says of a person")
    EXCHANGE_JOURNAL_READ = "exchange:journal:read", N_("See which messages went to which system and what came of them")
    EXCHANGE_MESSAGE_RESEND = (
        "exchange:message:resend",
        N_("Correct, send again or withdraw a message that did not arrive"),
    )
    EXCHANGE_SYSTEM_MANAGE = "exchange:system:manage", N_("Switch the traffic with another system on and off")
    EXPORTS_PERSON_MAKE = "exports:person:make", N_("Give out everything of one person as files")
    FHIR_RESOURCE_READ = "fhir:resource:read", N_("Read through the FHIR API what one's other permissions let see")
    GUIDANCE_BOOK_MANAGE = (
        "guidance:book:manage",
        N_("Enter protocols of diagnostics and treatment and conditions of services"),
    )
    IMAGING_STUDY_READ = "imaging:study:read", N_("See the images of people whose card one may open")
    IMAGING_STUDY_RECONCILE = (
        "imaging:study:reconcile",
        N_("Say whose a received study is, take mixed ones apart, undo it"),
    )
    IMAGING_STUDY_WRITE = "imaging:study:write", N_("Bring images in: upload, removable media, DICOMweb")
    INGEST_CONTENTS_READ = (
        "ingest:contents:read",
        N_("See what a message of a device or another system says of a person"),
    )
    INGEST_JOURNAL_READ = "ingest:journal:read", N_("See which messages came from where and what became of them")
    INGEST_MESSAGE_CORRECT = (
        "ingest:message:correct",
        N_("Correct a message that could not be read, have one read again"),
    )
    JOBS_QUEUE_MANAGE = "jobs:queue:manage", N_("See background jobs, run failed ones again or set them aside")
    LAB_QUALITY_HOLD_CLOSE = (
        "lab_quality:hold:close",
        N_("Close a failure of quality control with its cause, which releases results"),
    )
    LAB_QUALITY_LOT_MANAGE = "lab_quality:lot:manage", N_("Take control lots into use and set their targets")
    LAB_QUALITY_RUN_READ = "lab_quality:run:read", N_("See charts and failures of quality control")
    LAB_QUALITY_RUN_WRITE = "lab_quality:run:write", N_("Enter and withdraw control measurements")
    LABORATORY_BLOOD_DETERMINE = "laboratory:blood:determine", N_("Enter determinations of blood groups")
    LABORATORY_CATALOGUE_MANAGE = (
        "laboratory:catalogue:manage",
        N_("Set workplaces and the numbering of a laboratory; its ranges too for who may confirm results"),
    )
    LABORATORY_ORDER_WRITE = "laboratory:order:write", N_("Order tests for a person")
    LABORATORY_REACTION_CONCLUDE = (
        "laboratory:reaction:conclude",
        N_("Write the conclusion about a reaction to a transfusion"),
    )
    LABORATORY_REPORT_MATCH = "laboratory:report:match", N_("Assign reports that no order was found for")
    LABORATORY_RESULT_CONFIRM = (
        "laboratory:result:confirm",
        N_("Confirm and correct results; from then on the requester sees them"),
    )
    LABORATORY_RESULT_ENTER = "laboratory:result:enter", N_("Enter, change and remove results that are not confirmed")
    LABORATORY_SPECIMEN_COLLECT = (
        "laboratory:specimen:collect",
        N_("Take and label material, send it with an accompanying sheet"),
    )
    LABORATORY_TRANSFUSION_WRITE = "laboratory:transfusion:write", N_("Record transfusions and reactions to them")
    LABORATORY_WORK_DO = (
        "laboratory:work:do",
        N_("Register orders in the laboratory, accept and reject material, see worklists"),
    )
    MONITORING_ENROLMENT_WRITE = (
        "monitoring:enrolment:write",
        N_("Have patients watched at home: indicators, limits, devices, participants"),
    )
    MONITORING_RECORD_READ = "monitoring:record:read", N_("See patients watched at home, their values and alerts")
    MONITORING_VALUE_WRITE = (
        "monitoring:value:write",
        N_("Enter values measured at home, record what was done about an alert"),
    )
    ORGANIZATIONS_TREE_MANAGE = "organizations:tree:manage", N_("Change the organisation tree and staff")
    PATIENTS_CARD_READ = "patients:card:read", N_("Open the clinical card")
    PATIENTS_IDENTITY_READ = "patients:identity:read", N_("Find people, see name, birth date, address, attachment")
    PATIENTS_IDENTITY_WRITE = "patients:identity:write", N_("Register people, correct their passport part, attach them")
    PATIENTS_RECORD_MERGE = "patients:record:merge", N_("Link two records of one person, and undo it")
    PERSONAL_DATA_CONSENT_WRITE = (
        "personal_data:consent:write",
        N_("Record consents, their withdrawal, and who speaks for a person"),
    )
    PERSONAL_DATA_DESTRUCTION_APPROVE = (
        "personal_data:destruction:approve",
        N_("Approve acts of destruction that somebody else has drawn up"),
    )
    PERSONAL_DATA_REGISTER_READ = (
        "personal_data:register:read",
        N_("See the registers: data sets, disclosures, requests, terms of storage"),
    )
    PERSONAL_DATA_REQUEST_DECIDE = (
        "personal_data:request:decide",
        N_("Answer or refuse requests about personal data, block data, draw up acts"),
    )
    PERSONAL_DATA_REQUEST_REGISTER = (
        "personal_data:request:register",
        N_("Register requests of people about their data"),
    )
    PIPELINE_RUN_READ = "pipeline:run:read", N_("See runs, checks and freshness of the warehouse")
    PLATFORM_DAGSTER_OPEN = "platform:dagster:open", N_("Look at the pipelines in Dagster: runs, checks, logs")
    PLATFORM_DAGSTER_OPERATE = "platform:dagster:operate", N_("Start, stop and switch on and off what Dagster runs")
    PROGRAMMES_STEP_EXCLUDE = (
        "programmes:step:exclude",
        N_("Take a person off the list of a programme for a reason, and put him back"),
    )
    PROTECTION_CHECK_READ = "protection:check:read", N_("See how the protection of personal data stands")
    PROTECTION_STATEMENT_WRITE = (
        "protection:statement:write",
        N_("Confirm checks of protection, say where data lie, name the aggregator"),
    )
    QUESTIONNAIRES_DEFINITION_MANAGE = (
        "questionnaires:definition:manage",
        N_("Enter new versions of forms and scales, switch them on and off"),
    )
    QUESTIONNAIRES_RESPONSE_WRITE = (
        "questionnaires:response:write",
        N_("Fill in and correct forms and scales of a patient"),
    )
    QUESTIONNAIRES_TEMPLATE_KEEP = (
        "questionnaires:template:keep",
        N_("Keep templates of forms: one's own, or as an administrator those of the system"),
    )
    RADIOLOGY_ORDER_PERFORM = "radiology:order:perform", N_("Take orders for images and ECG: who came, what was done")
    RADIOLOGY_REPORT_WRITE = "radiology:report:write", N_("Write reports of studies and ECG, mark key images")
    REFERRALS_REQUEST_PERFORM = (
        "referrals:request:perform",
        N_("Take, schedule, complete and refuse referrals addressed to the own organisation"),
    )
    RESOURCES_REGISTER_READ = (
        "resources:register:read",
        N_("See the registers of the facility: schools, enterprises, services, beds, stores"),
    )
    RESOURCES_REGISTER_WRITE = "resources:register:write", N_("Keep the registers of the facility")
    SECURITY_INCIDENT_MANAGE = (
        "security:incident:manage",
        N_("Register security incidents, collect their evidence, close them"),
    )
    SECURITY_SIGNIN_READ = "security:signin:read", N_("See successful and refused sign-ins")
    SIGNALS_CASE_DECIDE = "signals:case:decide", N_("Decide on a pseudonymous case")
    SIGNALS_CASE_READ = "signals:case:read", N_("See pseudonymous cases of the scope")
    SIGNATURES_ATTEMPT_READ = (
        "signatures:attempt:read",
        N_("See attempts to enter or sign with an EDS that were refused"),
    )
    SIGNATURES_RULE_MANAGE = "signatures:rule:manage", N_("Say where a signature is mandatory")
    VISITS_RECORD_READ = "visits:record:read", N_("Open visits")
    VISITS_RECORD_WRITE = "visits:record:write", N_("Record visits: diagnoses, services, referrals")
    VISITS_VITALS_WRITE = "visits:vitals:write", N_("Record measurements and procedures of a mid-level worker")
    WORKLIST_TASK_ANSWER = "worklist:task:answer", N_("Answer a task: contact, plan, explanation")
    WORKLIST_TASK_READ = "worklist:task:read", N_("See the work list with the persons on it")


class Role(StrEnum):
    """What a member of staff is; given together with an organisation and all below it."""

    ADMINISTRATOR = "administrator"
    REGISTRAR = "registrar"
    NURSE = "nurse"
    DOCTOR = "doctor"
    DEPARTMENT_HEAD = "department_head"
    CHIEF_PHYSICIAN = "chief_physician"
    OFFICIAL = "official"
    DATA_ENGINEER = "data_engineer"
    LABORATORY_TECHNICIAN = "laboratory_technician"
    LABORATORY_DOCTOR = "laboratory_doctor"
    ONCALL_OBSTETRICIAN = "oncall_obstetrician"
    RADIOGRAPHER = "radiographer"
    RADIOLOGIST = "radiologist"
    DATA_OFFICER = "data_officer"
