"""Addresses of the FHIR API; errors there are OperationOutcomes, whoever asks."""

from __future__ import annotations

import base64
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from ops_app.auth import Probe
from ops_app.db import Db
from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.modules.fhir import capability
from ops_app.modules.fhir.bundles import FhirResponse, bundle, entries, outcome
from ops_app.modules.fhir.opening import opened
from ops_app.modules.fhir.permissions import FhirReader
from ops_app.modules.fhir.search import REGISTERS, Asked, everything, read, search
from ops_app.modules.fhir.types import CLINICAL
from ops_app.modules.patients.queries import standing_for
from ops_app.modules.questionnaires.queries import file_or_404
from ops_app.permissions import Permission


class FhirRoute(APIRoute):
    """A route whose errors are drawn as FHIR says."""

    draw_error = staticmethod(outcome)


router = APIRouter(prefix="/fhir", tags=["FHIR"], route_class=FhirRoute, default_response_class=FhirResponse)


@router.get("/metadata", name="fhir:metadata")
def metadata(request: Request, _probe: Probe) -> Response:
    """What this server answers; open to everybody, as FHIR asks."""
    return FhirResponse(capability.statement(request.app.version))


@router.get("/Patient/{number}/$everything", name="fhir:everything")
def everything_of(actor: FhirReader, db: Db, number: str) -> Response:
    """All that is recorded about one person."""
    patient_id = standing_for(db, _number(number))
    opened(db, actor, patient_id, Permission.PATIENTS_CARD_READ)
    resources = everything(db, patient_id)
    return FhirResponse(bundle("searchset", entries(resources, "match"), len(resources)))


@router.get("/Binary/{number}", name="fhir:binary")
def binary(request: Request, actor: FhirReader, db: Db, number: str) -> Response:
    """A file that was attached to a form: as it was stored, or in the JSON of FHIR to whoever asks for that."""
    file = file_or_404(db, _number(number))
    # by the rule of the form it belongs to, with its row in the journal
    read(db, actor, "QuestionnaireResponse", file.response_id)
    if "fhir+json" in request.headers.get("accept", ""):
        return FhirResponse(
            {
                "resourceType": "Binary",
                "id": str(file.id),
                "contentType": file.content_type,
                "securityContext": {"reference": f"QuestionnaireResponse/{file.response_id}"},
                "data": base64.b64encode(file.content).decode(),
            }
        )
    name = f"attachment; filename*=UTF-8''{quote(file.file_name)}"
    return Response(file.content, media_type=file.content_type, headers={"Content-Disposition": name})


@router.get("/{resource_type}", name="fhir:search")
def search_type(request: Request, actor: FhirReader, db: Db, resource_type: str) -> Response:
    """Search resources of one type; the parameters stand in /fhir/metadata."""
    strict = "handling=strict" in request.headers.get("prefer", "")
    asked = Asked(_known(resource_type), request.query_params.multi_items(), strict)
    return FhirResponse(search(db, actor, asked))


@router.get("/{resource_type}/{number}", name="fhir:read")
def read_one(actor: FhirReader, db: Db, resource_type: str, number: str) -> Response:
    """One resource."""
    return FhirResponse(read(db, actor, _known(resource_type), _number(number)))


def _known(resource_type: str) -> str:
    if resource_type not in REGISTERS and resource_type not in CLINICAL:
        raise NotFound(_("This server has no resources of the type %(name)s", name=resource_type))
    return resource_type


def _number(text: str) -> int:
    if not text.isdigit() or len(text) > 18:
        raise NotFound(_("There is no such record"))
    return int(text)
