"""Facts of a person and declared programmes in, planned steps out. Nothing here reads a clock or a database.

Rows already kept come in as facts too: ``planned`` (``until`` is the agreed day), ``completed`` (``ref`` is the
visit) and ``excluded`` (by a person, ``tags`` hold the reason). Their code is ``programme/step``, their group the
year of the list or the card.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from ops_app.mechanisms.care_plan.declaration import Group, PlanDefinition, Removal, Version
from ops_app.mechanisms.facts import Fact, History, found

DAY = dt.timedelta(days=1)
WEEK = dt.timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Activity:
    """A step of a programme as the facts put it on one day."""

    definition: PlanDefinition = field(repr=False)
    version: Version = field(repr=False)
    step: str
    group: int
    """The year of the list, or the card; 0 for a step of the person."""
    status: Literal["open", "done", "removed", "expired"]
    planned: dt.date
    opens: dt.date
    closes: dt.date | None
    row: int = 0
    """The kept row, 0 for a step that is new."""
    closed_by: Fact | None = None
    removed_because: str | None = None
    entered: Group | None = None
    last_done: dt.date | None = None

    @property
    def year(self) -> int | None:
        """The year of the list, where the programme has lists."""
        return self.group if self.definition.card is None else None

    @property
    def code(self) -> str:
        """``programme/step``, as rows kept are called."""
        return f"{self.definition.programme}/{self.step}"


def evaluate(definitions: Iterable[PlanDefinition], history: History, today: dt.date) -> list[Activity]:
    """The plan of a person on a day, in a fixed order."""
    known = History(history.birth_date, history.sex, frozenset(fact for fact in history.facts if fact.day <= today))
    schedules = {"yearly": _yearly, "weeks": _weeks, "recurring": _recurring}
    plan = [step for definition in definitions for step in schedules[definition.schedule](definition, known, today)]
    return sorted(plan, key=lambda step: (step.definition.code, step.group, step.planned, step.step, step.row))


def next_change(definitions: Iterable[PlanDefinition], today: dt.date) -> dt.date | None:
    """The next day on which a plan may change though no fact did: a new list or a new year."""
    days = []
    for definition in definitions:
        made = definition.on(today).list_day
        if made is not None:
            days += [dt.date(today.year + ahead, made.month, made.day) for ahead in (0, 1)]
            days.append(dt.date(today.year + 1, 1, 1))
    return min((day for day in days if day > today), default=None)


def _years(version: Version, today: dt.date) -> list[int]:
    """Years whose list exists: this one, and the next from the day its list is made."""
    made = version.list_day
    ahead = made is not None and (today.month, today.day) >= (made.month, made.day)
    return [today.year, today.year + 1] if ahead else [today.year]


def _removed(version: Version, history: History, today: dt.date) -> tuple[dt.date, str] | None:
    """Since when and why a person is off the programme, if he is."""
    reasons = [(since, rule.reason) for rule in version.removed_by if (since := _since(rule, history, today))]
    return min(reasons, default=None)


def _since(rule: Removal, history: History, today: dt.date) -> dt.date | None:
    if rule.without is not None:
        facts = history.of(rule.without)
        if any(fact.holds_on(today) for fact in facts):
            return None
        # Without any such fact the person was never there: since the beginning.
        return max((fact.until for fact in facts if fact.until is not None), default=dt.date.min)
    days = [
        fact.day
        for fact in history.of(rule.fact or "")
        if fact.holds_on(today) and (not rule.codes or any(fact.code.startswith(code) for code in rule.codes))
    ]
    return min(days, default=None)


def _fits(group: Group, history: History, age: int, today: dt.date) -> bool:
    return (
        (group.sex is None or group.sex == history.sex)
        and (group.ages is None or age in group.ages)
        and (
            not group.facts
            or any(
                match.fits(fact) and fact.holds_on(today)
                for match in group.facts
                for fact in history.by_kind.get(match.fact, ())
            )
        )
    )


def _rows(history: History, kind: str, code: str, group: int | None = None) -> list[Fact]:
    return [fact for fact in history.of(kind) if fact.code == code and (group is None or fact.group == group)]


def _yearly(definition: PlanDefinition, history: History, today: dt.date) -> Iterator[Activity]:
    for year in _years(definition.on(today), today):
        first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
        version = definition.on(first)
        step = version.steps[0].step
        code = f"{definition.programme}/{step}"
        closings = found(history, version.closed_by, dt.date.min, today)
        before = [fact for fact in closings if fact.day < first]
        within = [fact for fact in closings if first <= fact.day <= last]
        last_done = before[-1].day if before else None
        age = year - history.birth_date.year
        entered = next((group for group in version.enters if _fits(group, history, age, today)), None)
        carried = any(
            f"reason:{reason}" in row.tags
            for row in _rows(history, "excluded", code, year - 1)
            for reason in version.carry_over
        )
        interval = version.enters[0].interval_years or 0
        done_before = last_done is not None and year - last_done.year < interval
        planned = _rows(history, "planned", code, year)
        if ((entered is None and not carried) or done_before) and not planned:
            continue
        excluded = _rows(history, "excluded", code, year)
        status, closed_by, reason = _state(version, history, today, within)
        if _rows(history, "completed", code, year):
            status, closed_by, reason = "done", within[0] if within else None, None
        elif excluded and status == "open":
            reason = next((tag.removeprefix("reason:") for tag in sorted(excluded[0].tags)), "")
            status = "removed"
        elif done_before and status == "open":
            status, reason = "removed", "done_before"
        elif status == "open" and year > today.year and entered is None and not carried:
            # A list that has not begun is corrected; in a begun year whoever was listed stays.
            status, reason = "removed", "not_in_group"
        yield Activity(
            definition,
            version,
            step,
            year,
            status,
            planned=planned[0].until or last if planned else last,
            opens=first,
            closes=last,
            row=planned[0].id if planned else 0,
            closed_by=closed_by,
            removed_because=reason,
            entered=entered or version.enters[0],
            last_done=last_done,
        )


def _state(
    version: Version, history: History, today: dt.date, closings: list[Fact]
) -> tuple[Literal["open", "done", "removed"], Fact | None, str | None]:
    """What came first: the evidence that closes or the reason that removes."""
    removed = _removed(version, history, today)
    if closings and (removed is None or closings[0].day <= removed[0]):
        return "done", closings[0], None
    return ("removed", None, removed[1]) if removed else ("open", None, None)


def _weeks(definition: PlanDefinition, history: History, today: dt.date) -> Iterator[Activity]:
    for card in history.of(definition.card or ""):
        version = definition.on(card.day)
        dates = dict(_dates(version, card))
        done = {row.code: row for row in _rows_of_card(history, "completed", definition, card)}
        planned = {row.code: row for row in _rows_of_card(history, "planned", definition, card)}
        ended = _ended(version, history, card, today)
        last_day = min(ended[0], today) if ended else today
        used = {row.ref for row in done.values()}
        codes = {step: f"{definition.programme}/{step}" for step in dates}
        waiting = {
            step: planned[codes[step]].until or day if codes[step] in planned else day
            for step, day in dates.items()
            if codes[step] not in done
        }
        closed: dict[str, Fact] = {}
        for visit in found(history, version.closed_by, card.day, last_day):
            due = [step for step, day in waiting.items() if day <= visit.day + version.early_days * DAY]
            if visit.ref in used or not due:
                continue
            # Steps before it were missed and stay so: the visit of week 30 is not the visit of week 25.
            latest = max(due, key=lambda step: (waiting[step], step))
            closed[latest] = visit
            del waiting[latest]
        for step in version.steps:
            if step.step not in dates:
                continue
            row = planned.get(codes[step.step])
            is_done = codes[step.step] in done or step.step in closed
            yield Activity(
                definition,
                version,
                step.step,
                card.id,
                "done" if is_done else "removed" if ended else "open",
                planned=row.until or dates[step.step] if row else dates[step.step],
                opens=_anchor(card) + (step.from_week or 0) * WEEK,
                closes=_anchor(card) + ((step.to_week or 0) + 1) * WEEK - DAY,
                row=row.id if row else 0,
                closed_by=closed.get(step.step),
                removed_because=None if is_done or not ended else ended[1],
            )


def _anchor(card: Fact) -> dt.date:
    """The day weeks count from: the card's own when it names one."""
    days = [dt.date.fromisoformat(tag.removeprefix("anchor:")) for tag in card.tags if tag.startswith("anchor:")]
    return days[0] if days else card.day


def _ended(version: Version, history: History, card: Fact, today: dt.date) -> tuple[dt.date, str] | None:
    if card.until is not None and card.until <= today:
        reason = next((tag.removeprefix("reason:") for tag in card.tags if tag.startswith("reason:")), "closed")
        return card.until, reason
    return _removed(version, history, today)


def _dates(version: Version, card: Fact) -> Iterator[tuple[str, dt.date]]:
    """Steps with their days; the first is the entry itself, steps whose weeks are over are left out."""
    anchor = _anchor(card)
    for number, step in enumerate(version.steps):
        day = anchor + (step.week or 0) * WEEK
        last_day = anchor + ((step.to_week or 0) + 1) * WEEK - DAY
        if number == 0:
            yield step.step, card.day
        elif day > card.day:
            yield step.step, day
        elif last_day > card.day:
            yield step.step, min(last_day, card.day + version.late_start_days * DAY)


def _rows_of_card(history: History, kind: str, definition: PlanDefinition, card: Fact) -> list[Fact]:
    prefix = f"{definition.programme}/"
    return [row for row in history.of(kind) if row.group == card.id and row.code.startswith(prefix)]


def _recurring(definition: PlanDefinition, history: History, today: dt.date) -> Iterator[Activity]:
    cards: list[Fact | None] = [None]
    if definition.card is not None:
        entering = definition.on(today).enters[0]
        cards = [
            card
            for card in history.of(definition.card)
            if not entering.facts or any(match.fits(card) for match in entering.facts)
        ]
    for card in cards:
        yield from _recurrence(definition, history, card, today)


def _recurrence(definition: PlanDefinition, history: History, card: Fact | None, today: dt.date) -> Iterator[Activity]:
    version = definition.on(today)
    step = version.steps[0].step
    code = f"{definition.programme}/{step}"
    age = age_on(history.birth_date, today)
    groups = version.enters if card else [group for group in version.enters if _fits(group, history, age, today)]
    entered = min(groups, key=lambda group: group.interval_months or 0, default=None)
    ended = _ended(version, history, card, today) if card else _removed(version, history, today)
    since = card.day if card else dt.date.min
    last_day = min(ended[0], today) if ended else today
    closings = found(history, version.closed_by, since, last_day)
    last_done = closings[-1].day if closings else None
    group_id = card.id if card else None
    used = {row.ref for row in _rows(history, "completed", code, group_id)}
    is_waiting = False
    for row in _rows(history, "planned", code, group_id):
        first_day = dt.date(row.group, 1, 1) if card is None and row.group else row.day + DAY
        closed_by = next((fact for fact in closings if fact.day >= first_day and fact.ref not in used), None)
        gone = ended[1] if ended else "not_in_group" if entered is None else None
        status: Literal["open", "done", "removed"] = "done" if closed_by else "removed" if gone else "open"
        if closed_by is not None:
            used |= {closed_by.ref}
        is_waiting |= status == "open"
        yield Activity(
            definition,
            version,
            step,
            row.group,
            status,
            planned=row.until or today,
            opens=first_day,
            closes=None,
            row=row.id,
            closed_by=closed_by,
            removed_because=None if closed_by else gone,
            entered=entered,
            last_done=last_done,
        )
    if is_waiting or ended or entered is None:
        return
    new = _next(version, card, entered, last_done, today)
    excluded = {row.group for row in _rows(history, "excluded", code, group_id)}
    if new is not None and not (card is None and new.year in excluded):
        yield Activity(
            definition,
            version,
            step,
            card.id if card else max(new.year, today.year),
            "open",
            planned=new,
            opens=last_done or (card.day if card else dt.date(today.year, 1, 1)),
            closes=None,
            entered=entered,
            last_done=last_done,
        )


def _next(
    version: Version, card: Fact | None, entered: Group, last_done: dt.date | None, today: dt.date
) -> dt.date | None:
    """The day of the next time; None while it lies beyond the lists that exist."""
    start = last_done or (card.day if card else None)
    year_end = dt.date(today.year, 12, 31)
    due = add_months(start, entered.interval_months or 0) if start else year_end
    if card is not None:
        return due
    if due.year > max(_years(version, today)):
        return None
    # Who was due in an earlier year stands on this year's list until its end.
    return due if due.year >= today.year else year_end


def age_on(birth_date: dt.date, day: dt.date) -> int:
    """Full years on a day."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day some months later, or the last one of a shorter month."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
