"""Images: received, matched, shown, handed out."""

from __future__ import annotations

from fastapi import APIRouter

from ops_app.i18n import N_
from ops_app.module import Module, NavItem
from ops_app.modules.imaging import dicomweb_routes, reconcile_routes, untold_routes
from ops_app.modules.imaging.notices import NOTICES
from ops_app.modules.imaging.reconcile_queries import count_waiting
from ops_app.modules.imaging.tasks import TASKS
from ops_app.modules.imaging.untold import count_given_up
from ops_app.permissions import Permission

router = APIRouter()
router.routes.extend((*dicomweb_routes.router.routes, *reconcile_routes.router.routes, *untold_routes.router.routes))

MODULE = Module(
    "imaging",
    router=router,
    nav=(
        NavItem(
            N_("Images without a person"),
            "imaging:queue",
            Permission.IMAGING_STUDY_RECONCILE,
            group="patients",
            order=60,
            waiting=count_waiting,
        ),
        NavItem(
            N_("Devices without an answer"),
            "imaging:untold",
            Permission.DEVICES_DEVICE_MANAGE,
            group="administration",
            order=42,
            waiting=count_given_up,
        ),
    ),
    actions={
        "imaging:qido_studies": N_("Searched studies over DICOMweb"),
        "imaging:qido_series": N_("Searched series over DICOMweb"),
        "imaging:qido_instances": N_("Searched images over DICOMweb"),
        "imaging:qido_study_series": N_("Searched series over DICOMweb"),
        "imaging:qido_study_instances": N_("Searched images over DICOMweb"),
        "imaging:qido_series_instances": N_("Searched images over DICOMweb"),
        "imaging:stow": N_("Stored images over DICOMweb"),
        "imaging:stow_study": N_("Stored images over DICOMweb"),
        "imaging:wado_study": N_("Opened images over DICOMweb"),
        "imaging:wado_study_metadata": N_("Opened images over DICOMweb"),
        "imaging:wado_series": N_("Opened images over DICOMweb"),
        "imaging:wado_series_metadata": N_("Opened images over DICOMweb"),
        "imaging:wado_instance": N_("Opened images over DICOMweb"),
        "imaging:wado_instance_metadata": N_("Opened images over DICOMweb"),
        "imaging:wado_rendered": N_("Opened images over DICOMweb"),
        "imaging:wado_frames": N_("Opened images over DICOMweb"),
        "imaging:wado_frame_rendered": N_("Opened images over DICOMweb"),
        "imaging:wado_bulk": N_("Opened images over DICOMweb"),
        "imaging:unmatched_opened": N_("Opened a study that belongs to nobody yet"),
        "imaging:queue": N_("Opened the list of images without a person"),
        "imaging:decide": N_("Opened a study to decide whose it is"),
        "imaging:assign": N_("Assigned a study to a person"),
        "imaging:match_again": N_("Assigned a study to a person"),
        "imaging:release": N_("Took a study away from a person"),
        "imaging:split": N_("Took a study apart"),
        "imaging:choose_copy": N_("Chose between two copies of an image"),
        "imaging:undo": N_("Took back a decision about a study"),
        "imaging:tell_again": N_("Had a device told again what is stored"),
        "imaging:forget_report": N_("Took a device that waits for an answer from the list"),
        "dicom:find": N_("An imaging station searched studies"),
        "dicom:move": N_("Images were sent to an imaging station"),
        "dicom:get": N_("An imaging station fetched images"),
        "dicom:refused": N_("An imaging station got nothing: the protection of personal data is not in place"),
        "dicom:worklist": N_("A device read its work list"),
    },
    tasks=TASKS,
    notices=NOTICES,
)
