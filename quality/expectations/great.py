"""Judges all rules of a suite with Great Expectations, on pandas batches made from Arrow."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from quality.expectations.rules import Rule

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuite
    from great_expectations.core.batch_definition import BatchDefinition

RESULT_FORMAT = {"result_format": "COMPLETE", "include_unexpected_rows": False}


class UndecidedRule(Exception):
    """Great Expectations could not evaluate a rule; the text is its own."""


def verdicts(batch: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    """A yes-or-no column for each rule: whether the row breaks it."""
    judged = batch.with_columns(expression for rule in rules for expression in rule.derived())
    columns = sorted({column for rule in rules for column in rule.columns()})
    frame = judged.select(columns).to_pandas()
    result = _batches().get_batch({"dataframe": frame}).validate(_suite(tuple(rules)), result_format=RESULT_FORMAT)
    broken: dict[str, list[int]] = {}
    for check in result.results:
        assert check.expectation_config is not None
        name = (check.expectation_config.meta or {})["rule"]
        raised = [info for info in _exceptions(check.exception_info) if info.get("raised_exception")]
        if raised:
            raise UndecidedRule(f"{name}: {raised[0].get('exception_message')}")
        broken[name] = check.result.get("unexpected_index_list") or []
    return pl.DataFrame([_marks(rule.name, broken[rule.name], batch.height) for rule in rules])


def _marks(name: str, positions: list[int], height: int) -> pl.Series:
    marks = pl.repeat(False, height, eager=True).alias(name)
    return marks.scatter(positions, True) if positions else marks


def _exceptions(info: dict[str, object]) -> list[dict[str, object]]:
    # one dictionary, or one for each metric that failed
    return [info] if "raised_exception" in info else [item for item in info.values() if isinstance(item, dict)]


@cache
def _batches() -> BatchDefinition:
    # nothing leaves the machine, also not "anonymous usage events"
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", module="great_expectations")
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    source = context.data_sources.add_pandas("gate")
    return source.add_dataframe_asset("batch").add_batch_definition_whole_dataframe("whole")


@cache
def _suite(rules: tuple[Rule, ...]) -> ExpectationSuite:
    from great_expectations.core import ExpectationSuite
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    expectations = []
    for rule in rules:
        kind, arguments = rule.expectation()
        expectations.append(ExpectationConfiguration(type=kind, kwargs=arguments, meta={"rule": rule.name}))
    return ExpectationSuite(name="raw", expectations=expectations)
