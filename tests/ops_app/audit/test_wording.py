"""Reviewers read a change in words: the kind of record, its fields and what they held."""

from __future__ import annotations

import io
import re
from pathlib import Path

import openpyxl
import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session

import ops_app
from ops_app import audit
from ops_app.models import load_all
from ops_app.modules.accounts import queries
from ops_app.modules.audit.code_titles import titles_of
from ops_app.modules.audit.wording import HIDDEN, field_titles, record_titles
from ops_app.permissions import Role
from tests.ops_app.browser import make_account, signed_in

OWN = ("audit", "vault", "anon", "inbox", "procrastinate", "jobs", "security", "signatures", "notifications")
"""Schemas of the journal itself, of secrets and of machines: few or none of their rows are put into it."""
SECRET = re.compile(r"secret|nonce|token|code_challenge|code_hash|redirect_uri|visitor_hash")
LOOKS_LIKE_A_CODE = re.compile(r"\b[a-z]+_[a-z_]+\b|\b[a-z]+\.[a-z_]+\b|\b20\d\d-\d\d-\d\d")


def test_every_record_and_field_that_is_written_has_a_title() -> None:
    written = {
        name
        for file in Path(ops_app.__file__).parent.rglob("*.py")
        for name in re.findall(r'(?:entity=|ENTITY = )"([^"{]+)"', file.read_text("utf-8"))
    }
    tables = [table for table in load_all().metadata.tables.values() if table.fullname in record_titles()]
    declared = field_titles()
    fields = {column.name for table in tables if table.schema not in OWN for column in table.columns}
    steps = {name.rpartition("_")[0] for name in fields if name.endswith(("_at", "_by"))}
    assert written - set(record_titles()) == set()
    assert {name for name in fields - set(declared.fields) if not name.endswith(("_at", "_by"))} - set(HIDDEN) == set()
    assert {step for step in steps if not SECRET.search(step)} - set(declared.steps) == set()


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        (
            "ru",
            (
                *("Приём или пребывание № 7", "Где", "в поликлинике", "завершён", "Организация", "→ hospital<"),
                *("Плановое", "да", "01.02.2026", "Записано: кем", "Сарсенова Гүлнар"),
            ),
        ),
        ("kk", ("Қабылдау немесе болу № 7", "аяқталған", "Ұйым", "Жазылды: кім", "01.02.2026")),
        ("en", ("Visit or stay № 7", "finished", "Organisation", "Planned", "yes", "Recorded: by whom")),
    ],
)
@pytest.mark.req("IAM-18", "IAM-19")
def test_a_change_is_read_in_words(app: FastAPI, tree: dict[str, int], language: str, shown: tuple[str, ...]) -> None:
    make_account(app.state.engine, "boss", [(Role.ADMINISTRATOR, None)])
    nurse = make_account(app.state.engine, "nurse", [(Role.NURSE, None)], display_name="Сарсенова Гүлнар")
    with Session(app.state.engine) as session:
        audit.changed(
            session,
            queries.actor_of(session, nurse, 1),
            entity="visits.encounter",
            entity_id=7,
            before={"status": "in_progress", "is_planned": False, "row_xid": 1},
            after={
                "status": "finished",
                "is_planned": True,
                "encounter_class": "ambulatory",
                "organization_id": tree["hospital"],
                "event_at": "2026-02-01T09:00:00+00:00",
                "recorded_by": "nurse",
                "row_xid": 2,
            },
        )
        session.commit()
    browser = signed_in(app, "boss", language)
    page = browser.get("/audit?kind=write").text
    details = page.split("<details>")[1].split("</details>")[0]
    assert [text for text in shown if text not in page] == []
    assert LOOKS_LIKE_A_CODE.findall(re.sub(r"<[^>]+>", " ", details)) == []
    book = openpyxl.load_workbook(io.BytesIO(browser.get("/audit/journal.xlsx?kind=write").content))
    cells = " ".join(str(cell) for row in book.active.iter_rows(min_row=2, values_only=True) for cell in row[7:10])
    assert LOOKS_LIKE_A_CODE.findall(cells) == []
    assert all(text in cells for text in shown[:1])


def test_every_code_of_a_written_record_has_words() -> None:
    codes = re.compile(r"^(\w+) in \((.*)\)$")
    lacking = []
    for table in load_all().metadata.tables.values():
        if table.fullname not in record_titles() or table.schema in (*OWN, "exchange", "classifiers"):
            continue
        for constraint in table.constraints:
            found = codes.match(str(getattr(constraint, "sqltext", "")))
            if found and found[1] not in ("abo", "unit_abo", "comparator"):
                titles = titles_of(table.fullname, found[1])
                listed = re.findall(r"'([^']*)'", found[2])
                lacking += [f"{table.fullname}.{found[1]}: {code}" for code in listed if code not in titles]
    assert lacking == []
