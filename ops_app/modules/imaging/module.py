"""Images: received, matched, shown, handed out."""

from __future__ import annotations

from fastapi import APIRouter

from ops_app.i18n import N_
from ops_app.module import Module
from ops_app.modules.imaging import dicomweb_routes

router = APIRouter()
router.routes.extend(dicomweb_routes.router.routes)

MODULE = Module(
    "imaging",
    router=router,
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
        "imaging:unmatched_opened": N_("Opened a study that belongs to nobody yet"),
        "dicom:find": N_("An imaging station searched studies"),
        "dicom:move": N_("Images were sent to an imaging station"),
        "dicom:get": N_("An imaging station fetched images"),
        "dicom:worklist": N_("A device read its work list"),
    },
)
