"""Images from media and archives, the check of stored files, and the end of their time."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import pytest
from pydicom.uid import generate_uid
from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.modules.imaging import filing, keeping
from ops_app.modules.imaging.models import Study
from ops_app.modules.radiology.uploads import Brought, take
from tests.ingestion.dicom import objects
from tests.ops_app.clinic import Clinic

TODAY = dt.date(2026, 11, 22)


def brought(clinic: Clinic, session: Session, path: Path) -> list[Brought]:
    """A file a member of staff brings."""
    actor = clinic.actor(session, "doctor")
    with path.open("rb") as sent:
        return take(session, actor, clinic.tree["hospital"], path.name, sent)


@pytest.mark.req("PACS-04")
def test_a_disc_as_archive_brings_its_objects_and_nothing_else(clinic: Clinic, tmp_path: Path) -> None:
    person = clinic.register()
    study = generate_uid()
    slices = [objects.ct_slice(person, StudyInstanceUID=study) for _ in range(3)]
    disc = tmp_path / "disc.zip"
    with zipfile.ZipFile(disc, "w") as zipped:
        for number, path in enumerate(objects.saved(tmp_path, *slices)):
            zipped.write(path, f"IMAGES/IM{number}")
        zipped.writestr("../../outside.dcm", (tmp_path / f"{slices[0].SOPInstanceUID}.dcm").read_bytes()[:-10])
        zipped.writestr("README.TXT", "viewer")
    with clinic.session() as session:
        taken = brought(clinic, session, disc)
    assert [each.outcome for each in taken] == ["stored"] * 3 + ["refused"] * 2
    assert taken[3].name == "disc.zip › ../../outside.dcm"
    assert not list(filing.incoming_folder(filing.images_folder()).iterdir())
    with clinic.session() as session:
        row = session.scalars(select(Study).where(Study.study_uid == study)).one()
        assert (row.patient_id, row.instance_count) == (person.id, 3)
    broken = tmp_path / "broken.zip"
    content = bytearray(disc.read_bytes())
    content[200:230] = b"\xaa" * 30
    broken.write_bytes(content)
    with clinic.session() as session:
        assert brought(clinic, session, broken)[0].outcome == "refused"


@pytest.mark.req("PACS-04")
def test_a_changed_or_lost_file_is_named(clinic: Clinic, tmp_path: Path) -> None:
    paths = objects.saved(tmp_path, objects.radiograph(), objects.radiograph())
    with clinic.session() as session:
        studies = [each.study_id for path in paths for each in brought(clinic, session, path)]
    with clinic.session() as session:
        whole = keeping.check(session)
        assert whole.intact and whole.files >= 2
        folders = session.execute(
            select(keeping.Instance.path)
            .join(keeping.Series, keeping.Series.id == keeping.Instance.series_id)
            .join(Study, Study.id == keeping.Series.study_id)
            .where(Study.id.in_(studies))
            .order_by(keeping.Instance.id)
        ).scalars()
        changed, lost = list(folders)
    filing.full_path(changed).write_bytes(b"other")
    filing.full_path(lost).unlink()
    with clinic.session() as session:
        found = keeping.check(session)
    assert (found.changed, found.missing) == ([changed], [lost])
    # the one who has it still brings it again
    with clinic.session() as session:
        assert [each.outcome for each in brought(clinic, session, paths[1])] == ["duplicate"]
    with clinic.session() as session:
        assert keeping.check(session).missing == []


def test_what_is_older_than_its_kind_is_kept_goes_and_its_rows_stay(clinic: Clinic, tmp_path: Path) -> None:
    person = clinic.register()
    old, young = (
        objects.multi_frame(person, StudyDate="20150101"),
        objects.radiograph(person, StudyDate="20150101"),
    )
    paths = objects.saved(tmp_path, old, young)
    with clinic.session() as session:
        for path in paths:
            brought(clinic, session, path)
    with clinic.session() as session:
        found = [study for study, _until in keeping.expired(session, TODAY)]
        assert [study.study_uid for study in found] == [str(old.StudyInstanceUID)]
        assert keeping.remove(session, found[0]) == 1
        assert keeping.expired(session, TODAY) == []
        gone = session.scalars(select(Study).where(Study.study_uid == str(old.StudyInstanceUID))).one()
        assert gone.state == "removed" and gone.instance_count == 1
