"""Who sends without being registered: whose that is, and how it becomes an organisation's in one step."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from ops_app.modules.audit.models import Event
from ops_app.modules.imaging.models import Study
from ops_app.modules.imaging.storing import Origin, store_file
from ops_app.permissions import Role
from tests.ingestion.hl7.reading import take_in
from tests.installation import Database
from tests.ops_app.browser import Browser, make_account, signed_in
from tests.ops_app.clinic import Clinic
from tests.ops_app.imaging.made import chest

HEAD = "MSH|^~\\&|{sender}|NOWHERE|SAULYQ|KZ|20261120101500||SIU^S12|{number}|P|2.5\nSCH|1|1\n"


@pytest.fixture(scope="module")
def keeper(clinic: Clinic) -> Browser:
    """Keeps the devices of the whole installation."""
    make_account(clinic.app.state.engine, "allkeeper", [(Role.ADMINISTRATOR, None)])
    return signed_in(clinic.app, "allkeeper")


@pytest.fixture(scope="module")
def chief(clinic: Clinic) -> Browser:
    make_account(clinic.app.state.engine, "strangechief", [(Role.CHIEF_PHYSICIAN, clinic.tree["hospital"])])
    return signed_in(clinic.app, "strangechief")


def sent(database: Database, sender: str, number: str = "1") -> int:
    [row] = take_in(database, HEAD.format(sender=sender, number=number))
    assert row["organization_id"] is None
    return int(row["id"])


def device(clinic: Clinic, sender: str, **more: object) -> dict[str, object]:
    known = {"kind": "analyser", "name": sender, "protocol": "hl7", "sender": sender}
    return known | {"organization_id": clinic.tree["hospital"]} | more


def test_who_may_not_take_what_is_nobodys(clinic: Clinic, module_database: Database, chief: Browser) -> None:
    number = sent(module_database, "UNKNOWN1")
    make_account(clinic.app.state.engine, "onekeeper", [(Role.ADMINISTRATOR, clinic.tree["hospital"])])
    one = signed_in(clinic.app, "onekeeper")
    assert chief.get("/devices/strangers").status_code == one.get("/devices/strangers").status_code == 403
    assert "/devices/strangers" not in one.get("/devices").text
    assert chief.get(f"/inbound/{number}").status_code == 404
    # the name of a neighbour's analyser opens nothing that came before
    assert one.post("/devices/new", device(clinic, "UNKNOWN1")).status_code == 303
    assert chief.get(f"/inbound/{number}").status_code == 404


@pytest.mark.req("LABEQ-04", "PACS-02")
def test_a_sender_is_registered_in_one_step_and_its_past_appears(
    clinic: Clinic, module_database: Database, keeper: Browser, chief: Browser
) -> None:
    number = sent(module_database, "UNKNOWN 2")
    with clinic.session() as session:
        actor = clinic.actor(session, "allkeeper")
        found = store_file(session, actor, chest(None), Origin("dicom", calling_ae="STRANGE_CT"))
        study_id = session.scalars(select(Study.id).where(Study.study_uid == found.study_uid)).one()
    assert "/devices/strangers" in keeper.get("/devices").text
    listed = keeper.get("/devices/strangers").text
    assert "UNKNOWN 2" in listed and "STRANGE_CT" in listed
    filled = keeper.get("/devices/new?protocol=hl7&sender=UNKNOWN%202&kind=analyser").text
    assert 'value="UNKNOWN 2"' in filled
    assert f"/inbound/{number}" not in chief.get("/journals/inbound").text

    assert keeper.post("/devices/new", device(clinic, "UNKNOWN 2")).status_code == 303
    scanner = device(clinic, "STRANGE_CT", kind="modality", protocol="dicom")
    registered = keeper.post("/devices/new", scanner)
    assert registered.status_code == 303
    assert f"/inbound/{number}" in chief.get("/journals/inbound").text
    assert chief.get(f"/inbound/{number}").status_code == 200
    with clinic.session() as session:
        study = session.get_one(Study, study_id)
        device_id = int(registered.headers["location"].rpartition("/")[2])
        assert (study.organization_id, study.device_id) == (clinic.tree["hospital"], device_id)
        about = select(Event).where(Event.entity == "devices.device", Event.entity_id == str(device_id))
        assert session.scalars(about).one().after["past_messages_given"] == 1
    left = keeper.get("/devices/strangers").text
    assert "UNKNOWN 2" not in left and "STRANGE_CT" not in left
