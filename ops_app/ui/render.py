"""Rendering pages and fragments with what every page needs."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import NoMatchFound

from ops_app import i18n
from ops_app.actor import Actor
from ops_app.auth import cookie_name, csrf_token, set_cookie
from ops_app.kit import clock, dates, numbers
from ops_app.kit.browsers import browser_name
from ops_app.kit.htmx import see_other
from ops_app.mechanisms.undo import Undo
from ops_app.module import NAV_GROUPS, Module
from ops_app.modules.accounts import queries
from ops_app.permissions import Permission
from ops_app.ui import people
from ops_app.ui import undo as undoing
from saulyq.settings import Mode, settings

HERE = Path(__file__).parent
STATIC = HERE / "static"
FIRST_SCRIPT = (HERE / "theme.js").read_text(encoding="utf-8")
"""Stands in the page itself: as a file it would be one more answer to wait for before the first words show."""

GROUP_TITLES = {
    "day": i18n.N_("My day"),
    "patients": i18n.N_("Patients"),
    "journals": i18n.N_("Journals"),
    "reports": i18n.N_("Reports"),
    "administration": i18n.N_("Administration"),
}


@dataclass(slots=True)
class NavLink:
    """A line of the navigation as one actor sees it."""

    title: str
    url: str
    group: str
    route: str
    is_current: bool
    counts: bool


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The Jinja environment: the frame's templates and each module's own folder."""
    folders = [HERE / "templates", *sorted((HERE.parent / "modules").glob("*/templates"))]
    env = Environment(
        loader=FileSystemLoader(folders),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    env.install_gettext_callables(  # type: ignore[attr-defined]
        i18n.gettext,
        lambda one, many, n: i18n.translations(i18n.language()).ngettext(one, many, n),
        newstyle=True,
    )
    env.policies["ext.i18n.trimmed"] = True
    env.filters.update(
        date=dates.show_date,
        time=dates.show_time,
        moment=dates.show_moment,
        deadline=dates.show_deadline,
        age=dates.show_age,
        number=numbers.show_number,
        clock_time=dates.show_clock_time,
        translated=translated,
        who=people.who,
    )
    env.globals.update(
        static=static_url,
        first_script=Markup(FIRST_SCRIPT),  # noqa: S704  our own file
        browser_name=browser_name,
        language=i18n.language,
        languages=i18n.LANGUAGES,
        local_name=local_name,
    )
    return env


def translated(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Choices of a select with their marked titles in the language of the request."""
    return [(value, i18n.gettext(title)) for value, title in pairs]


@lru_cache(maxsize=64)
def static_url(path: str) -> str:
    """Address of a static file; the checksum in it lets browsers keep the file for ever."""
    content = (STATIC / path).read_bytes()
    return f"/static/{path}?v={hashlib.sha256(content).hexdigest()[:10]}"


def first_script_source() -> str:
    """The source of the one script that stands in pages, as a content security policy names it (CSP 3, 2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(FIRST_SCRIPT.encode()).digest()).decode()}'"


def local_name(row: Any) -> str:
    """The name of an organisation or a code in the language of the request (``name_kk`` …)."""
    if row is None:
        return ""
    wanted = i18n.language()
    return str(getattr(row, f"name_{wanted}", None) or getattr(row, "name_ru", None) or row.name_kk)


def navigation(request: Request, actor: Actor | None) -> list[NavLink]:
    """What this actor may go to, in the order of the day's work."""
    if actor is None or actor.must_change_password or actor.must_add_second_factor:
        return []
    items = [(NAV_GROUPS.index(item.group), item.order, item) for item in _nav_items(request.app.state.modules)]
    links = [
        NavLink(
            title=i18n.gettext(item.title),
            url=str(request.app.url_path_for(item.route)),
            group=item.group,
            route=item.route,
            is_current=False,
            counts=item.waiting is not None,
        )
        for _group, _order, item in sorted(items, key=lambda entry: entry[:2])
        if actor.may(item.permission) and (actor.is_placed or not item.of_own_place)
    ]
    path = request.url.path
    here = [link for link in links if path == link.url or path.startswith(f"{link.url}/")]
    if here:
        # The longest address wins: /patients/new belongs to itself before it belongs to /patients.
        max(here, key=lambda link: len(link.url)).is_current = True
    return links


def _nav_items(modules: tuple[Module, ...]) -> list[Any]:
    return [item for module in modules for item in module.items]


def _frame(request: Request) -> dict[str, Any]:
    actor: Actor | None = getattr(request.state, "actor", None)
    db = getattr(request.state, "db", None)
    here = None
    if actor is not None and db is not None and db.is_active:
        here = queries.home_organization(db, actor)
    search = _palette_search(request, actor)
    return {
        "actor": actor,
        "nav": navigation(request, actor),
        "group_titles": {key: i18n.gettext(title) for key, title in GROUP_TITLES.items()},
        "here": here,
        "csrf": csrf_token(request),
        "today": clock.today(),
        "now": clock.now(),
        "weekday": dates.weekday_name(clock.today()),
        "palette_search_url": search,
        "palette_title": i18n.gettext("Go to or find a patient") if search else i18n.gettext("Go to a page"),
        "is_demo": settings().mode is Mode.demo,
        "flashes": _read_flashes(request),
        "url": lambda name, **path: str(request.app.url_path_for(name, **path)),
        "request": request,
    }


def _palette_search(request: Request, actor: Actor | None) -> str:
    if actor is None or not actor.may(Permission.PATIENTS_IDENTITY_READ):
        return ""
    try:
        return str(request.app.url_path_for("patients:search"))
    except NoMatchFound:
        return ""


def page(request: Request, template: str, *, status_code: int = 200, **context: Any) -> HTMLResponse:
    """A whole page in the frame."""
    response = HTMLResponse(_render(request, template, _frame(request) | context), status_code=status_code)
    if cookie_name("flash") in request.cookies:
        response.delete_cookie(cookie_name("flash"), path="/")
    return response


def fragment(request: Request, template: str, *, status_code: int = 200, **context: Any) -> HTMLResponse:
    """A piece of a page for HTMX; the template's name starts with an underscore."""
    own = {
        "actor": getattr(request.state, "actor", None),
        "csrf": csrf_token(request),
        "today": clock.today(),
        "url": lambda name, **path: str(request.app.url_path_for(name, **path)),
        "request": request,
    }
    return HTMLResponse(_render(request, template, own | context), status_code=status_code)


def _render(request: Request, template: str, context: dict[str, Any]) -> str:
    html = environment().get_template(template).render(context)
    return people.named(html, getattr(request.state, "db", None))


def redirect(
    request: Request, url: str, flash: str | None = None, kind: str = "success", undo: Undo | None = None
) -> Response:
    """Go to another page after a write; ``flash`` is shown there once, with a button where ``undo`` names the way back.

    Never put a person's data in either: both travel in a cookie.
    """
    response = see_other(request, url)
    if flash:
        told = [kind, flash, undoing.packed(request, undo) if undo else None]
        packed = base64.urlsafe_b64encode(json.dumps([told]).encode()).decode()
        set_cookie(request, response, "flash", packed, max_age=60)
    return response


def _read_flashes(request: Request) -> list[tuple[str, str, dict[str, Any] | None]]:
    packed = request.cookies.get(cookie_name("flash"))
    if not packed:
        return []
    try:
        kinds = ("success", "warning", "danger", "info")
        held = json.loads(base64.urlsafe_b64decode(packed))
        return [(kind, text, undoing.unpacked(request, undo)) for kind, text, undo in held if kind in kinds]
    except (ValueError, TypeError):
        return []
