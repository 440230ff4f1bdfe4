"""A signed result on its way to the portal of the state: refused, put right, corrected, sent again, compared."""

from __future__ import annotations

import base64
import datetime as dt
import json

import pytest
from fhir.resources.R4B.documentreference import DocumentReference
from sqlalchemy import select

from ops_app.kit import clock
from ops_app.mechanisms.outbox.models import Difference, Message, SystemState
from ops_app.mechanisms.outbox.reconciliation import reconcile
from ops_app.modules.documents.models import Document
from tests.installation import Database
from tests.ops_app.clinic import Clinic
from tests.ops_app.exchange.registry import SYSTEM, Registry
from tests.ops_app.exchange.registry import registry as registry
from tests.ops_app.jobs.running import run_due
from tests.ops_app.laboratory.lab import POTASSIUM, Bench
from tests.ops_app.laboratory.test_signed_reports import Identity, document, form, sign
from tests.ops_app.laboratory.test_signed_reports import key as key


def message_of(clinic: Clinic, row: Document) -> Message:
    with clinic.session() as session:
        chosen = select(Message).where(Message.message_key == f"document:{row.id}:{row.version}")
        return session.scalars(chosen).one()


@pytest.mark.req("EDS-08")
def test_a_signed_result_reaches_the_portal_and_its_correction_after_it(
    clinic: Clinic, bench: Bench, module_database: Database, registry: Registry, key: Identity
) -> None:
    with clinic.session() as session:
        session.merge(SystemState(name=SYSTEM, is_on=True, is_ready=True))
    patient = clinic.register(birth_date=dt.date(clock.today().year - 40, 1, 15), sex="female")
    order = bench.measured(patient, POTASSIUM, K="4,2")
    first = document(clinic, form(clinic, order))
    run_due(module_database)
    assert registry.posts == [], "nothing leaves unsigned"

    # refused there: nobody sends it again by himself
    named = f"document:{first.id}:{first.version}"
    registry.misbehave = {named: ["422"]}
    assert sign(clinic, first.id, key) == "valid"
    run_due(module_database)
    letter = message_of(clinic, first)
    assert (letter.state, registry.order) == ("dead", [])
    assert letter.patient_id == patient.id
    assert (
        clinic.browser("doctor").post(f"/exchange/messages/{letter.id}/resend", {"reason": "again"}).status_code == 403
    )
    chief = clinic.browser("chief")
    body = dict(letter.body) | {"description": "K"}
    put_right = {"body": json.dumps(body), "reason": "the portal wants a description"}
    assert chief.post(f"/exchange/messages/{letter.id}/correct", put_right).status_code == 303
    run_due(module_database)
    assert message_of(clinic, first).state == "delivered"
    told = DocumentReference.model_validate(registry.held[named]["body"])
    assert [each.attachment.contentType for each in told.content] == ["application/pdf", "application/pkcs7-signature"]
    assert base64.b64decode(registry.held[named]["body"]["content"][0]["attachment"]["data"]).startswith(b"%PDF-")

    # the result is corrected here: the second version says which one it replaces
    result = bench.result(order, "K")
    corrected = {"value": "5,9", "reason": "перепутаны пробирки"}
    assert clinic.browser("labdoctor").post(f"/laboratory/results/{result.id}/correct", corrected).status_code == 303
    second = document(clinic, form(clinic, order))
    assert sign(clinic, second.id, key) == "valid"
    run_due(module_database)
    later = registry.held[f"document:{second.id}:{second.version}"]["body"]
    DocumentReference.model_validate(later)
    assert later["relatesTo"][0]["target"]["identifier"]["value"] == f"{first.number}/{first.version}"
    assert registry.order == [named, f"document:{second.id}:{second.version}"]

    # asked for once more it is not doubled there; at night both sides are compared
    again = message_of(clinic, second)
    assert chief.post(f"/exchange/messages/{again.id}/resend", {"reason": "they lost it"}).status_code == 303
    run_due(module_database)
    assert "had already arrived" in chief.get(f"/exchange/messages/{again.id}").text
    assert len(registry.held) == 2
    engine = module_database.engine("app")
    assert reconcile(engine, SYSTEM, clock.today()) is not None
    del registry.held[named]
    made = reconcile(engine, SYSTEM, clock.today())
    with clinic.session() as session:
        found = session.scalars(select(Difference).order_by(Difference.id)).all()
    assert [(row.reconciliation_id, row.message_key, row.kind) for row in found] == [(made, named, "missing_there")]
