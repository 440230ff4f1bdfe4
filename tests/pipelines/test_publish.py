"""Publication: the pointer changes last, readers keep their file, leftovers go, a full disk is said before a build."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.lib import publish
from pipelines.lib.dbt import build_file
from pipelines.lib.places import Places
from warehouse.lake import Manifest, Part

AS_OF = dt.datetime(2026, 11, 20, 5, tzinfo=dt.UTC)
READER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
print("open", flush=True)
sys.stdin.read()
print(connection.execute("select a from t").fetchall()[0][0])
"""


def build(site: Places, value: int) -> None:
    """What dbt would leave: a tested build."""
    path = build_file(site)
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute("create or replace table t as select ? as a", [value])


def served_value(site: Places) -> int:
    """What a reader sees."""
    path = publish.served_file(site)
    assert path is not None
    with duckdb.connect(str(path), read_only=True) as connection:
        return int(connection.execute("select a from t").fetchall()[0][0])


def test_first_build_is_a_full_one_and_the_next_is_continued(site: Places) -> None:
    site.warehouse.mkdir()
    assert publish.prepare(site, False, "v1") == publish.Preparation(True, "no warehouse yet")
    build(site, 1)
    publish.publish(site, AS_OF, "v1")
    assert not publish.prepare(site, False, "v1").full
    with duckdb.connect(str(build_file(site)), read_only=True) as connection:
        assert connection.execute("select a from t").fetchall() == [(1,)]
    assert served_value(site) == 1


@pytest.mark.parametrize("what", ["models", "lake", "user"])
def test_what_makes_a_full_build(site: Places, what: str) -> None:
    build(site, 1)
    publish.publish(site, AS_OF, "v1")
    if what == "lake":
        site.lake.renew_generation()
    start = publish.prepare(site, what == "user", "v2" if what == "models" else "v1")
    assert start.full
    assert not build_file(site).exists()


def served_twice(site: Places) -> Path:
    """Two files published by whole builds; the older one."""
    build(site, 1)
    older = publish.publish(site, AS_OF, "v1", whole=True)
    build(site, 2)
    publish.publish(site, AS_OF, "v1", whole=True)
    return older


def continued_value(site: Places, rebuilt: str | None) -> int:
    """What a build begins with that will rebuild this."""
    with publish.prepared(site, False, "v1", rebuilt) as decide:
        assert not decide().full
    with duckdb.connect(str(build_file(site)), read_only=True) as connection:
        return int(connection.execute("select a from t").fetchall()[0][0])


def test_a_whole_build_continues_the_older_file_and_copies_nothing(site: Places) -> None:
    older = served_twice(site)
    number = older.stat().st_ino
    assert continued_value(site, publish.WHOLE) == 1
    assert build_file(site).stat().st_ino == number
    assert served_value(site) == 2
    # a build that is killed leaves the served file, and the next one copies it
    assert continued_value(site, publish.WHOLE) == 2
    assert served_value(site) == 2


def test_a_file_that_somebody_reads_is_not_continued(site: Places) -> None:
    older = served_twice(site)
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(older)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "open\n"
        assert continued_value(site, publish.WHOLE) == 2
        output, _ = reader.communicate("")
    assert output == "1\n"


@pytest.mark.parametrize(
    ("second", "rebuilt", "begins_with"),
    [
        # a build of the whole makes whatever the older file lacks
        ({"whole": True}, publish.WHOLE, 1),
        ({"part": "tag:hot"}, publish.WHOLE, 1),
        ({}, publish.WHOLE, 1),
        # a build of a part does not make what another part or a build of unknown extent has brought since
        ({"part": "tag:hot"}, "tag:hot", 1),
        ({"whole": True}, "tag:hot", 2),
        ({"part": "tag:other"}, "tag:hot", 2),
        ({}, "tag:hot", 2),
        ({"whole": True}, None, 2),
    ],
)
def test_a_build_continues_only_what_will_have_everything(
    site: Places, second: dict[str, Any], rebuilt: str | None, begins_with: int
) -> None:
    build(site, 1)
    publish.publish(site, AS_OF, "v1", whole=True)
    build(site, 2)
    publish.publish(site, AS_OF + dt.timedelta(days=1), "v1", **second)
    assert continued_value(site, rebuilt) == begins_with


def test_two_files_are_kept_and_a_read_one_stays(site: Places) -> None:
    build(site, 0)
    first = publish.publish(site, AS_OF, "v1")
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(first)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert reader.stdout is not None
    assert reader.stdout.readline() == "open\n"
    for value in (1, 2, 3):
        build(site, value)
        publish.publish(site, AS_OF, "v1")
    assert first.exists()
    assert len(list(site.warehouse.glob("saulyq-*.duckdb"))) == 3
    output, _ = reader.communicate("")
    assert output == "0\n"
    publish.retire(site)
    assert not first.exists()
    assert served_value(site) == 3


def test_files_of_another_generation_go_at_once(site: Places) -> None:
    for value in (1, 2):
        build(site, value)
        publish.publish(site, AS_OF, "v1")
    site.lake.renew_generation()
    build(site, 3)
    kept = publish.publish(site, AS_OF, "v1")
    assert list(site.warehouse.glob("saulyq-*.duckdb")) == [kept]


def test_leftovers_of_a_killed_run_are_removed(site: Places) -> None:
    build(site, 1)
    kept = publish.publish(site, AS_OF, "v1")
    build(site, 2)
    (site.warehouse / "saulyq-99990101T000000000000Z.duckdb").write_bytes(b"moved, but no pointer names it")
    (site.warehouse / "saulyq-99990101T000000000000Z.json").write_text("{}")
    publish.clean(site)
    assert sorted(path.name for path in site.warehouse.iterdir()) == sorted(
        ["current", kept.name, kept.with_suffix(".json").name]
    )


def test_a_full_disk_is_said_before_the_build(site: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    build(site, 1)
    publish.publish(site, AS_OF, "v1")
    usage = shutil.disk_usage(site.warehouse)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1 << 20))
    with pytest.raises(publish.DiskFull, match="MB are free"):
        publish.prepare(site, False, "v1")
    assert served_value(site) == 1


def test_the_file_stands_alone(site: Places) -> None:
    build(site, 1)
    path = publish.publish(site, AS_OF, "v1")
    known = publish.description(path)
    assert known is not None
    assert dt.datetime.fromisoformat(known.as_of) == AS_OF
    assert not list(site.warehouse.glob("*.wal"))


def test_a_build_reads_the_tables_that_changed_since_it_last_saw_them(site: Places) -> None:
    def bring(table: str, *files: str) -> None:
        parts = tuple(Part(name, 1, AS_OF.isoformat()) for name in files)
        site.lake.commit(Manifest(table, "id", {"id": "bigint"}, files=parts))

    bring("encounter", "a")
    bring("patient", "a")
    assert publish.news(site, None) == ["encounter", "patient"]
    build(site, 1)
    publish.publish(site, AS_OF, "v1", whole=True)
    assert publish.news(site, None) == publish.news(site, "tag:hot") == []
    bring("encounter", "a", "b")
    build(site, 2)
    publish.publish(site, AS_OF, "v1", part="tag:hot")
    # the rest of the models has not seen what the hot ones have
    assert publish.news(site, "tag:hot") == []
    assert publish.news(site, None) == ["encounter"]
    build(site, 3)
    publish.publish(site, AS_OF, "v1")
    assert publish.news(site, None) == ["encounter"]
    build(site, 4)
    publish.publish(site, AS_OF, "v1", whole=True)
    bring("patient", "merged")
    assert publish.news(site, None) == publish.news(site, "tag:hot") == ["patient"]
