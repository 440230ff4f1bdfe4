"""Lets extracted rows into the lake: each file is judged, its failed rows set aside with their reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from quality.expectations.rules import Rule
from quality.results import Result
from quality.suites.suite import Suite
from warehouse.lake import Lake, Manifest, Part, PartWriter

ROWS_AT_ONCE = 250_000
REASONS = "reasons"
IN_ERROR = "entered_in_error_at"

Judge = Callable[[pl.DataFrame, tuple[Rule, ...]], pl.DataFrame]


@dataclass
class Tally:
    """Failures by rule over all files of one dataset."""

    suite: Suite
    rows: int = 0
    rejected: int = 0
    failed: dict[str, int] = field(default_factory=dict)

    def add(self, verdicts: pl.DataFrame, rejected: pl.Series) -> None:
        """Count one batch."""
        self.rows += verdicts.height
        self.rejected += int(rejected.sum())
        for name in verdicts.columns:
            self.failed[name] = self.failed.get(name, 0) + int(verdicts[name].sum())

    def results(self) -> list[Result]:
        """A result for each rule, and one for the rows themselves."""
        dataset = self.suite.dataset
        rules = [
            Result(dataset, rule.name, rule.kind, rule.severity, self.failed.get(rule.name, 0), self.rows, rule.allowed)
            for rule in self.suite.rules
        ]
        return [Result(dataset, "rows", "rows", "reject", self.rejected, self.rows, 0.0), *rules]


def judge_part(
    lake: Lake, manifest: Manifest, part: Part, folder: Path, judge: Judge, checked: str, tally: Tally
) -> tuple[Part | None, Part | None]:
    """Judge one file; return its admitted part and its quarantined part, either of which may be absent.

    A file without failures and with nothing to decode is taken as it is, under its own name.
    """
    if not tally.suite.rules:
        tally.rows += part.rows
        return Part(part.name, part.rows, part.extracted_at, checked), None
    path = folder / part.name
    clean = True
    refusals: list[pl.DataFrame | None] = []
    for batch in _batches(path):
        decoded = tally.suite.decode(batch)
        verdicts = _withdrawn_pass(judge(tally.suite.enrich(decoded), tally.suite.rules), decoded, tally.suite)
        rejected = _rejected(verdicts, tally.suite)
        tally.add(verdicts, rejected)
        refusals.append(verdicts if rejected.any() else None)
        clean = clean and not rejected.any() and decoded.equals(batch)
    if clean:
        return Part(part.name, part.rows, part.extracted_at, checked), None
    return _rewrite(lake, manifest, part, path, checked, tally.suite, refusals)


def _rewrite(
    lake: Lake,
    manifest: Manifest,
    part: Part,
    path: Path,
    checked: str,
    suite: Suite,
    refusals: list[pl.DataFrame | None],
) -> tuple[Part | None, Part | None]:
    # another name: until the manifest is replaced, the file it names must stay as it is
    name = f"{path.stem}-{checked.replace(':', '-')}.parquet"
    schema = manifest.schema
    with_reasons = schema.append(pa.field(REASONS, pa.string()))
    with (
        PartWriter(lake.table(manifest.table) / name, schema) as admitted,
        PartWriter(lake.quarantine(manifest.table) / name, with_reasons) as quarantined,
    ):
        for batch, verdicts in zip(_batches(path), refusals, strict=True):
            decoded = suite.decode(batch)
            if verdicts is not None:
                rejected = _rejected(verdicts, suite)
                refused = _with_reasons(decoded, verdicts, suite).filter(rejected)
                quarantined.write(refused.select(with_reasons.names).to_arrow().cast(with_reasons))
                decoded = decoded.filter(~rejected)
            admitted.write(decoded.select(schema.names).to_arrow().cast(schema))
    return (
        Part(name, admitted.rows, part.extracted_at, checked) if admitted.rows else None,
        Part(name, quarantined.rows, part.extracted_at, checked) if quarantined.rows else None,
    )


def _withdrawn_pass(verdicts: pl.DataFrame, batch: pl.DataFrame, suite: Suite) -> pl.DataFrame:
    """A row that was marked as entered in error is let in whatever it says: the mark is its correction.

    Refused, it would wait for ever, and a version let in earlier would still be counted. What names a person stays out.
    """
    if IN_ERROR not in batch.columns:
        return verdicts
    named = {f"{column}.identifier" for column in suite.identifier_columns}
    stands = batch[IN_ERROR].is_null()
    return verdicts.with_columns(
        (verdicts[name] & stands).alias(name) for name in verdicts.columns if name not in named
    )


def _rejected(verdicts: pl.DataFrame, suite: Suite) -> pl.Series:
    names = [rule.name for rule in suite.rules if rule.severity == "reject"]
    if not names:
        return pl.repeat(False, verdicts.height, eager=True)
    return verdicts.select(pl.any_horizontal(names).alias("rejected")).to_series()


def _with_reasons(batch: pl.DataFrame, verdicts: pl.DataFrame, suite: Suite) -> pl.DataFrame:
    reasons = verdicts.select(
        pl.concat_str(
            [pl.when(pl.col(rule.name)).then(pl.lit(rule.name)) for rule in suite.rules if rule.severity == "reject"],
            separator=" ",
            ignore_nulls=True,
        ).alias(REASONS)
    ).to_series()
    # a number that names a person is not kept as the proof that it was there
    blanked = [
        pl.when(verdicts[f"{column}.identifier"]).then(None).otherwise(pl.col(column)).alias(column)
        for column in sorted(suite.identifier_columns)
    ]
    return batch.with_columns(*blanked, reasons)


def _batches(path: Path) -> Iterator[pl.DataFrame]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(ROWS_AT_ONCE):
            frame = pl.from_arrow(pa.Table.from_batches([batch]))
            assert isinstance(frame, pl.DataFrame)
            yield frame
