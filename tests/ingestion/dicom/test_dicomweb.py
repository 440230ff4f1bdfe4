"""Images over DICOMweb: who sees nothing, and that viewers get what the standard says."""

from __future__ import annotations

import base64
import datetime as dt
import io
import secrets
from email import message_from_bytes
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, RLELossless, generate_uid
from sqlalchemy import func, select

from ops_app.auth import token_hash
from ops_app.kit import clock
from ops_app.modules.accounts import queries as accounts
from ops_app.modules.accounts.models import SignInSession
from ops_app.modules.imaging import addresses
from ops_app.modules.imaging.models import Study
from ops_app.modules.oidc.models import OidcToken
from ops_app.modules.patients.models import Patient
from saulyq.settings import settings
from tests.ingestion.dicom import objects
from tests.ops_app.clinic import Clinic

JSON = "application/dicom+json"
OHIF_FRAMES = 'multipart/related; type="application/octet-stream"; transfer-syntax="*"'
"""What OHIF 3.12 accepts when it asks for a frame."""


class Viewer:
    """A program that shows a token."""

    def __init__(self, clinic: Clinic, login: str = "doctor"):
        token = secrets.token_urlsafe(32)
        clinic.browser(login)
        with clinic.session() as session:
            account = accounts.account_by_login(session, login)
            assert account is not None
            newest = select(func.max(SignInSession.id)).where(SignInSession.account_id == account.id)
            session.add(
                OidcToken(
                    token_hash=token_hash(token),
                    code_hash=secrets.token_bytes(8),
                    session_id=session.scalar(newest),
                    client_id="viewer",
                    scope="openid",
                    expires_at=clock.now() + dt.timedelta(hours=1),
                )
            )
        self.client = TestClient(clinic.app, headers={"authorization": f"Bearer {token}"})

    def get(self, path: str, status: int = 200, accept: str = "*/*", **params: Any) -> Any:
        answer = self.client.get(f"/dicomweb{path}", params=params or None, headers={"accept": accept})
        assert answer.status_code == status, (path, answer.status_code, answer.text[:300])
        return answer

    def post(self, *datasets: Any, status: int = 200, path: str = "/studies", raw: tuple[bytes, ...] = ()) -> Any:
        parts = [encoded(each) for each in datasets] + list(raw)
        body = b"".join(b"--edge\r\nContent-Type: application/dicom\r\n\r\n" + part + b"\r\n" for part in parts)
        answer = self.client.post(
            f"/dicomweb{path}",
            content=body + b"--edge--\r\n",
            headers={"content-type": 'multipart/related; type="application/dicom"; boundary=edge'},
        )
        assert answer.status_code == status, answer.text[:400]
        return answer


def encoded(dataset: Any) -> bytes:
    written = io.BytesIO()
    dcmwrite(written, dataset, enforce_file_format=True)
    return written.getvalue()


def parts_of(answer: Any) -> list[Any]:
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    return list(message_from_bytes(head + answer.content).get_payload())


@pytest.fixture(scope="module")
def ill(clinic: Clinic) -> Patient:
    return clinic.register()


@pytest.fixture(scope="module")
def slice_(clinic: Clinic, ill: Patient) -> Any:
    """A CT slice of the ill person, stored by a program."""
    made = objects.ct_slice(ill)
    Viewer(clinic).post(made)
    return made


def address(made: Any) -> str:
    return f"/studies/{made.StudyInstanceUID}/series/{made.SeriesInstanceUID}/instances/{made.SOPInstanceUID}"


def test_strangers_officials_and_other_hospitals_see_nothing(clinic: Clinic, slice_: Any) -> None:
    nobody = TestClient(clinic.app)
    assert nobody.get("/dicomweb/studies").status_code == 401
    assert nobody.get(f"/dicomweb{address(slice_)}/rendered").status_code == 401
    Viewer(clinic, "official").get("/studies", 403)
    other = Viewer(clinic, "stranger")
    other.get("/studies", 204)
    for path in ("", "/metadata", "/rendered", "/frames/1"):
        other.get(f"{address(slice_)}{path}", 403)
    Viewer(clinic, "registrar").post(objects.ct_slice(), status=403)


@pytest.mark.req("PACS-04")
def test_a_search_finds_by_tag_and_by_name_and_is_recorded(clinic: Clinic, ill: Patient, slice_: Any) -> None:
    viewer = Viewer(clinic)
    study = str(slice_.StudyInstanceUID)
    for params in (
        {"PatientID": ill.iin},
        {"00100020": ill.iin},
        {"StudyInstanceUID": study},
        {"PatientName": f"{ill.family_name[:5]}*", "StudyDate": "20261101-20261231"},
        {"ModalitiesInStudy": "CT", "PatientID": ill.iin},
    ):
        (found,) = viewer.get("/studies", accept=JSON, **params).json()
        assert found["0020000D"]["Value"] == [study]
        assert found["00201208"]["Value"] == [1]
    assert viewer.get("/studies", 204, PatientID="nobody").content == b""
    (series,) = viewer.get(f"/studies/{study}/series").json()
    assert series["00080060"]["Value"] == ["CT"]
    (instance,) = viewer.get(f"/studies/{study}/series/{slice_.SeriesInstanceUID}/instances").json()
    assert instance["00280010"]["Value"] == [64]
    assert viewer.get("/studies", PatientID=ill.iin, limit=1, offset=1, status=204)
    for wrong in ({"limit": "x"}, {"StudyDate": "tomorrow"}, {"NoSuchKey": "1"}):
        viewer.get("/studies", 400, **wrong)
    viewer.get("/studies", 406, accept="text/html")


@pytest.mark.req("PACS-04")
def test_objects_metadata_frames_and_pictures_come_as_the_standard_says(clinic: Clinic, slice_: Any) -> None:
    viewer = Viewer(clinic)
    path = address(slice_)
    whole = viewer.get(path, accept='multipart/related; type="application/dicom"')
    (part,) = parts_of(whole)
    assert part.get_content_type() == "application/dicom"
    assert dcmread(io.BytesIO(part.get_payload(decode=True))) == slice_
    single = viewer.get(path, accept="application/dicom")
    assert single.headers["content-type"] == "application/dicom" and single.content == encoded(slice_)
    (metadata,) = viewer.get(f"{path}/metadata", accept=JSON).json()
    assert metadata["00281053"]["Value"] == [1] and "BulkDataURI" in metadata["7FE00010"]
    (frame,) = parts_of(viewer.get(f"{path}/frames/1", accept="multipart/related; type=application/octet-stream"))
    assert frame.get_payload(decode=True) == slice_.PixelData
    viewer.get(f"{path}/frames/2", 400)
    viewer.get(f"{path}/frames/x", 400)
    viewer.get(f"{path[:-3]}", 404)
    picture = viewer.get(f"{path}/rendered", accept="image/png", window="0,100,linear")
    values = np.asarray(Image.open(io.BytesIO(picture.content)))
    assert picture.headers["content-type"] == "image/png"
    assert values.shape == (64, 64) and values[0, 0] == 0 and values[0, -1] == 255
    small = viewer.get(f"{path}/frames/1/rendered", viewport="16,16")
    assert small.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(small.content)).size == (16, 16)
    viewer.get(f"{path}/rendered", 400, window="wide")
    viewer.get(f"{path}/rendered", 406, accept="text/plain")


@pytest.mark.req("PACS-04")
def test_every_frame_of_a_loop_is_another_one(clinic: Clinic, ill: Patient) -> None:
    viewer = Viewer(clinic)
    made = objects.multi_frame(ill, frames=4)
    viewer.post(made)
    frames = parts_of(viewer.get(f"{address(made)}/frames/1,3,4"))
    assert [part.get_payload(decode=True)[0] for part in frames] == [0, 120, 180]
    assert parts_of(viewer.get(f"/studies/{made.StudyInstanceUID}"))[0].get_content_type() == "application/dicom"


@pytest.mark.req("PACS-04")
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_frames_of_single_bits_come_packed_each_from_its_first_bit(clinic: Clinic, ill: Patient, syntax: Any) -> None:
    viewer = Viewer(clinic)
    made = objects.multi_frame(ill, frames=3)
    mask = np.random.default_rng(7).integers(0, 2, (3, 5, 7)).astype(np.uint8)
    made.Rows, made.Columns = mask.shape[1:]
    made.BitsAllocated, made.BitsStored, made.HighBit = 1, 1, 0
    made.file_meta.TransferSyntaxUID = syntax
    packed = np.packbits(mask.ravel(), bitorder="little").tobytes()
    made.PixelData = packed + bytes(len(packed) % 2)
    viewer.post(made)
    frames = parts_of(viewer.get(f"{address(made)}/frames/1,2,3", accept=OHIF_FRAMES))
    for part, wanted in zip(frames, mask, strict=True):
        bits = np.unpackbits(np.frombuffer(part.get_payload(decode=True), np.uint8), bitorder="little")
        assert len(bits) == 40 and np.array_equal(bits[:35].reshape(5, 7), wanted)
    for number, wanted in enumerate(mask, start=1):
        picture = viewer.get(f"{address(made)}/frames/{number}/rendered", accept="image/png").content
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(picture))), wanted * 255)


@pytest.mark.req("PACS-04")
def test_colours_stored_once_for_two_neighbours_come_as_they_are_stored(clinic: Clinic, ill: Patient) -> None:
    viewer = Viewer(clinic)
    made = objects.ct_slice(ill)
    made.SamplesPerPixel, made.PlanarConfiguration, made.PhotometricInterpretation = 3, 0, "YBR_FULL_422"
    made.BitsAllocated, made.BitsStored, made.HighBit = 8, 8, 7
    made.PixelData = bytes(range(256)) * (made.Rows * made.Columns * 2 // 256)
    viewer.post(made)
    (frame,) = parts_of(viewer.get(f"{address(made)}/frames/1", accept=OHIF_FRAMES))
    assert frame.get_payload(decode=True) == made.PixelData


@pytest.mark.req("PACS-04")
def test_a_deflated_image_is_shown_like_any_other(clinic: Clinic, ill: Patient) -> None:
    viewer = Viewer(clinic)
    made = objects.ct_slice(ill)
    made.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    viewer.post(made)
    (frame,) = parts_of(viewer.get(f"{address(made)}/frames/1", accept=OHIF_FRAMES))
    assert frame["Content-Type"] == f"application/octet-stream; transfer-syntax={ExplicitVRLittleEndian}"
    assert frame.get_payload(decode=True) == made.PixelData
    picture = viewer.get(f"{address(made)}/rendered", accept="image/png", window="0,100,linear")
    assert np.asarray(Image.open(io.BytesIO(picture.content)))[0, -1] == 255


@pytest.mark.req("PACS-04")
def test_what_is_too_long_for_json_is_fetched_by_its_address(clinic: Clinic, ill: Patient) -> None:
    viewer = Viewer(clinic)
    made = objects.ct_slice(ill)
    samples, tables = Dataset(), Dataset()
    samples.WaveformBitsAllocated, samples.WaveformData = 16, bytes(range(256)) * 8
    tables.add_new(0x00281201, "OW", b"\1\2" * 700)
    tables.add_new(0x00080018, "UI", "1.2.03")
    made.WaveformSequence = [samples]
    made.IconImageSequence = [tables]
    made.RescaleSlope = "1"
    made.RealWorldValueSlope = float("nan")
    viewer.post(made)
    (metadata,) = viewer.get(f"{address(made)}/metadata").json()
    (icon,) = metadata["00880200"]["Value"]
    assert base64.b64decode(icon["00281201"]["InlineBinary"]) == b"\1\2" * 700
    # a UID with a leading zero is wrong, and the only one the object has
    assert icon["00080018"]["Value"] == ["1.2.03"]
    assert metadata["00409225"]["Value"] == [None]
    place = metadata["54000100"]["Value"][0]["54001010"]["BulkDataURI"].partition("/dicomweb")[2]
    assert place == f"{address(made)}/bulkdata/54000100/1/54001010"
    (part,) = parts_of(viewer.get(place))
    assert part.get_payload(decode=True) == samples.WaveformData
    single = viewer.get(place, accept="application/octet-stream")
    assert (single.headers["content-type"], single.content) == ("application/octet-stream", samples.WaveformData)
    pixels = metadata["7FE00010"]["BulkDataURI"].partition("/dicomweb")[2]
    assert viewer.get(pixels, accept="application/octet-stream").content == made.PixelData
    for wrong in (place.replace("/1/", "/2/"), f"{address(made)}/bulkdata/00100010", f"{address(made)}/bulkdata/x"):
        viewer.get(wrong, 404)
    viewer.get(place, 406, accept="image/png")
    Viewer(clinic, "stranger").get(place, 403)


@pytest.mark.req("PACS-04")
def test_an_object_comes_in_a_syntax_that_was_asked_for_or_not_at_all(clinic: Clinic, ill: Patient) -> None:
    viewer = Viewer(clinic)
    made = objects.ct_slice(ill)
    made.compress(RLELossless)
    viewer.post(made)
    path, asked = address(made), 'multipart/related; type="application/dicom"; transfer-syntax='
    (part,) = parts_of(viewer.get(path, accept=f"{asked}{ExplicitVRLittleEndian}"))
    plain = dcmread(io.BytesIO(part.get_payload(decode=True)))
    assert plain.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert np.array_equal(plain.pixel_array, made.pixel_array)
    for accept in (f"{asked}*", f"{asked}{RLELossless}", '*/*;q=0.5, multipart/related; type="application/dicom"'):
        (part,) = parts_of(viewer.get(path, accept=accept))
        assert dcmread(io.BytesIO(part.get_payload(decode=True))) == made
    assert viewer.get(f"{path}?accept=application/dicom", accept="text/html").content == encoded(made)
    viewer.get(path, 406, accept=f"{asked}1.2.840.10008.1.2.4.50")
    viewer.get(f"{path}/frames/1", 406, accept='multipart/related; type="image/jpeg"')


def test_addresses_lead_back_behind_a_proxy_and_without_a_port(
    clinic: Clinic, slice_: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer, study = Viewer(clinic), str(slice_.StudyInstanceUID)
    portless = TestClient(clinic.app, base_url="http://testserver:8400", headers=viewer.client.headers)
    (found,) = portless.get(f"/dicomweb/studies?StudyInstanceUID={study}", headers={"host": "testserver"}).json()
    assert found["00081190"]["Value"] == [f"http://testserver:8400/dicomweb/studies/{study}"]
    behind = settings().model_copy(update={"public_url": "https://saulyq.example.kz"})
    monkeypatch.setattr(addresses, "settings", lambda: behind)
    (found,) = viewer.get("/studies", StudyInstanceUID=study).json()
    assert found["00081190"]["Value"] == [f"https://saulyq.example.kz/dicomweb/studies/{study}"]


def test_nonsense_is_a_bad_request(clinic: Clinic, slice_: Any) -> None:
    viewer = Viewer(clinic)
    for path, accept, status in (
        ("/studies?PatientName=%00", "*/*", 400),
        (f"{address(slice_)}/rendered?window=nan,nan", "*/*", 400),
        (address(slice_), ';;,"', 406),
    ):
        viewer.get(path, status, accept=accept)
    for body, boundary in ((b"", "edge"), (b"--edge--", "edge"), (b"x", "y" * 300)):
        kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
        answer = viewer.client.post("/dicomweb/studies", content=body, headers={"content-type": kind})
        assert answer.status_code == 400


@pytest.mark.req("PACS-01", "PACS-04")
def test_what_cannot_be_stored_is_named_beside_what_is(clinic: Clinic, ill: Patient) -> None:
    viewer = Viewer(clinic)
    good, of_other_study = objects.radiograph(ill), objects.radiograph(ill)
    cut = encoded(objects.radiograph(ill))[:-50]
    answer = viewer.post(good, raw=(cut, b"no image"), status=202).json()
    assert answer["00081199"]["Value"][0]["00081155"]["Value"] == [str(good.SOPInstanceUID)]
    assert [item["00081197"]["Value"] for item in answer["00081198"]["Value"]] == [[0xC000], [0xC000]]
    study = generate_uid()
    refused = viewer.post(of_other_study, path=f"/studies/{study}", status=409).json()
    assert refused["00081198"]["Value"][0]["00081197"]["Value"] == [0xA900]
    viewer.post(good)
    wrong = viewer.client.post("/dicomweb/studies", content=b"x", headers={"content-type": "application/dicom"})
    assert wrong.status_code == 415
    broken = viewer.client.post(
        "/dicomweb/studies",
        content=b"no boundary here",
        headers={"content-type": 'multipart/related; type="application/dicom"; boundary=edge'},
    )
    assert broken.status_code == 400


def test_a_study_of_nobody_is_closed_to_whoever_does_not_decide_about_it(clinic: Clinic) -> None:
    made = objects.radiograph(PatientName="Белгісіз")
    Viewer(clinic).post(made)
    with clinic.session() as session:
        study = session.query(Study).filter_by(study_uid=str(made.StudyInstanceUID)).one()
        assert study.match_state == "unmatched" and study.organization_id == clinic.tree["hospital"]
    Viewer(clinic, "nurse").get(f"{address(made)}/rendered", 403)
    Viewer(clinic, "doctor").get(f"{address(made)}/rendered")


def test_a_stated_reason_lets_a_viewer_find_that_person_alone(clinic: Clinic, slice_: Any) -> None:
    person = clinic.register()
    made = objects.ct_slice(person)
    Viewer(clinic).post(made)
    other = Viewer(clinic, "stranger")
    other.get("/studies", 204, StudyInstanceUID=str(made.StudyInstanceUID))
    stated = clinic.browser("stranger").post(f"/patients/{person.id}/reason", {"reason": "жедел жәрдем жеткізді"})
    assert stated.status_code == 303
    (found,) = other.get("/studies", accept=JSON).json()
    assert found["0020000D"]["Value"] == [str(made.StudyInstanceUID)]
    other.get("/studies", 204, StudyInstanceUID=str(slice_.StudyInstanceUID))
