"""Stations find and fetch what they may, with the right person on it; devices read their work list."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid
from pynetdicom import AE
from sqlalchemy import text

from ops_app.modules.imaging.order_numbers import accession_number, request_id_of
from ops_app.modules.visits.models import ServiceRequest
from saulyq.settings import settings
from tests.ingestion.dicom import objects
from tests.ingestion.dicom.conftest import Gateway
from tests.ops_app.clinic import Clinic

MPPS = "1.2.840.10008.3.1.2.3.3"


def find(gateway: Gateway, level: str, *keys: str, title: str = "CT1") -> str:
    listed = [
        word
        for key in (f"QueryRetrieveLevel={level}", "SpecificCharacterSet=ISO_IR 192", *keys)
        for word in ("-k", key)
    ]
    return gateway.dcmtk("findscu", "-S", *listed, title=title)


def order(clinic: Clinic, patient_id: int, code: str = "C03.003.006") -> int:
    """An imaging order written at a visit."""
    visit = clinic.visit(patient_id)
    with clinic.session() as session:
        made = ServiceRequest(
            patient_id=patient_id,
            organization_id=clinic.tree["hospital"],
            practitioner_id=clinic.practitioners["doctor"],
            encounter_id=visit.id,
            event_at=visit.event_at,
            category="imaging",
            code=code,
            status="active",
        )
        session.add(made)
        session.flush()
        return made.id


def register_station(clinic: Clinic, title: str, port: int) -> None:
    """A station of the hospital that images may be sent to."""
    with clinic.app.state.engine.begin() as connection:
        connection.execute(
            text(
                "insert into devices.device (kind, name, protocol, sender, address, organization_id, registered_by)"
                " values ('modality', :title, 'dicom', :title, :address, :place, 'test')"
            ),
            {"title": title, "address": f"127.0.0.1:{port}", "place": clinic.tree["hospital"]},
        )


@contextmanager
def receiving(folder: Path, *arguments: str, title: str = "VIEWER", port: int | None = None) -> Iterator[int]:
    """dcmtk's storescp as the station that images are sent to."""
    if shutil.which("storescp") is None:
        pytest.skip("dcmtk: storescp is not installed")
    if port is None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
    process = subprocess.Popen(["storescp", *arguments, "-aet", title, "-od", str(folder), "+xa", str(port)])
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        # what it has acknowledged is written; it may be slow to end by itself
        process.kill()
        process.wait(20)


@pytest.mark.req("PACS-01", "INT-RIS-02")
def test_a_station_finds_studies_series_and_images_by_their_keys(gateway: Gateway, tmp_path: Path) -> None:
    study, first, second = generate_uid(), generate_uid(), generate_uid()
    slices = [
        objects.ct_slice(StudyInstanceUID=study, PatientName="Іздеу^Айша", PatientID="F-1", SeriesInstanceUID=series)
        for series in (first, first, second)
    ]
    other = objects.radiograph(PatientName="Басқа", StudyDate="20200101")
    gateway.send(*objects.saved(tmp_path, *slices, other))
    by_name = find(gateway, "STUDY", "PatientName=Ізд*", "StudyInstanceUID", "NumberOfStudyRelatedInstances")
    assert study in by_name and str(other.StudyInstanceUID) not in by_name
    assert "IS [3" in by_name
    assert str(other.StudyInstanceUID) not in find(gateway, "STUDY", "StudyDate=20261101-", "StudyInstanceUID")
    assert study not in find(gateway, "STUDY", "ModalitiesInStudy=CR", "StudyInstanceUID")
    series = find(gateway, "SERIES", f"StudyInstanceUID={study}", "SeriesInstanceUID")
    assert series.count("SeriesInstanceUID") == 2 + 1
    images = find(gateway, "IMAGE", f"SeriesInstanceUID={first}", "SOPInstanceUID")
    assert all(str(each.SOPInstanceUID) in images for each in slices[:2])
    assert str(slices[2].SOPInstanceUID) not in images


def test_a_wrong_level_or_date_is_refused_with_the_status_of_the_standard(gateway: Gateway) -> None:
    level = gateway.dcmtk("findscu", "-S", "-k", "QueryRetrieveLevel=WARD", check=False)
    assert "DataSetDoesNotMatchSOPClass" in level
    date = ("-k", "QueryRetrieveLevel=STUDY", "-k", "StudyDate=yesterday")
    assert "UnableToProcess" in gateway.dcmtk("findscu", "-S", *date, check=False)


@pytest.mark.req("PACS-04", "INT-RIS-02")
def test_what_is_fetched_bears_the_matched_person_and_the_stored_bytes_stay(
    gateway: Gateway, clinic: Clinic, tmp_path: Path
) -> None:
    person = clinic.register()
    sent = objects.radiograph(person, PatientName="LATIN^NAME")
    (path,) = objects.saved(tmp_path, sent)
    gateway.send(path)
    fetched = tmp_path / "fetched"
    fetched.mkdir()
    gateway.dcmtk(
        *("getscu", "-S", "-od", str(fetched)),
        *("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={sent.StudyInstanceUID}"),
    )
    (file,) = fetched.iterdir()
    got = dcmread(file)
    assert str(got.PatientName) == f"{person.family_name}^{person.given_name}"
    before = got.OriginalAttributesSequence[0].ModifiedAttributesSequence[0]
    assert str(before.PatientName) == "LATIN^NAME"
    assert got.PixelData == sent.PixelData
    ((stored,),) = gateway.rows("select path from imaging.instance where sop_uid = :u", u=str(sent.SOPInstanceUID))
    assert str(dcmread(gateway.settings.images_dir / stored).PatientName) == "LATIN^NAME"
    reads = "select rule from audit.event where kind = 'read' and login = 'dicom:CT1' and patient_id = :p"
    assert gateway.rows(reads, p=person.id)[0] == ("station",)


@pytest.mark.req("PACS-04")
def test_images_move_to_a_station_that_is_registered_and_nowhere_else(
    gateway: Gateway, clinic: Clinic, tmp_path: Path
) -> None:
    sent = [objects.ct_slice(StudyInstanceUID=(study := generate_uid())), objects.multi_frame(StudyInstanceUID=study)]
    gateway.send(*objects.saved(tmp_path, *sent))
    keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study}")
    refused = gateway.dcmtk("movescu", "-S", "-aem", "NOWHERE", *keys, check=False)
    assert "MoveDestinationUnknown" in refused or "Move Destination unknown" in refused, refused
    arrived = tmp_path / "arrived"
    arrived.mkdir()
    with receiving(arrived) as port:
        register_station(clinic, "VIEWER", port)
        gateway.dcmtk("movescu", "-S", "-aem", "VIEWER", *keys)
    assert {str(dcmread(file).SOPInstanceUID) for file in arrived.iterdir()} == {str(x.SOPInstanceUID) for x in sent}


@pytest.mark.req("PDATA-10")
def test_stations_get_nothing_while_the_protection_of_personal_data_is_not_in_place(
    gateway: Gateway, clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = objects.ct_slice(PatientName="Қорғаныс^Айша")
    gateway.send(*objects.saved(tmp_path, sent))
    keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={sent.StudyInstanceUID}")
    fetched, arrived = tmp_path / "fetched", tmp_path / "arrived"
    fetched.mkdir()
    arrived.mkdir()
    monkeypatch.setenv("SAULYQ_MODE", "production")
    settings.cache_clear()
    try:
        with receiving(arrived, title="CLOSED") as port:
            register_station(clinic, "CLOSED", port)
            found = gateway.dcmtk("findscu", "-S", *keys, "-k", "PatientName", check=False)
            gateway.dcmtk("getscu", "-S", "-od", str(fetched), *keys, check=False)
            moved = gateway.dcmtk("movescu", "-S", "-aem", "CLOSED", *keys, check=False)
        assert "UnableToProcess" in found
        assert "Қорғаныс" not in found
        assert "UnableToProcess" in moved
        assert list(fetched.iterdir()) == list(arrived.iterdir()) == []
        # devices of the house go on: their images arrive
        assert "Success" in gateway.send(*objects.saved(tmp_path, objects.ct_slice()))
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    kept = "select login, after->>'service' from audit.event where action = 'dicom:refused' order by id"
    refused = gateway.rows(kept)
    assert refused == [("dicom:CT1", "dicom:find"), ("dicom:CT1", "dicom:get"), ("dicom:CT1", "dicom:move")]


@pytest.mark.req("INT-RIS-01", "INT-RIS-02")
def test_an_order_goes_to_the_device_and_comes_back_with_the_images(
    gateway: Gateway, clinic: Clinic, tmp_path: Path
) -> None:
    person = clinic.register()
    request = order(clinic, person.id)
    query = tmp_path / "query.dump"
    query.write_text(
        "(0008,0005) CS [ISO_IR 192]\n(0008,0050) SH []\n(0010,0010) PN []\n(0010,0020) LO []\n(0010,0030) DA []\n"
        "(0010,0040) CS []\n(0020,000d) UI []\n(0040,0100) SQ\n(fffe,e000) -\n(0008,0060) CS [CT]\n"
        "(0040,0002) DA []\n(fffe,e00d) -\n(fffe,e0dd) -\n"
    )
    subprocess.run(["dump2dcm", str(query), str(tmp_path / "query.dcm")], check=True)
    listed = gateway.dcmtk("findscu", "-W", str(tmp_path / "query.dcm"))
    number = accession_number(request)
    assert number in listed and person.iin in listed
    none = listed.replace(number, "")
    assert none.count("AccessionNumber") >= 1
    made = objects.ct_slice(person, AccessionNumber=number)
    gateway.send(*objects.saved(tmp_path, made))
    assert gateway.rows(
        "select match_state, match_reason, patient_id, service_request_id, organization_id from imaging.study"
        " where study_uid = :uid",
        uid=str(made.StudyInstanceUID),
    ) == [("matched", "order", person.id, request, clinic.tree["hospital"])]
    stranger = objects.ct_slice(clinic.register(), AccessionNumber=number)
    gateway.send(*objects.saved(tmp_path, stranger))
    assert gateway.rows(
        "select match_state, match_reason, patient_id from imaging.study where study_uid = :uid",
        uid=str(stranger.StudyInstanceUID),
    ) == [("conflict", "order_names_another", None)]


@pytest.mark.req("INT-RIS-02")
def test_a_device_reports_what_it_does_for_an_order(gateway: Gateway, clinic: Clinic) -> None:
    request = order(clinic, clinic.register().id)
    entity = AE("CT1")
    entity.add_requested_context(MPPS)
    association = entity.associate("127.0.0.1", gateway.settings.dicom_port, ae_title="SAULYQ")
    step, uid = Dataset(), generate_uid()
    scheduled = Dataset()
    scheduled.StudyInstanceUID, scheduled.AccessionNumber = generate_uid(), accession_number(request)
    step.ScheduledStepAttributesSequence = [scheduled]
    step.PerformedProcedureStepStatus = "IN PROGRESS"
    step.PerformedProcedureStepStartDate, step.PerformedProcedureStepStartTime = "20261120", "101500"
    step.Modality = "CT"
    assert association.send_n_create(step, MPPS, uid)[0].Status == 0x0000
    assert association.send_n_create(step, MPPS, uid)[0].Status == 0x0111
    done = Dataset()
    done.PerformedProcedureStepStatus = "COMPLETED"
    done.PerformedProcedureStepEndDate, done.PerformedProcedureStepEndTime = "20261120", "103000"
    assert association.send_n_set(done, MPPS, generate_uid())[0].Status == 0x0112
    assert association.send_n_set(done, MPPS, uid)[0].Status == 0x0000
    assert association.send_n_set(done, MPPS, uid)[0].Status == 0x0110
    association.release()
    assert gateway.rows(
        "select state, service_request_id, ended_at - started_at = interval '15 minutes' from imaging.performed_step"
        " where sop_uid = :uid",
        uid=uid,
    ) == [("completed", request, True)]


def test_a_mistyped_accession_number_names_no_order() -> None:
    number = accession_number(1234)
    assert request_id_of(number) == 1234
    for place in range(1, len(number)):
        wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
        assert request_id_of(wrong) is None
    assert len(accession_number(10**13)) <= 16
