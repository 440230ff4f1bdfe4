"""A doctor enters with a key, forms documents, signs a batch with one PIN, and anybody may check the paper."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from ops_app.app import create_app
from ops_app.mechanisms.signature.development import authority_of
from ops_app.modules.accounts.models import Account
from ops_app.modules.documents import service
from ops_app.modules.documents.models import Document
from ops_app.modules.organizations.models import Practitioner
from ops_app.permissions import Role
from saulyq.settings import settings
from tests.installation import Database
from tests.ops_app.browser import make_account
from tests.ops_app.clinic import Clinic, open_clinic
from tests.ops_app.documents.conftest import CLINIC_BIN, DOCTOR_IIN, name_the_doctor
from tests.ops_app.flows.conftest import Desk
from tests.ops_app.flows.words import form_of, refused, said
from tests.ops_app.signatures.simulator import NcaLayer, listening

CHIEF_IIN = "790304300018"
FIVE = 5

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def layer() -> Iterator[NcaLayer]:
    """NCALayer with the doctor's keys, at the address that the pages call."""
    authority = authority_of(settings())
    made = NcaLayer(
        signing=authority.issue("doctor", DOCTOR_IIN, kind="ecdsa", bin=CLINIC_BIN, organization="ТЕСТ"),
        entering=authority.issue("entering", DOCTOR_IIN, kind="ecdsa", use="enter"),
    )
    with listening(made) as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAULYQ_NCALAYER_URL", address)
        settings.cache_clear()
        yield made
    settings.cache_clear()


@pytest.fixture(scope="module")
def clinic(module_database: Database, layer: NcaLayer) -> Clinic:
    """The clinic whose pages call that NCALayer; the doctor and the chief have their numbers."""
    opened = open_clinic(create_app(module_database.engine("app")))
    name_the_doctor(opened)
    with opened.session() as session:
        session.get_one(Practitioner, opened.practitioners["chief"]).iin = CHIEF_IIN
    make_account(opened.app.state.engine, "admin", [(Role.ADMINISTRATOR, opened.tree["hospital"])])
    return opened


def form_certificates(desk: Desk, number: int = 1) -> list[int]:
    """Certificates of one visit that wait for the doctor's signature."""
    visit = desk.clinic.visit(desk.clinic.register().id)
    with desk.clinic.session() as session:
        actor = desk.clinic.actor(session, "doctor")
        return [
            service.form_document(
                session, actor, visit.id, "visit_certificate", "kk", {"presented_to": str(at)}, "/check/CODE"
            ).id
            for at in range(number)
        ]


def document(desk: Desk, number: int) -> Document:
    with desk.clinic.session() as session:
        return session.get_one(Document, number)


def sign_all(page: Page) -> None:
    page.goto("/to-sign")
    page.locator("[data-sign]").click()
    page.wait_for_selector(".empty", timeout=30_000)


@pytest.mark.req("EDS-01", "IAM-14")
def test_a_certificate_enters_and_a_cancelled_one_says_so(desk: Desk, layer: NcaLayer) -> None:
    with desk.clinic.session() as session:
        session.execute(update(Account).where(Account.login == "doctor").values(language=desk.language))
    page = desk.sit(None)
    page.goto("/sign-in")
    page.locator('a[href*="/sign-in/certificate"]').click()
    layer.cancels = True
    page.locator("[data-enter]").click()
    expect(page.locator("[data-told]")).to_contain_text(said(desk, "Signing was cancelled."))
    layer.cancels = False
    page.locator("[data-enter]").click()
    page.wait_for_url(lambda url: "sign-in" not in url)
    expect(page.locator("details.menu .menu-head")).to_contain_text("doctor")


@pytest.mark.req("EDS-02", "EDS-04", "EDS-10")
def test_one_pin_signs_five_documents_which_a_stranger_may_check(desk: Desk, layer: NcaLayer) -> None:
    numbers = form_certificates(desk, FIVE)
    refused(desk.sit("nurse"), "/to-sign")
    stranger, page = desk.sit(None), desk.sit("doctor")
    check = f"/check/{document(desk, numbers[0]).check_code}"
    stranger.goto(check)
    expect(stranger.locator("[role=alert]")).to_have_text(said(desk, "Not signed yet: the document is not in force."))
    page.goto("/to-sign")
    expect(page.locator("[data-document]")).to_have_count(FIVE)
    page.locator("[data-choose-all]").uncheck()
    page.locator("[data-sign]").click()
    expect(page.locator("[data-told]")).to_have_text(said(desk, "Choose what to sign."))
    page.locator("[data-choose-all]").check()
    layer.passwords_asked = 0
    page.select_option("[data-store]", "AKKZIDCardStore")
    page.locator("[data-store]").press("Control+Enter")
    page.wait_for_selector(".empty", timeout=30_000)
    assert layer.passwords_asked == 1
    assert layer.requests[-1]["args"]["allowedStorages"] == ["AKKZIDCardStore"]
    stranger.reload()
    expect(stranger.locator(".flash-success")).to_have_text(said(desk, "Genuine and in force."))
    expect(stranger.locator("main")).to_contain_text(document(desk, numbers[0]).number)


@pytest.mark.req("EDS-05", "EDS-09")
@pytest.mark.usefixtures("layer")
def test_the_record_of_a_visit_is_formed_signed_printed_and_corrected(desk: Desk) -> None:
    visit = desk.clinic.visit(desk.clinic.register().id)
    page = desk.sit("doctor")
    page.goto(f"/visits/{visit.id}")
    page.locator(f'a[href$="/visits/{visit.id}/documents"]').click()
    record = page.locator("form").filter(has=page.locator('input[name="kind"][value="visit_record"]'))
    record.locator("[data-submit]").click()
    page.wait_for_url("**/documents/*")
    address = page.url
    page.locator('main a[href$="/to-sign"]').click()
    page.locator("[data-sign]").click()
    page.wait_for_selector(".empty", timeout=30_000)
    page.goto(address)
    expect(page.locator("h2 .tag-green")).to_have_text(said(desk, "signed"))
    printed = page.request.get(f"{address}/pdf")
    assert printed.headers["content-type"] == "application/pdf" and printed.body().startswith(b"%PDF")
    with page.expect_download() as download:
        page.locator('a[href$="/container"]').click()
    assert download.value.suggested_filename.endswith(".zip")
    page.goto(f"/visits/{visit.id}/documents")
    record.locator("[data-submit]").click()
    expect(page.locator(".error-summary")).to_be_visible()
    page.goto(f"/visits/{visit.id}")
    page.locator("summary[data-edit]").click()
    amend = form_of(page, f"/visits/{visit.id}")
    amend.locator('[name="note"]').fill("+")
    amend.locator("[data-submit]").click()
    page.goto(address)
    page.locator(f'.flash-warning a[href$="/visits/{visit.id}/documents"]').click()
    record.locator("[data-submit]").click()
    page.wait_for_url("**/documents/*")
    assert page.url != address
    sign_all(page)
    page.goto(address)
    expect(page.locator(".flash-warning")).to_contain_text(said(desk, "A newer version replaced it."))


@pytest.mark.req("EDS-03")
def test_the_administrator_decides_where_a_signature_is_mandatory(desk: Desk) -> None:
    refused(desk.sit("doctor"), "/signatures/rules")
    page = desk.sit("admin")
    page.goto("/signatures/rules")
    page.select_option("#f-kind", "visit_certificate")
    page.locator("main form.fields [data-submit]").click()
    expect(page.locator(".error-summary")).to_be_visible()
    for value, word in (("0", "optional"), ("1", "mandatory")):
        page.select_option("#f-kind", "visit_certificate")
        page.select_option("#f-organization_id", str(desk.clinic.tree["hospital"]))
        page.locator(f'input[name="is_mandatory"][value="{value}"]').check()
        page.locator("main form.fields [data-submit]").click()
        row = page.locator("table.list tbody tr").filter(has_text="hospital")
        expect(row.locator("td").nth(2)).to_have_text(said(desk, word))


@pytest.mark.req("IAM-04", "IAM-05", "EDS-03")
def test_a_role_waits_for_the_signature_of_the_responsible_employee(desk: Desk, layer: NcaLayer) -> None:
    login, place = f"waiting.{desk.language}", desk.clinic.tree["department"]
    number = make_account(desk.clinic.app.state.engine, login, [(Role.NURSE, place)], language=desk.language).id
    admin, chief = desk.sit("admin"), desk.sit("chief")
    refused(admin, "/account-changes")
    rule = {"kind": "action:account_change", "organization_id": place, "is_mandatory": "1"}
    assert desk.clinic.browser("admin").post("/signatures/rules", rule).status_code == 303
    admin.goto(f"/users/{number}")
    admin.select_option("#f-role", "registrar")
    admin.select_option("#f-organization_id", str(place))
    admin.fill("#f-request_number", f"17-{desk.language}")
    admin.keyboard.press("Control+Enter")
    expect(admin.locator(".flash-warning").last).to_contain_text(
        said(desk, "Waits for the signature of the responsible employee:")
    )
    chief.goto("/account-changes")
    row = chief.locator("[data-row]").filter(has_text=login)
    chief.locator("[data-sign]").click()
    expect(row.locator("[data-reason]")).not_to_be_empty()
    doctors, layer.signing = (
        layer.signing,
        authority_of(settings()).issue(
            f"chief {desk.language}", CHIEF_IIN, kind="ecdsa", bin=CLINIC_BIN, organization="ТЕСТ"
        ),
    )
    try:
        chief.locator("[data-sign]").click()
        expect(chief.locator(".empty")).to_be_visible()
    finally:
        layer.signing = doctors
    chief.goto("/account-changes?done=true")
    expect(chief.locator("[data-row]").filter(has_text=login)).to_contain_text(said(desk, "change signed"))
    admin.reload()
    expect(admin.locator("table.list tbody tr")).to_have_count(2)
