"""No route but the few public ones answers a stranger; what each role is refused stands in ``walk``."""

from __future__ import annotations

import re

from fastapi import FastAPI, params
from fastapi.routing import APIRoute

from ops_app.auth import MachineRule, OpenRule, ProbeRule, rule_in
from ops_app.permissions import Permission, Role
from ops_app.registry import signature_dependencies
from ops_app.role_permissions import ROLE_PERMISSIONS
from tests.ops_app.browser import Browser

PUBLIC = {
    "accounts:health",
    "accounts:sign_in",
    "accounts:sign_in_post",
    "accounts:code",
    "accounts:code_post",
    "accounts:language",
    "documents:check",
    "fhir:metadata",
    "oidc:discovery",
    "oidc:jwks",
    "signatures:enter",
    "signatures:enter_post",
}
WITH_OWN_CREDENTIALS = {
    "oidc:token",
    "oidc:userinfo",
    "oidc:introspect",
    "oidc:end_session",
    "exchange:receive",
    "monitoring:receive",
    "personal_data:receive",
}


def calls(app: FastAPI) -> list[tuple[APIRoute, str, str]]:
    """Every route with each of its methods and an address."""
    return [
        (route, method, re.sub(r"\{[^}]*\}", "1", route.path))
        for route in app.routes
        if isinstance(route, APIRoute)
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]


def rule_of(route: APIRoute) -> object:
    rules = [rule for each in signature_dependencies(route) if (rule := rule_in(each))]
    assert len(rules) == 1
    return rules[0]


def test_stranger_is_refused_everywhere(module_app: FastAPI) -> None:
    browser = Browser(module_app)
    browser.get("/sign-in")
    for route, method, path in calls(module_app):
        if route.name in PUBLIC:
            continue
        as_page = browser.client.request(method, path, headers={"X-CSRF-Token": browser.csrf})
        as_program = browser.client.request(method, path, headers={"accept": "application/json"})
        if route.name == "oidc:end_session":
            assert as_program.status_code == 303
            continue
        sent_to_sign_in = as_page.status_code == 303 and as_page.headers["location"].startswith("/sign-in")
        assert sent_to_sign_in or as_page.status_code in (400, 401), f"{method} {path}: {as_page.status_code}"
        assert as_program.status_code in (400, 401), f"{method} {path}: {as_program.status_code}"
        assert "text/html" not in as_program.headers.get("content-type", "")


def test_the_public_list_is_the_whole_public_list(module_app: FastAPI) -> None:
    by_rule: dict[type, set[str]] = {}
    for route, _method, _path in calls(module_app):
        by_rule.setdefault(type(rule_of(route)), set()).add(route.name)
    assert by_rule[OpenRule] | by_rule[ProbeRule] == PUBLIC
    assert by_rule[MachineRule] == WITH_OWN_CREDENTIALS


def test_other_addresses_outside_the_routes_hold_nothing_private(module_app: FastAPI) -> None:
    others = {getattr(route, "path", "") for route in module_app.routes if not isinstance(route, APIRoute)}
    assert others == {"/openapi.json", "/static"}
    browser = Browser(module_app)
    assert browser.get("/openapi.json").status_code == 200
    assert browser.get("/health").json() == {"status": "ok"}
    assert browser.get("/docs").status_code == 404


def test_every_permission_is_held_by_a_role() -> None:
    held = frozenset().union(*ROLE_PERMISSIONS.values())
    assert held == frozenset(Permission)


def test_permissions_are_named_area_thing_action_and_sorted() -> None:
    names = [permission.value for permission in Permission]
    assert all(re.fullmatch(r"[a-z_]+:[a-z]+:[a-z]+", name) for name in names)
    assert names == sorted(names)
    assert [permission.name for permission in Permission] == [name.replace(":", "_").upper() for name in names]


def test_official_holds_nothing_that_opens_a_person() -> None:
    opening = ("patients:", "visits:", "deaths:", "episodes:", "worklist:", "appointments:")
    assert not [name for name in ROLE_PERMISSIONS[Role.OFFICIAL] if name.startswith(opening)]


def test_dependency_without_a_rule_is_none() -> None:
    assert rule_in(params.Depends(lambda: None)) is None
