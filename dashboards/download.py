"""Download of the figures on a page, through release control: small cells hidden, the release logged.

Cases are never downloaded: a list of them is personal data.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

import streamlit as st

from dashboards.identity import Viewer
from dashboards.texts import Texts
from warehouse.release import Unsafe, run_figures
from warehouse.release.texts import RELEASE_REFUSED

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def figures(
    viewer: Viewer, code: str, period: str, by: Literal["age", "sex", "category"] | None = None
) -> tuple[str, bytes]:
    """Name and content of the controlled file, within the viewer's scope; `Unsafe` says why there is none."""
    if not viewer.sees_figures:
        raise Unsafe(f"{viewer.login} may not see figures")
    if viewer.release_refused is not None:
        raise Unsafe(RELEASE_REFUSED[viewer.release_refused])
    only = None if viewer.figures.everywhere else viewer.figures.nodes
    with tempfile.TemporaryDirectory() as folder:
        run_figures(code, period, Path(folder), viewer.login, only=only, by=by, aggregator=viewer.aggregator)
        (path,) = Path(folder).glob("*.xlsx")
        return path.name, path.read_bytes()


def offer(
    viewer: Viewer, texts: Texts, code: str, period: str, by: Literal["age", "sex", "category"] | None = None
) -> None:
    """The button; the file is made and logged only when it is asked for."""
    st.divider()
    st.caption(texts("download_why"))
    slot = f"file/{viewer.login}/{code}/{period}"
    if st.button(texts("prepare"), key="prepare"):
        st.session_state.pop(slot, None)
        with st.spinner(texts("preparing")):
            try:
                st.session_state[slot] = figures(viewer, code, period, by)
            except Unsafe as refused:
                st.error(texts("refused", reason=getattr(refused.text, texts.language)))
    if slot in st.session_state:
        name, content = st.session_state[slot]
        st.download_button(texts("download"), content, name, XLSX, type="primary", on_click="ignore")
