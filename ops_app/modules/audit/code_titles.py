"""Codes that fields of a record hold, in the words that the pages of its module use for them."""

from __future__ import annotations

from collections.abc import Mapping

from ops_app.i18n import LANGUAGES, N_
from ops_app.modules.accounts.titles import LEVELS, ROLES
from ops_app.modules.appointments.forms import CANCEL_TITLES, STATUS_TITLES
from ops_app.modules.audit.titles import KINDS, RULES
from ops_app.modules.deaths.forms import PLACE_TITLES
from ops_app.modules.devices import titles as devices
from ops_app.modules.documents import titles as documents
from ops_app.modules.episodes.forms import OUTCOMES, RISK_LEVELS
from ops_app.modules.episodes.plan_texts import PROGRAMMES
from ops_app.modules.exchange import routes as exchange
from ops_app.modules.imaging import titles as imaging
from ops_app.modules.ingest import titles as ingest
from ops_app.modules.lab_quality import titles as lab_quality
from ops_app.modules.laboratory import blood_titles, setup_routes
from ops_app.modules.laboratory import titles as laboratory
from ops_app.modules.monitoring import texts as monitoring
from ops_app.modules.organizations import titles as organizations
from ops_app.modules.patients.fact_text import CLOSE_TITLES, EVIDENCE_TITLES
from ops_app.modules.patients.forms import END_TITLES, SEX_TITLES
from ops_app.modules.person_facts import choices as person
from ops_app.modules.personal_data import titles as personal_data
from ops_app.modules.protection import titles as protection
from ops_app.modules.radiology import titles as radiology
from ops_app.modules.resources import choices as resources
from ops_app.modules.security import forms as security
from ops_app.modules.signatures import titles as signatures
from ops_app.modules.tasks import texts as tasks
from ops_app.modules.visits import forms as visits
from ops_app.modules.worklist import texts as worklist

Titles = Mapping[str, str]

ROLE_TITLES: Titles = {str(code): title for code, title in ROLES.items()}

STATES: Titles = {
    "active": N_("in force"),
    "amended": N_("completed with corrections"),
    "archived": N_("kept"),
    "available": N_("available"),
    "booked": N_("booked"),
    "cancelled": N_("cancelled"),
    "completed": N_("completed"),
    "confirmed": N_("confirmed"),
    "conflict": N_("contradicts what is known"),
    "contraindicated": N_("contraindicated"),
    "corrected": N_("corrected"),
    "discarded": N_("discarded"),
    "discontinued": N_("broken off"),
    "dismissed": N_("put aside"),
    "done": N_("done"),
    "entered": N_("entered"),
    "external": N_("from outside"),
    "failed": N_("failed"),
    "final": N_("final"),
    "finished": N_("finished"),
    "in_progress": N_("in progress"),
    "matched": N_("matched"),
    "nothing_ordered": N_("nothing is ordered"),
    "open": N_("open"),
    "pending": N_("waits for a signature"),
    "planned": N_("planned"),
    "preliminary": N_("preliminary"),
    "put_back": N_("put back"),
    "received": N_("received"),
    "refused": N_("refused"),
    "rejected": N_("rejected"),
    "removed": N_("removed"),
    "sent": N_("sent"),
    "set aside": N_("set aside"),
    "signed": N_("signed"),
    "stopped": N_("stopped"),
    "unmatched": N_("not matched"),
    "waiting": N_("waits"),
    "withdrawn": N_("withdrawn"),
}
"""States of records whose pages have no list of their own."""

OF_FIELD: Mapping[str, Titles] = {
    "care_profiles": dict(resources.PROFILES),
    "cancel_reason": CANCEL_TITLES,
    "channel": {**ingest.CHANNELS, **personal_data.CHANNELS},
    "close_reason": CLOSE_TITLES,
    "completion": documents.COMPLETIONS,
    "component": blood_titles.COMPONENTS,
    "concluded_imputability": blood_titles.IMPUTABILITIES,
    "container": laboratory.CONTAINERS,
    "crossmatch": blood_titles.CROSSMATCHES,
    "decision": worklist.DECISIONS,
    "disposition": visits.DISPOSITION_TITLES,
    "done_how": laboratory.DONE_HOW,
    "encounter_class": visits.CLASS_TITLES,
    "end_reason": END_TITLES,
    "attachment_end_reason": END_TITLES,
    "evidence": EVIDENCE_TITLES,
    "flag": laboratory.FLAGS,
    "ground": personal_data.GROUNDS,
    "harmful_factor": dict(resources.FACTORS),
    "held_reason": laboratory.HELD,
    "identity_status": {
        "confirmed": N_("confirmed"),
        "foreign": N_("foreigner"),
        "imported": N_("from another system"),
        "newborn": N_("newborn"),
        "undocumented": N_("without documents"),
    },
    "imputability": blood_titles.IMPUTABILITIES,
    "language": {**LANGUAGES, **dict(person.LANGUAGES)},
    "kind": KINDS,
    "laterality": dict(radiology.SIDES),
    "legal_basis": protection.BASES,
    "measure": monitoring.MEASURES,
    "method": security.METHOD_TITLES,
    "modality": radiology.MODALITY_TITLES,
    "organization_type": organizations.TYPES,
    "origin": personal_data.ORIGINS,
    "owner_role": ROLE_TITLES,
    "payer": dict(visits.PAYERS),
    "position": organizations.POSITIONS,
    "pregnancy": dict(radiology.PREGNANCIES),
    "priority": dict(visits.PRIORITIES),
    "programme": PROGRAMMES,
    "protocol": devices.PROTOCOLS,
    "purpose": {**visits.PURPOSE_TITLES, **personal_data.PURPOSES, **signatures.PURPOSES},
    "reason": {**security.REASON_TITLES, **laboratory.REJECTS},
    "reject_reason": laboratory.REJECTS,
    "reject_stage": laboratory.REJECT_STAGES,
    "relation": {**dict(person.RELATIONS), **personal_data.RELATIONS},
    "reset": dict(setup_routes.RESETS),
    "rhesus": blood_titles.RHESUS,
    "risk_level": dict(RISK_LEVELS),
    "role": ROLE_TITLES,
    "rule": RULES,
    "sex": SEX_TITLES,
    "site_kind": organizations.SITE_KINDS,
    "source": {
        "screen": N_("entered here"),
        "device": N_("device"),
        "registry": N_("state registry"),
        "import": N_("loaded from another system"),
        "analyser": N_("analyser"),
        "calculated": N_("calculated"),
        "external": N_("from outside"),
        "manual": N_("entered by hand"),
        "dicom": N_("from the image"),
        "typed": N_("entered by hand"),
    }
    | dict(person.INSURANCE_SOURCES),
    "specimen_type": laboratory.SPECIMENS,
    "told_how": laboratory.TOLD_HOW,
    "told_roles": ROLE_TITLES,
    "unit_rhesus": blood_titles.RHESUS,
    "use": dict(person.ADDRESSES),
    "way": personal_data.WAYS,
    "why_unmatched": laboratory.UNMATCHED,
}
"""By the field, where its codes mean the same in every record."""

OF_RECORD: Mapping[str, Titles] = {
    "accounts.account.kind": {"person": N_("person"), "service": N_("program")},
    "accounts.account_change.kind": {
        "create": N_("new account"),
        "give_role": N_("role given"),
        "take_role": N_("role taken away"),
        "disable": N_("account disabled"),
        "enable": N_("account enabled"),
        "join_group": N_("taken into the group"),
        "leave_group": N_("taken out of the group"),
        "give_group_role": N_("role given to the group"),
        "take_group_role": N_("role taken from the group"),
    },
    "accounts.account_change.level": LEVELS,
    "accounts.role_assignment.level": LEVELS,
    "appointments.appointment.status": STATUS_TITLES,
    "deaths.death.place": PLACE_TITLES,
    "devices.device.kind": devices.KINDS,
    "devices.order_download.state": {code: title for code, (title, *_rest) in devices.DOWNLOADS.items()},
    "documents.document.status": documents.STATUSES,
    "documents.received_document.state": documents.RECEIVED_STATES,
    "episodes.episode_of_care.kind": PROGRAMMES,
    "episodes.episode_of_care.outcome": dict(OUTCOMES),
    "exchange.difference.kind": exchange.DIFFERENCES,
    "exchange.message.outcome": exchange.OUTCOMES,
    "exchange.message.state": exchange.STATES,
    "imaging.instance.channel": {
        "dicom": "DICOM",
        "dicomweb": "DICOMweb",
        "media": N_("from a disc"),
        "upload": N_("sent from the browser"),
    },
    "imaging.instance.kind": {
        "document": N_("document"),
        "image": N_("image"),
        "other": N_("other"),
        "report": N_("report"),
        "video": N_("video"),
        "waveform": N_("curves"),
    },
    "imaging.reconciliation.kind": imaging.KINDS,
    "ingest.message.state": ingest.STATES,
    "lab_quality.run.verdict": {code: title for code, (title, *_rest) in lab_quality.VERDICTS.items()},
    "laboratory.follow_up.state": laboratory.FOLLOW_UP_STATES,
    "laboratory.lab_order.status": laboratory.ORDER_STATES,
    "laboratory.order_change.kind": laboratory.CHANGES,
    "laboratory.order_service.status": laboratory.SERVICE_STATES,
    "laboratory.parameter.kind": {
        "enumerated": N_("one of a list"),
        "image": N_("image"),
        "numeric": N_("number"),
        "record": N_("form"),
        "text": N_("text"),
        "titre": N_("titre"),
    },
    "laboratory.specimen.status": laboratory.TUBE_STATES,
    "laboratory.transfusion_reaction.kind": blood_titles.REACTIONS,
    "laboratory.transfusion_reaction.severity": blood_titles.SEVERITIES,
    "monitoring.alert.closed_because": monitoring.CLOSED_BECAUSE,
    "monitoring.alert.level": monitoring.LEVELS,
    "monitoring.participant.part": monitoring.PARTS,
    "monitoring.value.entry": monitoring.ENTRIES,
    "monitoring.value.level": monitoring.LEVELS,
    "organizations.location.kind": organizations.LOCATIONS,
    "organizations.organization.kind": organizations.KINDS,
    "person_facts.contact.kind": dict(person.CONTACTS),
    "person_facts.identity_document.type": dict(person.DOCUMENTS),
    "person_facts.insurance.category": dict(person.INSURANCE_CATEGORIES),
    "person_facts.insurance.state": dict(person.INSURANCE_STATES),
    "person_facts.social_status.status": dict(person.STATUSES),
    "personal_data.consent.form": personal_data.FORMS,
    "personal_data.disclosure.basis": personal_data.BASES,
    "personal_data.export_delivery.state": personal_data.DELIVERIES,
    "personal_data.subject_request.kind": personal_data.REQUEST_KINDS,
    "personal_data.subject_request.state": personal_data.STATES,
    "protection.backup_act.kind": {"made": N_("made"), "rehearsed": N_("restored on trial")},
    "radiology.report.status": radiology.REPORT_STATES,
    "resources.bed.profile": dict(resources.PROFILES),
    "resources.bed.state": dict(resources.BED_STATES),
    "resources.educational_institution.kind": dict(resources.INSTITUTIONS),
    "resources.service_item.kind": dict(resources.SERVICES),
    "resources.store.kind": dict(resources.STORES),
    "security.access_review.verdict": {
        "confirmed": N_("the reason is confirmed"),
        "incident": N_("became an incident"),
    },
    "security.incident.kind": security.INCIDENT_TITLES,
    "visits.condition.character": dict(visits.DIAGNOSIS_CHARACTERS),
    "visits.condition.kind": visits.DIAGNOSIS_KIND_TITLES,
    "visits.condition.type": dict(visits.DIAGNOSIS_TYPES),
    "visits.service_request.category": dict(visits.REFERRAL_CATEGORIES),
    "visits.service_request.status": visits.REFERRAL_STATES,
    "visits.service_request_event.after": visits.REFERRAL_STATES,
    "visits.service_request_event.before": visits.REFERRAL_STATES,
    "worklist.signal_answer.kind": worklist.ANSWERS,
    "worklist.signal_opening.reason": worklist.OPENING_REASONS,
    "worklist.task.severity": tasks.SEVERITIES,
    "worklist.task.state": {**STATES, **tasks.STATES},
    "worklist.task_event.action": tasks.ACTIONS,
}
"""By the record and the field, where a code means something of its own there."""


def titles_of(entity: str | None, field: str) -> Titles:
    """Titles of the codes of a field; empty where it holds none."""
    own = OF_RECORD.get(f"{entity}.{field}")
    if own is not None:
        return own
    return STATES if field in ("status", "state", "match_state") else OF_FIELD.get(field, {})
