"""What the viewer is told of a study, and the recordings behind waveforms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from ops_app.i18n import _
from ops_app.mechanisms.waveform.recording import Lead, Recording, WaveformError
from ops_app.mechanisms.waveform.wfdb import read_header, read_record
from ops_app.modules.accounts.queries import people_of
from ops_app.modules.imaging.models import Instance, Series, Study
from ops_app.modules.imaging.pixels import WaveformGroup, waveform
from ops_app.modules.radiology import queries
from ops_app.modules.radiology.models import KeyImage
from ops_app.modules.radiology.titles import BODY_PART_TITLES, MODALITY_TITLES, WAVEFORM_PROBLEMS

Url = Callable[..., str]

ECG_NAMES = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")


def study_title(study: Study) -> str:
    """What kind of study it is; what the device called it where it said so."""
    kinds = [_(MODALITY_TITLES.get(modality, modality)) for modality in study.modalities]
    return study.description or ", ".join(dict.fromkeys(kinds)).capitalize() or _("Study")


def series_title(series: Series) -> str:
    """What the device called a series, else its body part or kind."""
    part = BODY_PART_TITLES.get((series.body_part or "").upper())
    kind = MODALITY_TITLES.get(series.modality or "")
    return series.description or (_(part) if part else "") or (_(kind) if kind else "") or _("Series")


def manifest(session: Session, study: Study, url: Url, given: str) -> dict[str, Any]:
    """Series, frames with their addresses, and key images of a study; ``given`` is the ticket of the page."""
    contents = queries.contents_of(session, study.id)
    return {
        "series": [_series(each.series, each.instances, url, given) for each in contents],
        "keys": keys(session, queries.key_images(session, study.id), url, given),
    }


def only_signal(session: Session, study: Study) -> Instance | None:
    """The first waveform of a study that has no picture to look at."""
    stored = [instance for each in queries.contents_of(session, study.id) for instance in each.instances]
    if any(instance.kind == "image" and instance.frames > 0 for instance in stored):
        return None
    return next((instance for instance in stored if instance.kind == "waveform"), None)


def keys(session: Session, marked: Sequence[KeyImage], url: Url, given: str) -> list[dict[str, Any]]:
    """Key images as the viewer shows them."""
    people = people_of(session, (each.marked_by for each in marked))
    return [
        {
            "instance": each.instance_id,
            "frame": each.frame,
            "title": _(
                "Key image, %(who)s", who=people[each.marked_by].name if each.marked_by in people else each.marked_by
            ),
            "picture": picture_url(url, each.instance_id, each.frame, given, 128),
        }
        for each in marked
    ]


def picture_url(url: Url, instance_id: int, frame: int, given: str, size: int) -> str:
    """The address of a small picture of a frame or a waveform."""
    return f"{url('radiology:picture', instance_id=instance_id, frame=frame)}?size={size}&ticket={given}"


def _series(series: Series, instances: Sequence[Instance], url: Url, given: str) -> dict[str, Any]:
    pictures = [instance for instance in instances if instance.kind == "image" and instance.frames > 0]
    signals = [instance for instance in instances if instance.kind == "waveform"]
    first = next(iter([*pictures, *signals]), None)
    return {
        "id": series.id,
        "title": series_title(series),
        "modality": series.modality,
        "thumbnail": picture_url(url, first.id, 1, given, 128) if first is not None else None,
        "ecg": url("radiology:instance_ecg", instance_id=signals[0].id) if signals and not pictures else None,
        "frames": [
            {
                "instance": instance.id,
                "frame": frame,
                "url": f"{url('radiology:pixels', instance_id=instance.id, frame=frame, given=given)}",
                "file": url("radiology:file", instance_id=instance.id),
                "key_url": url("radiology:key", instance_id=instance.id),
                "projection": " ".join(filter(None, (instance.projection, instance.laterality))),
            }
            for instance in pictures
            for frame in range(1, instance.frames + 1)
        ],
    }


def recording_of_groups(groups: Sequence[WaveformGroup]) -> Recording:
    """The leads of a DICOM waveform; of several groups the longest, for the others are averages of it."""
    if not groups:
        return Recording(())
    longest = max(groups, key=lambda group: max((len(each.values) for each in group.channels), default=0))
    leads = []
    for number, channel in enumerate(longest.channels, 1):
        values = np.array([np.nan if value is None else value for value in channel.values], dtype=np.float32)
        leads.append(Lead(_lead_name(channel.label) or str(number), channel.unit or "mV", longest.frequency, values))
    return Recording(tuple(leads))


def _lead_name(label: str) -> str:
    """Lead aVR (Einthoven) → aVR."""
    words = label.replace("(", " ").split()
    short = [word for word in words if word.upper() in {name.upper() for name in ECG_NAMES}]
    return next((name for name in ECG_NAMES if short and name.upper() == short[0].upper()), label.strip())


def dicom_recording(path: Path) -> Recording:
    """The signal of a waveform object."""
    return _of_file(str(path), path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _of_file(path: str, _changed: int) -> Recording:
    # A screen asks for window after window of the same object.
    return recording_of_groups(waveform(Path(path)))


_records: dict[int, Recording] = {}


def wfdb_recording(session: Session, recording_id: int) -> Recording:
    """The signal of a WFDB record; records never change, so the last few stay in memory."""
    if recording_id not in _records:
        files = queries.files_of(session, recording_id)
        header = next(content for name, content in files.items() if name.endswith(".hea"))
        while len(_records) >= 8:
            _records.pop(next(iter(_records)))
        _records[recording_id] = read_record(read_header(header.decode("utf-8", "replace")), files)
    return _records[recording_id]


def problem_text(problem: WaveformError) -> str:
    """Why a recording cannot be read, in the language of the request."""
    return _(WAVEFORM_PROBLEMS[problem.code], about=problem.about)


def lead_facts(recording: Recording) -> list[dict[str, Any]]:
    """Name, unit, rate and range of each lead."""
    facts = []
    for lead in recording.leads:
        known = lead.samples[~np.isnan(lead.samples)]
        facts.append(
            {
                "name": lead.name,
                "unit": lead.unit,
                "rate": lead.rate,
                "lowest": float(known.min()) if len(known) else 0.0,
                "highest": float(known.max()) if len(known) else 0.0,
            }
        )
    return facts


def sketch(recording: Recording, size: int) -> str:
    """The first seconds of one lead as a small SVG."""
    lead = next((each for each in recording.leads if each.name.upper() in ("II", "MLII")), None)
    lead = lead or next(iter(recording.leads), None)
    points = ""
    if lead is not None and len(lead.samples) > 1:
        part = lead.samples[: max(2, round(3 * lead.rate))]
        part = np.nan_to_num(part[:: max(1, len(part) // 240)])
        low, high = float(part.min()), float(part.max())
        span = (high - low) or 1.0
        points = " ".join(
            f"{place * 100 / (len(part) - 1):.1f},{88 - 76 * (value - low) / span:.1f}"
            for place, value in enumerate(part)
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" width="{size}" height="{size}">'
        '<rect width="100" height="100" fill="#fff7f5"/>'
        '<path d="M0 20H100M0 40H100M0 60H100M0 80H100M20 0V100M40 0V100M60 0V100M80 0V100" stroke="#f0c9c0"/>'
        f'<polyline points="{points}" fill="none" stroke="#1b2524" stroke-width="1.5"/></svg>'
    )


UNREADABLE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" width="100" height="100">'
    '<rect width="100" height="100" fill="#2a3434"/>'
    '<path d="M30 30L70 70M70 30L30 70" stroke="#9fb0ae" stroke-width="4"/></svg>'
)
"""Stands where a picture cannot be decoded."""
