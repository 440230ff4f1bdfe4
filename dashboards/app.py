"""The dashboards: sign-in, language, and the pages that the viewer's rights open."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

# Streamlit starts this file as a script, from any folder.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dashboards import identity, tables
from dashboards.identity import Unreachable, Viewer
from dashboards.texts import LANGUAGES, Texts

LANGUAGE_NAMES = {"kk": "Қазақша", "ru": "Русский", "en": "English"}
FIGURE_PAGES = ("overview", "visits", "screening", "signals", "maternal", "indicators")


def language_of(viewer: Viewer | None) -> str:
    """From the address, else as chosen before, else as the account says."""
    for asked in (st.query_params.get("lang"), st.session_state.get("language")):
        if asked in LANGUAGES:
            return str(asked)
    return viewer.language if viewer is not None and viewer.language in LANGUAGES else LANGUAGES[0]


def choose_language(viewer: Viewer | None) -> Texts:
    """The switch: Kazakh first, then Russian, then English."""
    st.session_state["language"] = language_of(viewer)
    texts = Texts(st.session_state["language"])

    def keep() -> None:
        chosen = st.session_state["language_switch"]
        st.session_state["language"] = chosen
        st.query_params["lang"] = chosen

    st.session_state["language_switch"] = texts.language
    st.segmented_control(
        texts("language"),
        LANGUAGES,
        format_func=LANGUAGE_NAMES.__getitem__,
        key="language_switch",
        required=True,
        on_change=keep,
        label_visibility="collapsed",
    )
    return texts


def pages_of(viewer: Viewer, texts: Texts) -> list[StreamlitPage]:
    """What the viewer may open; a page that is not listed does not exist for them."""
    names = list(FIGURE_PAGES) if viewer.sees_figures else []
    if viewer.sees_freshness:
        names.append("freshness")
    return [
        st.Page(f"views/{name}.py", title=texts(f"page.{name}"), url_path=name, default=at == 0)
        for at, name in enumerate(names)
    ]


def outside(texts: Texts, message: str, is_signed_in: bool) -> None:
    """One clear sentence, and the one thing to do."""
    st.title(texts("app"), anchor=False)
    st.info(message)
    if not is_signed_in:
        st.button(texts("sign_in"), type="primary", on_click=st.login)
    else:
        st.button(texts("sign_out"), on_click=st.logout)


def main() -> None:
    """Recognise the viewer and run the page asked for."""
    st.set_page_config(page_title="Saulyq", layout="wide", initial_sidebar_state="auto")
    tables.style()
    is_reachable = True
    try:
        viewer = identity.current_viewer()
    except Unreachable:
        viewer, is_reachable = None, False
    with st.sidebar:
        texts = choose_language(viewer)
    st.session_state["viewer"] = viewer
    pages = pages_of(viewer, texts) if viewer is not None else []
    if not pages:
        st.navigation([st.Page(lambda: None, title=texts("app"), url_path="sign-in", default=True)], position="hidden")
        if not is_reachable:
            outside(texts, texts("unreachable"), is_signed_in=True)
        elif viewer is not None:
            outside(texts, texts("nothing_allowed"), is_signed_in=True)
        else:
            outside(texts, texts("revoked" if identity.has_cookie() else "sign_in_why"), is_signed_in=False)
        return
    page = st.navigation(pages)
    with st.sidebar:
        st.caption(viewer.name if viewer is not None else "")
        st.button(texts("sign_out"), on_click=st.logout)
    if viewer is not None and st.session_state["language"] != viewer.language:
        st.query_params["lang"] = st.session_state["language"]
    page.run()


main()
