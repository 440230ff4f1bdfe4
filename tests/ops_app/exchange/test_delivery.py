"""The outbox against a registry that is away, slow, broken, forgetful: every message once, in order."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ops_app.kit import clock
from ops_app.mechanisms.jobs import queue
from ops_app.mechanisms.jobs.tables import job, worker
from ops_app.mechanisms.outbox import delivery, outbox
from ops_app.mechanisms.outbox.adapter import sha256_of
from ops_app.mechanisms.outbox.declaration import systems
from ops_app.mechanisms.outbox.models import Attempt, Difference, Message, Reconciliation, SystemState
from ops_app.mechanisms.outbox.reconciliation import differences, hash_of, reconcile
from ops_app.modules.exchange.tasks import TASKS
from ops_app.modules.protection.standing import why_closed
from tests.installation import Database
from tests.ops_app.exchange.registry import SYSTEM, Registry
from tests.ops_app.jobs.running import run_due, wait_until, worker_process


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with Session(database.engine("app"), expire_on_commit=False) as session:
        yield session


def switch_on(session: Session, system: str = SYSTEM, *, is_ready: bool = True) -> None:
    session.merge(SystemState(name=system, is_on=True, is_ready=is_ready))
    session.commit()


def put(session: Session, key: str, lane: str = "a", system: str = SYSTEM, **body: object) -> int:
    return outbox.put(session, system, "signed_document", key, {"number": key} | body, lane=lane)


def state(session: Session, key: str) -> str:
    session.expire_all()
    return str(session.scalar(select(Message.state).where(Message.message_key == key)))


def results(session: Session, key: str) -> list[tuple[str, str | None, str | None]]:
    rows = session.execute(
        select(Attempt.result, Attempt.side, Attempt.status)
        .join(Message, Message.id == Attempt.message_id)
        .where(Message.message_key == key)
        .order_by(Attempt.id)
    )
    return [(row.result, row.side, row.status) for row in rows]


def let_time_pass(session: Session) -> None:
    """What waits for a later moment is due now."""
    session.execute(update(Message).values(next_attempt_at=func.now()))
    session.execute(update(job).where(job.c.status == "todo").values(scheduled_at=None))
    session.commit()


@pytest.mark.req("EDS-08")
def test_messages_wait_until_the_system_is_ready_and_then_go(
    database: Database, session: Session, registry: Registry
) -> None:
    registry.is_ready = False
    switch_on(session, is_ready=False)
    put(session, "doc-1", signature="MIIB…")
    put(session, "doc-2", signature="MIIC…")
    session.commit()
    run_due(database)
    delivery.sweep(database.engine("app"), why_closed)
    run_due(database)
    assert registry.posts == []
    assert state(session, "doc-1") == "queued"
    registry.is_ready = True
    delivery.sweep(database.engine("app"), why_closed)
    run_due(database)
    assert registry.order == ["doc-1", "doc-2"]
    assert registry.held["doc-1"]["body"] == {"number": "doc-1", "signature": "MIIB…"}
    message = session.scalars(select(Message).where(Message.message_key == "doc-2")).one()
    assert (message.state, message.reference) == ("delivered", "R-2")


def test_nothing_is_sent_of_a_fact_that_was_rolled_back(
    database: Database, session: Session, registry: Registry
) -> None:
    switch_on(session)
    put(session, "never")
    session.rollback()
    run_due(database)
    assert registry.posts == []


def test_the_same_fact_is_one_message_and_a_key_names_one_content(session: Session) -> None:
    first = put(session, "fact", text="a")
    assert put(session, "fact", text="a") == first
    with pytest.raises(outbox.KeyTaken):
        put(session, "fact", text="b")


@pytest.mark.req("INT-GEN-02")
def test_a_failed_answer_is_repeated_with_whose_error_it_was(
    database: Database, session: Session, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = systems()[SYSTEM].model_copy(update={"options": systems()[SYSTEM].options | {"timeout_seconds": "0.3"}})
    monkeypatch.setitem(systems(), SYSTEM, quick)
    switch_on(session)
    registry.misbehave = {"m1": ["500", "slow", "lost"]}
    put(session, "m1")
    put(session, "m2")
    session.commit()
    for _ in range(4):
        run_due(database)
        let_time_pass(session)
    run_due(database)
    assert registry.order == ["m1", "m2"]
    assert results(session, "m1") == [
        ("retry", "theirs", "http 500"),
        ("retry", "network", "ReadTimeout"),
        ("retry", "network", "RemoteProtocolError"),
        ("known", None, None),
    ]
    assert results(session, "m2") == [("delivered", None, None)]


def test_a_poisoned_message_stops_its_own_lane_and_no_other(
    database: Database, session: Session, registry: Registry
) -> None:
    switch_on(session)
    registry.misbehave = {"poison": ["422"]}
    put(session, "poison", lane="a")
    put(session, "behind it", lane="a")
    put(session, "elsewhere", lane="b")
    session.commit()
    run_due(database)
    assert [state(session, key) for key in ("poison", "behind it", "elsewhere")] == ["dead", "queued", "delivered"]
    delivery.sweep(database.engine("app"), why_closed)
    run_due(database)
    assert sorted(registry.posts) == ["elsewhere", "poison"]
    poison = session.scalars(select(Message).where(Message.message_key == "poison")).one()
    outbox.correct(session, poison, "chief", "wrong name", {"number": "poison", "family": "right"})
    session.commit()
    run_due(database)
    assert registry.order == ["elsewhere", "poison", "behind it"]
    assert registry.held["poison"]["body"]["family"] == "right"


def test_a_message_that_is_never_accepted_becomes_a_dead_letter_after_its_attempts(
    database: Database, session: Session, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch_on(session)
    limit = 3
    monkeypatch.setitem(systems(), SYSTEM, systems()[SYSTEM].model_copy(update={"attempts": limit}))
    registry.misbehave = {"m": ["500"] * limit}
    put(session, "m")
    session.commit()
    for _ in range(limit):
        assert state(session, "m") == "queued"
        run_due(database)
        let_time_pass(session)
    assert state(session, "m") == "dead"
    assert len(registry.posts) == limit


def test_a_system_that_is_down_costs_a_message_no_attempt(
    database: Database, session: Session, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch_on(session)
    monkeypatch.setenv("SAULYQ_REGISTRY_AUTHORISED_BODY_TOKEN", "expired")
    put(session, "m")
    session.commit()
    run_due(database)
    message = session.scalars(select(Message).where(Message.message_key == "m")).one()
    assert (message.state, message.attempts) == ("queued", 0)
    told = session.get_one(SystemState, SYSTEM, populate_existing=True)
    assert (told.is_ready, told.reason) == (False, "http 401, our credentials are refused")
    session.rollback()
    monkeypatch.setenv("SAULYQ_REGISTRY_AUTHORISED_BODY_URL", "http://registry.example.kz")
    delivery.sweep(database.engine("app"), why_closed)
    assert not session.get_one(SystemState, SYSTEM, populate_existing=True).is_ready


def test_every_message_arrives_once_though_the_worker_is_killed_while_sending(
    database: Database, session: Session, registry: Registry
) -> None:
    switch_on(session)
    keys = [f"{lane}-{number}" for number in range(4) for lane in "abc"]
    for key in keys:
        put(session, key, lane=key[0])
    session.commit()
    registry.pause = 0.3
    for stop_after in (1, 4):
        with worker_process(database, "ops_app.modules.exchange.tasks:TASKS"):
            wait_until(lambda: len(registry.posts) >= stop_after)
        session.execute(update(worker).values(last_heartbeat=func.now() - dt.timedelta(minutes=1)))
        queue.recover(session, {task.name: task for task in TASKS})
        session.commit()
    registry.pause = 0.0
    run_due(database)
    assert sorted(registry.order) == sorted(keys)
    for lane in "abc":
        arrived = [key for key in registry.order if key.startswith(lane)]
        assert arrived == sorted(arrived)
    assert len(registry.posts) > len(keys), "no message was cut off on its way; the test proves nothing"
    assert session.scalar(select(func.count()).where(Message.state != "delivered")) == 0


def test_a_folder_gets_whole_files_and_the_same_message_once(
    database: Database, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAULYQ_REGISTRY_EXCHANGE_FOLDER_FOLDER", str(tmp_path))
    switch_on(session, "exchange_folder")
    for key in ("a", "ә/../b"):
        put(session, key, system="exchange_folder", text="Мәтін")
    session.commit()
    run_due(database)
    files = sorted(tmp_path.rglob("*"))
    day = tmp_path / clock.today().isoformat()
    assert {file.parent for file in files if file.is_file()} == {day}
    assert json.loads((day / "a.json").read_text())["body"] == {"number": "a", "text": "Мәтін"}
    message = session.scalars(select(Message).where(Message.message_key == "a")).one()
    outbox.send_again(session, message, "chief", "to be sure")
    session.commit()
    run_due(database)
    assert results(session, "a") == [("delivered", None, None), ("known", None, None)]
    (day / "a.json").unlink()
    made = reconcile(database.engine("app"), "exchange_folder", clock.today())
    found = session.execute(select(Difference.message_key, Difference.kind).where(Difference.reconciliation_id == made))
    assert [tuple(row) for row in found] == [("a", "missing_there")]


def test_the_nightly_comparison_lists_what_the_sides_do_not_agree_about(
    database: Database, session: Session, registry: Registry
) -> None:
    switch_on(session)
    for key in ("same", "lost there", "changed there"):
        put(session, key, lane=key)
    session.commit()
    run_due(database)
    del registry.held["lost there"]
    registry.held["changed there"]["sha256"] = "0" * 64
    registry.held["not ours"] = {"sha256": "1" * 64}
    made = session.get_one(Reconciliation, reconcile(database.engine("app"), SYSTEM, clock.today()))
    assert (made.count_here, made.count_there) == (3, 3)
    assert made.hash_here != made.hash_there
    found = session.execute(select(Difference.message_key, Difference.kind).order_by(Difference.id))
    assert [tuple(row) for row in found] == [
        ("changed there", "other_content"),
        ("lost there", "missing_there"),
        ("not ours", "unknown_here"),
    ]


KEPT = st.dictionaries(st.text(max_size=3), st.sampled_from(["x", "y"]), max_size=6)


@given(KEPT, KEPT)
def test_two_sides_agree_exactly_when_nothing_is_listed(here: dict[str, str], there: dict[str, str]) -> None:
    found = differences(here, there)
    assert (not found) == (here == there)
    if hash_of(here) == hash_of(there):
        assert not found
    assert found.keys() == differences(there, here).keys()


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5)))
def test_the_order_of_fields_does_not_change_the_hash(body: dict[str, str]) -> None:
    assert sha256_of(body) == sha256_of(dict(reversed(list(body.items()))))
