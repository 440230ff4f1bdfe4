"""Bundles and outcomes: the envelopes of FHIR."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.responses import JSONResponse

from ops_app.kit import clock
from ops_app.modules.fhir.shapes import Resource, moment
from saulyq.settings import settings

_ISSUES = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    409: "conflict",
    422: "invalid",
    503: "transient",
}


class FhirResponse(JSONResponse):
    """JSON under the media type of FHIR."""

    media_type = "application/fhir+json"


def base() -> str:
    """The address of the API as its users see it."""
    return f"{settings().page_url(settings().ops_port)}/fhir"


def identified(resource: Resource, row_id: int, version: int, changed: dt.datetime) -> Resource:
    """The resource with its number, version and time of change."""
    meta = {"versionId": str(version), "lastUpdated": moment(changed), **resource.get("meta", {})}
    return {"resourceType": resource["resourceType"], "id": str(row_id), **resource, "meta": meta}


def outcome(status: int, message: str, advice: str) -> FhirResponse:
    """An error as FHIR says it."""
    issue: dict[str, Any] = {
        "severity": "error",
        "code": _ISSUES.get(status, "exception"),
        "details": {"text": message},
    }
    if advice:
        issue["diagnostics"] = advice
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return FhirResponse({"resourceType": "OperationOutcome", "issue": [issue]}, status_code=status, headers=headers)


def entries(resources: Iterable[Resource], mode: str | None) -> list[Resource]:
    """Resources as entries of a bundle."""
    found: list[Resource] = []
    for resource in resources:
        entry: Resource = {"fullUrl": f"{base()}/{resource['resourceType']}/{resource['id']}", "resource": resource}
        if mode:
            entry["search"] = {"mode": mode}
        found.append(entry)
    return found


def bundle(kind: str, listed: Sequence[Resource], total: int | None = None, links: Sequence[Resource] = ()) -> Resource:
    """A bundle of entries."""
    made: Resource = {
        "resourceType": "Bundle",
        "id": str(uuid.uuid4()),
        "type": kind,
        "timestamp": moment(clock.now()),
    }
    if total is not None:
        made["total"] = total
    if links:
        made["link"] = list(links)
    if listed:
        made["entry"] = list(listed)
    return made


def links(path: str, query: Sequence[tuple[str, str]], count: int, offset: int, has_next: bool) -> list[Resource]:
    """Links to this page and its neighbours."""

    def link(relation: str, at: int) -> Resource:
        kept = [(name, value) for name, value in query if name not in ("_count", "_offset")]
        kept += [("_count", str(count))] + ([("_offset", str(at))] if at else [])
        return {"relation": relation, "url": f"{base()}/{path}?{urlencode(kept)}"}

    found = [link("self", offset), link("first", 0)]
    if offset:
        found.append(link("previous", max(0, offset - count)))
    if has_next:
        found.append(link("next", offset + count))
    return found
