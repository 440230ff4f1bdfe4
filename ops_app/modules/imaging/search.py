"""Searching the index by DICOM attributes: one meaning for C-FIND and for QIDO-RS (PS3.4 C.2.2.2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydicom import Dataset
from sqlalchemy import ColumnElement, Select, and_, func, or_, select, text
from sqlalchemy.orm import Session

from ops_app.actor import Scope
from ops_app.kit import clock
from ops_app.modules.imaging.facts import shown_name
from ops_app.modules.imaging.models import Instance, Series, Study
from ops_app.modules.patients.access import within, within_parameters
from ops_app.modules.patients.models import Patient

Level = Literal["PATIENT", "STUDY", "SERIES", "IMAGE"]
SEXES = {"male": "M", "female": "F"}

_PATIENT_ID = func.coalesce(Patient.iin, Patient.temporary_id, Study.sent_patient_id)
_PATIENT_NAME = func.coalesce(Patient.family_name + "^" + Patient.given_name, Study.sent_name)
_BIRTH_DATE = func.coalesce(func.to_char(Patient.birth_date, "YYYYMMDD"), Study.sent_birth_date)
_STUDY_DAY = func.to_char(func.timezone("Asia/Almaty", Study.started_at), "YYYYMMDD")
_STUDY_TIME = func.to_char(func.timezone("Asia/Almaty", Study.started_at), "HH24MISS")


class BadKey(Exception):
    """A key holds what its attribute cannot hold."""


@dataclass(frozen=True, slots=True)
class Found:
    """A row of an answer; the person is there when the study is matched to one."""

    study: Study
    patient: Patient | None
    series: Series | None = None
    instance: Instance | None = None


def _one_of(column: Any) -> Callable[[str], ColumnElement[bool]]:
    return lambda value: column.in_([each.strip() for each in value.replace(",", "\\").split("\\")])


def _like(column: Any) -> Callable[[str], ColumnElement[bool]]:
    def condition(value: str) -> ColumnElement[bool]:
        if "*" not in value and "?" not in value:
            return func.lower(column) == value.lower()
        escaped = value.replace("!", "!!").replace("%", "!%").replace("_", "!_")
        pattern: ColumnElement[bool] = column.ilike(escaped.replace("*", "%").replace("?", "_"), escape="!")
        return pattern

    return condition


def _range(column: Any) -> Callable[[str], ColumnElement[bool]]:
    def condition(value: str) -> ColumnElement[bool]:
        plain = value.replace(":", "").replace(".", "")
        first, dash, last = plain.partition("-")
        if not all(part == "" or part.isdigit() for part in (first, last)) or not (first or last):
            raise BadKey(value)
        if not dash:
            return column == first
        bounds = [column >= first] if first else []
        return and_(*bounds, column <= last.ljust(6, "9")) if last else bounds[0]

    return condition


def _modalities(value: str) -> ColumnElement[bool]:
    wanted = [each.strip() for each in value.replace(",", "\\").split("\\")]
    return Study.modalities.overlap(wanted)


def _sex(value: str) -> ColumnElement[bool]:
    named = {"M": "male", "F": "female"}.get(value, "other")
    return or_(Patient.sex == named, and_(Patient.id.is_(None), Study.sent_sex == value))


def _number(column: Any) -> Callable[[str], ColumnElement[bool]]:
    def condition(value: str) -> ColumnElement[bool]:
        if not value.lstrip("+-").isdigit() or len(value) > 12:
            raise BadKey(value)
        same: ColumnElement[bool] = column == int(value)
        return same

    return condition


# Keyword → condition; the level says from where on the attribute exists.
KEYS: dict[str, tuple[Level, Callable[[str], ColumnElement[bool]]]] = {
    "PatientID": ("PATIENT", lambda value: or_(_like(_PATIENT_ID)(value), _like(Study.sent_patient_id)(value))),
    "PatientName": ("PATIENT", lambda value: or_(_like(_PATIENT_NAME)(value), _like(Study.sent_name)(value))),
    "PatientBirthDate": ("PATIENT", _range(_BIRTH_DATE)),
    "PatientSex": ("PATIENT", _sex),
    "StudyInstanceUID": ("STUDY", _one_of(Study.study_uid)),
    "StudyDate": ("STUDY", _range(_STUDY_DAY)),
    "StudyTime": ("STUDY", _range(_STUDY_TIME)),
    "AccessionNumber": ("STUDY", _like(Study.accession_number)),
    "ModalitiesInStudy": ("STUDY", _modalities),
    "StudyDescription": ("STUDY", _like(Study.description)),
    "StudyID": ("STUDY", _like(Study.study_number)),
    "ReferringPhysicianName": ("STUDY", _like(Study.referring_physician)),
    "SeriesInstanceUID": ("SERIES", _one_of(Series.series_uid)),
    "Modality": ("SERIES", _one_of(Series.modality)),
    "SeriesNumber": ("SERIES", _number(Series.number)),
    "SeriesDescription": ("SERIES", _like(Series.description)),
    "BodyPartExamined": ("SERIES", _like(Series.body_part)),
    "SOPInstanceUID": ("IMAGE", _one_of(Instance.sop_uid)),
    "SOPClassUID": ("IMAGE", _one_of(Instance.sop_class_uid)),
    "InstanceNumber": ("IMAGE", _number(Instance.number)),
}
_ORDER: tuple[Level, ...] = ("PATIENT", "STUDY", "SERIES", "IMAGE")


def of_people_within(scope: Scope) -> ColumnElement[bool]:
    """Studies of people whose card the scope opens."""
    person = text(within("imaging.study.patient_id")).bindparams(**within_parameters(scope))
    return and_(Study.match_state == "matched", person)


def find(
    session: Session,
    level: Level,
    keys: dict[str, str],
    *,
    where: Sequence[ColumnElement[bool]] = (),
    limit: int | None = None,
    offset: int = 0,
) -> list[Found]:
    """Rows of a level that satisfy every key; universal matching for empty ones."""
    depth = _ORDER.index(level)
    entities: list[Any] = [Study, Patient]
    if depth >= 2:
        entities.append(Series)
    if depth >= 3:
        entities.append(Instance)
    statement: Select[Any] = select(*entities).outerjoin(Patient, Patient.id == Study.patient_id)
    if depth >= 2:
        statement = statement.join(Series, Series.study_id == Study.id)
    if depth >= 3:
        statement = statement.join(Instance, Instance.series_id == Series.id)
    statement = statement.where(Study.state == "available", *where)
    for keyword, value in keys.items():
        known = KEYS.get(keyword)
        if known is None or value in ("", "*") or _ORDER.index(known[0]) > depth:
            continue
        statement = statement.where(known[1](value))
    if level == "PATIENT":
        # one row a person: of his newest study
        statement = statement.distinct(_PATIENT_ID).order_by(_PATIENT_ID, Study.id.desc())
    else:
        order: list[Any] = [Study.started_at.desc().nulls_last(), Study.id.desc()]
        order += [Series.number, Series.id] if depth >= 2 else []
        order += [Instance.number, Instance.id] if depth >= 3 else []
        statement = statement.order_by(*order)
    statement = statement.offset(offset)
    if limit is not None:
        statement = statement.limit(limit)
    return [_found(tuple(row)) for row in session.execute(statement)]


def _found(row: tuple[Any, ...]) -> Found:
    return Found(*row)


def describe(found: Found, level: Level) -> Dataset:
    """Everything the index knows of a row, as DICOM attributes; the person is who the study is matched to."""
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    for keyword, value in person_of(found.study, found.patient).items():
        setattr(made, keyword, value)
    if level == "PATIENT":
        return made
    study = found.study
    made.StudyInstanceUID = study.study_uid
    made.StudyDate, made.StudyTime = _local(study.started_at)
    made.AccessionNumber = study.accession_number or ""
    made.ModalitiesInStudy = list(study.modalities)
    made.StudyDescription = (study.description or "")[:64]
    made.StudyID = (study.study_number or "")[:16]
    made.ReferringPhysicianName = study.referring_physician or ""
    made.NumberOfStudyRelatedSeries = study.series_count
    made.NumberOfStudyRelatedInstances = study.instance_count
    if found.series is not None:
        series = found.series
        made.SeriesInstanceUID = series.series_uid
        made.Modality = series.modality or ""
        made.SeriesNumber = series.number
        made.SeriesDescription = (series.description or "")[:64]
        made.BodyPartExamined = (series.body_part or "")[:16]
        made.Laterality = (series.laterality or "")[:16]
        made.SeriesDate, made.SeriesTime = _local(series.started_at)
        made.NumberOfSeriesRelatedInstances = series.instance_count
    if found.instance is not None:
        instance = found.instance
        made.SOPInstanceUID = instance.sop_uid
        made.SOPClassUID = instance.sop_class_uid
        made.AvailableTransferSyntaxUID = instance.transfer_syntax_uid
        made.InstanceNumber = instance.number
        if instance.frames:
            made.NumberOfFrames = instance.frames
            made.Rows, made.Columns = instance.rows, instance.columns
            made.BitsAllocated = instance.bits_allocated
    return made


def person_of(study: Study, patient: Patient | None) -> dict[str, str]:
    """Whom a study shows to the world: the matched person, else who the device named."""
    if patient is None:
        return {
            "PatientID": (study.sent_patient_id or "")[:64],
            "PatientName": study.sent_name or "",
            "PatientBirthDate": _date_or_nothing(study.sent_birth_date),
            "PatientSex": study.sent_sex if study.sent_sex in ("M", "F", "O") else "",
        }
    names = [patient.family_name, patient.given_name, patient.patronymic or ""]
    return {
        "PatientID": patient.iin or patient.temporary_id or "",
        "PatientName": "^".join(names).rstrip("^"),
        "PatientBirthDate": patient.birth_date.strftime("%Y%m%d"),
        "PatientSex": SEXES.get(patient.sex, "O"),
    }


def title_of(study: Study, patient: Patient | None) -> str:
    """The person's name as people write it."""
    return shown_name(person_of(study, patient)["PatientName"]) or ""


def _date_or_nothing(value: str | None) -> str:
    plain = (value or "").replace(".", "").replace("-", "")
    return plain if len(plain) == 8 and plain.isdigit() else ""


def _local(moment: dt.datetime | None) -> tuple[str, str]:
    if moment is None:
        return "", ""
    local = clock.local(moment)
    return local.strftime("%Y%m%d"), local.strftime("%H%M%S")
