"""How the pages call states, records and what is wrong with a message."""

from __future__ import annotations

from ops_app.i18n import N_, _
from ops_app.permissions import Permission

CHANNELS = {
    "hl7": "HL7",
    "astm": "ASTM",
    "file": N_("files"),
    "fhir": "FHIR",
    "dicom": "DICOM",
}
TYPES = {
    "ADT": N_("Person and stay"),
    "MDM": N_("Document"),
    "OML": N_("Order to a laboratory"),
    "OMG": N_("Order"),
    "ORM": N_("Order"),
    "ORU": N_("Results"),
    "OUL": N_("Results"),
    "VXU": N_("Vaccination"),
    "Observation": N_("Value measured at home"),
}
"""Types of messages by their first part (HL7 table 0076), or the FHIR resource that came."""
STATES = {
    "received": N_("Waits to be read"),
    "done": N_("Became records"),
    "failed": N_("Needs a decision"),
    "archived": N_("Kept"),
}
COLOURS = {"failed": "red", "received": "amber", "done": "green"}
RECORDS = {
    "patients.patient": N_("Person"),
    "patients.patient_link": N_("Link of two records"),
    "visits.encounter": N_("Visit"),
    "visits.immunization": N_("Vaccination"),
    "visits.observation": N_("Measurement"),
    "monitoring.value": N_("Value measured at home"),
    "visits.service_request": N_("Referral"),
    "documents.received_document": N_("Document"),
    "laboratory.report": N_("Laboratory report"),
    "lab_quality.run": N_("Control measurement"),
    "ingest.message": N_("Corrected copy"),
}
ROUTES = {
    "patients.patient": ("patients:card", "patient_id"),
    "visits.encounter": ("visits:visit", "encounter_id"),
    "documents.received_document": ("documents:received", "document_id"),
    "laboratory.report": ("laboratory:report", "report_id"),
    "ingest.message": ("ingest:message", "message_id"),
}
NEEDED = {"laboratory.report": Permission.LABORATORY_REPORT_MATCH}
"""Records whose own page not everybody who reads messages may open; the others see the page of the person."""
PERSON_ROUTES = {
    "laboratory.report": "laboratory:of_patient",
    "monitoring.value": "monitoring:of_patient",
    "visits.immunization": "patients:card",
    "visits.observation": "patients:card",
    "visits.service_request": "patients:card",
}
"""Where a record without a page of its own stands: on a page of its person."""
NOTES = {
    "already_known": N_("It said nothing new"),
    "nothing_to_take": N_("It holds no results that are taken here"),
    "only_number_taken_over": N_("Nobody was registered under the old number; it now means the person that stays"),
}
PARTS = {"file": N_("File"), "row": N_("Row")}
"""What a fault of a table is at; segments of a message are called by their own names."""
FAULTS = (
    N_("A record stands where none of its kind is expected"),
    N_("A result has no value"),
    N_("No device of this name is registered"),
    N_("No line of the file holds the headers of the profile"),
    N_("The control is of no lot in use"),
    N_("The device has no profile for files"),
    N_("The file cannot be read or moved away: its folder does not allow it"),
    N_("The file is damaged"),
    N_("The file is empty"),
    N_("The file is no table"),
    N_("The file is too large"),
    N_("The header declares one delimiter twice"),
    N_("The header does not declare its delimiters"),
    N_("The message does not begin with a header record"),
    N_("The message does not say which tube was measured"),
    N_("The message ends without a terminator record"),
    N_("The message is empty"),
    N_("The register of devices does not know this unit for the code"),
    N_("The register of devices does not say what this code means"),
    N_("The row does not say which tube was measured"),
    N_("Segment sequence error"),
    N_("Required field missing"),
    N_("Data type error"),
    N_("Table value not found"),
    N_("Unsupported message type"),
    N_("Unsupported event code"),
    N_("Unsupported processing id"),
    N_("Unsupported version id"),
    N_("The encoding characters are incomplete or repeat"),
    N_("A second header inside one message"),
    N_("A line of the message is not a segment"),
    N_("This is not an HL7 message: no MSH segment"),
    N_("The program ended several times while it read this message"),
    N_("The database refused what the message says"),
    N_("The program could not read the message"),
    N_("The organisation of the sender's profile does not exist"),
    N_("It is not known to which organisation the sender belongs: add a profile for it"),
    N_("A segment that this message needs is missing"),
    N_("The birth date is not a date"),
    N_("The number given as an IIN is not one"),
    N_("Its identifiers belong to different people"),
    N_("The number of the sender belongs to a person with another IIN"),
    N_("The number of the sender belongs to a person with another birth date"),
    N_("No registered person has these identifiers"),
    N_("A person cannot be registered without names"),
    N_("A person cannot be registered without a birth date"),
    N_("The IIN does not agree with the birth date or the sex"),
    N_("This is not a name"),
    N_("The visit belongs to another person"),
    N_("The number of the visit is missing"),
    N_("The visit that this message is about is not known"),
    N_("Both people must be named"),
    N_("These records are not linked"),
    N_("The time of the vaccination is not a time"),
    N_("This order belongs to another person"),
    N_("The attached file cannot be read"),
    N_("The time of the measurement is missing or lies ahead"),
    N_("The message names another person than the device is with"),
    N_("The unit is unknown for this value"),
    N_("No living body has this value; it is not taken"),
    N_("The order has no number of its own"),
    N_("The document has no number of its own"),
    N_("The document is empty"),
    N_("This person has no document of this number here"),
    N_("The ordered service is not known here"),
)
"""Every reason an interpretation gives; a test compares them with the programs that give them."""
ACTIONS = {
    "ingest:contents": N_("Opened the contents of an inbound message"),
    "ingest:correct": N_("Corrected an inbound message"),
    "ingest:replay": N_("Had an inbound message read again"),
    "ingest:interpret": N_("An inbound message changed records"),
    "ingest:show": N_("An inbound message was shown on the command line"),
}


def type_text(message_type: str | None) -> str:
    """The type of a message in words with its code, as the people of both sides speak of it."""
    written = message_type or ""
    title = TYPES.get(written.partition("^")[0])
    return f"{_(title)} ({written})" if title else written
