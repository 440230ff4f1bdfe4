"""The card of a person with a thousand visits: size and server time of its pages, and the first paint of a slow phone.

Server time is that of whole requests to a real server, one after another. First contentful paint is measured in
Chromium through its DevTools protocol on a throttled profile: slow 4G (150 ms, 1.6 Mbit/s down, 750 kbit/s up) and a
processor four times slower, first with an empty cache, then again. Without Chromium that part is left out and said so.
"""

from __future__ import annotations

import shutil
from typing import Any

from _http_load import Request
from _installation import Installation, installation
from _report import Benchmark, at_most, percentiles_ms
from _staff import Doctor, doctors
from ops import server, signed_in
from sqlalchemy import Engine, create_engine, text

VISITS = 1_000
TIMES = 30
KILOBYTES, SERVER_MS, PAINT_MS = 200, 500, 1_000
PAGES = {"card": "/patients/{}", "summary": "/patients/{}/summary", "person": "/patients/{}/identity"}
SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
SLOWER = 4
PAINT = "performance.getEntriesByName('first-contentful-paint').map(each => each.startTime)[0] ?? null"

_HISTORY = """
with visit as (
  insert into visits.encounter (patient_id, organization_id, event_at, known_at, encounter_class, purpose, end_at)
  select :person, a.organization_id, now() - number * interval '3 days', now() - number * interval '3 days',
    case when number % 40 = 0 then 'inpatient' else 'ambulatory' end,
    case when number % 25 = 0 then 'ambulance_call' else 'disease' end, now() - number * interval '3 days'
  from generate_series(1, :visits) number,
    lateral (select organization_id from patients.attachment where patient_id = :person and end_date is null limit 1) a
  returning id, patient_id, organization_id, event_at
), diagnosis as (
  insert into visits.condition (patient_id, organization_id, encounter_id, event_at, known_at, icd10)
  select patient_id, organization_id, id, event_at, event_at, 'I10' from visit
), measured as (
  insert into visits.observation
    (patient_id, organization_id, encounter_id, event_at, known_at, code, value_number, unit)
  select patient_id, organization_id, id, event_at, event_at, code, value + id % 30, unit from visit,
    (values ('8480-6', 120, 'mm[Hg]'), ('8462-4', 70, 'mm[Hg]'), ('8867-4', 60, '/min')) v (code, value, unit)
)
insert into visits.medication_request (patient_id, organization_id, encounter_id, event_at, known_at, code, dosage)
select patient_id, organization_id, id, event_at, event_at, :medicine, '1 × 1' from visit
"""


def main() -> None:
    """Measure, and print the line."""
    run = Benchmark("card", __doc__ or "")
    with installation() as place:
        run.say(f"loading {run.people:,} people")
        place.load_region(run.people, 1)
        engine = create_engine(place.settings.database_url("app"))
        (doctor,) = doctors(engine, 1)
        person = doctor.next_person().id
        _live_long(engine, person)
        with server(place, "ops_app.app:served_app", "--factory", "--no-access-log") as port:
            run.say(f"{TIMES} openings of each page")
            measured = _served(port, place, doctor, person)
            run.say("first paint")
            painted = _painted(port, place, doctor, person)
        engine.dispose()
    aims = {
        "largest page, kB": at_most(max(page["kilobytes"] for page in measured.values()), KILOBYTES),
        "slowest page p95, ms": at_most(max(page["p95"] for page in measured.values()), SERVER_MS),
    }
    if painted is not None:
        aims["first paint of a cold visit, ms"] = at_most(painted["cold"], PAINT_MS)
        aims["first paint of the next page, ms"] = at_most(painted["warm"], PAINT_MS)
    run.finish(aims, visits=VISITS, pages=measured, first_contentful_paint_ms=painted, no_chromium=painted is None)


def _live_long(engine: Engine, person: int) -> None:
    with engine.begin() as connection:
        medicine = connection.scalar(
            text("select code from classifiers.concept where system = 'atc' and is_selectable order by code limit 1")
        )
        connection.execute(text(_HISTORY), {"person": person, "visits": VISITS, "medicine": medicine})


def _served(port: int, place: Installation, doctor: Doctor, person: int) -> dict[str, dict[str, float]]:
    browser = signed_in(port, place, doctor)
    found = {}
    for name, address in PAGES.items():
        request = Request("GET", address.format(person))
        answers = [browser.send(request) for _ in range(TIMES + 2)][2:]
        assert {status for status, _took, _body in answers} == {200}, f"{name} answers {answers[0][0]}"
        size = max(len(body) for _status, _took, body in answers)
        found[name] = {"kilobytes": round(size / 1000, 1), **percentiles_ms([took for _, took, _ in answers])}
    return found


def _painted(port: int, place: Installation, doctor: Doctor, person: int) -> dict[str, float] | None:
    """Milliseconds from the click to the first words on the screen, cold and with what the browser keeps."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        return None
    from playwright.sync_api import sync_playwright

    address = f"http://127.0.0.1:{port}"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 390, "height": 844})
        name = f"saulyq_{place.settings.port_base}_session"
        context.add_cookies([{"name": name, "value": doctor.session_token, "url": address}])
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        devtools.send("Network.enable")
        devtools.send("Network.emulateNetworkConditions", SLOW_4G)
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        found = {
            "cold": _paint_of(page, f"{address}{PAGES['card'].format(person)}"),
            "warm": _paint_of(page, f"{address}{PAGES['summary'].format(person)}"),
        }
        browser.close()
    return found


def _paint_of(page: Any, address: str) -> float:
    page.goto(address, wait_until="load")
    page.wait_for_function(f"({PAINT}) !== null")
    return round(float(page.evaluate(PAINT)), 1)


if __name__ == "__main__":
    main()
