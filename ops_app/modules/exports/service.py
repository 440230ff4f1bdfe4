"""Putting the files of an export together and writing down that it was given."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile

from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.errors import Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.accounts.queries import home_organization
from ops_app.modules.exports.forms import REQUESTERS, ExportForm
from ops_app.modules.exports.summary import kinds_of, period_conditions, summary
from ops_app.modules.fhir.bundles import bundle, entries
from ops_app.modules.fhir.search import everything
from ops_app.modules.personal_data import disclosures
from ops_app.modules.personal_data.forms import DisclosureForm
from ops_app.modules.protection.standing import refuse_unprotected
from ops_app.patient_access import PatientAccess


def make(session: Session, access: PatientAccess, form: ExportForm) -> bytes:
    """A zip with the summary, the FHIR bundle and an index of both; the audit keeps who asked, why and the sums."""
    if form.since and form.until and form.until < form.since:
        raise Invalid(_("The end lies before the beginning"), field="until")
    if (form.requester == "authority") != (form.exception is not None):
        raise Invalid(_("For an authorised body name the exception of the law; otherwise none"), field="exception")
    refuse_unprotected(session)
    wanted = {kind.name: period_conditions(kind, form) for kind in kinds_of(form)}
    resources = everything(session, access.patient_id, wanted)
    document = bundle("collection", entries(resources, None))
    files = {
        "summary.pdf": summary(session, access.patient_id, form),
        "bundle.json": json.dumps(document, ensure_ascii=False, indent=1).encode(),
    }
    files["index.csv"] = _index(files)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    index_sha256 = hashlib.sha256(files["index.csv"]).hexdigest()
    home = home_organization(session, access.actor)
    disclosed = DisclosureForm(
        recipient=_(dict(REQUESTERS)[form.requester]),
        purpose=form.basis,
        what=", ".join(files),
        basis="exception" if form.exception else "subject",
        exception=form.exception,
        document=form.basis,
        given_on=clock.today(),
    )
    disclosures.exported(session, access.actor, access.patient_id, home.id if home else None, disclosed, index_sha256)
    audit.changed(
        session,
        access.actor,
        entity="exports.person",
        entity_id=access.patient_id,
        patient_id=access.patient_id,
        after=form.model_dump(mode="json", exclude_none=True)
        | {"resources": len(resources), "index_sha256": index_sha256},
        rule=access.rule,
    )
    return packed.getvalue()


def _index(files: dict[str, bytes]) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("file", "bytes", "sha256"))
    for name, content in files.items():
        rows.writerow((name, len(content), hashlib.sha256(content).hexdigest()))
    return text.getvalue().encode()
