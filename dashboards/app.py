"""The dashboards: sign-in, language, and the pages that the viewer's rights open."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

# Streamlit starts this file as a script, from any folder.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dashboards import frame, identity, tables
from dashboards.identity import Unreachable, Viewer
from dashboards.texts import LANGUAGES, Texts

LANGUAGE_NAMES = {"kk": "Қаз", "ru": "Рус", "en": "Eng"}
FIGURE_PAGES = ("overview", "visits", "screening", "signals", "maternal", "indicators")


def language_of(viewer: Viewer | None) -> str:
    """From the address, else as chosen before, else as the account says, else what the browser asks for."""
    account = viewer.language if viewer is not None else None
    browser = (st.context.locale or "").lower().split("-")[0]
    for asked in (st.query_params.get("lang"), st.session_state.get("language"), account, browser):
        if asked in LANGUAGES:
            return str(asked)
    return LANGUAGES[0]


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


def allowed(viewer: Viewer | None) -> list[str]:
    """Names of the pages that the viewer may open."""
    if viewer is None:
        return []
    return [*(FIGURE_PAGES if viewer.sees_figures else ()), *(("freshness",) if viewer.sees_freshness else ())]


def pages_of(names: list[str], texts: Texts, refuse: Callable[[], None]) -> list[StreamlitPage]:
    """Every address leads somewhere: to its page, or to one sentence that says why not."""

    def home() -> None:
        if names:
            st.switch_page(pages[names[0]])
        refuse()

    pages = {
        name: st.Page(f"views/{name}.py", title=texts(f"page.{name}"), url_path=name)
        if name in names
        else st.Page(refuse, title=texts("app"), url_path=name, visibility="hidden")
        for name in (*FIGURE_PAGES, "freshness")
    }
    return [st.Page(home, title=texts("app"), url_path="home", default=True, visibility="hidden"), *pages.values()]


def outside(texts: Texts, message: str, is_signed_in: bool, home: str | None = None) -> None:
    """One clear sentence, and the one thing to do: open one's own page ``home``, or sign in or out."""
    st.title(texts("app"), anchor=False)
    st.info(message)
    if home is not None:
        st.page_link(f"views/{home}.py", label=texts(f"page.{home}"))
        return
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
    names = allowed(viewer)
    home = names[0] if names else None

    def refuse() -> None:
        if not is_reachable:
            outside(texts, texts("unreachable"), is_signed_in=True)
        elif viewer is not None:
            outside(texts, texts("page_not_allowed" if names else "nothing_allowed"), is_signed_in=True, home=home)
        else:
            outside(texts, texts("revoked" if identity.has_cookie() else "sign_in_why"), is_signed_in=False)

    page = st.navigation(pages_of(names, texts, refuse), position="sidebar" if names else "hidden")
    if viewer is not None and names:
        with st.sidebar:
            st.page_link(identity.operational_app(), label=texts("operational_app"))
            st.caption(viewer.name)
            st.button(texts("sign_out"), on_click=st.logout, key="sign_out")
    own = viewer.language if viewer is not None else texts.language
    # The title of the tab is the page, not the program alone.
    st.set_page_config(page_title=f"{page.title} · Saulyq")
    st.session_state["chosen"] = {"lang": texts.language} if texts.language != own else {}
    page.run()
    frame.write_address()


main()
