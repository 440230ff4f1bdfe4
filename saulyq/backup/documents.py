"""Which electronic documents a backup holds and until when each is kept; by that, which backups may go.

Beside a backup lies ``<file>.documents.json``: the sum of the backup and, by document, the sum of its bytes with all
signatures and the last day of its term (order ҚР ДСМ-30, items 20 and 23; terms of order ҚР ДСМ-175/2020, annex 7). It
names nobody, so old backups can be put away where the key that opens them is not.
"""

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from saulyq.errors import Unavailable

SUFFIX = ".documents.json"
# Documents of a destroyed person are empty: nothing of them is left to be kept.
_HELD = """
with signed as (
  select s.document_id, string_agg(s.cms, ''::bytea order by s.id) cms,
    string_agg(e.content, ''::bytea order by s.id, e.id) more
  from documents.document_signature s
  left join documents.signature_evidence x on x.signature_id = s.id
  left join documents.evidence e on e.id = x.evidence_id
  group by 1),
terms as (
  select patient_id, max(event_at + make_interval(years => case encounter_class when 'inpatient' then %(inpatient)s
    else %(outpatient)s end))::date last_day
  from visits.encounter where entered_in_error_at is null group by 1),
marks as (select patient_id, max(keep_until) last_day from personal_data.archive_mark group by 1)
select 'document:' || d.id, case when d.pdf = ''::bytea then '' else
    encode(sha256(d.pdf || coalesce(s.cms, ''::bytea) || coalesce(s.more, ''::bytea)), 'hex') end,
  greatest(t.last_day, m.last_day, (d.formed_at + make_interval(years => %(outpatient)s))::date)
from documents.document d left join signed s on s.document_id = d.id
left join terms t on t.patient_id = d.patient_id left join marks m on m.patient_id = d.patient_id
union all
select 'received:' || r.id, r.sha256,
  greatest(t.last_day, m.last_day, (r.received_at + make_interval(years => %(outpatient)s))::date)
from documents.received_document r
left join terms t on t.patient_id = r.patient_id left join marks m on m.patient_id = r.patient_id
"""

Held = dict[str, tuple[str, str]]
"""By document: the sum of what is held, empty when destroyed, and the last day of its term."""


@dataclass(frozen=True)
class Kept:
    """A backup of a folder, with what it holds."""

    file: Path
    taken_at: dt.datetime
    documents: Held


def held(connection: psycopg.Connection[Any]) -> Held:
    """Every electronic document as this transaction sees it."""
    from ops_app.modules.personal_data.declarations import retentions

    years = {name: retentions()[f"{name}_record"].years for name in ("inpatient", "outpatient")}
    rows = connection.execute(_HELD, years).fetchall()
    return {name: (total, last_day.isoformat()) for name, total, last_day in rows}


def write_list(file: Path, taken_at: str, documents: Held) -> None:
    """Put the list of documents beside a finished backup."""
    body = {"sha256": _sha256(file), "taken_at": taken_at, "documents": documents}
    place = file.with_name(file.name + SUFFIX)
    draft = place.with_name(f".{place.name}.part")
    draft.write_text(json.dumps(body))
    draft.replace(place)


def listed_documents(file: Path) -> Held | None:
    """The list beside a backup, if it has one."""
    place = file.with_name(file.name + SUFFIX)
    return _listed(json.loads(place.read_text())) if place.is_file() else None


def _listed(body: dict[str, Any]) -> Held:
    return {name: (total, last_day) for name, (total, last_day) in body["documents"].items()}


def prune(folder: Path, keep_days: int, today: dt.date) -> dict[str, Any]:
    """Remove backups older than so many days, but never the last one that holds a document whose term goes on.

    The newest backup stays, and so does a file without its list: nobody could tell what would be lost. Another copy
    counts only when it is whole.
    """
    if not folder.is_dir():
        raise Unavailable("there is no folder %(folder)s", folder=folder)
    found = sorted(_readable(folder), key=lambda each: each.taken_at)
    damaged = [each.file.name for each in found if not _is_whole(each.file)]
    whole = [each for each in found if each.file.name not in damaged]
    removed, needed = [], {}
    for old in whole[:-1]:
        if (today - old.taken_at.date()).days <= keep_days:
            break
        others = [each.documents for each in whole if each is not old and each.file.name not in removed]
        only_here = sum(
            total != "" and last_day >= today.isoformat() and not any(_covers(each, name, total) for each in others)
            for name, (total, last_day) in old.documents.items()
        )
        if only_here:
            needed[old.file.name] = only_here
            continue
        old.file.unlink()
        old.file.with_name(old.file.name + SUFFIX).unlink()
        removed.append(old.file.name)
    return {
        "removed": removed,
        "kept": [each.file.name for each in whole if each.file.name not in removed],
        "needed_for_documents": needed,
        "damaged": damaged,
    }


def _covers(documents: Held, name: str, total: str) -> bool:
    # one that was destroyed by an act since is no reason to keep its copy
    return name in documents and documents[name][0] in (total, "")


def _readable(folder: Path) -> list[Kept]:
    found = []
    for listing in folder.glob(f"*{SUFFIX}"):
        file = listing.with_name(listing.name.removesuffix(SUFFIX))
        if file.is_file():
            body = json.loads(listing.read_text())
            found.append(Kept(file, dt.datetime.fromisoformat(body["taken_at"]), _listed(body)))
    return found


def _is_whole(file: Path) -> bool:
    listing = file.with_name(file.name + SUFFIX)
    return bool(_sha256(file) == json.loads(listing.read_text())["sha256"])


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
