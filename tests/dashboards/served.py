"""A small served warehouse with the contract tables: two organisations of a region, and a neighbour region."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import duckdb
import polars as pl

REGION, ALPHA, ALPHA_SITE, BETA, BETA_SITE, GAMMA, ELSEWHERE, NEIGHBOUR = 1, 10, 11, 20, 21, 30, 90, 2
AS_OF = dt.datetime(2026, 11, 20, 4, 0, tzinfo=dt.UTC)
PERIOD = "2026-11"
FACTS = (
    *("encounter", "condition", "observation", "procedure", "service_request", "medication_request"),
    *("immunization", "episode_of_care", "care_plan_activity", "appointment", "death"),
)
CODES = (
    *("visit_structure", "attached_population", "morbidity"),
    *(f"screening_{p}_{s}" for p in ("breast", "cervix", "cvd_dm") for s in ("listed", "recorded", "confirmed")),
    *("pregnancies_registered", "pregnancy_register", "missed_antenatal_visits"),
)
SIGNALS = ("SIG-02", "MAT-10", "MAT-11")
NODES = [
    (REGION, None, "region", REGION, None, "Аудан", False),
    (NEIGHBOUR, None, "region", NEIGHBOUR, None, "Көрші", True),
    (ALPHA, REGION, "organization", REGION, ALPHA, "Альфа емханасы", False),
    (ALPHA_SITE, ALPHA, "site", REGION, ALPHA, "Альфа учаскесі", False),
    (BETA, REGION, "organization", REGION, BETA, "Бета амбулаториясы", False),
    (BETA_SITE, BETA, "site", REGION, BETA, "Бета учаскесі", False),
    (GAMMA, REGION, "organization", REGION, GAMMA, "Гамма пункті", False),
    (ELSEWHERE, NEIGHBOUR, "organization", NEIGHBOUR, ELSEWHERE, "Алыс аурухана", True),
]
CASE = """create table indicators.indicator_case (indicator_code text, case_id text, period text, region_id bigint,
    organization_id bigint, site_id bigint, practitioner_code text, patient_key text, sex text, age_group text,
    dimension text, event_date date, in_denominator boolean, in_numerator boolean, excluded_because text,
    evidence text)"""
SIGNAL = """create table signals.signal_case (case_id text, signal_code text, rule_version text, patient_key text,
    region_id bigint, organization_id bigint, site_id bigint, event_key text, event_at timestamptz,
    known_at timestamptz, detected_at timestamptz, next_step text, due_at timestamptz, overdue boolean, severity text,
    state text, closed_at timestamptz, closed_by text, evidence text, as_of timestamptz)"""
ORGANIZATION = """create table marts.dim_organization (organization_id bigint, parent_id bigint, kind text,
    region_id bigint, facility_id bigint, name_kk text, name_ru text, name_en text, sort_key text, kato_code text,
    is_external boolean, is_active boolean)"""


def publish(home: Path, is_empty: bool = False) -> None:
    """Write the file and its pointer."""
    folder = home / "warehouse"
    folder.mkdir(parents=True)
    name = "saulyq-20261120T040500000000Z.duckdb"
    with duckdb.connect(str(folder / name)) as connection:
        for schema in ("marts", "indicators", "signals"):
            connection.execute(f"create schema {schema}")
        for statement in (CASE, SIGNAL, ORGANIZATION):
            connection.execute(statement)
        connection.execute("create table marts.dim_practitioner (practitioner_code text, position text)")
        for fact in FACTS:
            connection.execute(f"create table marts.fct_{fact} (recorded_at timestamptz)")
        _catalogs(connection)
        if not is_empty:
            connection.begin()
            _fill(connection)
            connection.commit()
    described = {"engine": "duckdb", "built_at": AS_OF.isoformat(), "as_of": AS_OF.isoformat()}
    (folder / name).with_suffix(".json").write_text(json.dumps(described))
    (folder / "current").write_text(name)


def _catalogs(connection: duckdb.DuckDBPyConnection) -> None:
    languages = ("kk", "ru", "en")
    for schema, codes, kinds in (
        ("indicators", CODES, ("title", "definition", "numerator", "denominator")),
        ("signals", SIGNALS, ("title", "definition", "closing")),
    ):
        columns = [f"{kind}_{language}" for kind in kinds for language in languages]
        texts = ", ".join(f"{column} text" for column in columns)
        connection.execute(f"create table {schema}.catalog (code text, {texts}, source text, rule_version text)")
        marks = ", ".join("?" * (len(columns) + 3))
        for code in codes:
            words = [f"{code} {column}" for column in columns]
            connection.execute(f"insert into {schema}.catalog values ({marks})", [code, *words, "order", "1"])


def _fill(connection: duckdb.DuckDBPyConnection) -> None:
    for node, parent, kind, region, facility, name, is_external in NODES:
        row = [node, parent, kind, region, facility, name, f"{name} ru", f"{name} en", name, "275030100", is_external]
        connection.execute(f"insert into marts.dim_organization values ({', '.join('?' * 11)}, true)", row)
    connection.execute("insert into marts.dim_practitioner values ('p-0001', 'therapist'), ('p-0002', 'midwife')")
    connection.execute("insert into marts.fct_encounter values (?)", [AS_OF])
    _indicators(connection)
    _signals(connection)


def _indicators(connection: duckdb.DuckDBPyConnection) -> None:
    places = [(ALPHA, ALPHA_SITE, 60), (ALPHA, None, 3), (BETA, BETA_SITE, 41)]
    number = 0
    cases = []
    for code in CODES:
        for period in ("2026-10", PERIOD):
            for organization, site, count in places:
                for at in range(count):
                    number += 1
                    excluded = "dead" if at % 13 == 12 else None
                    doctor = None if "screening" in code else ("p-0001", "p-0002", None)[at % 3]
                    dimension = code.split("_")[1] if "screening" in code else "ambulatory:disease"
                    inside = excluded is None and at % (3 if organization == ALPHA else 7) == 0
                    cases.append(
                        [
                            *(code, f"encounter:{number}", period, REGION, organization, site, doctor, f"key-{at}"),
                            *("female", ("40-44", "45-49")[at % 2], dimension, dt.date(2026, int(period[5:]), 1)),
                            *(excluded is None, inside, excluded, '{"evidence":"typed"}'),
                        ]
                    )
    names = [str(row[0]) for row in connection.execute("describe indicators.indicator_case").fetchall()]
    rows = pl.DataFrame(cases, schema=names, orient="row", infer_schema_length=None)
    connection.register("rows", rows.to_arrow())
    connection.execute("insert into indicators.indicator_case from rows")


def _signals(connection: duckdb.DuckDBPyConnection) -> None:
    number = 0
    for signal in SIGNALS:
        for organization, site, state, due in (
            (ALPHA, ALPHA_SITE, "open", AS_OF - dt.timedelta(days=1)),
            (BETA, BETA_SITE, "open", AS_OF + dt.timedelta(days=3650)),
            (BETA, BETA_SITE, "closed", AS_OF),
        ):
            number += 1
            evidence = '{"icd10":"I21.0","discharge_date":"2026-11-18","facility":90,"met":[]}'
            closed = (AS_OF, "seen") if state == "closed" else (None, None)
            connection.execute(
                f"insert into signals.signal_case values ({', '.join('?' * 20)})",
                [
                    *(f"{signal}:encounter:{number}", signal, "1", f"key-{number}", REGION, organization, site),
                    *(f"encounter:{number}", AS_OF, AS_OF, AS_OF, "call" if state == "open" else None, due, False),
                    *("red", state, *closed, evidence, AS_OF),
                ],
            )
