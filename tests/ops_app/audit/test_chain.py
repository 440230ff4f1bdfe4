"""A sealed journal shows every edited, removed and reordered row, whoever edits the tables."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.modules.audit import chain, sealing, verification
from ops_app.modules.audit.models import Event
from saulyq import journal
from saulyq.settings import settings
from tests.installation import Database, Installation

KEY = b"a key of the tests"


def write(database: Database, count: int, login: str = "aigul") -> None:
    with Session(database.engine("app")) as session:
        for number in range(count):
            audit.security(session, login, "test:row", number=number)
        session.commit()


def seal(database: Database, key: bytes = KEY) -> None:
    with Session(database.engine("app")) as session:
        while sealing.seal_next(session, key):
            session.commit()


def kinds(database: Database, key: bytes = KEY, head: sealing.Head | None = None) -> set[str]:
    with Session(database.engine("app")) as session:
        report = verification.verify(session, key, head)
    assert report.intact == (not report.findings)
    return {finding.kind for finding in report.findings}


@pytest.fixture(scope="module")
def sealed(module_database: Database) -> Database:
    """Two sealed blocks of three rows each."""
    for login in ("aigul", "bolat"):
        write(module_database, 3, login)
        seal(module_database)
    return module_database


@pytest.fixture
def as_owner(sealed: Database) -> Iterator[Connection]:
    """Somebody who may do everything to the tables; what he did is taken back after the test."""
    with sealed.engine("owner").connect() as connection:
        yield connection
        connection.rollback()


def found_by(connection: Connection, head: sealing.Head | None = None) -> set[str]:
    with Session(connection) as session:
        return {finding.kind for finding in verification.verify(session, KEY, head).findings}


def test_the_app_cannot_rewrite_the_chain(sealed: Database) -> None:
    with sealed.engine("app").connect() as connection, pytest.raises(ProgrammingError, match="permission denied"):
        connection.execute(text("update audit.block set number = 1"))


@pytest.mark.req("IAM-18", "IAM-20", "IAM-24")
def test_an_untouched_journal_is_intact(database: Database) -> None:
    write(database, 5)
    assert kinds(database) == set()
    seal(database)
    write(database, 2)
    with Session(database.engine("app")) as session:
        report = verification.verify(session, KEY, None)
    assert (report.intact, report.blocks, report.events, report.unsealed) == (True, 1, 5, 2)


@pytest.mark.req("IAM-18", "IAM-24")
@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("update audit.event set login = 'somebody' where login = 'bolat'", "edited"),
        ("update audit.event set at = at - interval '1 day' where id = 2", "edited"),
        ("update audit.event set after = '{\"number\": 7}' where id = 2", "edited"),
        ("delete from audit.event where id = 2", "removed"),
        # two rows change places
        (
            "update audit.event e set login = o.login, after = o.after from audit.event o where e.id + o.id = 7",
            "edited",
        ),
        ("update audit.block set previous = seal where number = 2", "block_edited"),
        ("update audit.block set sealed_at = sealed_at - interval '1 day' where number = 1", "block_edited"),
        ("update audit.block set number = 3 - number + 10", "block_edited"),
        ("delete from audit.block where number = 1", "block_removed"),
        ("update audit.block set event_ids = event_ids[1:2], digests = substr(digests, 1, 64)", "block_edited"),
        ("alter table audit.event disable trigger all; insert into audit.event (kind, action, login, request_id) "
         "values ('read', 'forged', 'aigul', '')", "unqueued"),
    ],
)  # fmt: skip
def test_what_the_owner_edits_is_found(as_owner: Connection, statement: str, found: str) -> None:
    for part in statement.split("; "):
        as_owner.execute(text(part))
    assert found in found_by(as_owner)


def test_a_chain_written_anew_without_the_key_is_found(as_owner: Connection) -> None:
    as_owner.execute(text("update audit.event set login = 'somebody' where login = 'aigul'"))
    as_owner.execute(text("delete from audit.block"))
    as_owner.execute(text("insert into security.unsealed select id from audit.event"))
    with Session(as_owner) as session:
        assert sealing.seal_next(session, b"a key of his own") is not None
    assert "block_other_key" in found_by(as_owner)
    as_owner.execute(text("update audit.block set key_name = :name"), {"name": chain.key_name(KEY)})
    assert {"block_edited", "edited"} <= found_by(as_owner)


def test_a_cut_off_end_is_found_by_what_the_installation_remembers(as_owner: Connection) -> None:
    last = as_owner.execute(text("select number, encode(seal, 'hex') from audit.block order by number desc")).first()
    assert last is not None
    as_owner.execute(text("delete from audit.event where login = 'bolat'"))
    as_owner.execute(text("delete from audit.block where number = 2"))
    assert found_by(as_owner) == set()
    assert found_by(as_owner, sealing.Head(int(last[0]), str(last[1]))) == {"block_removed"}
    assert found_by(as_owner, sealing.Head(1, "00")) == {"block_replaced"}


def test_a_row_removed_before_its_sealing_is_found(database: Database) -> None:
    write(database, 3)
    with database.engine("owner").begin() as connection:
        connection.execute(text("delete from audit.event where id = 2"))
    seal(database)
    assert kinds(database) == {"removed"}


def test_writers_do_not_wait_for_each_other_and_every_row_is_sealed_once(database: Database) -> None:
    first, second = Session(database.engine("app")), Session(database.engine("app"))
    with first, second:
        audit.security(first, "first", "test:row")
        first.flush()
        audit.security(second, "second", "test:row")
        second.commit()
        seal(database)  # the open transaction holds neither the second writer nor the sealer
        first.commit()
    seals = [threading.Thread(target=seal, args=(database,)) for _ in range(4)]
    for thread in seals:
        thread.start()
    for thread in seals:
        thread.join()
    seal(database)
    assert kinds(database) == set()
    with database.engine("app").connect() as connection:
        sealed: list[int] = list(connection.execute(text("select unnest(event_ids) from audit.block")).scalars())
    assert sorted(sealed) == [1, 2]


@pytest.fixture(scope="module")
def tampered(installation: Installation) -> Callable[[str], None]:
    """The installation's own database, which the command line opens, and a hand in it."""
    import psycopg

    installation.run("audit", "seal")

    def execute(statement: str) -> None:
        with psycopg.connect(settings().libpq_url("owner")) as connection:
            connection.execute(statement)

    return execute


@pytest.mark.req("IAM-18", "IAM-24")
def test_the_command_names_the_row_and_fails(installation: Installation, tampered: Callable[[str], None]) -> None:
    for _twice in range(2):
        tampered("insert into audit.event (kind, action, login, request_id) values ('read', 'test:row', 'aigul', '')")
        journal.seal(settings())
    intact = json.loads(installation.run("audit", "verify", "--json").stdout)
    assert intact["result"] == "intact" and intact["events"] >= 2
    tampered("update audit.event set login = 'bolat' where id = (select max(id) from audit.event)")
    broken = installation.run("audit", "verify", "--json", check=False)
    document = json.loads(broken.stdout)
    assert broken.returncode == 1 and document["result"] == "broken"
    assert [finding["kind"] for finding in document["findings"]] == ["edited"]
    tampered("update audit.event set login = 'aigul' where id = (select max(id) from audit.event)")
    tampered("delete from audit.block where number = (select max(number) from audit.block)")
    tampered("delete from audit.event where id = (select max(id) from audit.event)")
    assert not journal.verify(settings()).intact
    journal.accept_restored(settings(), "the backup of the night")
    assert journal.verify(settings()).intact


events = st.builds(
    Event,
    id=st.integers(1, 10**9),
    at=st.datetimes(timezones=st.just(dt.UTC)),
    kind=st.sampled_from(["read", "write"]),
    action=st.text(max_size=5),
    login=st.text(max_size=5),
    request_id=st.just(""),
    patient_id=st.none() | st.integers(1, 9),
    after=st.none() | st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3), max_size=2),
)


@settings_of_hypothesis(max_examples=50)
@given(one=events, other=events)
def test_two_events_share_a_digest_only_when_they_say_the_same(one: Event, other: Event) -> None:
    def said(event: Event) -> tuple[object, ...]:
        return event.id, event.at, event.kind, event.action, event.login, event.patient_id, event.after

    assert (chain.digest(KEY, one) == chain.digest(KEY, other)) == (said(one) == said(other))
