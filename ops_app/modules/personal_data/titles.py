"""Words of consents, requests, disclosures and acts."""

from __future__ import annotations

from ops_app.i18n import N_

PURPOSES = {
    "processing": N_("collection and processing of personal data"),
    "treatment": N_("medical intervention"),
    "record_view": N_("another organisation looks into the record"),
    "screening": N_("screening"),
    "vaccination": N_("vaccination"),
    "anaesthesia": N_("anaesthesia"),
    "transfusion": N_("transfusion"),
    "photo": N_("photo and video"),
    "research": N_("scientific research"),
    "teaching": N_("teaching"),
}
FORMS = {
    "paper": N_("in writing, scanned copy"),
    "electronic": N_("electronic document with signature"),
    "egov": N_("through the eGov cabinet"),
}
RELATIONS = {
    "parent": N_("parent"),
    "guardian": N_("guardian"),
    "trustee": N_("trustee"),
    "attorney": N_("by power of attorney"),
    "spouse": N_("spouse"),
    "other": N_("other"),
}
WAYS = {
    "patient": N_("words of the patient"),
    "representative": N_("words of the legal representative"),
    "submitted": N_("documents the patient submitted"),
    "medical_records": N_("medical documentation"),
    "technology": N_("information system or device"),
}
REQUEST_KINDS = {
    "information": N_("what data are kept"),
    "correction": N_("change or add to the data"),
    "blocking": N_("block the data"),
    "unblocking": N_("lift the block"),
    "destruction": N_("destroy the data"),
}
CHANNELS = {
    "office": N_("by hand through the office"),
    "post": N_("by post"),
    "email": N_("by e-mail"),
    "electronic": N_("electronic document"),
}
STATES = {
    "received": N_("waits for an answer"),
    "answered": N_("answered"),
    "refused": N_("refusal issued"),
}
STATE_COLOURS = {"received": "amber", "answered": "green", "refused": "grey"}
GROUNDS = {
    "violation": N_("collected or processed in violation of the conditions"),
    "term_ended": N_("the term of storage has ended"),
}
BASES = {
    "subject": N_("given to the person or his representative"),
    "consent": N_("with consent"),
    "care": N_("provision of medical care"),
    "law": N_("duty by law"),
    "exception": N_("exception of the law, without consent"),
}
ORIGINS = {
    "register": N_("entered by hand"),
    "export": N_("export of a person's data"),
    "fhir": N_("FHIR API"),
    "outbox": N_("message to another system"),
}
DELIVERIES = {
    "under_check": N_("under check"),
    "accepted": N_("accepted"),
    "rejected": N_("delivery rejected"),
}
DELIVERY_COLOURS = {"under_check": "amber", "accepted": "green", "rejected": "red"}
