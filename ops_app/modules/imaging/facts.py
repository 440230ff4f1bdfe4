"""What an arrived object says, as the columns of the index."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from ops_app.kit.spelling import fold
from ops_app.modules.imaging.header import Header

_STORAGE = "1.2.840.10008.5.1.4.1.1."
_WAVEFORMS = f"{_STORAGE}9."
_REPORTS = f"{_STORAGE}88."
_DOCUMENTS = f"{_STORAGE}104."
_VIDEOS = tuple(f"{_STORAGE}77.1.{number}.1" for number in (1, 2, 4))

DOSE = {
    "kvp": 0x00180060,
    "exposure_time_ms": 0x00181150,
    "tube_current_ma": 0x00181151,
    "exposure_mas": 0x00181152,
    "dap_dgycm2": 0x0018115E,
    "exposure_index": 0x00181411,
    "ctdivol_mgy": 0x00189345,
    "organ_dose_dgy": 0x00400316,
    "entrance_dose_mgy": 0x00408302,
}


@dataclass(frozen=True, slots=True)
class Sent:
    """The person as the device named him."""

    patient_id: str | None = None
    issuer: str | None = None
    name: str | None = None
    birth_date: str | None = None
    sex: str | None = None
    accession_number: str | None = None
    other_ids: tuple[str, ...] = ()

    def kept(self) -> dict[str, Any]:
        """As the index keeps it."""
        return {
            "patient_id": self.patient_id,
            "issuer": self.issuer,
            "name": self.name,
            "birth_date": self.birth_date,
            "sex": self.sex,
            "accession_number": self.accession_number,
            "other_ids": list(self.other_ids),
        }

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Sent:
        """Back from what the index keeps."""
        return cls(**{**kept, "other_ids": tuple(kept.get("other_ids") or ())})


@dataclass(frozen=True, slots=True)
class Facts:
    """One object's rows: study, series, instance."""

    study_uid: str
    series_uid: str
    sop_uid: str
    sent: Sent
    modality: str | None
    study: dict[str, Any]
    series: dict[str, Any]
    instance: dict[str, Any]


def same_person(one: Sent, other: Sent) -> bool:
    """Whether two objects name the same person, as far as both say; spelling alone makes no other person."""
    for left, right in ((one.patient_id, other.patient_id), (one.birth_date, other.birth_date)):
        if left and right and left != right:
            return False
    if {one.sex, other.sex} == {"M", "F"}:
        return False
    left_names, right_names = _names(one.name), _names(other.name)
    return not (left_names and right_names) or bool(left_names & right_names)


def facts_of(header: Header, sop_class_uid: str, sop_uid: str) -> Facts:
    """The rows of an object. A missing study or series UID is made from the object's own, always the same."""
    sent = sent_of(header)
    modality = header.code(0x00080060)
    study = {
        "accession_number": sent.accession_number,
        "description": header.text(0x00081030),
        "study_number": header.code(0x00200010),
        "referring_physician": header.text(0x00080090),
        "institution_name": header.text(0x00080080),
        "started_at": header.moment(0x00080020, 0x00080030),
    }
    series = {
        "modality": modality,
        "number": header.whole(0x00200011),
        "description": header.text(0x0008103E),
        "body_part": header.code(0x00180015),
        "laterality": header.code(0x00200060),
        "protocol_name": header.text(0x00181030),
        "station_name": header.code(0x00081010),
        "manufacturer": header.text(0x00080070),
        "model": header.text(0x00081090),
        "started_at": header.moment(0x00080021, 0x00080031) or study["started_at"],
    }
    frames = header.whole(0x00280008)
    instance = {
        "sop_class_uid": sop_class_uid,
        "transfer_syntax_uid": header.transfer_syntax_uid,
        "kind": _kind(sop_class_uid, header.has_pixels),
        "number": header.whole(0x00200013),
        "frames": max(1, frames or 1) if header.has_pixels else 0,
        "rows": header.whole(0x00280010),
        "columns": header.whole(0x00280011),
        "bits_allocated": header.whole(0x00280100),
        "photometric": header.code(0x00280004),
        "projection": header.code(0x00185101),
        "laterality": header.code(0x00200062),
        "acquired_at": header.moment(0x00080022, 0x00080032) or header.moment(0x00080023, 0x00080033),
        "dose": _dose(header),
    }
    return Facts(
        study_uid=header.uid(0x0020000D) or _made(f"study:{sop_uid}"),
        series_uid=header.uid(0x0020000E) or _made(f"series:{sop_uid}"),
        sop_uid=sop_uid,
        sent=sent,
        modality=modality,
        study=study,
        series=series,
        instance=instance,
    )


def sent_of(header: Header) -> Sent:
    """Whom the object names."""
    others = (header.text(0x00101000) or "").split("\\")
    return Sent(
        patient_id=header.text(0x00100020),
        issuer=header.text(0x00100021),
        name=header.text(0x00100010),
        birth_date=header.code(0x00100030),
        sex=header.code(0x00100040),
        accession_number=header.code(0x00080050),
        other_ids=tuple(each.strip() for each in others if each.strip())[:16],
    )


def shown_name(name: str | None) -> str | None:
    """A DICOM name as people write it: its best spelling, parts in order."""
    if name is None:
        return None
    spellings = [part for part in name.split("=") if part.strip("^ ")]
    # the second and third spellings are ideographic and phonetic; Cyrillic is sent there or in the first
    cyrillic = [part for part in spellings if any("\u0400" <= letter <= "\u052f" for letter in part)]
    chosen = (cyrillic or spellings or [""])[0]
    return " ".join(part.strip() for part in chosen.split("^") if part.strip()) or None


def _names(name: str | None) -> set[str]:
    if not name:
        return set()
    parts = name.replace("=", "^").replace(" ", "^").replace(",", "^").split("^")
    return {folded for part in parts if len(folded := fold(part)) > 1}


def _kind(sop_class_uid: str, has_pixels: bool) -> str:
    if sop_class_uid.startswith(_WAVEFORMS):
        return "waveform"
    if sop_class_uid.startswith(_REPORTS):
        return "report"
    if sop_class_uid.startswith(_DOCUMENTS):
        return "document"
    if sop_class_uid in _VIDEOS:
        return "video"
    return "image" if has_pixels else "other"


def _dose(header: Header) -> dict[str, float] | None:
    found = {name: value for name, tag in DOSE.items() if (value := header.number(tag)) is not None}
    dgy = header.whole(0x00400302)
    if dgy is not None and "entrance_dose_mgy" not in found:
        found["entrance_dose_mgy"] = dgy * 100.0
    return found or None


def _made(name: str) -> str:
    # PS3.5 B.2: a UUID as a decimal number under 2.25
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, name).int}"
