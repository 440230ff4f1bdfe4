"""A device that could not be told for days is not forgotten in a log: whoever keeps the devices decides."""

from __future__ import annotations

import datetime as dt
import re

from pydicom.uid import generate_uid
from sqlalchemy import Engine, text

from ingestion.dicom.reports import GIVEN_UP_AFTER, Reports
from ops_app.permissions import Role
from tests.ops_app.browser import make_account
from tests.ops_app.clinic import Clinic

PAGE = "/imaging/untold"


def counted(engine: Engine, sql: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(sql)).scalar_one())


def test_a_report_given_up_is_on_a_screen_until_somebody_acts(clinic: Clinic) -> None:
    # without the gateway, which would call the device meanwhile
    engine = clinic.app.state.engine
    make_account(engine, "keeper", [(Role.ADMINISTRATOR, None)])
    reports = Reports(engine)
    uid = generate_uid()
    kept = reports.keep("LOST1", uid, [("1.2", "1.3"), ("1.2", "1.4")])
    reports.hurry(kept)
    assert [each.title for each in reports.take()] == ["LOST1"]
    keeper = clinic.browser("keeper")
    assert "LOST1" not in keeper.get(PAGE).text
    with engine.begin() as connection:
        connection.execute(
            text("update imaging.commitment_report set asked_at = asked_at - :days, next_attempt_at = now()"),
            {"days": GIVEN_UP_AFTER + dt.timedelta(minutes=1)},
        )
    assert list(reports.take()) == [] and list(reports.take()) == []
    for login in ("doctor", "nurse", "official", "stranger"):
        browser = clinic.browser(login)
        assert browser.get(PAGE).status_code == 403
        assert browser.post(f"{PAGE}/{kept.id}/forget").status_code == 403
    shown = keeper.get(PAGE).text
    assert "LOST1" in shown and "not registered" in shown
    # the bell of whoever keeps the devices, and the number in the menu
    assert (
        counted(
            engine,
            "select count(*) from notifications.notification n join accounts.account a on a.id = n.account_id"
            " where n.kind = 'imaging:untold' and a.login = 'keeper'",
        )
        == 1
    )
    # called again: due at once, for as long as the first time
    assert keeper.post(f"{PAGE}/{kept.id}/again").status_code == 303
    assert "LOST1" not in keeper.get(PAGE).text
    assert [each.transaction for each in reports.take()] == [uid]
    assert keeper.post(f"{PAGE}/{kept.id}/forget").status_code == 404
    # and let be; the device may ask anew
    with engine.begin() as connection:
        connection.execute(text("update imaging.commitment_report set given_up_at = now()"))
    assert re.search(rf"{PAGE}/{kept.id}/forget", keeper.get(PAGE).text)
    assert keeper.post(f"{PAGE}/{kept.id}/forget").status_code == 303
    assert counted(engine, f"select count(*) from imaging.commitment_report where transaction_uid = '{uid}'") == 0
    assert reports.keep("LOST1", uid, [("1.2", "1.3")]).attempts == 0
