"""Words of radiology: modalities, body parts, sides, states."""

from __future__ import annotations

from ops_app.i18n import N_

MODALITIES = (
    ("DX", N_("radiography")),
    ("RF", N_("fluoroscopy")),
    ("MG", N_("mammography")),
    ("CT", N_("computed tomography")),
    ("MR", N_("magnetic resonance")),
    ("US", N_("ultrasound")),
    ("ECG", N_("electrocardiography")),
    ("XA", N_("angiography")),
    ("NM", N_("nuclear medicine")),
    ("PT", N_("positron emission tomography")),
    ("ES", N_("endoscopy")),
    ("OT", N_("another kind")),
)
MODALITY_TITLES = dict(MODALITIES) | {"CR": N_("radiography")}
IONISING = ("DX", "CR", "RF", "XA", "MG", "CT", "NM", "PT")
"""Kinds with a dose: the person's register counts them, and a woman is asked whether she is pregnant."""

BODY_PARTS = (
    ("CHEST", N_("chest")),
    ("HEAD", N_("head")),
    ("BRAIN", N_("brain")),
    ("SINUS", N_("paranasal sinuses")),
    ("NECK", N_("neck")),
    ("CSPINE", N_("cervical spine")),
    ("TSPINE", N_("thoracic spine")),
    ("LSPINE", N_("lumbar spine")),
    ("ABDOMEN", N_("abdomen")),
    ("KIDNEY", N_("kidneys")),
    ("PELVIS", N_("pelvis")),
    ("BREAST", N_("breast")),
    ("HEART", N_("heart")),
    ("THYROID", N_("thyroid")),
    ("SHOULDER", N_("shoulder")),
    ("ARM", N_("arm")),
    ("HAND", N_("hand")),
    ("HIP", N_("hip")),
    ("LEG", N_("leg")),
    ("KNEE", N_("knee")),
    ("FOOT", N_("foot")),
    ("WHOLEBODY", N_("whole body")),
)
BODY_PART_TITLES = dict(BODY_PARTS)

SIDES = (("R", N_("right")), ("L", N_("left")), ("B", N_("both sides")))
PREGNANCIES = (
    ("no", N_("not pregnant")),
    ("possible", N_("pregnancy cannot be excluded")),
    ("pregnant", N_("pregnant")),
)
STEPS = {
    "waits": N_("waits"),
    "arrived": N_("has come"),
    "performed": N_("images made, not read"),
    "reported": N_("read"),
    "cancelled": N_("cancelled"),
}
STEP_COLOURS = {"waits": "amber", "arrived": "amber", "performed": "red", "reported": "green", "cancelled": "grey"}
REPORT_STATES = {"draft": N_("draft"), "final": N_("finished"), "replaced": N_("replaced by a corrected one")}

WAVEFORM_PROBLEMS = {
    "empty_header": N_("The header is empty"),
    "wrong_header": N_("The header is wrong in line %(about)s"),
    "several_segments": N_("A record of several segments cannot be read: %(about)s"),
    "unknown_format": N_("The signal is stored in format %(about)s, which cannot be read"),
    "missing_file": N_("The signal file %(about)s is missing: choose it together with the header"),
    "mixed_formats": N_("The file %(about)s mixes formats, which cannot be read"),
    "too_short": N_("The file %(about)s is shorter than the header says: copy it again"),
    "too_long": N_("The file %(about)s is too long"),
    "wrong_checksum": N_("Lead %(about)s is damaged: its sum is not the one in the header"),
}
