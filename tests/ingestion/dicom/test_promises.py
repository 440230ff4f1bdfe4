"""What devices are told about what they sent, what they tell about their work, and connections under TLS."""

from __future__ import annotations

import queue
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_STORE

from ingestion.dicom.commitment import COMMITMENT, WELL_KNOWN
from ingestion.dicom.outgoing import prompt
from ops_app.modules.imaging.order_numbers import accession_number
from tests.ingestion.dicom import objects
from tests.ingestion.dicom.conftest import Gateway
from tests.ingestion.dicom.test_query import MPPS, order
from tests.ops_app.clinic import Clinic


class Modality:
    """A device that stores, asks for commitment and hears the reports."""

    def __init__(self, title: str = "CT1"):
        self.reports: queue.Queue[tuple[int, Dataset]] = queue.Queue()
        self.entity = AE(title)
        self.entity.add_requested_context(objects.CR, ExplicitVRLittleEndian)
        self.entity.add_requested_context(COMMITMENT)
        self.entity.add_requested_context(MPPS)
        self.entity.add_supported_context(COMMITMENT, scu_role=True, scp_role=True)
        self.handlers = [(evt.EVT_N_EVENT_REPORT, self._heard)]

    def _heard(self, event: evt.Event) -> tuple[int, None]:
        self.reports.put((event.event_type, event.event_information))
        return 0x0000, None

    def calls(self, port: int, *, hears: bool = True, **more: Any) -> Association:
        association = self.entity.associate(
            "127.0.0.1", port, ae_title="SAULYQ", evt_handlers=self.handlers if hears else [], **more
        )
        assert association.is_established
        return association


def asks(association: Association, *made: Dataset, action: int = 1) -> int:
    said = Dataset()
    said.TransactionUID = generate_uid()
    said.ReferencedSOPSequence = []
    for each in made:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = each.SOPClassUID, each.SOPInstanceUID
        said.ReferencedSOPSequence.append(item)
    status, _answer = association.send_n_action(said, action, COMMITMENT, WELL_KNOWN)
    return int(status.Status)


@pytest.mark.req("PACS-01")
def test_what_is_stored_is_committed_and_what_is_not_is_named(gateway: Gateway) -> None:
    kept, lost, never, other = (objects.radiograph() for _ in range(4))
    device = Modality()
    association = device.calls(gateway.settings.dicom_port)
    for each in (kept, lost, other):
        assert association.send_c_store(each).Status == 0x0000
    ((path,),) = gateway.rows("select path from imaging.instance where sop_uid = :uid", uid=lost.SOPInstanceUID)
    (gateway.settings.images_dir / path).unlink()
    other.SOPClassUID = objects.CT
    assert asks(association, kept) == 0x0000
    kind, report = device.reports.get(timeout=60)
    assert kind == 1 and "FailedSOPSequence" not in report
    assert [each.ReferencedSOPInstanceUID for each in report.ReferencedSOPSequence] == [kept.SOPInstanceUID]
    assert asks(association, kept, lost, never, other) == 0x0000
    kind, report = device.reports.get(timeout=60)
    assert kind == 2
    assert [each.ReferencedSOPInstanceUID for each in report.ReferencedSOPSequence] == [kept.SOPInstanceUID]
    assert {each.ReferencedSOPInstanceUID: each.FailureReason for each in report.FailedSOPSequence} == {
        lost.SOPInstanceUID: 0x0112,
        never.SOPInstanceUID: 0x0112,
        other.SOPInstanceUID: 0x0119,
    }
    assert asks(association) == 0x0115
    assert asks(association, kept, action=9) == 0x0123
    # it goes on storing
    assert association.send_c_store(objects.radiograph()).Status == 0x0000
    association.release()


def step_of(person: Any, request: int, **more: Any) -> Dataset:
    step, scheduled = Dataset(), Dataset()
    scheduled.StudyInstanceUID, scheduled.AccessionNumber = generate_uid(), accession_number(request)
    step.ScheduledStepAttributesSequence = [scheduled]
    step.PerformedProcedureStepStatus = "IN PROGRESS"
    step.PerformedProcedureStepStartDate, step.PerformedProcedureStepStartTime = "20261120", "101500"
    step.Modality = "CT"
    objects.name_person(step, person)
    for keyword, value in more.items():
        setattr(step, keyword, value)
    return step


def ended(state: str) -> Dataset:
    made = Dataset()
    made.PerformedProcedureStepStatus = state
    made.PerformedProcedureStepEndDate, made.PerformedProcedureStepEndTime = "20261120", "103000"
    return made


def test_an_answer_reaches_who_asked_and_not_the_thread_beside_him(gateway: Gateway) -> None:
    association = Modality().entity.associate(
        "127.0.0.1",
        gateway.settings.dicom_port,
        ae_title="SAULYQ",
        evt_handlers=[(evt.EVT_ESTABLISHED, prompt)],
    )
    assert association.is_established
    # somebody has asked, and the association's own thread was let go a moment before: it has not noticed yet
    association._reactor_checkpoint.clear()
    association.dimse.msg_queue.put((1, C_STORE()))
    assert association.dimse.get_msg(block=False) == (None, None)
    assert association.dimse.get_msg(block=True)[0] == 1
    association._reactor_checkpoint.set()
    # so that a hundred questions one after another are a hundred answers
    made = objects.radiograph()
    assert [association.send_c_store(made).Status for _ in range(100)] == [0x0000] * 100
    association.release()


@pytest.mark.req("INT-RIS-02")
def test_an_order_follows_the_steps_of_its_device(gateway: Gateway, clinic: Clinic) -> None:
    people = [clinic.register() for _ in range(4)]
    orders = [order(clinic, person.id) for person in people]
    association = Modality().calls(gateway.settings.dicom_port)

    def status(request: int) -> tuple[str, bool]:
        ((found, performed),) = gateway.rows(
            "select r.status, o.performed_at is not null from visits.service_request r"
            " left join radiology.imaging_order o on o.service_request_id = r.id where r.id = :id",
            id=request,
        )
        return found, performed

    def reported(number: int, end: str | None, **more: Any) -> tuple[str, bool]:
        uid = generate_uid()
        step = step_of(people[number], orders[number], **more)
        assert association.send_n_create(step, MPPS, uid)[0].Status == 0x0000
        if end is not None:
            assert association.send_n_set(ended(end), MPPS, uid)[0].Status == 0x0000
        return status(orders[number])

    assert reported(0, None) == ("in_progress", False)
    assert reported(0, "COMPLETED") == ("in_progress", True)
    assert reported(1, "DISCONTINUED") == ("in_progress", False)
    # without birth date and sex, or with another person's number, nothing is certain
    assert reported(2, "COMPLETED", PatientBirthDate="") == ("active", False)
    assert reported(3, "COMPLETED", PatientID=people[0].iin) == ("active", False)
    association.release()
    assert gateway.rows(
        "select moved_by, before, after from visits.service_request_event where service_request_id = :id", id=orders[0]
    ) == [("dicom:CT1", "active", "in_progress")]
