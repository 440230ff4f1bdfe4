"""Carrying the way back of an action to the next page and checking what comes from there."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from starlette.requests import Request
from starlette.routing import NoMatchFound

from ops_app.auth import csrf_token
from ops_app.errors import BadRequest
from ops_app.i18n import _
from ops_app.kit.form_fields import Posted
from ops_app.mechanisms.undo import State, Undo

FIELD = "undo_state"


def packed(request: Request, undo: Undo) -> dict[str, Any]:
    """A way back as the cookie of the message holds it."""
    url = str(request.app.url_path_for(undo.route, **undo.path))
    fields = {name: str(value) for name, value in undo.fields.items() if value is not None}
    if undo.state is not None:
        fields[FIELD] = _seal(request, url, undo.state)
    return {"route": undo.route, "path": {name: str(value) for name, value in undo.path.items()}, "fields": fields}


def unpacked(request: Request, held: Any) -> dict[str, Any] | None:
    """Address and fields of the button; only an address of our own comes out of it."""
    if not isinstance(held, dict):
        return None
    try:
        url = str(request.app.url_path_for(held["route"], **held["path"]))
    except (NoMatchFound, KeyError, TypeError, AssertionError):
        return None
    return {"url": url, "fields": {str(name): str(value) for name, value in dict(held["fields"]).items()}}


def state_of(request: Request, posted: Posted) -> State:
    """The former values that came back with an undo; only what this session was given for this address."""
    text, _dot, mark = (posted.get(FIELD) or "").partition(".")
    if not hmac.compare_digest(mark.encode(), _mark(request, request.url.path, text).encode()):
        raise BadRequest(_("This cannot be undone any more"), advice=_("Open it and look at its present state."))
    state: State = json.loads(base64.urlsafe_b64decode(text))
    return state


def _seal(request: Request, url: str, state: State) -> str:
    text = base64.urlsafe_b64encode(json.dumps(state, separators=(",", ":")).encode()).decode()
    return f"{text}.{_mark(request, url, text)}"


def _mark(request: Request, url: str, text: str) -> str:
    # the token is a secret of the session, so nobody else's state counts here
    return hmac.new(f"undo {csrf_token(request)}".encode(), f"{url} {text}".encode(), hashlib.sha256).hexdigest()
