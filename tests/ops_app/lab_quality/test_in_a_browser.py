"""A Levey-Jennings chart and a device as people see them, wide and on a phone."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session

from ops_app.auth import cookie_name
from ops_app.kit import clock
from ops_app.modules.accounts import queries as accounts
from ops_app.modules.accounts import service as account_service
from ops_app.modules.devices.models import CodeMapping
from ops_app.modules.lab_quality.service import record_from_device
from ops_app.permissions import Role
from tests.chromium import running_chromium
from tests.ops_app.browser import make_account
from tests.ops_app.lab_quality.planted import plant_analyser, plant_target
from tests.ops_app.live import served

VALUES = (5.1, 4.9, 5.05, 5.2, 4.8, 5.0, 5.45, 5.1, 4.85, 5.7, 5.1, 4.95, 5.0, 5.15, 4.9, 5.05)


@pytest.mark.browser
@pytest.mark.req("LAB-24")
def test_a_chart_on_a_screen_and_on_a_phone(app: FastAPI, tree: dict[str, int], tmp_path: Path) -> None:
    target, device, token = _plant(app, tree["hospital"])
    pictures = Path(os.environ.get("SAULYQ_PICTURES", tmp_path))
    with served(app) as address, running_chromium() as browser:
        for width, height, name in ((1366, 768, "wide"), (390, 844, "phone")):
            context = browser.new_context(viewport={"width": width, "height": height}, locale="kk")
            context.add_cookies([{"name": cookie_name("session"), "value": token, "url": address}])
            page = context.new_page()
            problems: list[str] = []
            page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
            for part, url in (("chart", f"/laboratory/quality/charts/{target}"), ("device", f"/devices/{device}")):
                page.goto(address + url)
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                page.screenshot(path=pictures / f"{part}_{name}.png", full_page=True)
            page.goto(f"{address}/laboratory/quality/charts/{target}")
            assert page.locator("svg .lj-in_control circle").count() == len(VALUES) - 2
            assert page.locator("svg .lj-rejected path").count() == 1
            chart = page.locator(".lj svg").bounding_box()
            assert chart is not None and chart["width"] > width / 3
            page.goto(f"{address}/laboratory/quality")
            page.screenshot(path=pictures / f"overview_{name}.png", full_page=True)
            assert problems == []
            context.close()


def _plant(app: FastAPI, hospital: int) -> tuple[int, int, str]:
    engine = app.state.engine
    make_account(engine, "doctor", [(Role.LABORATORY_DOCTOR, hospital)], language="kk")
    with Session(engine, expire_on_commit=False) as session:
        device = plant_analyser(
            session,
            hospital,
            "BS200",
            manufacturer="Mindray",
            model="BS-200",
            protocol="astm",
            profile="lis2_a2",
        )
        session.add(
            CodeMapping(
                device_id=device.id,
                their_code="GLU",
                their_unit="mg/dL",
                parameter_code="GLU",
                unit="mmol/L",
                factor=0.0555,
                mapped_by="test",
            )
        )
        target = plant_target(session, device, "GLU", 5.0, 0.2, unit="mmol/L")
        for number, value in enumerate(VALUES):
            at = clock.now() - dt.timedelta(days=len(VALUES) - number)
            record_from_device(session, device, "QC-L1", "GLU", value, at, f"m{number}")
        account = accounts.account_by_login(session, "doctor")
        assert account is not None
        token = account_service.open_sign_in_session(session, account, "test")
        session.commit()
        return target.id, device.id, token
