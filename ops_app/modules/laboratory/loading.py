"""The shipped catalogue of `ops_app/content/laboratory`, stored at every upgrade."""

from __future__ import annotations

import csv
import datetime as dt
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field
from sqlalchemy import Connection, Table, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from ops_app.kit.declared import Declared, Text
from ops_app.mechanisms.questionnaire.expression import Names, Tree, parse
from ops_app.modules.laboratory.models import Parameter, ReferenceRange, ReflexRule, Service, ServiceParameter
from ops_app.modules.laboratory.ranges import days_of

CONTENT = Path(__file__).parents[2] / "content"
FROM = dt.date(2020, 1, 1)
"""Shipped ranges hold from here, so that results brought from older systems are judged too."""
PERSON = ("patient_age_years", "patient_age_months", "patient_sex")

_Limits = tuple[float | None, float | None]


def _columns(title: Text) -> dict[str, str]:
    """The title as columns of a table."""
    return {"title_kk": title.kk, "title_ru": title.ru, "title_en": title.en}


class Choice(Text):
    """A value of an enumerated parameter."""

    code: str
    abnormal: bool = False
    critical: bool = False


class Range(Declared):
    """A declared reference range."""

    age: Annotated[list[str], Field(min_length=1, max_length=2)]
    sex: Literal["male", "female"] | None = None
    trimester: int | None = None
    method: str | None = None
    low: float | None = None
    high: float | None = None
    source: str


class Critical(Declared):
    """Limits beyond which somebody is called at once."""

    limits: _Limits
    source: str


class Delta(Declared):
    """The change that asks for a second look."""

    percent: float
    days: int


class ParameterDeclaration(Declared):
    """A declared parameter."""

    code: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,19}$")]
    loinc: Annotated[str, Field(pattern=r"^\d{1,7}-\d$")] | None = None
    unit: str | None = None
    kind: Literal["numeric", "text", "enumerated", "titre", "image", "record"] = "numeric"
    decimals: int | None = None
    title: Text
    possible: _Limits = (None, None)
    delta: Delta | None = None
    units: dict[str, float] = {}
    formula: str | None = None
    critical: Critical | None = None
    ranges: tuple[Range, ...] = ()
    choices: tuple[Choice, ...] | None = None
    normal_titre: int | None = None
    questionnaire: str | None = None


class ServiceDeclaration(Declared):
    """A declared service."""

    code: str
    specimen: str
    container: str
    group: str | None = None
    minutes: tuple[int, int]
    parameters: tuple[str, ...]
    optional: tuple[str, ...] = ()


class ReflexDeclaration(Declared):
    """A declared reflex test."""

    code: str
    when: str
    adds: str
    title: Text


class Catalogue(Declared):
    """Both files together."""

    sources: dict[str, str]
    parameters: tuple[ParameterDeclaration, ...]
    services: tuple[ServiceDeclaration, ...]
    reflex: tuple[ReflexDeclaration, ...]


def shipped() -> Catalogue:
    """The declarations; a formula or rule that names what does not exist stops the upgrade."""
    whole: dict[str, Any] = {}
    for name in ("parameters.yaml", "services.yaml"):
        whole |= yaml.safe_load((CONTENT / "laboratory" / name).read_text(encoding="utf-8"))
    catalogue = Catalogue.model_validate(whole)
    codes = {parameter.code for parameter in catalogue.parameters}
    for parameter in catalogue.parameters:
        if parameter.formula:
            expression(parameter.formula, codes)
    for rule in catalogue.reflex:
        expression(rule.when, codes)
    return catalogue


def expression(text: str, codes: set[str]) -> Tree:
    """The tree of a formula over parameter codes and what is known of the person."""
    return parse(text, Names(values={*codes, *PERSON}))


def named_in(tree: Tree) -> set[str]:
    """What an expression names: parameter codes, and what it asks of the person."""
    if tree[0] == "ref":
        return {str(tree[1])}
    return {name for part in tree if isinstance(part, list) for name in named_in(part)}


def store(connection: Connection) -> None:
    """Bring the shipped catalogue into the tables; what a laboratory added of its own stays."""
    catalogue = shipped()
    _upsert(connection, Parameter.__table__, [_parameter(each) for each in catalogue.parameters])
    titles = _service_titles()
    _upsert(connection, Service.__table__, [_service(each, titles[each.code]) for each in catalogue.services])
    parameters = {row.code: row.id for row in connection.execute(select(Parameter.code, Parameter.id))}
    services = {row.code: row.id for row in connection.execute(select(Service.code, Service.id))}
    ids = [services[each.code] for each in catalogue.services]
    connection.execute(delete(ServiceParameter).where(ServiceParameter.service_id.in_(ids)))
    connection.execute(
        insert(ServiceParameter),
        [
            {
                "service_id": services[each.code],
                "parameter_id": parameters[code],
                "position": position,
                "is_optional": code in each.optional,
            }
            for each in catalogue.services
            for position, code in enumerate(each.parameters)
        ],
    )
    _upsert(
        connection,
        ReflexRule.__table__,
        [
            {"code": rule.code, "condition": rule.when, "service_id": services[rule.adds], **_columns(rule.title)}
            for rule in catalogue.reflex
        ],
    )
    _store_ranges(connection, catalogue, parameters)


def _store_ranges(connection: Connection, catalogue: Catalogue, parameters: dict[str, int]) -> None:
    rows = [
        _range(each, declared, parameters[each.code], catalogue.sources)
        for each in catalogue.parameters
        for declared in each.ranges
    ]
    compared = [name for name in rows[0] if name != "is_shipped"]
    stored = connection.execute(
        select(*(ReferenceRange.__table__.c[name] for name in compared)).where(ReferenceRange.is_shipped)
    )
    if sorted(map(str, ({name: row[name] for name in compared} for row in rows))) == sorted(
        str(dict(row._mapping)) for row in stored
    ):
        return
    connection.execute(delete(ReferenceRange).where(ReferenceRange.is_shipped))
    connection.execute(insert(ReferenceRange), rows)


def _upsert(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    assert isinstance(table, Table)
    statement = insert(table).values({name: bindparam(name) for name in rows[0]})
    changes = {name: statement.excluded[name] for name in rows[0] if name != "code"}
    connection.execute(statement.on_conflict_do_update(index_elements=["code"], set_=changes), rows)


def _parameter(declared: ParameterDeclaration) -> dict[str, Any]:
    return {
        "code": declared.code,
        "loinc": declared.loinc,
        "kind": declared.kind,
        "unit": declared.unit,
        "decimals": declared.decimals,
        **_columns(declared.title),
        "choices": [choice.model_dump() for choice in declared.choices] if declared.choices else None,
        "normal_titre": declared.normal_titre,
        "questionnaire": declared.questionnaire,
        "formula": declared.formula,
        "delta_percent": declared.delta.percent if declared.delta else None,
        "delta_days": declared.delta.days if declared.delta else None,
        "possible_low": declared.possible[0],
        "possible_high": declared.possible[1],
        "conversions": declared.units,
    }


def _service(declared: ServiceDeclaration, titles: dict[str, str]) -> dict[str, Any]:
    return {
        "code": declared.code,
        **titles,
        "specimen_type": declared.specimen,
        "container": declared.container,
        "interchange_group": declared.group,
        "turnaround_minutes": declared.minutes[0],
        "urgent_minutes": declared.minutes[1],
    }


def _range(
    parameter: ParameterDeclaration, declared: Range, parameter_id: int, sources: dict[str, str]
) -> dict[str, Any]:
    critical = parameter.critical.limits if parameter.critical else (None, None)
    citation = sources[declared.source]
    if parameter.critical:
        citation = f"{citation}; {sources[parameter.critical.source]}"
    return {
        "parameter_id": parameter_id,
        "sex": declared.sex,
        "age_from_days": _age(declared.age[0]),
        "age_to_days": _age(declared.age[1]) if len(declared.age) > 1 else None,
        "trimester": declared.trimester,
        "method": declared.method,
        "low": declared.low,
        "high": declared.high,
        "critical_low": critical[0],
        "critical_high": critical[1],
        "valid_from": FROM,
        "citation": citation,
        "is_shipped": True,
    }


def _age(text: str) -> int:
    match = re.fullmatch(r"(\d+)([dmy])", text)
    if match is None:
        raise ValueError(f"{text} is no age such as 28d, 6m or 12y")
    return days_of(int(match[1]), match[2])


def _service_titles() -> dict[str, dict[str, str]]:
    """Titles stand in the classifier of services and nowhere else."""
    with (CONTENT / "classifiers" / "services.csv").open(encoding="utf-8", newline="") as stream:
        return {
            row["code"]: {name: row[name] for name in ("title_kk", "title_ru", "title_en")}
            for row in csv.DictReader(stream)
        }
