"""Charts of one calm look: one accent colour, no decoration, readable in light and dark."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from dashboards.figures import month, percent, wilson

ACCENT = "#1f857e"
PALEST = (226, 240, 239)
DARKEST = (70, 165, 158)
INK = "#12312f"
"""Shades of the map between no share and the whole, and the words on them: opaque, so that they read in light and in
dark alike, with a contrast of 4.5 and more."""
QUIET = "#8a979b"
BAND = "rgba(31,133,126,.16)"
GEO = Path(__file__).parent / "geo"
MONTHS = 24
TICKS = 6
"""Months that are named under the line; more would run into each other on a phone."""


def _layout(figure: go.Figure, height: int) -> go.Figure:
    figure.update_layout(
        height=height,
        margin={"l": 4, "r": 12, "t": 8, "b": 4},
        font={"size": 13},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
        separators=", ",
        hoverlabel={"font": {"size": 13}},
    )
    figure.update_xaxes(gridcolor="rgba(128,128,128,.18)", zeroline=False, automargin=True)
    figure.update_yaxes(gridcolor="rgba(128,128,128,.18)", zeroline=False, automargin=True)
    return figure


def show(figure: go.Figure, key: str) -> None:
    """Draw without the tool bar nobody uses."""
    st.plotly_chart(figure, width="stretch", key=key, config={"displayModeBar": False}, theme="streamlit")


def trend(rows: pl.DataFrame, share: bool, starts_anew: bool = False) -> go.Figure:
    """A line by period: the share with its interval, or the count.

    A figure that starts anew every January is one line a year: a fall from December to January is no event.
    """
    rows = rows.tail(MONTHS)
    figure = go.Figure()
    for year in sorted({period[:4] for period in rows["period"]}) if starts_anew else [""]:
        _line(figure, rows.filter(pl.col("period").str.starts_with(year)), share)
    periods = [month(period) for period in rows["period"]]
    # Counted back from the newest month, so that the one that is looked at has its name.
    named = periods[::-1][:: max(1, -(-len(periods) // TICKS))]
    figure.update_xaxes(
        type="category", categoryorder="array", categoryarray=periods, tickvals=named, tickangle=0,
        range=[-0.5, len(periods) - 0.5],
    )  # fmt: skip
    figure.update_yaxes(rangemode="tozero", ticksuffix="\u00a0%" if share else "", tickformat=None if share else ",d")
    return _layout(figure, 220)


def _line(figure: go.Figure, rows: pl.DataFrame, share: bool) -> None:
    periods = [month(period) for period in rows["period"]]
    pairs = list(zip(rows["numerator"].to_list(), rows["denominator"].to_list(), strict=True))
    if share:
        bounds = [wilson(n, d) for n, d in pairs]
        upper, lower = [100 * high for _, high in bounds], [100 * low for low, _ in bounds]
        band = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
        figure.add_scatter(x=periods, y=upper, **band)
        figure.add_scatter(x=periods, y=lower, fill="tonexty", fillcolor=BAND, **band)
    values = [100 * n / d if d else None for n, d in pairs] if share else [d for _, d in pairs]
    figure.add_scatter(
        x=periods,
        y=values,
        mode="lines+markers",
        line={"color": ACCENT, "width": 2},
        marker={"color": ACCENT, "size": 5},
        text=[f"{percent(n, d)} ({n} / {d})" if share else f"{d}" for n, d in pairs],
        hovertemplate="%{x}: %{text}<extra></extra>",
    )


@cache
def _shapes(name: str) -> dict[str, Any]:
    shapes: dict[str, Any] = json.loads((GEO / f"{name}.geojson").read_text(encoding="utf-8"))
    return shapes


def shade(share: float) -> str:
    """The colour of land with this share, 0 to 1."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(PALEST, DARKEST, strict=True))
    return f"rgb({red},{green},{blue})"


def district_map(language: str, values: dict[str, tuple[int, int]], no_data: str) -> go.Figure | None:
    """Okrugs of the district shaded by share; where nothing is known the land stays blank and says so.

    Plain polygons, not a geographic plot: that one would fetch a world outline from the internet.
    """
    features = _shapes("district_okrugs")["features"]
    if not {feature["properties"]["kato"] for feature in features} & set(values):
        return None
    figure = go.Figure()
    for feature in features:
        numerator, denominator = values.get(feature["properties"]["kato"], (0, 0))
        name = feature["properties"][f"name_{language}"]
        ring = feature["geometry"]["coordinates"][0]
        share = numerator / denominator if denominator else 0.0
        said = f"{percent(numerator, denominator)} ({numerator}/{denominator})" if denominator else no_data
        figure.add_scatter(
            x=[point[0] for point in ring],
            y=[point[1] for point in ring],
            mode="lines",
            fill="toself",
            fillcolor=shade(share) if denominator else "rgba(0,0,0,0)",
            line={"color": QUIET, "width": 1},
            hoveron="fills",
            text=f"{name}: {said}",
            hoverinfo="text",
        )
        west, east = min(point[0] for point in ring), max(point[0] for point in ring)
        south, north = min(point[1] for point in ring), max(point[1] for point in ring)
        figure.add_annotation(
            x=(west + east) / 2,
            y=(south + north) / 2,
            text=percent(numerator, denominator) if denominator else no_data,
            showarrow=False,
            font={"size": 12, "color": INK if denominator else QUIET},
        )
    figure.update_xaxes(visible=False)
    # One degree of latitude is longer than one of longitude here: 1 / cos 49.7°.
    figure.update_yaxes(visible=False, scaleanchor="x", scaleratio=1.55)
    return _layout(figure, 340)
