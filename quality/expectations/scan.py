"""Judges all rules of a suite in one scan of a batch: cheap enough for every micro-batch."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from quality.expectations.rules import Rule


def verdicts(batch: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    """A yes-or-no column for each rule: whether the row breaks it."""
    judged = batch.with_columns(expression for rule in rules for expression in rule.derived())
    return judged.select(rule.fails().fill_null(False).alias(rule.name) for rule in rules)
