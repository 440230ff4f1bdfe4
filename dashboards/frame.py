"""What every page shares: title as a question, freshness, choices and place in the address, the drill-down."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape

import streamlit as st

from dashboards import cases, charts, data, place, tables
from dashboards.figures import is_outside, moment, month, number, percent, wilson
from dashboards.identity import Viewer
from dashboards.place import Place, Tree, Unit
from dashboards.texts import Texts
from saulyq.settings import Mode, settings

SMALL = 100
"""Below this denominator a share is shown with its interval."""


def opened() -> tuple[Viewer, Texts]:
    """The viewer and the words of this run, as ``app.py`` found them."""
    return st.session_state["viewer"], Texts(st.session_state["language"])


def header(question: str, texts: Texts) -> None:
    """The page's question, and how fresh the answer is."""
    if settings().mode is Mode.demo:
        st.html(f"<p class='sq-demo'>{escape(texts('demo'))}</p>")
    st.title(question, anchor=False)
    fresh = data.freshness()
    if fresh["as_of"] is None:
        st.info(texts("not_built"))
        st.stop()
    st.caption(f"{texts('as_of', moment=moment(fresh['as_of']))} · {lag(texts, fresh['lag_seconds'])}")


def lag(texts: Texts, seconds: float) -> str:
    """How long ago, in minutes, hours or days."""
    minutes = round(seconds / 60)
    if minutes < 120:
        return texts("lag.minutes", count=number(minutes))
    return (
        texts("lag.hours", count=number(minutes / 60))
        if minutes < 2880
        else texts("lag.days", count=number(minutes / 1440))
    )


def choose(
    name: str, label: str, options: Sequence[str], words: Callable[[str], str] = str, is_written: bool = True
) -> str:
    """One of a few values, kept in the address so that the page can be sent."""
    key = f"choice.{name}"
    asked = st.query_params.get(name)
    if asked in options:
        st.session_state[key] = asked
    elif st.session_state.get(key) not in options:
        st.session_state[key] = options[0]

    def keep() -> None:
        st.query_params[name] = st.session_state[key]
        st.query_params.pop("page", None)

    chosen = str(st.selectbox(label, options, format_func=words, key=key, on_change=keep))
    if is_written:
        st.session_state["chosen"][name] = chosen
    return chosen


def write_address() -> None:
    """Write the whole address: after a link inside a page the browser does not know it yet."""
    st.query_params.from_dict({**st.query_params.to_dict(), **st.session_state["chosen"]})


def choose_period(viewer: Viewer, texts: Texts, code: str) -> str:
    """A month that has cases, the newest first."""
    periods = data.ask(viewer, "periods", code=code)
    months = periods["period"].to_list() if not periods.is_empty() else []
    if not months:
        st.info(texts("no_data"))
        st.stop()
    asked = st.query_params.get("period")
    chosen = choose("period", texts("period"), months, month)
    if asked is not None and asked not in months:
        wanted = month(asked) if re.fullmatch(r"\d{4}-\d{2}", asked) else asked
        st.caption(texts("period.none", asked=plain(wanted), shown=month(chosen)))
    return chosen


def silent(viewer: Viewer, texts: Texts, tree: Tree, period: str) -> None:
    """Name the organisations that sent nothing: no data is not zero."""
    sent = data.ask(viewer, "visits_by_organization", period=period)
    known = set(sent["organization_id"].to_list()) if not sent.is_empty() else set()
    names = [tree.name(node) for node in tree.facilities() if tree.holds(node) and node not in known]
    if names:
        st.warning(texts("silent", names=", ".join(names)))


def refuse_unknown(texts: Texts, tree: Tree, where: Place, page: str) -> None:
    """An address may name a place that is not the viewer's: say so, and lead back, instead of showing zeros."""
    asked = [node for node in where.nodes.values() if node]
    if all(tree.knows(node) for node in asked):
        return
    st.info(texts("place.unknown"))
    # Without a place in the address every page starts at the widest one of the viewer.
    st.page_link(f"views/{page}.py", label=texts("place.own"), query_params={"lang": texts.language})
    st.stop()


@dataclass
class Drill:
    """One indicator at one place in one month: everything a drill page shows about it."""

    page: str
    viewer: Viewer
    texts: Texts
    code: str
    period: str
    more: dict[str, str] = field(default_factory=dict)
    """Choices of the page that its links keep."""
    has_share: bool = True
    is_bad_high: bool = False
    """Whether the units to look at first are those with the highest share."""
    starts_anew: bool = False
    """Whether the figure grows through the year and begins again in January."""

    def __post_init__(self) -> None:
        write_address()
        self.tree = Tree(self.viewer, self.texts)
        self.where = place.from_address(self.tree)
        self.rows = data.ask(self.viewer, "trend", code=self.code, **self.where.filters)
        now = [row for row in self.rows.iter_rows(named=True) if row["period"] == self.period]
        self.counts = {name: int(now[0][name]) if now else 0 for name in ("numerator", "denominator", "excluded")}
        self.counts["rest"] = self.counts["denominator"] - self.counts["numerator"]
        asked = st.query_params.get("rows")
        wanted = "denominator" if self.where.practitioner is not None else None
        self.listed = asked if asked in self.counts else wanted

    def link(self, label: str, where: Place, **more: str) -> None:
        """A link inside the session that is also an address to send."""
        query = where.address(period=self.period, **self.more, **more)
        if not query.keys() & {"region", "organization", "site"}:
            query["region"] = "all"
        st.page_link(f"views/{self.page}.py", label=plain(label), query_params=query)

    def breadcrumb(self) -> None:
        """Where we are, each step a link."""
        refuse_unknown(self.texts, self.tree, self.where, self.page)
        labels = place.practitioners(self.viewer) if self.where.practitioner is not None else {}
        steps = place.crumbs(self.tree, self.where, self.texts, labels)
        with st.container(horizontal=True, key="crumbs", gap="small", vertical_alignment="center"):
            for at, (name, where) in enumerate(steps):
                if at:
                    st.markdown("›", width="content")
                if at == len(steps) - 1 and self.listed is None:
                    st.markdown(f"**{plain(name)}**", width="content")
                else:
                    self.link(name, where)
            if self.listed is not None:
                st.markdown(f"› **{self.texts('cases')}**", width="content")

    def headline(self, label: str, numerator: str, denominator: str) -> None:
        """The number with what it is made of; small numbers carry their interval."""
        top, bottom = self.counts["numerator"], self.counts["denominator"]
        values = [(denominator, number(bottom), "")]
        if self.has_share:
            share = (label, percent(top, bottom), interval(self.texts, top, bottom))
            values = [share, (numerator, number(top), ""), *values]
        tables.figures(values)
        if not bottom and not self.counts["excluded"]:
            st.info(self.texts("place.empty"))
            return
        if self.viewer.cases:
            self._row_links({"numerator": numerator, "denominator": denominator})

    def _row_links(self, words: dict[str, str]) -> None:
        """Every figure opens exactly its rows."""
        names = ("numerator", "rest", "denominator", "excluded") if self.has_share else ("denominator", "excluded")
        with st.container(horizontal=True, key="rows", gap="medium"):
            st.markdown(self.texts("rows.open"), width="content")
            for name in names:
                count = self.counts[name]
                text = f"{words.get(name) or self.texts(f'rows.{name}')} ({number(count)})"
                if count and name != self.listed:
                    self.link(text, self.where, rows=name)
                else:
                    st.markdown(f"**{plain(text)}**" if name == self.listed else plain(text), width="content")

    def trend(self) -> None:
        """The months before."""
        if self.rows.is_empty():
            return
        st.subheader(self.texts("trend"), anchor=False)
        charts.show(charts.trend(self.rows, share=self.has_share, starts_anew=self.starts_anew), "trend")

    def units(self) -> list[Unit]:
        """Units one level below as ranked bars; each name leads there."""
        unit = self.where.next_unit
        found = place.units(self.viewer, self.tree, self.texts, self.where, self.code, self.period)
        if unit is None or not found or [one.place.practitioner for one in found] == [place.NOBODY]:
            return []
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        left.subheader(self.texts(f"by.{unit}"), anchor=False)
        with right:
            first = ("highest", "lowest") if self.is_bad_high else ("lowest", "highest")
            sorts = (*(first if self.has_share else ()), "size", "name")
            name = "order" if self.is_bad_high else "sort"
            by = choose(name, self.texts("sort"), sorts, lambda one: self.texts(f"sort.{one}"), is_written=False)
        self._ranked(_sorted(found, by))
        return found

    def _ranked(self, found: list[Unit]) -> None:
        whole = sum(one.denominator for one in found)
        overall = sum(one.numerator for one in found) / whole if whole else 0.0
        largest = max(one.denominator for one in found)
        any_outside = False
        for at, one in enumerate(found):
            outside = self.has_share and is_outside(one.numerator, one.denominator, overall)
            any_outside = any_outside or outside
            if self.has_share:
                length = one.numerator / one.denominator if one.denominator else 0.0
                text = figure(one.numerator, one.denominator) if one.denominator else self.texts("nobody_counted")
            else:
                length, text = one.denominator / largest if largest else 0.0, number(one.denominator)
            with st.container(key=f"unit-{at}", gap=None):
                columns = st.columns([2, 3], vertical_alignment="center")
                with columns[0]:
                    self.link(f"{'◆ ' if outside else ''}{one.name}", one.place)
                columns[1].html(
                    f"<div class='sq-unit'>{tables.meter(length, outside)}<span class=num>{escape(text)}</span></div>"
                )
        if any_outside:
            st.caption(self.texts("outside"))

    def breakdown(self, by: str, title: str, words: Callable[[str | None], str] = str) -> None:
        """A table by age, sex or kind."""
        rows = data.ask(
            self.viewer, "breakdown", code=self.code, period=self.period, by=by, **self.where.filters
        ).rows()
        if not any(bottom for _name, _top, bottom in rows):
            return
        rows.sort(key=lambda row: natural(row[0]))
        st.subheader(title, anchor=False)
        headings = [title, self.texts("numerator"), self.texts("denominator"), self.texts("share")]
        tables.table(
            headings if self.has_share else [headings[0], headings[2]],
            [
                [words(name), number(top), number(bottom), percent(top, bottom)] if self.has_share
                else [words(name), number(bottom)]
                for name, top, bottom in rows
                if bottom
            ],
            numeric=(1, 2, 3),
        )  # fmt: skip

    def exclusions(self) -> None:
        """Who is not counted, and why."""
        rows = data.ask(self.viewer, "exclusions", code=self.code, period=self.period, **self.where.filters)
        if rows.is_empty():
            return
        st.subheader(self.texts("excluded.title"), anchor=False)
        tables.table(
            [self.texts("excluded.reason"), self.texts("excluded.count")],
            [[self.texts.term("reason", code), number(count)] for code, count in rows.iter_rows()],
            numeric=(1,),
        )

    def cases(self) -> None:
        """The rows of the figure asked for."""
        if self.listed is not None and (self.counts["denominator"] or self.counts["excluded"]):
            about = self.where.address(period=self.period, rows=self.listed)
            cases.listed(
                self.viewer, self.texts, self.tree, self.code, self.period, self.where, self.listed,
                self.counts[self.listed], about,
            )  # fmt: skip


def figure(numerator: int, denominator: int) -> str:
    """A share with what it is made of."""
    return f"{percent(numerator, denominator)} · {number(numerator)} / {number(denominator)}"


def interval(texts: Texts, numerator: int, denominator: int) -> str:
    """The 95 % interval where the number is small."""
    if not 0 < denominator < SMALL:
        return ""
    low, high = wilson(numerator, denominator)
    return f"{texts('interval')}: {number(100 * low, 1)}–{number(100 * high, 1)}\u00a0%"


def titles(viewer: Viewer, texts: Texts, catalog: str = "catalog") -> dict[str, dict[str, str]]:
    """Words of each indicator or signal by code: title, definition, numerator, denominator, closing."""
    end = f"_{texts.language}"
    return {
        row["code"]: {"source": row["source"], **{k.removesuffix(end): v for k, v in row.items() if k.endswith(end)}}
        for row in data.ask(viewer, catalog).iter_rows(named=True)
    }


def about(texts: Texts, words: dict[str, str]) -> None:
    """What the figure means and which order says so."""
    st.caption(f"{words['definition']} {texts('source')}: {texts.origin(words['source'])}.")


def natural(text: str | None) -> list[tuple[int, str]]:
    """A key that puts 2 before 10, and what has no number last."""
    parts = re.findall(r"\d+|\D+", text or "~")
    return [(int(part), "") if part.isdigit() else (10**6, part) for part in parts]


def _sorted(found: list[Unit], by: str) -> list[Unit]:
    def share(one: Unit) -> float:
        return one.numerator / one.denominator if one.denominator else -1.0

    if by == "name":
        return found
    if by == "size":
        return sorted(found, key=lambda one: -one.denominator)
    return sorted(found, key=lambda one: (not one.denominator, -share(one) if by == "highest" else share(one)))


def plain(text: str) -> str:
    """Names are words, never markup."""
    return "".join(f"\\{sign}" if sign in "\\`*_[]#<>$:~" else sign for sign in text)
