"""The list of modules. A wrong registration stops the start."""

from __future__ import annotations

import importlib
import re
import typing
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from fastapi import params
from fastapi.routing import APIRoute
from starlette.responses import HTMLResponse, Response

from ops_app.auth import OpenRule, rule_in
from ops_app.gate.views import privacy_of, subject_of
from ops_app.kit.form_fields import posted_form
from ops_app.mechanisms.jobs.task import Task, declared
from ops_app.mechanisms.task import kind as task_kinds
from ops_app.mechanisms.task.kind import TaskKind
from ops_app.models import load_all
from ops_app.module import NAV_GROUPS, Module
from ops_app.ui.journal_routes import journal_routes

MODULES = (
    "access",
    "accounts",
    "appointments",
    "audit",
    "classifiers",
    "deaths",
    "devices",
    "documents",
    "episodes",
    "exchange",
    "exports",
    "fhir",
    "guidance",
    "help",
    "home",
    "imaging",
    "ingest",
    "jobs",
    "lab_quality",
    "laboratory",
    "monitoring",
    "notifications",
    "oidc",
    "organizations",
    "patients",
    "person_facts",
    "personal_data",
    "protection",
    "questionnaires",
    "radiology",
    "resources",
    "security",
    "signatures",
    "tasks",
    "visits",
    "worklist",
)

MODULES_FOLDER = Path(__file__).parent / "modules"


OPEN_THEMSELVES = ("patients:state_reason", "patients:state_reason_post")
"""Routes about a person whom the actor may not open yet."""


class RegistrationError(Exception):
    """The app is put together wrongly and must not start."""


@lru_cache(maxsize=1)
def modules() -> tuple[Module, ...]:
    """All modules, checked."""
    refuse_unlisted_folders(MODULES, MODULES_FOLDER)
    found = tuple(importlib.import_module(f"ops_app.modules.{name}.module").MODULE for name in MODULES)
    for name, module in zip(MODULES, found, strict=True):
        if module.name != name:
            raise RegistrationError(f"modules/{name}/module.py calls itself {module.name}")
    refuse_bad_routes(found)
    refuse_bad_navigation(found)
    refuse_bad_tasks(found, declared())
    refuse_bad_notices(found)
    refuse_bad_task_kinds(found, task_kinds.declared())
    refuse_unclassified_columns()
    return found


def routes(listed: tuple[Module, ...]) -> list[APIRoute]:
    """All routes of these modules, those of their journals too."""
    own = [route for module in listed if module.router for route in module.router.routes if isinstance(route, APIRoute)]
    return own + [route for module in listed for route in journal_routes(module)]


ASKED_MOST = frozenset({"api", "patients"})
"""Beginnings of the addresses of cards, searches and visits."""


@lru_cache(maxsize=1)
def all_routes() -> tuple[APIRoute, ...]:
    """Every route of the app; routes hold no state of an app, so all apps of a process share them.

    A request tries them one after another, so what is asked most stands first. Addresses of different beginnings never
    stand for each other: nothing is overtaken.
    """
    found = [documented(route) for route in routes(modules())]
    return tuple(sorted(found, key=lambda route: route.path.split("/")[1] not in ASKED_MOST))


@lru_cache(maxsize=1)
def routes_by_name() -> dict[str, APIRoute]:
    """Every route by its name."""
    return {route.name: route for route in all_routes()}


def documented(route: APIRoute) -> APIRoute:
    """The route as the OpenAPI document shows it: under its module, pages as pages; none is left out."""
    route.include_in_schema = True
    route.tags = [route.name.split(":")[0]]
    if typing.get_type_hints(route.endpoint).get("return") is Response:
        route.response_class = HTMLResponse
    if any(dependency.dependency is posted_form for dependency in signature_dependencies(route)):
        fields = {"type": "object", "additionalProperties": {"type": "string"}}
        content = {"application/x-www-form-urlencoded": {"schema": fields}}
        route.openapi_extra = {"requestBody": {"content": content}}
    return route


def refuse_unlisted_folders(listed: tuple[str, ...], folder: Path) -> None:
    """Every folder is listed, every listed name is a folder with a module.py, no name twice."""
    repeated = [name for name, times in Counter(listed).items() if times > 1]
    if repeated:
        raise RegistrationError(f"listed twice: {', '.join(repeated)}")
    there = {file.parent.name for file in folder.glob("*/__init__.py")}
    for name in sorted(there - set(listed)):
        raise RegistrationError(f"modules/{name} is missing from ops_app/registry.py")
    for name in listed:
        if not (folder / name / "module.py").exists():
            raise RegistrationError(f"modules/{name}/module.py does not exist")


def refuse_bad_routes(listed: tuple[Module, ...]) -> None:
    """Each route has a unique name ``module:thing``, one access rule, and opens persons through the audit."""
    names: Counter[str] = Counter()
    for module in listed:
        for route in routes((module,)):
            names[route.name] += 1
            if not route.name.startswith(f"{module.name}:"):
                raise RegistrationError(f"route {route.name} ({route.path}) must be named {module.name}:…")
            refuse_bad_route(route)
    repeated = [name for name, times in names.items() if times > 1]
    if repeated:
        raise RegistrationError(f"route names used twice: {', '.join(repeated)}")
    taken = Counter((method, re.sub(r"\{.*?\}", "{}", r.path)) for r in routes(listed) for method in r.methods or ())
    for (method, path), times in taken.items():
        if times > 1:
            raise RegistrationError(f"two routes answer {method} {path}")


def refuse_bad_route(route: APIRoute) -> None:
    """One access rule in the signature; ``{patient_id}`` only through the audited dependency."""
    dependencies = signature_dependencies(route)
    rules = [rule for dependency in dependencies if (rule := rule_in(dependency))]
    if len(rules) != 1:
        raise RegistrationError(f"route {route.name} has {len(rules)} access rules in its signature, needs one")
    audited = any(getattr(dependency.dependency, "opens_patient", False) for dependency in dependencies)
    if "{patient_id" in route.path and not audited and route.name not in OPEN_THEMSELVES:
        raise RegistrationError(f"route {route.name} names a patient but does not open it through the audit")
    if isinstance(rules[0], OpenRule) and audited:
        raise RegistrationError(f"route {route.name} shows a patient to strangers")


def signature_dependencies(route: APIRoute) -> list[params.Depends]:
    """Dependencies that a reader sees in the signature of the route's function."""
    hints = typing.get_type_hints(route.endpoint, include_extras=True)
    return [
        extra
        for hint in hints.values()
        for extra in getattr(hint, "__metadata__", ())
        if isinstance(extra, params.Depends)
    ]


def refuse_bad_navigation(listed: tuple[Module, ...]) -> None:
    """Navigation points to routes that exist, in groups that exist."""
    known = {route.name for route in routes(listed)}
    for module in listed:
        for item in module.items:
            if item.route not in known:
                raise RegistrationError(f"navigation of {module.name} points to {item.route}, which does not exist")
            if item.group not in NAV_GROUPS:
                raise RegistrationError(f"navigation of {module.name} uses the unknown group {item.group}")


def refuse_bad_tasks(listed: tuple[Module, ...], seen_by_worker: tuple[Task, ...]) -> None:
    """The worker sees what the modules declare, each task under its module's name, once, with its function."""
    names: Counter[str] = Counter()
    for module in listed:
        for task in module.tasks:
            names[task.name] += 1
            if not task.name.startswith(f"{module.name}:"):
                raise RegistrationError(f"task {task.name} must be named {module.name}:…")
            if not callable(task.function()):
                raise RegistrationError(f"task {task.name} names {task.run}, which is no function")
    repeated = [name for name, times in names.items() if times > 1]
    if repeated:
        raise RegistrationError(f"task names used twice: {', '.join(repeated)}")
    unseen = names.keys() ^ {task.name for task in seen_by_worker}
    if unseen:
        raise RegistrationError(f"not both in tasks.py and in module.py: {', '.join(sorted(unseen))}")


def refuse_bad_notices(listed: tuple[Module, ...]) -> None:
    """Each kind of notice stands under its module's name, once."""
    kinds = Counter(notice.kind for module in listed for notice in module.notices)
    strays = [
        notice.kind
        for module in listed
        for notice in module.notices
        if not notice.kind.startswith(f"{module.name}:") or kinds[notice.kind] > 1
    ]
    if strays:
        raise RegistrationError(f"notices under a wrong name or used twice: {', '.join(strays)}")


def refuse_bad_task_kinds(listed: tuple[Module, ...], seen_by_worker: Mapping[str, TaskKind]) -> None:
    """Each kind of task stands under its module's name, once, with its notice declared, where the worker sees it."""
    notices = {notice for module in listed for notice in module.notices}
    names: Counter[str] = Counter()
    for module in listed:
        for kind in module.task_kinds:
            names[kind.name] += 1
            if not kind.name.startswith(f"{module.name}:") or names[kind.name] > 1:
                raise RegistrationError(f"task kind {kind.name} stands under a wrong name or twice")
            if kind.notice is not None and kind.notice not in notices:
                raise RegistrationError(f"task kind {kind.name} sends a notice no module declares")
    unseen = names.keys() ^ seen_by_worker.keys()
    if unseen:
        raise RegistrationError(f"not both in task_kinds.py and in module.py: {', '.join(sorted(unseen))}")


def refuse_unclassified_columns() -> None:
    """Every table says whether it passes the gate, every column carries its privacy class."""
    for table in load_all().metadata.tables.values():
        subject_of(table)
        for column in table.columns:
            privacy_of(column)
