"""Rows that stand in quarantine now: nobody has corrected them where they were recorded.

A run counts what it judged; the next one judges other rows. What waits is counted from the files themselves, so that it
stays in sight until a newer version of the row is let in.
"""

from __future__ import annotations

import polars as pl

from quality.admit import REASONS
from quality.results import WAITING, Result
from quality.suites.suite import Suite
from warehouse.lake import Lake, Manifest

VERSION = ("row_xid", "extracted_at")
"""What tells which of two versions of a row is newer."""
FORMER_RULE = "former"
"""Kind of a rule that is no more."""


def results(lake: Lake, manifest: Manifest, suite: Suite) -> list[Result]:
    """A result for each reason that ever set a kept row aside: how many of its rows wait, 0 after their correction."""
    refused = _refused(lake, manifest)
    if refused is None:
        return []
    kinds = {rule.name: rule.kind for rule in suite.rules}
    counted = (
        refused.with_columns(reason=pl.col(REASONS).str.split(" "))
        .explode("reason")
        .group_by("reason")
        .agg(waiting=pl.col("waits").sum(), rows=pl.len())
        .sort("reason")
    )
    return [
        Result(suite.dataset, reason, kinds.get(reason, FORMER_RULE), WAITING, waiting, rows, 0.0)
        for reason, waiting, rows in counted.rows()
    ]


def rows(lake: Lake, manifest: Manifest) -> pl.DataFrame | None:
    """Key and transaction number of each row that waits; None where no row ever was refused."""
    refused = _refused(lake, manifest)
    return None if refused is None else refused.filter("waits").select("key", "row_xid").sort("key")


def _refused(lake: Lake, manifest: Manifest) -> pl.DataFrame | None:
    """The newest refused version of each row with its reasons, and whether it waits."""
    aside = _newest_refused(lake, manifest)
    if aside is None:
        return None
    return aside.join(_newest_admitted(lake, manifest, aside), on="key", how="left").with_columns(
        waits=pl.col("row_xid_let_in").is_null() | ~_let_in_later()
    )


def _let_in_later() -> pl.Expr:
    """A later transaction, or the same version extracted again and judged by other rules."""
    same = pl.col("row_xid_let_in") == pl.col("row_xid")
    return (pl.col("row_xid_let_in") > pl.col("row_xid")) | (
        same & (pl.col("extracted_at_let_in") > pl.col("extracted_at"))
    )


def _newest_refused(lake: Lake, manifest: Manifest) -> pl.DataFrame | None:
    files = [lake.quarantine(manifest.table) / part.name for part in manifest.quarantined]
    if not files or "row_xid" not in manifest.columns:
        return None
    # files of different days may differ in other columns
    rows = pl.concat([pl.scan_parquet(file).select(manifest.key_column, *VERSION, REASONS) for file in files])
    return _newest(rows.rename({manifest.key_column: "key"})).collect()


def _newest_admitted(lake: Lake, manifest: Manifest, aside: pl.DataFrame) -> pl.DataFrame:
    """Only files that are not older than the oldest refusal, and in them only rows that may be newer than theirs."""
    oldest = min(part.extracted_at for part in manifest.quarantined)
    files = [lake.table(manifest.table) / part.name for part in manifest.files if part.extracted_at >= oldest]
    names = {name: f"{name}_let_in" for name in VERSION}
    if not files:
        return aside.select("key", *VERSION).clear().rename(names)
    rows = (
        pl.concat([pl.scan_parquet(file).select(manifest.key_column, *VERSION) for file in files])
        .filter(pl.col("row_xid") >= aside["row_xid"].min())
        .rename({manifest.key_column: "key"})
        .join(aside.lazy().select("key"), on="key", how="semi")
    )
    return _newest(rows).rename(names).collect()


def _newest(rows: pl.LazyFrame) -> pl.LazyFrame:
    return rows.sort(VERSION).unique("key", keep="last", maintain_order=True)
