"""Everything that shows how one person's data were collected and used, for the authority that protects them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.modules.audit.models import Event
from ops_app.modules.patients.queries import record_ids
from ops_app.modules.personal_data import held, queries, request_queries
from ops_app.modules.personal_data.models import DataBlock
from ops_app.modules.protection.standing import refuse_unprotected

LOG_ROWS = 100_000


def pack(session: Session, actor: Actor, patient_id: int, rule: str) -> bytes:
    """A zip: consents, sources, requests, blocks, disclosures, the journal of access, changes, and an index.

    In production it is refused while the protection of personal data is not in place: the file leaves the installation.
    """
    refuse_unprotected(session)
    records = record_ids(session, patient_id)
    events = request_queries.access_log(session, records, LOG_ROWS)
    blocks = session.scalars(select(DataBlock).where(DataBlock.patient_id.in_(records)).order_by(DataBlock.id)).all()
    collected = [
        {
            "encounter_id": visit.id,
            "event_at": visit.event_at,
            "source": visit.source,
            "way": queries.way_of(visit, note),
            "organization_id": visit.organization_id,
            "recorded_by": visit.recorded_by,
            "recorded_at": visit.recorded_at,
        }
        for visit, _organization, note in queries.collected(session, records, None)
    ]
    files = {
        "held.json": _json([holding.as_dict() for holding in held.held(session, records)]),
        "consents.json": _json([audit.snapshot(row.Consent) for row in queries.consents_of(session, records)]),
        "representatives.json": _json(_rows(queries.representatives_of(session, records))),
        "sources.json": _json(collected),
        "requests.json": _json(_rows(request_queries.requests_of(session, records))),
        "blocks.json": _json(_rows(blocks)),
        "disclosures.json": _json(_rows(request_queries.disclosures_of(session, records))),
        "access.csv": _access(events),
        "changes.json": _json([_change(event) for event in events if event.kind == "write"]),
    }
    index = _csv(("file", "bytes", "sha256"), [(name, len(body), _sha256(body)) for name, body in files.items()])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in {**files, "index.csv": index}.items():
            archive.writestr(name, body)
    audit.changed(
        session,
        actor,
        entity="personal_data.evidence",
        entity_id=patient_id,
        patient_id=patient_id,
        after={"index_sha256": _sha256(index)},
        rule=rule,
    )
    return packed.getvalue()


def _rows(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [audit.snapshot(row) for row in rows]


def _json(rows: list[dict[str, Any]]) -> bytes:
    return json.dumps([audit.plain(row) for row in rows], ensure_ascii=False, indent=1).encode()


def _access(events: Sequence[Event]) -> bytes:
    names = ("id", "at", "kind", "action", "login", "rule", "entity", "entity_id", "ip")
    return _csv(names, [tuple(getattr(event, name) for name in names) for event in events])


def _change(event: Event) -> dict[str, Any]:
    names = ("id", "at", "action", "login", "entity", "entity_id", "before", "after")
    return {name: getattr(event, name) for name in names}


def _csv(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue().encode()


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
