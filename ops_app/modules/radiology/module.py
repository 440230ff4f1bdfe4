"""Radiology and functional diagnostics: from the order to the signed report."""

from __future__ import annotations

from fastapi import APIRouter

from ops_app.i18n import N_
from ops_app.module import Module, NavItem
from ops_app.modules.radiology import ecg_routes, order_routes, report_routes, upload_routes, viewer_routes
from ops_app.modules.radiology.notices import NOTICES
from ops_app.modules.radiology.report_templates import templates
from ops_app.modules.radiology.task_kinds import TASK_KINDS
from ops_app.permissions import Permission

# A wrong protocol stops the start.
templates()

router = APIRouter()
for part in (order_routes, viewer_routes, report_routes, ecg_routes, upload_routes):
    router.routes.extend(part.router.routes)

MODULE = Module(
    "radiology",
    router=router,
    notices=NOTICES,
    task_kinds=TASK_KINDS,
    nav=(
        NavItem(
            N_("Images and ECG"),
            "radiology:worklist",
            Permission.RADIOLOGY_ORDER_PERFORM,
            group="day",
            order=30,
            waiting=order_routes.waiting,
        ),
        NavItem(N_("Bring images in"), "radiology:upload", Permission.IMAGING_STUDY_WRITE, group="patients", order=60),
    ),
    actions={
        "radiology:new_order": N_("Opened the form of an order for images"),
        "radiology:write_order": N_("Ordered images or an ECG"),
        "radiology:worklist": N_("Opened the worklist of images and ECG"),
        "radiology:order": N_("Opened an order for images"),
        "radiology:arrived": N_("Noted an arrival for images"),
        "radiology:performed": N_("Noted an examination as done"),
        "radiology:of_patient": N_("Opened the images of a person"),
        "radiology:study": N_("Opened a study"),
        "radiology:manifest": N_("Opened a study"),
        "radiology:pixels": N_("Opened a picture"),
        "radiology:picture": N_("Opened a picture"),
        "radiology:file": N_("Downloaded the file of a picture"),
        "radiology:key": N_("Marked a key image"),
        "radiology:begin_report": N_("Began a report"),
        "radiology:begin_conclusion": N_("Began a report"),
        "radiology:write_report": N_("Opened the form of a report"),
        "radiology:keep_report": N_("Kept the draft of a report"),
        "radiology:finish_report": N_("Finished a report"),
        "radiology:correct_report": N_("Began the correction of a report"),
        "radiology:discard_report": N_("Discarded the draft of a report"),
        "radiology:report": N_("Opened a report"),
        "radiology:bring_recording": N_("Brought an ECG record in"),
        "radiology:bring_to_order": N_("Brought an ECG record in"),
        "radiology:recording": N_("Opened an ECG"),
        "radiology:recording_samples": N_("Opened an ECG"),
        "radiology:recording_picture": N_("Opened an ECG"),
        "radiology:recording_file": N_("Downloaded an ECG record"),
        "radiology:instance_ecg": N_("Opened an ECG"),
        "radiology:instance_samples": N_("Opened an ECG"),
        "radiology:store": N_("Brought images in"),
    },
)
