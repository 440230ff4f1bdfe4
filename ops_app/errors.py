"""Expected errors: classes with a status, shown as a page, a fragment or JSON in the user's language."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from psycopg import errors as refusals
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from ops_app.i18n import _
from ops_app.kit import request_context
from ops_app.kit.htmx import is_htmx, wants_html

log = logging.getLogger(__name__)


class OpsError(Exception):
    """What the user did cannot be done; the message says why, the advice what to do now."""

    status = 400

    def __init__(self, message: str | None = None, *, advice: str | None = None, field: str | None = None):
        self.message = message or default_message(self.status)
        self.advice = advice or default_advice(self.status)
        self.field = field
        super().__init__(self.message)


class BadRequest(OpsError):
    """The request makes no sense, also to its sender."""

    status = 400


class NotSignedIn(OpsError):
    """Nobody is signed in."""

    status = 401


class Forbidden(OpsError):
    """The actor may not do this."""

    status = 403


class NotFound(OpsError):
    """There is no such thing, or the actor may not know of it."""

    status = 404


class Conflict(OpsError):
    """Somebody else was faster, or the state does not allow it any more."""

    status = 409


class Invalid(OpsError):
    """A value is not acceptable; ``field`` names the form field it belongs to."""

    status = 422


class Redirected(Exception):
    """Stop here and send the browser elsewhere."""

    def __init__(self, url: str):
        self.url = url


def default_message(status: int) -> str:
    """What happened, for a status that came without its own words."""
    messages = {
        400: _("The request could not be understood"),
        401: _("Please sign in"),
        403: _("You may not do this"),
        404: _("There is no such page"),
        405: _("This address does not accept that kind of request"),
        409: _("The record has changed meanwhile"),
        413: _("The file is too large"),
        422: _("Some values are not right"),
        500: _("Something broke on our side"),
        503: _("The database does not answer"),
    }
    return messages.get(status, messages[500 if status >= 500 else 400])


def default_advice(status: int) -> str:
    """What to do about it."""
    advices = {
        400: _("Go back, check what you entered and try again."),
        401: _("Your session may have ended. Sign in and open the page again."),
        403: _("If your work needs it, ask the administrator of your organisation for the permission."),
        404: _("Check the address, or start from the search."),
        409: _("Open the record again to see its newest state, then repeat your change."),
        422: _("Go back, correct the values named below and send the form again."),
        503: _("Wait a minute and try again. What you entered has not been saved."),
    }
    if status >= 500:
        number = request_context.current().request_id
        told = _("Nothing was saved. Try again; if it repeats, tell support this number: %(number)s", number=number)
        return advices.get(status, told)
    return advices.get(status, advices[400])


def answer(
    request: Request,
    status: int,
    message: str,
    advice: str,
    fields: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """Show an error the way the client reads it."""
    from ops_app.auth import actor_of_request
    from ops_app.ui.refusal import administrators, reason_page, ways_on
    from ops_app.ui.render import fragment, page

    if not hasattr(request.state, "actor") and status < 500:
        # No route was reached that would have asked; the page still shows the way on.
        request.state.actor = actor_of_request(request)
    fields = fields or []
    draw = getattr(request.scope.get("route"), "draw_error", None)
    if draw is not None:
        # An interface with an error format of its own, such as FHIR.
        drawn: Response = draw(status, message, advice)
        return drawn
    if is_htmx(request):
        return fragment(request, "_error.html", message=message, advice=advice, fields=fields, status_code=status)
    if wants_html(request):
        refused = getattr(request.state, "actor", None) if status == 403 else None
        told = {
            "ways": ways_on(request, refused) if refused else [],
            "reason_page": reason_page(request, refused) if refused else None,
            "administrators": administrators(request, refused) if refused else [],
        }
        said = {"status": status, "message": message, "advice": advice, "fields": fields}
        return page(request, "error.html", status_code=status, **said, **told)
    body: dict[str, Any] = {
        "status": status,
        "error": message,
        "advice": advice,
        "request_id": request_context.current().request_id,
    }
    if fields:
        body["fields"] = fields
    return JSONResponse(body, status_code=status, headers=headers)


def _expected(request: Request, error: Exception) -> Response:
    assert isinstance(error, OpsError)
    # an address such as that of a study names no person: the page of the refusal learns here who it is about
    request.state.closed_patient = getattr(error, "patient_id", None)
    fields = [{"field": error.field, "message": error.message}] if error.field else None
    return answer(request, error.status, error.message, error.advice, fields)


def _redirected(request: Request, error: Exception) -> Response:
    from ops_app.kit.htmx import see_other

    assert isinstance(error, Redirected)
    return see_other(request, error.url)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return answer(
        request,
        error.status_code,
        default_message(error.status_code),
        default_advice(error.status_code),
        headers=dict(error.headers or {}),
    )


def _validation(request: Request, error: Exception) -> Response:
    from ops_app.kit.form_fields import message_of

    assert isinstance(error, RequestValidationError)
    problems = list(error.errors())
    # A number in the path that is no number names nothing that exists.
    if all(problem["loc"][0] == "path" for problem in problems):
        return answer(request, 404, default_message(404), default_advice(404))
    fields = [
        {"field": ".".join(str(part) for part in problem["loc"][1:]), "message": message_of(problem)}
        for problem in problems
    ]
    return answer(request, 422, default_message(422), default_advice(422), fields)


def _integrity(request: Request, error: Exception) -> Response:
    log.warning("constraint refused a write: %s", getattr(error, "orig", error))
    return answer(request, 409, default_message(409), default_advice(409))


UNSTORABLE = (
    refusals.NumericValueOutOfRange,
    refusals.UntranslatableCharacter,
    refusals.CharacterNotInRepertoire,
    refusals.DatetimeFieldOverflow,
    refusals.InvalidDatetimeFormat,
    refusals.InvalidTextRepresentation,
)
"""Refusals of PostgreSQL that speak of a value sent: a number beyond bigint, a day beyond the calendar."""
NUL = "NUL"
"""The driver itself refuses text with this character, without a number of PostgreSQL."""


def _unstorable(request: Request, error: Exception) -> Response:
    """A value no column can hold was sent; whatever form or address it came in, it names nothing and is not kept."""
    refused = getattr(error, "orig", error)
    if isinstance(error, DataError) and not isinstance(refused, UNSTORABLE) and NUL not in str(refused):
        return unexpected(request, error)
    return answer(request, 422, default_message(422), default_advice(422))


def _database_down(request: Request, error: Exception) -> Response:
    log.error("database: %s", error)
    return answer(request, 503, default_message(503), default_advice(503))


def unexpected(request: Request, error: Exception) -> Response:
    """The answer to what nobody foresaw: nothing was saved, and a number for support."""
    log.exception("request %s failed", request_context.current().request_id, exc_info=error)
    return answer(request, 500, default_message(500), default_advice(500))


def install(app: FastAPI) -> None:
    """Give the app its handlers."""
    app.add_exception_handler(OpsError, _expected)
    app.add_exception_handler(Redirected, _redirected)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(IntegrityError, _integrity)
    app.add_exception_handler(DataError, _unstorable)
    # half of a surrogate pair, which JSON can carry and no database can hold
    app.add_exception_handler(UnicodeEncodeError, _unstorable)
    app.add_exception_handler(OperationalError, _database_down)
