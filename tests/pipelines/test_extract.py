"""Extraction takes every row version exactly once, whatever happens around it."""

from __future__ import annotations

import json

import polars as pl
import psycopg
import pyarrow as pa
import pytest

from pipelines.defs.extract.tables import TABLES
from pipelines.lib.extract import extract, has_news, last_as_of
from pipelines.lib.places import Places
from saulyq.errors import SaulyqError, Unavailable
from tests.installation import Database
from tests.pipelines.rows import write_encounter
from warehouse.lake import Lake, LakeError, Server, type_names


def landed(lake: Lake, table: str) -> pl.DataFrame:
    """Everything in the landing folder of a table."""
    manifest = lake.manifest(table)
    assert manifest is not None
    paths = [lake.landing(table) / part.name for part in manifest.landed]
    frames = [pl.read_parquet(path) for path in paths]
    return pl.concat(frames) if frames else pl.DataFrame(schema={"id": pl.Int64})


class TestWhoMayRead:
    @pytest.mark.req("DWH-02")
    def test_pipeline_role_reads_the_views_and_nothing_else(self, database: Database) -> None:
        with psycopg.connect(database.libpq("owner")) as connection:
            readable = connection.execute(
                "select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
                "where c.relkind in ('r', 'v', 'p', 'm') and n.nspname !~ '^(pg_|information_schema)' "
                "and (has_table_privilege('saulyq_pipeline', c.oid, 'select, insert, update, delete') "
                "  or has_any_column_privilege('saulyq_pipeline', c.oid, 'select'))"
            ).fetchall()
        assert {schema for (schema,) in readable} == {"anon"}

    def test_views_cannot_be_written(self, database: Database) -> None:
        with (
            psycopg.connect(database.libpq("pipeline")) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute("delete from anon.tombstone")

    def test_every_view_has_its_asset(self, site: Places) -> None:
        extract(site)
        assert tuple(site.lake.tables()) == TABLES

    def test_a_database_that_does_not_answer_is_said_in_one_line(self, site: Places) -> None:
        away = Places(site.home, "postgresql://nobody:x@127.0.0.1:1/none", site.egress_url, site.warehouse_url)
        with pytest.raises(Unavailable, match="does not answer") as raised:
            extract(away)
        assert len(str(raised.value).splitlines()) == 1


class TestWatermark:
    def test_takes_everything_once(self, site: Places, patients: list[int]) -> None:
        first = extract(site)
        assert first.rows["patient"] == len(patients)
        assert first.rows["observation"] == 2 * len(patients)
        assert first.rows["death"] == 0
        again = extract(site)
        assert again.rows == {}
        assert again.as_of > first.as_of
        assert last_as_of(site.lake) == again.as_of

    def test_nothing_new_is_seen_without_reading_a_row(self, site: Places, database: Database) -> None:
        assert has_news(site)
        extract(site)
        assert not has_news(site)
        with psycopg.connect(database.libpq("owner")) as connection:
            connection.execute("create table public.unrelated as select 1")
        assert not has_news(site)

    def test_open_transaction_is_taken_after_its_end_and_its_neighbours_only_once(
        self, site: Places, patients: list[int], database: Database
    ) -> None:
        extract(site)
        with psycopg.connect(database.libpq("owner")) as slow, psycopg.connect(database.libpq("owner")) as quick:
            late = write_encounter(slow, patients[0])
            soon = write_encounter(quick, patients[1])
            quick.commit()
            assert extract(site).rows == {"encounter": 1}
            assert extract(site).rows == {}
            after = write_encounter(quick, patients[2])
            quick.commit()
            slow.commit()
            assert extract(site).rows == {"encounter": 2}
        assert not has_news(site)
        ids = landed(site.lake, "encounter")["id"].to_list()
        assert ids[-3:] == [soon, *sorted([late, after])]
        assert len(set(ids)) == len(ids)

    def test_rolled_back_rows_are_never_seen(self, site: Places, patients: list[int], database: Database) -> None:
        extract(site)
        with psycopg.connect(database.libpq("owner")) as connection:
            write_encounter(connection, patients[0])
            connection.rollback()
        assert extract(site).rows == {}

    def test_a_correction_is_one_more_version(self, site: Places, patients: list[int], database: Database) -> None:
        extract(site)
        with psycopg.connect(database.libpq("owner")) as connection:
            connection.execute("update visits.condition set icd10 = 'I11' where patient_id = %s", [patients[3]])
        assert extract(site).rows == {"condition": 1}
        versions = landed(site.lake, "condition").filter(pl.col("id") == pl.col("id").last())
        assert versions["icd10"].to_list() == ["I10", "I11"]
        assert versions["row_xid"].is_sorted()

    def test_a_corrected_birth_date_brings_new_ages(
        self, site: Places, patients: list[int], database: Database
    ) -> None:
        extract(site)
        with psycopg.connect(database.libpq("owner")) as connection:
            connection.execute(
                "update patients.patient set birth_date = birth_date - interval '10 years', iin = null, "
                "temporary_id = 'T-1' where id = %s",
                [patients[0]],
            )
        rows = extract(site).rows
        assert rows["patient"] == 1
        assert rows["observation"] == 2


class TestAnotherSource:
    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"server": {"system_identifier": "1", "timeline": 1, "database": "1"}}, "another database server"),
            ({"watermark": 10**12, "snapshot": f"{10**12}:{10**12}:"}, "transaction numbers went back"),
        ],
    )
    def test_everything_is_extracted_again(
        self, site: Places, patients: list[int], changes: dict[str, object], reason: str
    ) -> None:
        extract(site)
        path = site.lake.table("patient") / "manifest.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))
        generation = site.lake.generation()
        again = extract(site)
        assert again.anew == {"patient": reason}
        assert again.rows == {"patient": len(patients)}
        assert site.lake.generation() != generation
        assert landed(site.lake, "patient").height == len(patients)

    def test_a_restored_database_is_another_one(self, site: Places, installation: object, database: Database) -> None:
        extract(site)
        manifest = site.lake.manifest("patient")
        assert manifest is not None
        assert manifest.server is not None
        other = installation.new_database()  # type: ignore[attr-defined]
        try:
            again = extract(Places(site.home, other.libpq("pipeline"), site.egress_url, site.warehouse_url))
        finally:
            other.close()
        assert set(again.anew) == set(TABLES)
        assert set(again.anew.values()) == {"the database was restored"}
        assert again.rows == dict.fromkeys(TABLES, 0)

    def test_a_view_with_another_column_is_read_anew(self, site: Places, database: Database) -> None:
        extract(site)
        with psycopg.connect(database.libpq("owner")) as connection:
            connection.execute("drop view anon.location")
            connection.execute(
                "create view anon.location as select id, row_xid, kind, 1::int as floor from organizations.location"
            )
            connection.execute("grant select on anon.location to saulyq_pipeline")
        assert extract(site).anew == {"location": "the view has other columns"}
        manifest = site.lake.manifest("location")
        assert manifest is not None
        assert list(manifest.columns) == ["id", "row_xid", "kind", "floor", "extracted_at"]


class TestTypes:
    def test_a_type_that_arrives_as_bytes_is_refused(self, site: Places, database: Database) -> None:
        with psycopg.connect(database.libpq("owner")) as connection:
            connection.execute("drop view anon.location")
            connection.execute(
                "create view anon.location as select id, row_xid, 1.5::numeric as price from organizations.location"
            )
            connection.execute("grant select on anon.location to saulyq_pipeline")
        with pytest.raises(SaulyqError, match=r"anon.location: column price"):
            extract(site)

    @pytest.mark.parametrize("kind", [pa.binary(), pa.decimal128(10, 2), pa.timestamp("us"), pa.list_(pa.int64())])
    def test_only_listed_types_pass(self, kind: pa.DataType) -> None:
        with pytest.raises(LakeError, match="only bigint"):
            type_names(pa.schema([("column", kind)]))

    def test_manifest_round_trip_keeps_the_server(self, site: Places) -> None:
        extract(site)
        manifest = site.lake.manifest("patient")
        assert manifest is not None
        assert isinstance(manifest.server, Server)
        site.lake.commit(manifest)
        assert site.lake.manifest("patient") == manifest
