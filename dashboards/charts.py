"""Charts of one calm look: one accent colour, no decoration, readable in light and dark."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from dashboards.figures import percent, wilson

ACCENT = "#1f857e"
QUIET = "#8a979b"
BAND = "rgba(31,133,126,.16)"
GEO = Path(__file__).parent / "geo"
MONTHS = 24


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


def trend(rows: pl.DataFrame, share: bool) -> go.Figure:
    """A line by period: the share with its interval, or the count."""
    rows = rows.tail(MONTHS)
    periods = [f"{period[5:]}.{period[:4]}" for period in rows["period"].to_list()]
    pairs = list(zip(rows["numerator"].to_list(), rows["denominator"].to_list(), strict=True))
    figure = go.Figure()
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
        text=[f"{percent(n, d)} ({n} / {d})" if share else f"{d}" for n, d in pairs],
        hovertemplate="%{x}: %{text}<extra></extra>",
    )
    figure.update_xaxes(type="category", nticks=8, tickangle=0)
    figure.update_yaxes(rangemode="tozero", ticksuffix=" %" if share else "")
    return _layout(figure, 220)


@cache
def _shapes(name: str) -> dict[str, Any]:
    shapes: dict[str, Any] = json.loads((GEO / f"{name}.geojson").read_text(encoding="utf-8"))
    return shapes


def district_map(language: str, values: dict[str, tuple[int, int]], no_data: str) -> go.Figure | None:
    """Okrugs of the district shaded by share; where nothing is known the land stays blank and says so."""
    features = _shapes("district_okrugs")["features"]
    codes = [feature["properties"]["kato"] for feature in features]
    if not set(codes) & set(values):
        return None
    known = [values.get(code, (0, 0)) for code in codes]
    names = [feature["properties"][f"name_{language}"] for feature in features]
    figure = go.Figure(
        go.Choropleth(
            geojson=_shapes("district_okrugs"),
            featureidkey="properties.kato",
            locations=codes,
            z=[100 * n / d if d else None for n, d in known],
            zmin=0,
            zmax=100,
            colorscale=[[0, "#d5e6e4"], [1, "#0b5c57"]],
            marker_line_color=QUIET,
            text=[
                f"{name}: {percent(n, d)} ({n}/{d})" if d else f"{name}: {no_data}"
                for name, (n, d) in zip(names, known, strict=True)
            ],
            hoverinfo="text",
            colorbar={"ticksuffix": " %", "thickness": 10},
        )
    )
    figure.update_geos(fitbounds="geojson", visible=False, bgcolor="rgba(0,0,0,0)")
    return _layout(figure, 320)
