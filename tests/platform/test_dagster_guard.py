"""Dagster behind the guard: strangers see a link, some look, some start runs; ended sessions end there too."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from dagster import DagsterInstance
from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from dagster_webserver.app import create_app_from_workspace_process_context
from fastapi import FastAPI
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from ops_app.permissions import Role
from saulyq.dagster_guard import sign_in
from saulyq.dagster_guard.__main__ import GuardedContext
from saulyq.dagster_guard.guard import Guard, changes
from saulyq.dagster_guard.sign_in import SignIns
from saulyq.settings import settings
from tests.ops_app.browser import Browser, make_account, signed_in

STOP = "mutation { terminateRuns(runIds: []) { __typename } }"
STATUS = "{ version }"
MAY = """{ permissions { permission value } }"""
LAUNCH = "launch_pipeline_execution"


@pytest.fixture(scope="module")
def dagster(module_app_for_guard: FastAPI, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guard]:
    """The guard around Dagster's real pages, with the real provider behind it."""
    home = str(tmp_path_factory.mktemp("dagster"))
    with (
        DagsterInstance.local_temp(home) as instance,
        GuardedContext(instance, EmptyWorkspaceTarget(), version="1") as context,
    ):
        pages = create_app_from_workspace_process_context(context)
        yield Guard(pages, SignIns(settings(), httpx.ASGITransport(module_app_for_guard)))


@pytest.fixture(scope="module")
def module_app_for_guard(module_database) -> FastAPI:  # type: ignore[no-untyped-def]
    """The operational app with an engineer, an administrator and a doctor."""
    from ops_app.app import create_app

    engine = module_database.engine("app")
    for login, role in (("engineer", Role.DATA_ENGINEER), ("boss", Role.ADMINISTRATOR), ("doctor", Role.DOCTOR)):
        make_account(engine, login, [(role, None)])
    return create_app(engine)


def page_of(guard: Guard) -> TestClient:
    address = settings().page_url(settings().dagster_port)
    return TestClient(guard, base_url=address, follow_redirects=False, headers={"accept": "text/html"})


def entered(guard: Guard, app: FastAPI, login: str) -> tuple[TestClient, Browser]:
    """A browser at Dagster after the whole way through the provider."""
    browser, dagster = signed_in(app, login), page_of(guard)
    answer = dagster.get("/runs?status=failed")
    assert answer.status_code == 303
    there = urlsplit(answer.headers["location"])
    code = browser.get(f"{there.path}?{there.query}")
    assert code.status_code == 302, code.text
    back = dagster.get(code.headers["location"])
    assert back.headers["location"] == "/runs?status=failed"
    return dagster, browser


def ask(dagster: TestClient, query: str, **headers: str) -> httpx.Response:
    return dagster.post("/graphql", json={"query": query}, headers=headers)


def socket_address() -> str:
    """Where subscriptions connect; the test client would take another host without it."""
    return settings().page_url(settings().dagster_port).replace("http:", "ws:") + "/graphql"


def cut_off(socket: WebSocketTestSession) -> bool:
    """Whether the guard closes a socket, after whatever Dagster had sent before."""
    for _message in range(20):
        try:
            socket.receive_json()
        except WebSocketDisconnect as closed:
            return closed.code == 1008
    return False


@pytest.mark.req("IAM-15")
def test_stranger_sees_a_link_and_nothing_else(dagster: Guard) -> None:
    browser = page_of(dagster)
    assert "/saulyq/sign-in" in browser.get("/").text
    assert "Saulyq есептік жазбасымен" in browser.get("/", headers={"accept-language": "kk"}).text
    assert ask(browser, STATUS).status_code == 401
    assert browser.get("/graphql", params={"query": STATUS}, headers={"accept": "*/*"}).status_code == 401
    assert browser.get("/server_info", headers={"accept": "*/*"}).status_code == 401
    assert browser.post("/report_asset_materialization/x").status_code == 401
    with pytest.raises(WebSocketDisconnect), browser.websocket_connect(socket_address(), subprotocols=["graphql-ws"]):
        pass
    browser.cookies.set(dagster.sign_ins.cookie, "guessed")
    assert ask(browser, STATUS).status_code == 401


def test_forged_answer_of_the_provider_signs_nobody_in(dagster: Guard, module_app_for_guard: FastAPI) -> None:
    browser = page_of(dagster)
    assert browser.get("/oauth2callback?state=x&code=y").headers["location"] == "/"
    browser.get("/runs")
    assert browser.get("/oauth2callback?state=x&code=y").headers["location"] == "/"
    # A code of one browser does not open another: the state lives in the browser that began.
    begun = page_of(dagster).get("/runs").headers["location"]
    code = signed_in(module_app_for_guard, "engineer").get(urlsplit(begun).path + "?" + urlsplit(begun).query)
    assert browser.get(code.headers["location"]).headers["location"] == "/"
    assert dagster.sign_ins.cookie not in browser.cookies


def test_whoever_lacks_the_permission_gets_no_code(dagster: Guard, module_app_for_guard: FastAPI) -> None:
    asked = page_of(dagster).get("/runs").headers["location"]
    assert parse_qs(urlsplit(asked).query)["code_challenge_method"] == ["S256"]
    doctor = signed_in(module_app_for_guard, "doctor")
    assert doctor.get(f"{urlsplit(asked).path}?{urlsplit(asked).query}").status_code == 403


@pytest.mark.req("IAM-15")
def test_who_may_look_starts_nothing(dagster: Guard, module_app_for_guard: FastAPI) -> None:
    browser, _ops = entered(dagster, module_app_for_guard, "boss")
    assert ask(browser, STATUS).json()["data"]["version"]
    allowed = {row["permission"]: row["value"] for row in ask(browser, MAY).json()["data"]["permissions"]}
    assert allowed[LAUNCH] is False
    for query in (STOP, f"query Q {{ version }} {STOP}", "fragment"):
        assert ask(browser, query).status_code == 403
        assert browser.get("/graphql", params={"query": query}).status_code == 403
    assert browser.post("/graphql", content=STOP, headers={"content-type": "application/graphql"}).status_code == 403
    assert browser.post("/graphql", json=[{"query": STOP}]).status_code == 403
    assert browser.post("/graphql", data={"query": STOP}).status_code == 403
    assert browser.post("/report_asset_materialization/x", json={}).status_code == 403
    with browser.websocket_connect(socket_address(), subprotocols=["graphql-ws"]) as socket:
        socket.send_json({"type": "connection_init", "payload": {}})
        assert socket.receive_json()["type"] == "connection_ack"
        socket.send_json({"id": "1", "type": "start", "payload": {"query": STOP}})
        assert cut_off(socket)


def test_operator_starts_and_another_site_does_not_start_for_him(dagster: Guard, module_app_for_guard: FastAPI) -> None:
    browser, _ops = entered(dagster, module_app_for_guard, "engineer")
    allowed = {row["permission"]: row["value"] for row in ask(browser, MAY).json()["data"]["permissions"]}
    assert allowed[LAUNCH] is True
    for origin in ({}, {"origin": settings().page_url(settings().dagster_port)}):
        # Dagster itself answers that it knows no run of these.
        assert "terminateRuns" in ask(browser, STOP, **origin).json()["data"]
    assert ask(browser, STOP, origin=settings().page_url(settings().ops_port)).status_code == 403
    with (
        pytest.raises(WebSocketDisconnect),
        browser.websocket_connect(socket_address(), headers={"origin": "https://evil.example"}),
    ):
        pass


def test_ended_session_ends_at_dagster(
    dagster: Guard, module_app_for_guard: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, ops = entered(dagster, module_app_for_guard, "engineer")
    monkeypatch.setattr(sign_in, "ASK_AGAIN_SECONDS", 0)
    with browser.websocket_connect(socket_address(), subprotocols=["graphql-ws"]) as socket:
        socket.send_json({"type": "connection_init", "payload": {}})
        assert socket.receive_json()["type"] == "connection_ack"
        assert ops.post("/sign-out").status_code == 303
        socket.send_json({"id": "1", "type": "start", "payload": {"query": "subscription { x }"}})
        assert cut_off(socket)
    assert ask(browser, STATUS).status_code == 401


def test_a_page_of_many_requests_asks_the_provider_once(
    dagster: Guard, module_app_for_guard: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, _ = entered(dagster, module_app_for_guard, "engineer")
    token, asked = browser.cookies[dagster.sign_ins.cookie], 0
    monkeypatch.setattr(sign_in, "ASK_AGAIN_SECONDS", 0)

    async def note(_request: httpx.Request) -> None:
        nonlocal asked
        asked += 1

    async def open_page() -> list[sign_in.Person | None]:
        return await asyncio.gather(*(dagster.sign_ins.person(token) for _ in range(50)))

    monkeypatch.setitem(dagster.sign_ins._client.event_hooks, "request", [note])
    people = asyncio.run(open_page())
    assert all(person is not None and person.opens for person in people)
    assert asked == 1


@pytest.mark.parametrize(
    ("query", "changing"),
    [
        ("{ version }", False),
        ("subscription S { x }", False),
        ("query Q { mutation: version }", False),
        ('query Q { x(text: "mutation {") }', False),
        ("mutation { x }", True),
        ("# query\nmutation\nM { x }", True),
        ("query Q { x } mutation M { x }", True),
        ("not graphql {", True),
    ],
)
def test_what_counts_as_a_change(query: str, changing: bool) -> None:
    assert changes(query) is changing
