"""Words for nodes of the tree, rooms and positions."""

from __future__ import annotations

from ops_app.i18n import N_

KINDS = {
    "region": N_("region"),
    "organization": N_("facility"),
    "department": N_("department"),
    "site": N_("site"),
}
TYPES = {
    "hospital": N_("hospital"),
    "polyclinic": N_("polyclinic"),
    "ambulatory": N_("ambulatory"),
    "feldsher_point": N_("feldsher point"),
    "perinatal_centre": N_("perinatal centre"),
    "cardiology_centre": N_("cardiology centre"),
    "ambulance": N_("ambulance station"),
    "health_department": N_("health department"),
}
SITE_KINDS = {
    "therapeutic": N_("therapeutic site"),
    "general_practice": N_("general practice"),
    "paediatric": N_("paediatric site"),
    "gynaecological": N_("gynaecological site"),
}
LOCATIONS = {"room": N_("room"), "ward": N_("ward"), "vehicle": N_("vehicle")}
POSITIONS = {
    "general_practitioner": N_("general practitioner"),
    "therapist": N_("physician"),
    "paediatrician": N_("paediatrician"),
    "obstetrician": N_("obstetrician-gynaecologist"),
    "neurologist": N_("neurologist"),
    "cardiologist": N_("cardiologist"),
    "surgeon": N_("surgeon"),
    "radiologist": N_("radiologist"),
    "oncologist": N_("oncologist"),
    "midwife": N_("midwife"),
    "nurse": N_("nurse"),
    "feldsher": N_("feldsher"),
    "registrar": N_("registrar"),
    "department_head": N_("head of department"),
    "chief_physician": N_("chief physician"),
    "statistician": N_("statistician"),
    "infectionist": N_("infectious disease physician"),
    "psychiatrist": N_("psychiatrist"),
    "narcologist": N_("addiction physician"),
    "laboratory_doctor": N_("laboratory physician"),
    "laboratory_technician": N_("laboratory technician"),
    "other": N_("member of staff"),
}
