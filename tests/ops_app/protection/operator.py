"""What whoever runs an installation does before production may send."""

from __future__ import annotations

from typing import Any

from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.modules.protection import service
from ops_app.modules.protection.declarations import checks
from tests.ops_app.browser import Browser
from tests.ops_app.clinic import Clinic
from tests.ops_app.exchange.registry import SYSTEM
from tests.ops_app.protection.conftest import SetUp

PROTECTED = {
    "MODE": "production",
    "STORAGE_ENCRYPTION_DOCUMENT": "Contract № 7 of 01.02.2026",
    "GATEWAY_URL": "http://127.0.0.1:3128",
}


def say(browser: Browser, code: str, **more: str) -> Any:
    fields = {
        "check_code": code,
        "is_met": "yes",
        "responsible": "Әли Омаров, IT head",
        "document": "Order № 12 of 03.03.2026",
        "stated_on": show_date(clock.today()),
    }
    return browser.post("/protection/statements", fields | more)


def stand(browser: Browser, name: str, **more: str) -> Any:
    fields = {"name": name, "country": "KZ", "address": "Орал, data centre 1", "document": "Contract № 7"}
    return browser.post("/protection/places", fields | more)


def everything_met(clinic: Clinic, officer: Browser, set_up: SetUp) -> None:
    """What an operator does before production may send."""
    set_up(**PROTECTED)
    for code, check in checks().items():
        if check.kind == "confirmed":
            assert say(officer, code).status_code == 303
    for name in ("database", "files", "warehouse", "backups", f"system:{SYSTEM}"):
        assert stand(officer, name).status_code == 303
    with clinic.session() as session:
        for kind in ("made", "rehearsed"):
            service.note_backup(session, kind, "saulyq.backup", clock.now(), 10, 1)
