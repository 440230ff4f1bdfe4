"""No input makes the app answer 5xx: the whole OpenAPI document by schemathesis, and every form with odd values."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from httpx import Response
from hypothesis import HealthCheck, Phase, given, settings
from pydantic import BaseModel

from ops_app.kit.form_fields import Posted
from ops_app.permissions import Role
from tests.conftest import FULL_SIZE
from tests.ops_app.browser import Browser, make_account
from tests.ops_app.clinic import Clinic
from tests.ops_app.walk.addresses import Addresses, every_route

EXAMPLES = 200 if FULL_SIZE else 2
FORMS = 200 if FULL_SIZE else 2
LOGIN = "everybody"
ODD = (
    "\x00",
    "a\x00b",
    "0",
    "-1",
    "9223372036854775808",
    "99999999999999999999999999",
    "٣",
    "²",
    "1e999",
    "nan",
    "inf",
    "0,0001",
    "31.02.2026",
    "01.01.0001",
    "31.12.9999",
    "2026-13-45",
    "+999999999999",
    "-999999",
    "24:61",
    "{}",
    "[[",
    "' or 1=1 --",
    "<script>",
    "\u202e",
    "\U0001f4a5",
    "я" * 3000,
)
PLAUSIBLE = ("1", "2", "today", "+3", "10:30", "I10", "on", "Тест", "12.05.1990", "A02.001.000", "36,6", "final")


@pytest.fixture(scope="module")
def addresses(clinic: Clinic) -> Addresses:
    """A person with a visit, and one account that holds every role everywhere."""
    patient = clinic.register()
    clinic.visit(patient.id)
    make_account(
        clinic.app.state.engine,
        LOGIN,
        [(role, None) for role in Role],
        practitioner_id=clinic.practitioners["doctor"],
    )
    return Addresses(clinic.app.state.engine, patient.id, "SIG-02:encounter:1")


class Asking:
    """Sends requests and stays signed in, whatever they do to the session."""

    def __init__(self, clinic: Clinic):
        self.clinic = clinic
        self.browser = self._fresh()

    def _fresh(self) -> Browser:
        browser = self.clinic.browser(LOGIN)
        # what breaks is answered, as it is to a user
        browser.client = type(browser.client)(
            self.clinic.app,
            raise_server_exceptions=False,
            follow_redirects=False,
            cookies=browser.client.cookies,
            headers=browser.client.headers,
        )
        return browser

    def send(self, **request: Any) -> Response:
        headers = {"X-CSRF-Token": self.browser.csrf} | dict(request.pop("headers", None) or {})
        answer = self.browser.client.request(headers=headers, **request)
        if answer.status_code == 401 or answer.headers.get("location", "").startswith("/sign-in"):
            self.browser = self._fresh()
        return answer


def test_whole_openapi_document_never_breaks_the_app(clinic: Clinic, addresses: Addresses) -> None:
    asking = Asking(clinic)
    schema = schemathesis.openapi.from_asgi("/openapi.json", clinic.app)
    broken: dict[str, str] = {}
    # at small size a fifth of the operations; the forms and addresses below go to all
    for found in itertools.islice(schema.get_all_operations(), None, None, 1 if FULL_SIZE else 8):
        operation = found.ok()

        @given(case=operation.as_strategy())
        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def ask(case: schemathesis.Case) -> None:
            sent = case.as_transport_kwargs(base_url="http://testserver")
            sent = {name: value for name, value in sent.items() if name not in ("cookies", "auth")}
            answer = asking.send(**sent)
            if answer.status_code >= 500:
                broken.setdefault(case.operation.label, f"{answer.status_code}: {sent}")

        ask()
    assert not broken


def forms_of(clinic: Clinic, addresses: Addresses, asking: Asking) -> dict[str, tuple[str, type[BaseModel] | None]]:
    """By name of the route: its address and the model its form is checked by, seen by sending an empty one."""
    seen: list[type[BaseModel]] = []
    check = Posted.check

    def watched(self: Posted, model: type[BaseModel]) -> Any:
        seen.append(model)
        return check(self, model)

    found: dict[str, tuple[str, type[BaseModel] | None]] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Posted, "check", watched)
        for route in every_route(clinic.app):
            if "POST" in (route.methods or ()):
                seen.clear()
                asking.send(method="POST", url=addresses.of(route))
                found[route.name] = addresses.of(route), seen[0] if seen else None
    return found


def filled(model: type[BaseModel] | None, times: int, name: str) -> Iterator[dict[str, str]]:
    """Forms with a value in each field: all of them odd, or one odd among plausible ones."""
    names = [about.alias or field for field, about in model.model_fields.items()] if model else ["reason", "note"]
    properties = model.model_json_schema().get("properties", {}) if model else {}
    choose = random.Random(name)
    odd = itertools.cycle(choose.sample(ODD, len(ODD)))
    for turn in range(times):
        if turn % 4 == 0:
            yield dict.fromkeys(names, next(odd))
            continue
        values = {field: str(choose.choice(properties.get(field, {}).get("enum") or PLAUSIBLE)) for field in names}
        yield values | {choose.choice(names): next(odd)} if names else values


def test_no_posted_form_breaks_the_app(clinic: Clinic, addresses: Addresses) -> None:
    asking = Asking(clinic)
    broken: dict[str, str] = {}
    for name, (address, model) in forms_of(clinic, addresses, asking).items():
        for form in filled(model, FORMS, name):
            answer = asking.send(method="POST", url=address, data=form)
            if answer.status_code >= 500:
                broken.setdefault(name, f"{answer.status_code}: {form}")
    assert not broken


IN_ADDRESSES = ("99999999999999999999999", "%00", "-1", "%ED%A0%80", "0x10", "null", "1.5", "٣")


@pytest.mark.parametrize("odd", IN_ADDRESSES if FULL_SIZE else IN_ADDRESSES[:2])
def test_no_address_breaks_the_app(clinic: Clinic, addresses: Addresses, odd: str) -> None:
    asking = Asking(clinic)
    broken = []
    for route in every_route(clinic.app):
        if "{" in route.path and "GET" in (route.methods or ()):
            address = "/".join(odd if part.startswith("{") else part for part in route.path.split("/"))
            answer = asking.send(method="GET", url=f"{address}?q={odd}&page={odd}&since={odd}")
            if answer.status_code >= 500:
                broken.append(f"{address}: {answer.status_code}")
    assert not broken
