"""A gateway with a certificate: it hears TLS only, and speaks TLS to the stations that are registered so."""

from __future__ import annotations

import shutil
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI
from pydicom import Dataset
from pynetdicom import AE

from ingestion.dicom.gateway import start
from ops_app.permissions import Role
from saulyq.errors import SaulyqError
from tests.ingestion.dicom import objects
from tests.ingestion.dicom.conftest import Gateway
from tests.ingestion.dicom.test_promises import Modality, asks
from tests.ingestion.dicom.test_query import receiving
from tests.ingestion.hl7.certificate import make_certificate
from tests.installation import Installation, free_port_base
from tests.ops_app.browser import make_account, signed_in
from tests.ops_app.clinic import Clinic

MOVE, UNKNOWN_DESTINATION = "1.2.840.10008.5.1.4.1.2.2.2", 0xA801


@dataclass
class Secured:
    """The gateway, its certificate, and the port on which stations listen."""

    gateway: Gateway
    certificate: Path
    key: Path
    back: int

    def believes(self) -> tuple[ssl.SSLContext, str]:
        """How a device calls the gateway."""
        return ssl.create_default_context(cafile=str(self.certificate)), "localhost"


@pytest.fixture(scope="module")
def secured(installation: Installation, clinic: Clinic, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """A gateway under TLS; its own certificate is the only one it believes."""
    certificate, key = make_certificate(tmp_path_factory.mktemp("tls"))
    back = free_port_base()
    current = installation.settings.model_copy(
        update={
            "port_base": free_port_base(),
            "dicom_certificate": certificate,
            "dicom_key": key,
            "dicom_peer_authorities": certificate,
            "dicom_peers": f"BACK=127.0.0.1:{back} SAFE=tls:localhost:{back} OTHER=tls:127.0.0.1:{back}",
        }
    )
    shutil.rmtree(current.images_dir, ignore_errors=True)
    server = start(current, clinic.app.state.engine)
    yield Secured(Gateway(current, clinic.app.state.engine), certificate, key, back)
    server.shutdown()
    shutil.rmtree(current.images_dir, ignore_errors=True)


def sent_to(secured: Secured, title: str, made: Dataset) -> int:
    """Ask the gateway to move a study to a station; the last status."""
    entity, wanted = AE("CT1"), Dataset()
    entity.add_requested_context(MOVE)
    wanted.QueryRetrieveLevel, wanted.StudyInstanceUID = "STUDY", made.StudyInstanceUID
    port = secured.gateway.settings.dicom_port
    association = entity.associate("127.0.0.1", port, ae_title="SAULYQ", tls_args=secured.believes())
    assert association.is_established
    statuses = [status.get("Status") for status, _identifier in association.send_c_move(wanted, title, MOVE)]
    association.release()
    return statuses[-1]


def kept(secured: Secured) -> Dataset:
    """An image that is stored."""
    made = objects.radiograph()
    association = Modality().calls(secured.gateway.settings.dicom_port, tls_args=secured.believes())
    assert association.send_c_store(made).Status == 0x0000
    association.release()
    return made


@pytest.mark.req("PACS-02")
def test_with_a_certificate_the_gateway_speaks_tls_only(secured: Secured) -> None:
    plain = AE("CT1")
    plain.add_requested_context(objects.CR)
    plain.acse_timeout = 20
    port = secured.gateway.settings.dicom_port
    assert not plain.associate("127.0.0.1", port, ae_title="SAULYQ").is_established
    # one that says nothing holds nobody up
    with socket.create_connection(("127.0.0.1", port)):
        association = Modality().calls(port, tls_args=secured.believes())
        for _ in range(3):
            assert association.send_c_store(objects.radiograph()).Status == 0x0000
        association.release()


@pytest.mark.parametrize("setting", ["dicom_certificate", "dicom_peer_authorities"])
def test_a_certificate_that_cannot_be_used_ends_the_start(secured: Secured, tmp_path: Path, setting: str) -> None:
    nothing = secured.gateway.settings.model_copy(update={"home": tmp_path, setting: tmp_path / "none.pem"})
    with pytest.raises(SaulyqError, match="DICOM"):
        start(nothing, secured.gateway.engine)


@pytest.mark.req("PACS-02")
def test_images_go_encrypted_to_a_station_that_is_registered_so(secured: Secured, tmp_path: Path) -> None:
    made = kept(secured)
    under_tls = ["+tls", str(secured.key), str(secured.certificate), "+cf", str(secured.certificate)]
    with receiving(tmp_path, *under_tls, port=secured.back):
        # without encryption nothing reaches it, and a name that is not its own is not believed
        for title in ("BACK", "OTHER"):
            sent_to(secured, title, made)
            assert list(tmp_path.iterdir()) == []
        assert sent_to(secured, "SAFE", made) == 0x0000
        assert len(list(tmp_path.iterdir())) == 1


def test_a_station_under_tls_gets_nothing_in_the_clear(secured: Secured, tmp_path: Path) -> None:
    made = kept(secured)
    with receiving(tmp_path, port=secured.back):
        assert sent_to(secured, "SAFE", made) == UNKNOWN_DESTINATION
        assert list(tmp_path.iterdir()) == []
        assert sent_to(secured, "BACK", made) == 0x0000
        assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("title", ["BACK", "SAFE"])
def test_a_device_that_takes_no_report_over_its_association_is_called(secured: Secured, title: str) -> None:
    device, made = Modality(title), objects.radiograph()
    context = None
    if title == "SAFE":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(secured.certificate, secured.key)
    listener = device.entity.start_server(
        ("127.0.0.1", secured.back), block=False, evt_handlers=device.handlers, ssl_context=context
    )
    try:
        # over its own association it does not take the report
        association = device.calls(secured.gateway.settings.dicom_port, hears=False, tls_args=secured.believes())
        assert association.send_c_store(made).Status == 0x0000
        assert asks(association, made) == 0x0000
        kind, report = device.reports.get(timeout=60)
        assert kind == 1
        assert report.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == made.SOPInstanceUID
        association.release()
    finally:
        listener.shutdown()


def test_only_what_goes_by_dicom_to_a_port_is_registered_as_encrypted(
    secured: Secured, app: FastAPI, clinic: Clinic
) -> None:
    make_account(app.state.engine, "keeper", [(Role.ADMINISTRATOR, clinic.tree["hospital"])])
    keeper = signed_in(app, "keeper")
    station = {
        "kind": "modality",
        "name": "Archive",
        "protocol": "dicom",
        "sender": "ARCHIVE",
        "organization_id": clinic.tree["hospital"],
        "address": "localhost:2762",
        "uses_tls": "1",
    }
    for wrong in ({"protocol": "astm"}, {"address": ""}, {"address": "localhost"}):
        refused = keeper.post("/devices/new", station | wrong)
        assert refused.status_code == 422 and 'id="e-uses_tls"' in refused.text
    made = keeper.post("/devices/new", station)
    assert made.status_code == 303
    assert "TLS is used" in keeper.get(made.headers["location"]).text
