"""A gateway in this process on the database of one test module."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI
from pydicom.filereader import read_file_meta_info
from pynetdicom import AE, _config, evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext
from sqlalchemy import Engine, text

from ingestion.dicom.gateway import start
from ingestion.dicom.outgoing import prompt
from ops_app.app import create_app
from saulyq.settings import Settings
from tests.installation import Database, Installation
from tests.ops_app.clinic import Clinic, open_clinic


@dataclass
class Gateway:
    """Where it listens, and the index behind it."""

    settings: Settings
    engine: Engine

    def dcmtk(self, program: str, *arguments: str, title: str = "CT1", check: bool = True) -> str:
        """Run one of dcmtk's programs against the gateway; its output in one text."""
        if shutil.which(program) is None:
            pytest.skip(f"dcmtk: {program} is not installed")
        done = subprocess.run(
            [
                *(program, "-v", "-aet", title, "-aec", self.settings.dicom_ae_title),
                *("127.0.0.1", str(self.settings.dicom_port), *arguments),
            ],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=120,
        )
        output = done.stdout + done.stderr
        assert not check or done.returncode == 0, output
        return output

    def send(self, *paths: Path, title: str = "CT1", check: bool = True) -> str:
        """Send files with storescu, keeping each one's transfer syntax."""
        return self.dcmtk("storescu", "-R", *map(str, paths), title=title, check=check)

    def stream(self, *paths: Path, title: str = "CT1") -> dict[str, int | None]:
        """Send files' data sets as their bytes are, whole or not; the status that came back by name of file.

        The header of a file says what is announced. None: the association ended instead.
        """
        metas = {path: read_file_meta_info(path) for path in paths}
        entity = AE(title)
        pairs = {(meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID) for meta in metas.values()}
        entity.requested_contexts = [_context(*pair) for pair in sorted(pairs)]
        answers: dict[str, int | None] = {}
        association: Association | None = None
        _config.STORE_SEND_CHUNKED_DATASET = True
        try:
            for path in paths:
                if association is None or not association.is_established:
                    association = entity.associate(
                        "127.0.0.1",
                        self.settings.dicom_port,
                        ae_title=self.settings.dicom_ae_title,
                        evt_handlers=[(evt.EVT_ESTABLISHED, prompt)],
                    )
                    assert association.is_established
                answers[path.name] = association.send_c_store(path).get("Status")
        finally:
            _config.STORE_SEND_CHUNKED_DATASET = False
            if association is not None and association.is_established:
                association.release()
        return answers

    def rows(self, sql: str, **values: object) -> list[tuple]:
        """What the index says."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql), values)]

    def files(self) -> list[Path]:
        """Every stored file."""
        return sorted(self.settings.images_dir.rglob("*.dcm"))


def _context(sop_class: str, syntax: str) -> PresentationContext:
    context = PresentationContext()
    context.abstract_syntax = sop_class
    context.transfer_syntax = [syntax]
    return context


@pytest.fixture(scope="module")
def clinic(module_database: Database) -> Clinic:
    """The people and orders that images belong to."""
    return open_clinic(create_app(module_database.engine("app")))


@pytest.fixture(scope="module")
def app(clinic: Clinic) -> FastAPI:
    """The app beside the gateway."""
    return clinic.app


@pytest.fixture(scope="module")
def gateway(installation: Installation, clinic: Clinic) -> Iterator[Gateway]:
    """The gateway of the module."""
    engine = clinic.app.state.engine
    shutil.rmtree(installation.settings.images_dir, ignore_errors=True)
    server = start(installation.settings, engine)
    yield Gateway(installation.settings, engine)
    server.shutdown()
    shutil.rmtree(installation.settings.images_dir, ignore_errors=True)
