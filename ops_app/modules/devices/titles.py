"""Words for kinds of devices and the languages they speak."""

from __future__ import annotations

from ops_app.i18n import N_

KINDS = {
    "analyser": N_("Laboratory analyser"),
    "modality": N_("Imaging equipment"),
    "wearable": N_("Wearable or home device"),
    "monitor": N_("Bedside monitor"),
    "information_system": N_("Information system"),
}
PROTOCOLS = {
    "hl7": N_("HL7 v2 (MLLP)"),
    "astm": N_("ASTM (LIS2-A2)"),
    "dicom": N_("DICOM"),
    "file": N_("Files in a folder"),
    "fhir": N_("FHIR"),
}
DOWNLOADS = {
    "waiting": (N_("waits for the analyser"), "amber"),
    "sent": (N_("taken"), "green"),
    "nothing_ordered": (N_("nothing ordered that it measures"), "grey"),
    "refused": (N_("not taken by the analyser"), "red"),
}
ACTIONS = {
    "devices:register": N_("Registered a device"),
    "devices:change": N_("Changed a device"),
    "devices:retire": N_("Retired a device"),
    "devices:map_code": N_("Said what a code of a device means"),
    "devices:send_orders": N_("Sent orders of a tube to an analyser"),
    "devices:remove_mapping": N_("Removed the meaning of a device's code"),
    "devices:restore_mapping": N_("Brought back the meaning of a device's code"),
}
