"""Backup and restore: taken while people write, opened by its key only, and the same after coming back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pyrage
import pytest
from typer.testing import CliRunner

from saulyq import backup, database, postgres
from saulyq.backup.keys import IDENTITY, RECIPIENT, identity_of, recipient_of
from saulyq.backup.restoring import RESTORING_DATABASE, refuse_records
from saulyq.cli import app
from saulyq.errors import SaulyqError, Unavailable, UsageError
from saulyq.settings import Settings
from tests.installation import ROOT, Installation, make_installation, remove_installation

PERSON = """
insert into patients.patient (temporary_id, identity_status, family_name, given_name, family_fold, given_fold, sort_key,
  sex, birth_date) values (%s, 'undocumented', 'Жұп', 'Адам', 'jup', 'adam', 'jup', 'male', '1990-01-01')
"""


@dataclass
class Saved:
    """A backup of an installation that was written to meanwhile."""

    file: Path
    settings: Settings
    pairs: int
    report: dict[str, object]


def write_pairs(url: str, stop: threading.Event, written: list[int]) -> None:
    """Two people a transaction, so that half a transaction would show."""
    with psycopg.connect(url) as connection:
        while not stop.is_set():
            number = len(written)
            for half in ("a", "b"):
                connection.execute(PERSON, [f"T-{number}-{half}"])
            connection.commit()
            written.append(number)


@pytest.fixture(scope="module")
def saved(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """The session's installation with records, secrets and files, saved during writes."""
    current = installation.settings
    database.migrate(current)
    for name, text in (("csrf_key", "kept-secret"), ("oidc_dashboards", "client")):
        (current.secrets_dir / name).touch(0o600)
        (current.secrets_dir / name).write_text(text)
    for place in ("releases/ledger.jsonl", "documents/1/scan.pdf", "lake/patient/part.parquet", "logs/ops.log"):
        file = current.home / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(place)
    stop, written = threading.Event(), [0]
    writer = threading.Thread(target=write_pairs, args=(current.libpq_url("app"), stop, written))
    writer.start()
    try:
        while len(written) < 5:
            stop.wait(0.02)
        file = tmp_path_factory.mktemp("backup") / "saulyq.backup"
        report = CliRunner().invoke(app, ["backup", "--out", str(file), "--json"])
        assert report.exit_code == 0, report.exception
    finally:
        stop.set()
        writer.join()
    return Saved(file, current, len(written) - 1, json.loads(report.stdout))


@pytest.fixture(scope="module")
def restored(saved: Saved) -> Iterator[tuple[Installation, dict[str, object]]]:
    """Another home, into which an operator restored it with the identity kept elsewhere."""
    other = make_installation()
    try:
        with postgres.server(other.settings):
            identity = str(saved.settings.secrets_dir / IDENTITY)
            kill_half_way(other, saved.file, identity)
            done = other.run("restore", str(saved.file), "--identity", identity, "--json")
            yield other, json.loads(done.stdout)
    finally:
        remove_installation(other)


def kill_half_way(other: Installation, file: Path, identity: str) -> None:
    """A power cut while a restore loads: nothing of it is in force, so that nobody starts half an installation."""
    command = [sys.executable, "-m", "saulyq.cli", "restore", str(file), "--identity", identity]
    restoring = subprocess.Popen(command, cwd=ROOT, env=other.environment, start_new_session=True)
    with psycopg.connect(other.settings.libpq_url("owner", "postgres"), autocommit=True) as connection:
        there = "select pid from pg_stat_activity where datname = %s and application_name = 'pg_restore'"
        while not connection.execute(there, [RESTORING_DATABASE]).fetchone():
            assert restoring.poll() is None
            time.sleep(0.01)
    os.killpg(restoring.pid, signal.SIGKILL)
    restoring.wait()
    assert list(other.settings.run_dir.glob("backup-*/parts/database.dump")), "killed too late to show anything"
    refuse_records(other.settings)


def test_first_backup_makes_a_key_and_says_to_keep_it_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fresh = Settings(home=tmp_path)
    recipient = recipient_of(fresh)
    assert str(recipient) == str(recipient_of(fresh))
    assert str(identity_of(fresh).to_public()) == str(recipient)
    assert (fresh.secrets_dir / IDENTITY).stat().st_mode & 0o777 == 0o600
    assert "safe place" in capsys.readouterr().err
    # the identity may be taken away: backups go on, opening them needs it back
    (fresh.secrets_dir / IDENTITY).unlink()
    assert str(recipient_of(fresh)) == str(recipient)
    with pytest.raises(Unavailable):
        identity_of(fresh)


def test_given_recipient_leaves_no_key_behind(tmp_path: Path) -> None:
    fresh = Settings(home=tmp_path)
    theirs = str(pyrage.x25519.Identity.generate().to_public())
    assert str(recipient_of(fresh, theirs)) == theirs
    assert not (fresh.secrets_dir / RECIPIENT).exists()
    with pytest.raises(UsageError):
        recipient_of(fresh, "not-a-key")


def test_a_place_that_cannot_be_written_is_named(saved: Saved, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in ("not-there", "file"):
        missing = CliRunner().invoke(app, ["backup", "--out", str(tmp_path / folder / "saulyq.backup")])
        assert isinstance(missing.exception, UsageError)
        assert f"there is no folder {tmp_path / folder}" in str(missing.exception)
    with pytest.raises(SaulyqError, match="cannot be written: File name too long"):
        backup.make(saved.settings, tmp_path / ("x" * 254), recipient_of(saved.settings))


def test_backup_is_closed_to_everybody_else(saved: Saved) -> None:
    raw = saved.file.read_bytes()
    assert raw.startswith(b"age-encryption.org/v1")
    assert b"kept-secret" not in raw
    assert b"patients.patient" not in raw
    assert saved.file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(SaulyqError, match="another key"):
        backup.check(saved.settings, saved.file, pyrage.x25519.Identity.generate())
    assert not list(saved.settings.run_dir.glob("backup-*"))


def test_backup_verifies_and_damage_is_found(saved: Saved, tmp_path: Path) -> None:
    checked = CliRunner().invoke(app, ["verify-backup", str(saved.file), "--json"])
    parts = json.loads(checked.stdout)["parts"]
    assert {"database.dump", "secrets/csrf_key", "files/releases/ledger.jsonl", "files/documents/1/scan.pdf"} <= set(
        parts
    )
    assert not [name for name in parts if "db_" in name or IDENTITY in name or "lake" in name or "logs" in name]
    identity = identity_of(saved.settings)
    raw = saved.file.read_bytes()
    middle = len(raw) // 2
    for damaged in (raw[:middle], raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :], b"", b"hello"):
        file = tmp_path / "damaged"
        file.write_bytes(damaged)
        with pytest.raises(SaulyqError):
            backup.check(saved.settings, file, identity)


def test_installation_with_records_is_never_replaced(saved: Saved) -> None:
    with pytest.raises(SaulyqError, match="not empty"):
        refuse_records(saved.settings)
    refused = CliRunner().invoke(app, ["restore", str(saved.file)])
    assert isinstance(refused.exception, SaulyqError)


def test_restored_installation_holds_the_same(saved: Saved, restored: tuple[Installation, dict[str, object]]) -> None:
    other, report = restored
    assert report["equal"] is True
    assert report["rows"] == saved.report["rows"]
    # the plain copy of the restore that was killed is gone too
    assert not list(other.settings.run_dir.glob("backup-*"))
    with psycopg.connect(other.settings.libpq_url("owner")) as connection:
        pairs = connection.execute(
            "select split_part(temporary_id, '-', 2), count(*) from patients.patient"
            " where temporary_id like 'T-%%' and family_name = 'Жұп' group by 1"
        ).fetchall()
        # every transaction is there whole or not at all
        assert {count for _pair, count in pairs} == {2}
        assert 4 <= len(pairs) <= saved.pairs
        newest = connection.execute("select max(row_xid), pg_current_xact_id()::text::bigint from patients.patient")
        written, now = newest.fetchone() or (0, 0)
        assert 0 < written < now
    home = other.settings.home
    assert (home / "releases/ledger.jsonl").read_text() == "releases/ledger.jsonl"
    assert (home / "documents/1/scan.pdf").exists()
    assert not (home / "lake/patient").exists()
    assert (home / "secrets/csrf_key").read_text() == "kept-secret"
    assert (home / "secrets/db_saulyq_owner").read_text() != (
        saved.settings.secrets_dir / "db_saulyq_owner"
    ).read_text()


def test_restored_installation_works_under_its_own_roles(restored: tuple[Installation, dict[str, object]]) -> None:
    other, _report = restored
    with psycopg.connect(other.settings.libpq_url("app")) as connection:
        connection.execute(PERSON, ["T-after"])
        connection.commit()
        assert connection.execute("select count(*) from vault.pseudonym").fetchone()
    with psycopg.connect(other.settings.libpq_url("pipeline")) as connection:
        assert connection.execute("select count(*) from anon.patient").fetchone()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select 1 from patients.patient")


def test_lake_goes_along_when_asked_for(saved: Saved, tmp_path: Path) -> None:
    recipient = recipient_of(saved.settings)
    backup.make(saved.settings, tmp_path / "with-lake", recipient, with_lake=True)
    contents = backup.check(saved.settings, tmp_path / "with-lake", identity_of(saved.settings))
    assert "files/lake/patient/part.parquet" in contents["parts"]
