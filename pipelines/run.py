"""A whole pipeline run in this process: extract → quality → dbt → publication → egress."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.lib import dbt, publish, raw_load
from pipelines.lib.egress import Egress, send_signals
from pipelines.lib.extract import Extraction, extract, last_as_of
from pipelines.lib.forget import forget_destroyed
from pipelines.lib.lock import pipeline_lock
from pipelines.lib.places import Places, Progress, silent
from pipelines.lib.publish import Preparation
from quality.run import Report, check
from warehouse.engines import Engine

WAIT_SECONDS = 900
"""A micro-batch or a nightly run may be under way; a user's run waits for its end."""
HOT = "tag:hot"
"""Models of open signals and what they are made of; the project tags them."""


@dataclass
class Summary:
    """What a run did, as `saulyq pipeline run --json` prints it."""

    engine: str
    full: bool = False
    full_because: str = ""
    as_of: str = ""
    tables: dict[str, int] = field(default_factory=dict)
    extracted_anew: dict[str, str] = field(default_factory=dict)
    checks: dict[str, object] = field(default_factory=dict)
    failed_checks: dict[str, list[str]] = field(default_factory=dict)
    """Table → rules that more of its new rows broke than is normal."""
    quarantined: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    """Rows that stand in quarantine now, by table and reason."""
    forgotten_people: int = 0
    dbt: dict[str, int] = field(default_factory=dict)
    published: str | None = None
    signals: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, hop: str) -> Iterator[None]:
        """Note how long a hop took."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[hop] = round(time.monotonic() - started, 2)

    def note_extraction(self, extraction: Extraction) -> None:
        """Add what the first hop did."""
        self.as_of = extraction.as_of.isoformat()
        self.tables = extraction.rows
        self.extracted_anew = extraction.anew

    def note_checks(self, report: Report) -> None:
        """Add what the second hop did."""
        failed = sorted(f"{result.dataset}:{result.check_name}" for result in report.results if result.failed)
        self.checks = {"engine": report.engine, "checks": len(report.results), "with_failures": failed}
        for result in report.results:
            if result.status == "failed":
                self.failed_checks.setdefault(result.dataset, []).append(result.check_name)
        self.waiting = {f"{result.dataset}:{result.check_name}": result.failed for result in report.waiting}
        self.quarantined = report.quarantined

    def note_egress(self, egress: Egress) -> None:
        """Add what the last hop did."""
        self.signals = {"cases": egress.cases, "sent": egress.sent, "withdrawn": egress.withdrawn}


def run_in(
    site: Places,
    full: bool = False,
    engine: Engine = Engine.duckdb,
    progress: Progress = silent,
    select: str | None = None,
    wait_seconds: float = WAIT_SECONDS,
    project: Path = dbt.PROJECT,
    started: dbt.Command | None = None,
) -> Summary:
    """Run every hop once for one installation; `select` builds only a part of the models.

    A caller that started dbt for this engine and project before gives it here.
    """
    summary = Summary(engine.value)
    version = dbt.project_version(project)
    extent = select or publish.WHOLE
    with (
        pipeline_lock(site.home, wait_seconds),
        _full_disk_said(site),
        nullcontext(started) if started is not None else dbt.started(site, engine, project) as builder,
        publish.prepared(site, full, version, extent) if engine is Engine.duckdb else nullcontext() as begun,
    ):
        with summary.timed("extract"):
            summary.note_extraction(extract(site, progress))
        with summary.timed("quality"):
            summary.note_checks(check(site.lake, thorough=full, progress=progress))
            summary.forgotten_people = forget_destroyed(site.lake)
        if begun is None:
            _build_postgres(site, builder, summary, full, progress, project)
        else:
            _build_duckdb(site, builder, summary, begun, progress, select, version)
            with summary.timed("egress"):
                summary.note_egress(send_signals(site, progress))
    summary.seconds["total"] = round(sum(summary.seconds.values()), 2)
    return summary


@contextmanager
def _full_disk_said(site: Places) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        # dbt and DuckDB have it in the words of their own errors
        if getattr(error, "errno", None) != errno.ENOSPC and "No space left" not in str(error):
            raise
        raise publish.DiskFull(
            "the disk of %(home)s is full; nothing that is served was changed; free some space and run again",
            home=site.home,
        ) from error


def micro_batch(site: Places, wait_seconds: float = 0) -> Summary:
    """Carry the newest rows to the signals; everything else waits for the night."""
    return run_in(site, select=HOT, wait_seconds=wait_seconds)


def _build_duckdb(
    site: Places,
    builder: dbt.Command,
    summary: Summary,
    begun: Callable[[], Preparation],
    progress: Progress,
    select: str | None,
    version: str,
) -> None:
    with summary.timed("dbt"):
        start = begun()
        _note_start(summary, start)
        as_of = last_as_of(site.lake)
        assert as_of is not None
        # a full build of a part would publish a warehouse without the rest
        part = None if start.full else select
        changes = dbt.what_changes(publish.news(site, part), part)
        summary.dbt = dbt.build(builder, as_of, start.full, changes, progress).counts
    with summary.timed("publish"):
        summary.published = publish.publish(site, as_of, version, part, whole=part is None).name


def _build_postgres(
    site: Places, builder: dbt.Command, summary: Summary, full: bool, progress: Progress, project: Path
) -> None:
    with summary.timed("raw"):
        raw_load.load_raw(site, progress)
    with summary.timed("dbt"):
        made_of = {"project": dbt.project_version(project), "generation": site.lake.generation()}
        reason = "asked for" if full else "" if raw_load.built_from(site) == made_of else "models or lake have changed"
        _note_start(summary, Preparation(bool(reason), reason))
        as_of = last_as_of(site.lake)
        assert as_of is not None
        summary.dbt = dbt.build(builder, as_of, bool(reason), progress=progress).counts
        raw_load.note_build(site, **made_of)


def _note_start(summary: Summary, start: Preparation) -> None:
    summary.full = start.full
    summary.full_because = start.reason
