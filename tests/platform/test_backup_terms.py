"""Backups of electronic documents: kept as long as the documents' terms, tried by a restore, signatures included."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ops_app.kit import clock
from saulyq import database
from saulyq.backup import prune
from saulyq.backup.documents import SUFFIX
from tests.installation import Installation
from tests.platform.test_backup import PERSON

DOCUMENT = """
insert into documents.document (kind, declaration, language, organization_id, patient_id, practitioner_id, year,
  sequence, version, number, check_code, data, pdf, pdf_sha256, signature_required, formed_at, formed_by)
values ('certificate', '1', 'kk', %(organization)s, %(patient)s, %(practitioner)s, 2026, %(n)s, 1, %(n)s::text,
  'code-' || %(n)s, '{}', %(pdf)s, 'x', true, %(formed_at)s, 'doctor') returning id
"""
SIGNATURE = """
insert into documents.document_signature (document_id, account_id, cms, cms_sha256, signer_name, signer_iin,
  certificate_serial, received_at, verdict) values (%s, %s, 'signature', 'x', 'x', '850612400123', '1', now(), '{}')
"""


def plant(installation: Installation) -> dict[str, int]:
    """Three documents: one whose term goes on, one whose term is over, one of a person to be destroyed."""
    with psycopg.connect(installation.settings.libpq_url("owner")) as connection:
        one = lambda statement, values=None: (connection.execute(statement, values).fetchone() or (0,))[0]  # noqa: E731
        ids: dict[str, Any] = {
            "organization": one(
                "insert into organizations.organization (kind, name_kk, name_ru, name_en, sort_key)"
                " values ('region', 'A', 'A', 'A', 'a') returning id"
            ),
            "practitioner": one(
                "insert into organizations.practitioner (family_name, given_name, sort_key)"
                " values ('A', 'A', 'a') returning id"
            ),
            "patient": one(f"{PERSON} returning id", ["T-document"]),
        }
        account = one(
            "insert into accounts.account (login, display_name, password_hash) values ('signer', 'S', 'x') returning id"
        )
        documents = {
            name: one(DOCUMENT, ids | {"n": number, "pdf": name.encode(), "formed_at": formed_at})
            for number, (name, formed_at) in enumerate(
                {"lasting": "2026-11-01", "over": "1990-01-01", "destroyed": "2026-11-02"}.items(), 1
            )
        }
        connection.execute(SIGNATURE, [documents["lasting"], account])
    return documents


def change(installation: Installation, statement: str, number: int) -> None:
    """What the program itself refuses to do to a document."""
    with psycopg.connect(installation.settings.libpq_url("owner")) as connection:
        connection.execute("alter table documents.document disable trigger user")
        connection.execute("alter table documents.document_signature disable trigger user")
        connection.execute(statement, [number])
        connection.execute("alter table documents.document enable trigger user")
        connection.execute("alter table documents.document_signature enable trigger user")


def aged(file: Path) -> None:
    """As if the backup had been taken in summer."""
    listing = file.with_name(file.name + SUFFIX)
    body = json.loads(listing.read_text()) | {"taken_at": "2026-06-01T00:00:00+00:00"}
    listing.write_text(json.dumps(body))


@pytest.fixture(scope="module")
def backups(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An old backup with every document, and a new one after the signature of one was lost and a person destroyed."""
    database.migrate(installation.settings)
    documents = plant(installation)
    folder = tmp_path_factory.mktemp("backups")
    installation.run("backup", "--out", str(folder / "old.backup"))
    aged(folder / "old.backup")
    change(installation, "delete from documents.document_signature where document_id = %s", documents["lasting"])
    change(installation, "delete from documents.document where id = %s", documents["over"])
    change(installation, "update documents.document set pdf = '' where id = %s", documents["destroyed"])
    installation.run("backup", "--out", str(folder / "new.backup"))
    return folder


def copied(backups: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "backups"
    shutil.copytree(backups, folder)
    return folder


@pytest.mark.req("PDATA-23")
def test_the_last_whole_copy_of_a_document_and_its_signatures_stays(
    installation: Installation, backups: Path, tmp_path: Path
) -> None:
    folder = copied(backups, tmp_path)
    answer = json.loads(installation.run("prune-backups", str(folder), "--keep-days", "30", "--json").stdout)
    # neither the one whose term is over nor the destroyed one holds the copy back; the lost signature does
    assert answer["needed_for_documents"] == {"old.backup": 1}
    assert answer["removed"] == []
    assert (folder / "old.backup").exists()
    # another copy of the same elsewhere in the folder makes it free to go, unless that copy is damaged
    for suffix in ("", SUFFIX):
        shutil.copyfile(folder / f"old.backup{suffix}", folder / f"same.backup{suffix}")
    whole = (folder / "same.backup").read_bytes()
    (folder / "same.backup").write_bytes(whole[:-1])
    said = installation.run("prune-backups", str(folder))
    assert "same.backup is damaged" in said.stderr
    assert "only whole copy of 1 documents" in said.stderr
    (folder / "same.backup").write_bytes(whole)
    answer = json.loads(installation.run("prune-backups", str(folder), "--json").stdout)
    assert len(answer["removed"]) == 1
    assert len(answer["needed_for_documents"]) == 1
    assert sorted(answer["kept"]) == sorted(file.name for file in folder.glob("*.backup"))


def test_the_newest_and_the_young_and_the_unlisted_stay(
    installation: Installation, backups: Path, tmp_path: Path
) -> None:

    folder = copied(backups, tmp_path)
    (folder / "new.backup").unlink()
    (folder / "stranger.backup").write_bytes(b"made by hand")
    assert prune(folder, 1, clock.today())["removed"] == []
    assert prune(folder, 100_000, clock.today())["kept"] == ["old.backup"]
    assert (folder / "stranger.backup").exists()
    refused = installation.run("prune-backups", str(folder / "nothing"), check=False)
    assert refused.returncode in (2, 3)


@pytest.mark.req("PDATA-23")
def test_a_restore_is_tried_beside_the_running_installation_and_noted(
    installation: Installation, backups: Path, tmp_path: Path
) -> None:
    found = {row["code"]: row for row in checks(installation)}
    assert found["backup_fresh"]["met"]
    assert not found["restore_tested"]["met"]
    report = json.loads(installation.run("rehearse-restore", str(backups / "new.backup"), "--json").stdout)
    assert report["equal"] is True
    assert report["documents"] == 2
    assert {row["code"]: row["met"] for row in checks(installation)}["restore_tested"]
    with psycopg.connect(installation.settings.libpq_url("owner")) as connection:
        names = connection.execute("select datname from pg_database where datname like '%rehearsal%'").fetchall()
        assert names == []
    # a list that names other documents than those that come back is no proof
    folder = copied(backups, tmp_path)
    shutil.copyfile(folder / f"old.backup{SUFFIX}", folder / f"new.backup{SUFFIX}")
    refused = installation.run("rehearse-restore", str(folder / "new.backup"), check=False)
    assert refused.returncode == 1
    assert "not those listed" in refused.stderr


def checks(installation: Installation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(installation.run("protection", "check", "--json", check=False).stdout)[
        "checks"
    ]
    return found
