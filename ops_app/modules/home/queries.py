"""What the start page reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.i18n import _
from ops_app.module import NAV_GROUPS, Module
from ops_app.modules.home.models import DismissedRelease
from ops_app.modules.home.release_notes import Release, releases


@dataclass(frozen=True, slots=True)
class Waiting:
    """A page of this person and how much stands on it."""

    title: str
    route: str
    count: int


def day_of(session: Session, actor: Actor, modules: Iterable[Module]) -> list[Waiting]:
    """Pages the actor may open that count something, in the order of the navigation."""
    found: list[tuple[tuple[int, int], Waiting]] = []
    for module in modules:
        for item in module.items:
            if item.waiting is not None and actor.may(item.permission):
                place = (NAV_GROUPS.index(item.group), item.order)
                found.append((place, Waiting(_(item.title), item.route, item.waiting(session, actor))))
        for figure in module.figures:
            if actor.may(figure.permission):
                place = (len(NAV_GROUPS), figure.order)
                found.append((place, Waiting(_(figure.title), figure.route, figure.count(session, actor))))
    return [waiting for _place, waiting in sorted(found, key=lambda each: each[0])]


def news_for(session: Session, actor: Actor) -> Release | None:
    """The newest release, unless the actor has put it away."""
    newest = releases()[0]
    seen = session.get(DismissedRelease, (actor.account_id, newest.version))
    return newest if seen is None else None
