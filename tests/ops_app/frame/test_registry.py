"""A wrong registration stops the start."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from fastapi import APIRouter, Request
from sqlalchemy import Column, MetaData, Table, Text

from ops_app import registry
from ops_app.actor import Actor
from ops_app.auth import SignedIn, allowed
from ops_app.gate.views import UnclassifiedColumnError
from ops_app.kit.privacy import PLAIN, Subject, exported
from ops_app.module import Module, NavItem
from ops_app.permissions import Permission
from ops_app.registry import RegistrationError

Finder = Annotated[Actor, allowed(Permission.PATIENTS_IDENTITY_READ)]


def unguarded(request: Request) -> None: ...


def guarded(request: Request, actor: SignedIn) -> None: ...


def guarded_twice(request: Request, actor: SignedIn, finder: Finder) -> None: ...


def unaudited(request: Request, patient_id: int, actor: Finder) -> None: ...


def module_with(path: str, endpoint: object, name: str = "ward:page", **more: object) -> tuple[Module]:
    router = APIRouter()
    router.add_api_route(path, endpoint, name=name)  # type: ignore[arg-type]
    return (Module("ward", router=router, **more),)  # type: ignore[arg-type]


def test_route_without_permission_is_refused() -> None:
    with pytest.raises(RegistrationError, match="0 access rules"):
        registry.refuse_bad_routes(module_with("/ward", unguarded))


def test_permission_hidden_in_the_router_does_not_count() -> None:
    router = APIRouter(dependencies=[allowed(Permission.PATIENTS_IDENTITY_READ)])
    router.add_api_route("/ward", unguarded, name="ward:page")
    with pytest.raises(RegistrationError, match="0 access rules"):
        registry.refuse_bad_routes((Module("ward", router=router),))


def test_two_rules_are_refused() -> None:
    with pytest.raises(RegistrationError, match="2 access rules"):
        registry.refuse_bad_routes(module_with("/ward", guarded_twice))


def test_patient_route_without_audit_is_refused() -> None:
    with pytest.raises(RegistrationError, match="does not open it through the audit"):
        registry.refuse_bad_routes(module_with("/ward/{patient_id}", unaudited))


def test_repeated_route_name_is_refused() -> None:
    router = APIRouter()
    router.add_api_route("/ward", guarded, name="ward:page")
    router.add_api_route("/ward/other", guarded, name="ward:page")
    with pytest.raises(RegistrationError, match="used twice: ward:page"):
        registry.refuse_bad_routes((Module("ward", router=router),))


def test_repeated_address_is_refused() -> None:
    router = APIRouter()
    router.add_api_route("/ward/{a}", guarded, name="ward:page")
    router.add_api_route("/ward/{b}", guarded, name="ward:other")
    with pytest.raises(RegistrationError, match="two routes answer GET"):
        registry.refuse_bad_routes((Module("ward", router=router),))


def test_foreign_route_name_is_refused() -> None:
    with pytest.raises(RegistrationError, match="must be named ward:"):
        registry.refuse_bad_routes(module_with("/ward", guarded, name="triage:page"))


def test_navigation_to_nowhere_is_refused() -> None:
    nav = (NavItem("Ward", "ward:board", Permission.PATIENTS_CARD_READ),)
    with pytest.raises(RegistrationError, match="does not exist"):
        registry.refuse_bad_navigation(module_with("/ward", guarded, nav=nav))


def test_unlisted_folder_is_refused(tmp_path: Path) -> None:
    for name in ("listed", "forgotten"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
        (tmp_path / name / "module.py").touch()
    with pytest.raises(RegistrationError, match="modules/forgotten is missing"):
        registry.refuse_unlisted_folders(("listed",), tmp_path)
    with pytest.raises(RegistrationError, match="listed twice"):
        registry.refuse_unlisted_folders(("listed", "listed", "forgotten"), tmp_path)
    (tmp_path / "listed" / "module.py").unlink()
    with pytest.raises(RegistrationError, match="does not exist"):
        registry.refuse_unlisted_folders(("listed", "forgotten"), tmp_path)


def test_unclassified_column_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = MetaData()
    Table("bed", metadata, Column("number", Text), info=exported(Subject.STRUCTURE))

    class Models:
        pass

    Models.metadata = metadata  # type: ignore[attr-defined]
    monkeypatch.setattr(registry, "load_all", lambda: Models)
    with pytest.raises(UnclassifiedColumnError, match=r"bed\.number"):
        registry.refuse_unclassified_columns()


def test_table_that_says_nothing_of_the_gate_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = MetaData()
    Table("bed", metadata, Column("number", Text, info=PLAIN))

    class Models:
        pass

    Models.metadata = metadata  # type: ignore[attr-defined]
    monkeypatch.setattr(registry, "load_all", lambda: Models)
    with pytest.raises(UnclassifiedColumnError, match="passes the gate"):
        registry.refuse_unclassified_columns()


def test_the_real_registry_is_sound() -> None:
    assert {module.name for module in registry.modules()} == set(registry.MODULES)
