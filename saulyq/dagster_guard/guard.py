"""What stands before Dagster's pages: sign-in, permission, and no change by whoever may only look."""

from __future__ import annotations

import json
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, quote, unquote, urlsplit

import graphql
import httpx
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from saulyq.dagster_guard.pages import NO_PERMISSION, NO_PROVIDER, WELCOME, text_page
from saulyq.dagster_guard.sign_in import CALLBACK, SESSION_SECONDS, SIGN_IN_SECONDS, Person, SignIns

OPERATES = "saulyq.operates"
"""Key of the scope that tells Dagster's context whether the person may start things."""
SIGN_IN = "/saulyq/sign-in"
LARGEST_QUERY = 2 * 1024 * 1024


class Guard:
    """The pages of Dagster for whoever may see them, as an ASGI app around Dagster's own."""

    def __init__(self, pages: ASGIApp, sign_ins: SignIns):
        self.pages = pages
        self.sign_ins = sign_ins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] == "lifespan":
            await self.pages(scope, receive, send)
            return
        headers = Headers(scope=scope)
        cookies = _cookies(headers.get("cookie", ""))
        try:
            if scope["type"] == "http" and scope["path"] == CALLBACK:
                await (await self._callback(scope, cookies))(scope, receive, send)
                return
            person = await self.sign_ins.person(cookies.get(self.sign_ins.cookie))
        except httpx.HTTPError:
            await _refuse(scope, receive, send, text_page(headers, NO_PROVIDER, 503))
            return
        refusal = self._refusal(scope, headers, person)
        if refusal is not None or person is None:
            await _refuse(scope, receive, send, refusal or Response(status_code=401))
            return
        scope = {**scope, OPERATES: person.operates}
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send, cookies.get(self.sign_ins.cookie), person)
        elif person.operates:
            await self.pages(scope, receive, send)
        else:
            await self._look(scope, receive, send, headers)

    def _refusal(self, scope: Scope, headers: Headers, person: Person | None) -> Response | None:
        # Another page of the same machine shares the cookies, whatever its port; so the origin counts.
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != headers.get("host"):
            return JSONResponse({"detail": "cross-site request"}, status_code=403)
        if person is None:
            return self._stranger(scope, headers)
        if not person.opens:
            return text_page(headers, NO_PERMISSION, 403)
        return None

    def _stranger(self, scope: Scope, headers: Headers) -> Response:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            return JSONResponse({"detail": "sign in first"}, status_code=401)
        if scope["path"] == "/":
            return text_page(headers, WELCOME, 200, link=SIGN_IN)
        if "text/html" not in headers.get("accept", ""):
            return JSONResponse({"detail": "sign in first"}, status_code=401)
        target = "/"
        if scope["path"] != SIGN_IN:
            query = scope.get("query_string", b"").decode("latin-1")
            target = scope["path"] + (f"?{query}" if query else "")
        address, kept = self.sign_ins.begin(target, headers.get("host", ""))
        answer = RedirectResponse(address, status_code=303)
        self._cookie(answer, "_state", kept, SIGN_IN_SECONDS)
        return answer

    async def _callback(self, scope: Scope, cookies: dict[str, str]) -> Response:
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        state, code = query.get("state", [""])[0], query.get("code", [""])[0]
        finished = await self.sign_ins.finish(unquote(cookies.get(f"{self.sign_ins.cookie}_state", "")), state, code)
        if finished is None:
            return RedirectResponse("/", status_code=303)
        token, target = finished
        # A path only: nobody is sent to another site by a link that passes through here.
        answer = RedirectResponse(quote("/" + target.lstrip("/\\"), safe="/?&=%:+,@"), status_code=303)
        self._cookie(answer, "", token, SESSION_SECONDS)
        answer.delete_cookie(f"{self.sign_ins.cookie}_state", path="/")
        return answer

    def _cookie(self, answer: Response, suffix: str, value: str, seconds: int) -> None:
        answer.set_cookie(
            self.sign_ins.cookie + suffix,
            value,
            max_age=seconds,
            path="/",
            httponly=True,
            samesite="lax",
            secure=self.sign_ins.is_https,
        )

    async def _look(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        """Pass on what changes nothing."""
        if scope["method"] in ("GET", "HEAD"):
            query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
            if any(changes(text) for text in query.get("query", ())):
                await _mutation_refused()(scope, receive, send)
                return
            await self.pages(scope, receive, send)
            return
        is_query = scope["path"].rstrip("/").endswith("/graphql") and scope["method"] == "POST"
        body = await _body(receive) if is_query else None
        if body is None or not _only_reads(headers.get("content-type", ""), body):
            await _mutation_refused()(scope, receive, send)
            return

        sent = False

        async def again() -> Message:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self.pages(scope, again, send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send, token: str | None, opened_by: Person) -> None:
        """Carry subscriptions as long as the person is who opened them and may."""
        closed = False

        async def may_stay() -> bool:
            try:
                person = await self.sign_ins.person(token)
            except httpx.HTTPError:
                return False
            return person is not None and person.opens and person.operates == opened_by.operates

        async def close() -> None:
            nonlocal closed
            if not closed:
                closed = True
                await send({"type": "websocket.close", "code": 1008})

        async def guarded_receive() -> Message:
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            if closed or not await may_stay() or (not opened_by.operates and _starts_change(message)):
                await close()
                return {"type": "websocket.disconnect", "code": 1008}
            return message

        async def guarded_send(message: Message) -> None:
            if closed:
                return
            if message["type"] == "websocket.send" and not await may_stay():
                await close()
                return
            await send(message)

        await self.pages(scope, guarded_receive, guarded_send)


def changes(query: str) -> bool:
    """Whether a GraphQL text holds anything but queries and subscriptions; what cannot be read counts as a change."""
    try:
        document = graphql.parse(query)
    except graphql.GraphQLError:
        return True
    return any(
        isinstance(part, graphql.OperationDefinitionNode) and part.operation is graphql.OperationType.MUTATION
        for part in document.definitions
    )


def _only_reads(content_type: str, body: bytes) -> bool:
    if content_type.split(";")[0].strip().lower() != "application/json":
        return False
    try:
        asked = json.loads(body)
    except ValueError:
        return False
    if not isinstance(asked, dict) or not isinstance(asked.get("query"), str):
        return False
    return not changes(asked["query"])


def _starts_change(message: Message) -> bool:
    text = message.get("text") or (message.get("bytes") or b"").decode("utf-8", "replace")
    try:
        told = json.loads(text)
    except ValueError:
        return True
    payload = told.get("payload") if isinstance(told, dict) else None
    query = payload.get("query") if isinstance(payload, dict) else None
    return query is not None and (not isinstance(query, str) or changes(query))


async def _body(receive: Receive) -> bytes | None:
    """The whole body, unless it is larger than any query."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        if sum(map(len, parts)) > LARGEST_QUERY:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)


async def _refuse(scope: Scope, receive: Receive, send: Send, answer: Response) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    await answer(scope, receive, send)


def _mutation_refused() -> Response:
    told = "Your permissions let you look only: changes need platform:dagster:operate."
    return JSONResponse({"errors": [{"message": told}]}, status_code=403)


def _cookies(header: str) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}
