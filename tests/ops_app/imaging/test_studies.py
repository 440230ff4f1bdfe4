"""The viewer, key images, ECG, uploads: who may not, what the browser gets, what cannot be shown."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, select

from ops_app.modules.audit.models import Event
from ops_app.modules.imaging.models import Instance, Series, Study
from ops_app.modules.imaging.storing import Origin, store_file
from ops_app.modules.patients.models import Patient
from ops_app.modules.radiology.models import KeyImage, Recording
from ops_app.modules.radiology.tickets import LASTS, holds, ticket
from tests.ops_app.browser import Browser
from tests.ops_app.clinic import Clinic
from tests.ops_app.imaging import made
from tests.ops_app.imaging.conftest import Storing
from tests.ops_app.imaging.test_wfdb import record, unpacked, written


@pytest.fixture(scope="module")
def patient(department: Clinic) -> Patient:
    return department.register()


@pytest.fixture(scope="module")
def chest(patient: Patient, store: Storing) -> int:
    return store(made.chest(patient))


def instances(clinic: Clinic, study_id: int) -> list[int]:
    with clinic.session() as session:
        found = select(Instance.id).join(Series, Series.id == Instance.series_id).where(Series.study_id == study_id)
        return list(session.scalars(found.order_by(Instance.id)))


def manifest(browser: Browser, study_id: int) -> dict[str, Any]:
    answer = browser.get(f"/radiology/studies/{study_id}/manifest")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def frame(browser: Browser, url: str) -> tuple[dict[str, Any], bytes]:
    answer = browser.get(url)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.headers["x-frame"]), answer.content


@pytest.mark.parametrize("login", ["registrar", "official", "stranger", "otherreader", "othertech"])
def test_who_may_not_see_a_study(department: Clinic, chest: int, patient: Patient, login: str) -> None:
    browser = department.browser(login)
    (instance,) = instances(department, chest)
    for url in (
        f"/radiology/studies/{chest}",
        f"/radiology/studies/{chest}/manifest",
        f"/radiology/instances/{instance}/frames/1/pixels",
        f"/radiology/instances/{instance}/frames/1/picture",
        f"/radiology/instances/{instance}/file",
        f"/radiology/instances/{instance}/ecg",
    ):
        assert browser.get(url, headers={"accept": "application/json"}).status_code == 403, url
    assert browser.get(f"/patients/{patient.id}/images").status_code in (303, 403)


def test_a_ticket_is_of_one_account_one_study_and_a_quarter_of_an_hour(department: Clinic, chest: int) -> None:
    (instance,) = instances(department, chest)
    url = manifest(department.browser("doctor"), chest)["series"][0]["frames"][0]["url"]
    assert department.browser("doctor").get(url).status_code == 200
    stolen = department.browser("stranger").get(url, headers={"accept": "application/json"})
    assert stolen.status_code == 403
    with department.session() as session:
        doctor = department.actor(session, "doctor")
    given = ticket(doctor, f"study:{chest}", now=1000)
    assert holds(doctor, f"study:{chest}", given, now=1000 + LASTS - 1)
    assert not holds(doctor, f"study:{chest}", given, now=1000 + LASTS + 1)
    assert not holds(doctor, f"study:{chest + 1}", given, now=1000)
    for wrong in ("", "-", "x-y", given[:-1], f"9999999999-{given.partition('-')[2]}", "1" * 40 + "-a"):
        assert not holds(doctor, f"study:{chest}", wrong, now=1000)
    with department.session() as session:
        before = session.scalar(select(func.count()).select_from(Event).where(Event.action == "radiology:pixels"))
    department.browser("doctor").get(url)
    department.browser("doctor").get(f"/radiology/instances/{instance}/frames/1/pixels")
    with department.session() as session:
        after = session.scalar(select(func.count()).select_from(Event).where(Event.action == "radiology:pixels"))
    assert (after or 0) - (before or 0) == 1


@pytest.mark.req("PACS-03", "INT-RIS-02")
def test_the_browser_gets_stored_values_with_scale_and_window(department: Clinic, chest: int) -> None:
    browser = department.browser("doctor")
    page = browser.get(f"/radiology/studies/{chest}").text
    assert "Chest PA" in page
    assert "Not read yet" in page
    told = manifest(browser, chest)
    (series,) = told["series"]
    (one,) = series["frames"]
    assert (series["modality"], one["projection"]) == ("DX", "PA")
    about, content = frame(browser, one["url"])
    assert (about["rows"], about["columns"], about["kind"]) == (320, 280, "u2")
    assert about["spacing"] == [1.25, 1.25]
    assert about["windows"] == [{"center": 2000.0, "width": 3200.0}]
    values = np.frombuffer(content, "<u2").reshape(320, 280)
    assert 400 < values[150, 85] < values[20, 140] < 4096
    smaller, fewer = frame(browser, f"{one['url']}&most=100")
    assert (smaller["factor"], smaller["rows"], smaller["spacing"]) == (4, 80, [5.0, 5.0])
    assert len(fewer) == 80 * 70 * 2
    picture = browser.get(series["thumbnail"])
    assert picture.headers["content-type"] == "image/jpeg"
    assert browser.get(one["file"]).content[128:132] == b"DICM"
    wrong = one["url"].replace("/frames/1/", "/frames/2/")
    assert browser.get(wrong, headers={"accept": "application/json"}).status_code == 422


@pytest.mark.req("PACS-03")
def test_a_stack_a_film_and_colours(department: Clinic, patient: Patient, store: Storing) -> None:
    browser = department.browser("doctor")
    (stack,) = manifest(browser, store(*made.slices(patient, 5)))["series"]
    assert len(stack["frames"]) == 5
    about, content = frame(browser, stack["frames"][4]["url"])
    assert (about["kind"], about["intercept"], about["unit"]) == ("i2", -1024.0, "HU")
    assert [window["center"] for window in about["windows"]] == [40.0, -600.0]
    assert np.frombuffer(content, "<i2").reshape(128, 128)[50, 80] - 1024 == 76
    (film,) = manifest(browser, store(made.film(patient, 4)))["series"]
    assert [each["frame"] for each in film["frames"]] == [1, 2, 3, 4]
    about, content = frame(browser, film["frames"][3]["url"])
    assert (about["inverted"], about["spacing"], about["frame_ms"], about["windows"]) == (True, None, 40.0, [])
    assert set(np.frombuffer(content, "<i2")) == {25}
    (stripes,) = manifest(browser, store(made.coloured(patient)))["series"]
    about, content = frame(browser, stripes["frames"][0]["url"])
    assert (about["kind"], content[:4]) == ("colour", b"\x89PNG")


def test_what_cannot_be_decoded_is_said_and_the_file_offered(
    department: Clinic, patient: Patient, store: Storing
) -> None:
    browser = department.browser("doctor", "ru")
    (series,) = manifest(browser, store(made.undecodable(patient)))["series"]
    refused = browser.get(series["frames"][0]["url"], headers={"accept": "application/json"})
    assert refused.status_code == 422
    assert "расшифровать" in refused.json()["error"]
    assert browser.get(series["thumbnail"]).headers["content-type"] == "image/svg+xml"
    assert browser.get(series["frames"][0]["file"]).status_code == 200


def test_key_images_are_marked_where_the_study_was_made(department: Clinic, chest: int) -> None:
    (instance,) = instances(department, chest)
    for login, status in (("doctor", 403), ("tech", 403), ("otherreader", 403)):
        assert (
            department.browser(login).post(f"/radiology/instances/{instance}/key", {"frame": "1"}).status_code == status
        )
    reader = department.browser("reader")
    for wrong in ("0", "2", "x"):
        assert reader.post(f"/radiology/instances/{instance}/key", {"frame": wrong}).status_code == 422
    (marked,) = reader.post(f"/radiology/instances/{instance}/key", {"frame": "1"}).json()["keys"]
    assert (marked["instance"], marked["frame"]) == (instance, 1)
    assert len(manifest(department.browser("doctor"), chest)["keys"]) == 1
    assert reader.post(f"/radiology/instances/{instance}/key", {"frame": "1"}).json() == {"keys": []}
    with department.session() as session:
        row = session.scalars(select(KeyImage).where(KeyImage.instance_id == instance)).one()
        assert (row.marked_by, row.unmarked_by) == ("reader", "reader")


def test_a_study_of_nobody_opens_only_where_it_was_made(department: Clinic, store: Storing) -> None:
    study_id = store(made.chest(None, PatientName="Неизвестный"))
    assert department.browser("doctor").get(f"/radiology/studies/{study_id}").status_code in (200, 404)
    assert department.browser("otherreader").get(f"/radiology/studies/{study_id}").status_code == 404
    page = department.browser("reader").get(f"/radiology/studies/{study_id}").text
    assert "not known yet whose study this is" in page
    assert department.browser("reader").post(f"/radiology/studies/{study_id}/report").status_code == 409


def test_a_study_of_a_station_nobody_registered_says_why_it_takes_no_report(
    department: Clinic, patient: Patient
) -> None:
    with department.session() as session:
        stored = store_file(session, None, made.chest(patient), Origin("dicom", "STRANGE_CT"))
        study_id = session.scalars(select(Study.id).where(Study.study_uid == stored.study_uid)).one()
    reader = department.browser("reader")
    reader.post(f"/patients/{patient.id}/access", {"reason": "консилиум", "confirm": "1"})
    page = reader.get(f"/radiology/studies/{study_id}").text
    assert "STRANGE_CT" in page and "in no organisation" in page
    assert 'data-act="key"' not in page
    # whoever only looks is told nothing of it
    assert "in no organisation" not in department.browser("doctor").get(f"/radiology/studies/{study_id}").text


@pytest.mark.req("CARD-01", "PACS-03")
def test_the_card_shows_studies_with_small_pictures(department: Clinic, patient: Patient, chest: int) -> None:
    browser = department.browser("doctor")
    for url in (f"/patients/{patient.id}", f"/patients/{patient.id}?kind=study", f"/patients/{patient.id}/images"):
        page = browser.get(url).text
        assert f'href="/radiology/studies/{chest}"' in page, url
        thumb = re.search(r'<img src="(/radiology/instances/\d+/frames/1/picture\?[^"]+)"', page)
        assert thumb
        assert browser.get(thumb[1].replace("&amp;", "&")).status_code == 200
    listed = browser.client.get(f"/api/patients/{patient.id}/timeline?kind=study")
    assert listed.status_code in (200, 404)


# ---- ECG


def wfdb(samples: list[int], **values: Any) -> list[tuple[str, tuple[str, bytes]]]:
    """The files of a record as a form sends them."""
    header = record("16", samples, **values).encode()
    return [("files", ("r.hea", header)), ("files", ("r.dat", written("16", samples)))]


@pytest.mark.req("INT-ECG-02", "PACS-03")
def test_a_dicom_ecg_is_drawn_window_by_window(department: Clinic, patient: Patient, store: Storing) -> None:
    study_id = store(made.ecg(patient))
    browser = department.browser("doctor")
    (series,) = manifest(browser, study_id)["series"]
    assert series["frames"] == []
    # the study itself leads to the paper
    assert browser.get(f"/radiology/studies/{study_id}").headers["location"].endswith(series["ecg"])
    page = browser.get(series["ecg"]).text
    about = json.loads(re.search(r"data-about>(.*?)</script>", page, re.DOTALL)[1])  # type: ignore[index]
    assert [lead["name"] for lead in about["leads"]] == [
        *("I", "II", "III", "aVR", "aVL", "aVF"),
        *("V1", "V2", "V3", "V4", "V5", "V6"),
    ]
    assert (about["seconds"], about["leads"][0]["unit"], about["leads"][0]["rate"]) == (10.0, "uV", 500.0)
    window = browser.get(f"{about['samples_url']}?start=2&seconds=1").content
    second = unpacked(window)[1]
    assert len(second) == 500
    assert 900 < max(second) < 1100
    for wrong in ("start=-1", "start=0&seconds=0", "start=0&seconds=600", "start=nan"):
        answer = browser.get(f"{about['samples_url']}?{wrong}", headers={"accept": "application/json"})
        assert answer.status_code == 422, wrong
    assert browser.get(series["thumbnail"]).text.startswith("<svg")
    chest_like = instances(department, store(made.chest(patient)))[0]
    assert browser.get(f"/radiology/instances/{chest_like}/ecg").status_code == 422


@pytest.mark.req("INT-ECG-02", "CARD-01")
def test_a_wfdb_record_is_brought_in_once_and_shown(department: Clinic, patient: Patient) -> None:
    url = f"/patients/{patient.id}/recordings"
    samples = [round(100 * np.sin(place / 10)) for place in range(2000)]
    for login in ("registrar", "official", "stranger", "chief"):
        assert department.browser(login).post(url, files=wfdb(samples)).status_code == 403
    browser = department.browser("nurse")
    annotated = [*wfdb(samples), ("files", ("r.atr", b"\x01\x04"))]
    answer = browser.post(url, files=annotated)
    assert re.fullmatch(r"/radiology/recordings/\d+", answer.headers["location"])
    shown = answer.headers["location"]
    page = department.browser("doctor").get(shown).text
    assert "lead 1" in page
    refused = department.browser("stranger").get(shown)
    assert refused.status_code == 403
    assert f"/patients/{patient.id}/reason?next={shown.replace('/', '%2F')}" in refused.text
    assert department.browser("doctor").get(f"{shown}/files/r.atr").content == b"\x01\x04"
    window = department.browser("doctor").get(f"{shown}/samples?start=0&seconds=2").content
    assert np.allclose(unpacked(window)[0][:3], np.array(samples[0:6:2]) / 100, atol=0.001)
    assert department.browser("doctor").get(f"{shown}/files/r.dat").content == written("16", samples)
    assert department.browser("doctor").get(f"{shown}/files/other").status_code == 422
    assert shown in department.browser("doctor").get(f"/patients/{patient.id}").text
    for files, told in (
        (wfdb(samples), "stored already"),
        (wfdb(samples, checksum=1), "damaged"),
        (wfdb(samples)[:1], "r.dat"),
        (wfdb(samples)[1:], "Choose one header"),
        ([*wfdb(samples[2:]), ("files", ("x.txt", b"note"))], "x.txt"),
        ([], "Choose one header"),
    ):
        refused = browser.post(url, files=files or None, data={"csrf_token": browser.csrf})
        assert refused.headers["location"] == f"/patients/{patient.id}/images"
        assert told in browser.get(refused.headers["location"]).text
    with department.session() as session:
        assert session.scalar(select(func.count()).select_from(Recording)) == 1


# ---- uploads


def sent(browser: Browser, *files: tuple[str, bytes]) -> list[dict[str, Any]]:
    """What the page's script gets."""
    answer = browser.post(
        "/radiology/upload",
        files=[("files", file) for file in files],
        headers={"accept": "application/json"},
    )
    assert answer.status_code == 200, answer.text
    return list(answer.json()["results"])


@pytest.mark.parametrize("login", ["registrar", "official", "chief"])
def test_who_may_not_upload(department: Clinic, login: str) -> None:
    browser = department.browser(login)
    assert browser.get("/radiology/upload").status_code == 403
    assert browser.post("/radiology/upload", files=[("files", ("a.dcm", b"x"))]).status_code == 403


@pytest.mark.req("PACS-04")
def test_files_folders_and_archives_each_with_its_answer(department: Clinic, patient: Patient) -> None:
    browser = department.browser("nurse")
    one, two, three = made.chest(patient), made.chest(patient), made.chest(None)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("DICOMDIR", b"index")
        archive.writestr("IMAGES/1", two)
        archive.writestr("IMAGES/2", three)
        archive.writestr("README.TXT", b"viewer for windows")
    results = sent(
        browser,
        ("disc/a.dcm", one),
        ("disc/a.dcm", one),
        ("b.zip", packed.getvalue()),
        ("c.dcm", one[:700]),
        ("d", b""),
    )
    assert [each["outcome"] for each in results] == [
        *("stored", "duplicate", "skipped", "stored", "stored", "refused", "refused", "refused")
    ]
    assert [each["needs_person"] for each in results[3:5]] == [False, True]
    assert all(each["told"] for each in results)
    assert department.browser("doctor").get(results[0]["study_url"]).status_code == 200
    with department.session() as session:
        channels = set(session.scalars(select(Instance.channel)))
        assert {"upload", "media"} <= channels
        assert session.get_one(Study, results[0]["study_id"]).patient_id == patient.id
    # without a script the page itself answers
    page = browser.post("/radiology/upload", files=[("files", ("e.dcm", made.chest(patient)))]).text
    assert "e.dcm" in page
    assert "Open the study" in page


@pytest.mark.req("PACS-04")
def test_a_broken_archive_harms_nothing(department: Clinic, patient: Patient) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("good.dcm", made.chest(patient))
        archive.writestr("bad.dcm", made.chest(patient))
    content = bytearray(packed.getvalue())
    second = content.rindex(b"DICM", 0, content.rindex(b"PK\x01\x02"))
    content[second + 600] ^= 0xFF
    results = sent(department.browser("tech"), ("a.zip", bytes(content)))
    assert [each["outcome"] for each in results] == ["stored", "refused"]
    assert "damaged" in results[1]["told"]
