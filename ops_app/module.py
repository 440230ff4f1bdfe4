"""What a module declares about itself; the registry only lists modules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fastapi import APIRouter
from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.mechanisms.jobs.task import Task
from ops_app.mechanisms.journal.declaration import Journal
from ops_app.mechanisms.notifications.notice import Notice
from ops_app.mechanisms.task.kind import TaskKind
from ops_app.permissions import Permission

NAV_GROUPS = ("day", "patients", "journals", "reports", "administration")
"""Groups of the left navigation, in the order of a working day."""


@dataclass(frozen=True, slots=True)
class NavItem:
    """A line of the left navigation, shown to whoever holds the permission."""

    title: str
    """Marked with ``N_()``; translated when shown."""
    route: str
    permission: Permission
    group: str = "patients"
    order: int = 50
    waiting: Callable[[Session, Actor], int] | None = None
    """Counts what waits behind the item."""
    of_own_place: bool = False
    """Shows the place the actor works at: not there for whom nothing ties to one."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the day on the start page, with the page that shows what it counts."""

    title: str
    """Marked with ``N_()``; translated when shown."""
    route: str
    permission: Permission
    count: Callable[[Session, Actor], int]
    order: int = 50


@dataclass(frozen=True, slots=True)
class Module:
    """A part of the app: its name is its folder and the first half of its route names."""

    name: str
    router: APIRouter | None = None
    nav: tuple[NavItem, ...] = field(default=())
    actions: Mapping[str, str] = field(default_factory=dict)
    """Titles of route names and events as the audit journal shows them, marked with ``N_()``."""
    figures: tuple[Figure, ...] = ()
    """Numbers of the start page beside what waits behind the navigation."""
    journals: tuple[Journal, ...] = ()
    """Declared lists; each has a screen, a print and a spreadsheet."""

    def journal_route(self, journal: Journal) -> str:
        """The route name of a journal's screen."""
        return f"{self.name}:journal_{journal.name}"

    @property
    def items(self) -> tuple[NavItem, ...]:
        """Lines of the navigation: the module's own and its journals."""
        lists = (
            NavItem(each.title, self.journal_route(each), each.permission, group="journals", order=each.order)
            for each in self.journals
            if each.nav
        )
        return (*self.nav, *lists)

    tasks: tuple[Task, ...] = field(default=())
    """``TASKS`` of the module's ``tasks.py``, which the worker reads without importing this file."""
    notices: tuple[Notice, ...] = field(default=())
    """Kinds of notices the module sends, so that people can choose which come by e-mail."""
    task_kinds: tuple[TaskKind, ...] = field(default=())
    """``TASK_KINDS`` of the module's ``task_kinds.py``: what people have to do because of this module."""
    messages: Mapping[str, str] = field(default_factory=dict)
    """Titles of the kinds of messages the module writes to other systems, marked with ``N_()``."""
