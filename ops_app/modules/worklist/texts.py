"""What signals, steps, decisions and evidence are called, and what takes a case off the list.

Rules: practice of the first lists (SIG-02..04, SIG-07, MAT-10, MAT-11); the warehouse evaluates them.
"""

from __future__ import annotations

from dataclasses import dataclass

from ops_app.i18n import N_


@dataclass(frozen=True, slots=True)
class SignalText:
    """Title of a list, why somebody stands on it and what takes him off."""

    title: str
    why: str
    closes: str


SIGNALS = {
    "SIG-02": SignalText(
        N_("Discharged after acute coronary syndrome"),
        N_("Discharged from hospital with unstable angina or myocardial infarction (I20.0, I21, I22, I24)."),
        N_("A visit with blood pressure, medicines or the reason for none, and a dispensary card."),
    ),
    "SIG-03": SignalText(
        N_("Discharged after stroke"),
        N_("Discharged from hospital or rehabilitation with acute stroke (I60–I64)."),
        N_("A home visit with blood pressure and a Rankin score, a rehabilitation referral, a neurologist."),
    ),
    "SIG-04": SignalText(
        N_("Transient ischaemic attack"),
        N_("Transient ischaemic attack (G45 without G45.4), also when the hospital did not admit."),
        N_("A visit within 24 hours with ECG, an antithrombotic medicine, and a duplex scan within 7 days."),
    ),
    "SIG-07": SignalText(
        N_("Death among the population"),
        N_("A death became known from any source."),
        N_("Future bookings are cancelled and, where the rule demands it, the death is reviewed."),
    ),
    "MAT-10": SignalText(
        N_("Pregnant woman to register"),
        N_("A new pregnancy card, or evidence of a pregnancy that was never registered."),
        N_("The first package of tests, the risk level and the level of hospital for the birth."),
    ),
    "MAT-11": SignalText(
        N_("Missed antenatal visit"),
        N_("The planned visit passed with its days of grace and no contact anywhere."),
        N_("Any contact, the outcome of the pregnancy, or a transfer."),
    ),
}


def signal_text(code: str) -> SignalText:
    """The words for a rule; a rule newer than this page keeps its code."""
    return SIGNALS.get(code) or SignalText(code, N_("The rule has no description here yet."), "")


STEPS = {
    "call": N_("call the patient"),
    "visit": N_("see the patient"),
    "home_visit": N_("visit at home"),
    "neurologist": N_("neurologist's examination"),
    "duplex": N_("duplex scan"),
    "stop_bookings": N_("stop bookings"),
    "review": N_("review"),
    "first_package": N_("first package of tests"),
    "phone": N_("phone"),
    "escalation": N_("tell the head of the department"),
}

RECORDS = {
    "call": {"encounter_class": "virtual"},
    "visit": {},
    "home_visit": {"encounter_class": "home", "purpose": "active"},
    "neurologist": {},
    "duplex": {},
    "first_package": {"purpose": "pregnancy"},
    "phone": {"encounter_class": "virtual", "purpose": "pregnancy"},
    "escalation": {"encounter_class": "home", "purpose": "pregnancy"},
}
"""With what a visit form opens that records a step."""

STATES = {"open": N_("open"), "closed": N_("closed"), "withdrawn": N_("withdrawn: the record was corrected")}
SEVERITIES = {"red": N_("act now"), "amber": N_("due")}

DECISIONS = {
    "accepted": N_("accepted"),
    "explain": N_("explain by the date"),
    "visit_ordered": N_("visit ordered"),
    "expert_review": N_("expert review"),
    "false_alarm": N_("false alarm"),
    "fix_at_source": N_("correct at the source"),
    "handled": N_("handled"),
}
NEEDS_DATE = ("explain", "visit_ordered")

ANSWERS = {"explanation": N_("explanation"), "contact": N_("contact made"), "plan": N_("plan")}

OPENING_REASONS = {
    "list_review": N_("review of the list"),
    "overdue": N_("the deadline has passed"),
    "complaint": N_("complaint or inquiry"),
    "expert_review": N_("expert review"),
    "other": N_("other reason"),
}

# Facts of the evidence that may be shown without a name, in this order.
EVIDENCE = {
    "icd10": N_("diagnosis"),
    "cause_icd10": N_("cause"),
    "discharge_date": N_("discharged"),
    "facility": N_("discharged by"),
    "death_date": N_("died"),
    "place": N_("place"),
    "registered_date": N_("registered"),
    "planned_date": N_("visit planned"),
    "missed_date": N_("missed since"),
    "known_date": N_("known"),
    "weeks": N_("week of pregnancy"),
    "risk_level": N_("risk"),
    "age": N_("age"),
    "live_bookings": N_("bookings left"),
    "owner_role": N_("who acts"),
    "escalated_to": N_("passed up to"),
}

CODES = {
    "home": N_("at home"),
    "hospital": N_("in hospital"),
    "ambulance": N_("in an ambulance"),
    "unknown": N_("unknown"),
    "low": N_("low"),
    "moderate": N_("moderate"),
    "high": N_("high"),
    "site_doctor": N_("site doctor"),
    "midwife": N_("midwife"),
    "neurologist": N_("neurologist"),
    "registrar": N_("registrar"),
    "head": N_("head of department"),
    "deputy_director": N_("deputy director"),
    "region": N_("regional authority"),
}

MET = {
    "phone_contact": N_("contact by phone"),
    "seen": N_("seen"),
    "seen_at_home": N_("seen at home"),
    "contact": N_("contact"),
    "blood_pressure": N_("blood pressure"),
    "cardiac_medicines": N_("medicines prescribed"),
    "antithrombotic": N_("antithrombotic medicine"),
    "no_medicine_reason": N_("reason for no medicine"),
    "dispensary_card_ihd": N_("dispensary card"),
    "rankin": N_("Rankin score"),
    "rehabilitation_referral": N_("rehabilitation referral"),
    "neurologist_visit": N_("neurologist's examination"),
    "ecg": N_("ECG"),
    "duplex": N_("duplex scan"),
    "bookings_cancelled": N_("bookings cancelled"),
    "death_review": N_("death reviewed"),
    "first_package": N_("first package of tests"),
    "risk_level": N_("risk level"),
    "care_level": N_("level of hospital"),
    "pregnancy_outcome": N_("outcome of the pregnancy"),
    "transfer": N_("transfer"),
}
