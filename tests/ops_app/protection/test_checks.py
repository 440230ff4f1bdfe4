"""Protection of personal data: who states it, what is measured, and that nothing leaves production without it."""

from __future__ import annotations

import datetime as dt
import json
import os
import pwd
from pathlib import Path

import pytest
from sqlalchemy import Text, cast, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.mechanisms.outbox import delivery, outbox
from ops_app.mechanisms.outbox.models import SystemState
from ops_app.modules.accounts.models import Account
from ops_app.modules.audit.models import Event
from ops_app.modules.oidc.claims import releasing
from ops_app.modules.protection import standing
from ops_app.modules.protection.declarations import checks, threats
from ops_app.modules.protection.models import Aggregator, Place, Statement
from ops_app.modules.signatures.models import SignatureRule
from ops_app.permissions import Role
from saulyq import database as saulyq_database
from saulyq.storage_encryption import measured
from tests.installation import Database, Installation
from tests.ops_app.browser import Browser, make_account
from tests.ops_app.clinic import Clinic
from tests.ops_app.exchange.registry import SYSTEM, Registry
from tests.ops_app.exchange.registry import registry as registry
from tests.ops_app.jobs.running import run_due
from tests.ops_app.protection.conftest import SetUp
from tests.ops_app.protection.operator import everything_met, say, stand

EXPORT = {"requester": "patient", "basis": "application № 1 of today", "language": "kk"}


@pytest.fixture(scope="module")
def officer(clinic: Clinic) -> Browser:
    """Who answers for personal data in the whole installation."""
    make_account(clinic.app.state.engine, "officer", [(Role.DATA_OFFICER, None)])
    return clinic.browser("officer")


@pytest.fixture(scope="module")
def local_officer(clinic: Clinic) -> Browser:
    make_account(clinic.app.state.engine, "local_officer", [(Role.DATA_OFFICER, clinic.tree["hospital"])])
    return clinic.browser("local_officer")


def met(clinic: Clinic) -> dict[str, bool]:
    with clinic.session() as session:
        return {code: each.is_met for code, each in standing.results(session).items()}


def test_who_may_not_see_or_state(clinic: Clinic, local_officer: Browser) -> None:
    for login in ("doctor", "nurse", "registrar"):
        assert clinic.browser(login).get("/protection").status_code == 403
        assert say(clinic.browser(login), "responsible_person").status_code == 403
    chief = clinic.browser("chief")
    assert chief.get("/protection").status_code == 200
    assert stand(chief, "database").status_code == 403
    for refused in (say(local_officer, "responsible_person"), stand(local_officer, "database")):
        assert refused.status_code == 403
        assert "whole installation" in refused.text
    with clinic.session() as session:
        assert session.scalars(select(Statement)).all() == []
        assert session.scalars(select(Place)).all() == []


def test_what_the_program_measures_nobody_confirms(officer: Browser) -> None:
    assert say(officer, "storage_encrypted").status_code == 422
    assert say(officer, "nothing").status_code == 422
    assert "not come yet" in say(officer, "7", stated_on="+1").text


@pytest.mark.req("PDATA-10")
def test_production_lets_nothing_leave_until_every_required_check_is_met(
    clinic: Clinic,
    module_database: Database,
    officer: Browser,
    registry: Registry,
    set_up: SetUp,
) -> None:
    engine = clinic.app.state.engine
    make_account(engine, "admin", [(Role.ADMINISTRATOR, None)])
    admin, doctor = clinic.browser("admin"), clinic.browser("doctor")
    person = clinic.register()
    set_up(MODE="production")
    refused = admin.post(f"/exchange/systems/{SYSTEM}/on")
    assert refused.status_code == 409
    assert "The internet is reached by the single gateway" in refused.text
    assert doctor.post(f"/patients/{person.id}/export", EXPORT).status_code == 422
    with clinic.session() as session:
        # switched on before the installation became production
        session.merge(SystemState(name=SYSTEM, is_on=True, is_ready=True))
        outbox.put(session, SYSTEM, "signed_document", "doc-1", {"number": 1}, patient_id=person.id)
    run_due(module_database)
    delivery.sweep(engine, standing.why_closed)
    assert registry.posts == []
    assert "its place is not declared" in admin.get("/exchange/systems").text

    everything_met(clinic, officer, set_up)
    assert "Every required check is met" in officer.get("/protection").text
    delivery.sweep(engine, standing.why_closed)
    run_due(module_database)
    assert registry.order == ["doc-1"]
    assert doctor.post(f"/patients/{person.id}/export", EXPORT).status_code == 200

    # one that stops holding closes the door again
    assert say(officer, "responsible_person", is_met="no").status_code == 303
    assert doctor.post(f"/patients/{person.id}/export", EXPORT).status_code == 422
    with clinic.session() as session:
        outbox.put(session, SYSTEM, "signed_document", "doc-2", {"number": 2}, patient_id=person.id)
    run_due(module_database)
    assert registry.order == ["doc-1"]
    assert "protection: responsible_person" in admin.get("/exchange/systems").text
    assert "stopped until the required checks are met" in officer.get("/protection").text


@pytest.mark.req("PDATA-10")
def test_elsewhere_checks_are_shown_and_stop_nothing(clinic: Clinic, officer: Browser) -> None:
    page = officer.get("/protection").text
    assert "In production messages, exports and releases would be stopped" in page
    assert clinic.browser("doctor").post(f"/patients/{clinic.register().id}/export", EXPORT).status_code == 200


@pytest.mark.req("IAM-34", "IAM-28")
def test_each_control_of_the_standard_shows_its_state_and_its_proof(
    clinic: Clinic, officer: Browser, set_up: SetUp
) -> None:
    controls = [each for each in checks().values() if each.kind == "controls"]
    assert {"5, 6.1", "7", "8", "9.2", "10", "11", "12.3", "13", "14", "15", "16", "17", "18"} <= {
        each.code for each in controls
    }
    page = officer.get("/protection").text
    for each in controls:
        assert each.title.en in page
        assert each.source.en in page
    for threat in threats().values():
        assert threat.title.en in page
    assert say(officer, "7").status_code == 303
    assert met(clinic)["7"]
    # a control that is partly measured needs both halves
    set_up(GATEWAY_URL=None)
    assert say(officer, "13").status_code == 303
    assert not met(clinic)["13"]
    assert "not met: The internet is reached by the single gateway" in officer.get("/protection").text
    set_up(GATEWAY_URL="http://127.0.0.1:3128")
    assert met(clinic)["13"]
    with clinic.session() as session:
        said = session.scalars(select(Event).where(Event.action == "protection:state")).all()
        assert said[-1].after["document"] == "Order № 12 of 03.03.2026"


def test_a_confirmation_expires(clinic: Clinic, officer: Browser) -> None:
    months = checks()["12.6"].months
    old = clock.today() - dt.timedelta(days=30 * months + 1)
    assert say(officer, "12.6", stated_on=show_date(old)).status_code == 303
    assert not met(clinic)["12.6"]
    assert "the confirmation has expired" in officer.get("/protection").text
    assert say(officer, "12.6").status_code == 303
    assert met(clinic)["12.6"]


@pytest.mark.req("PDATA-21")
def test_stores_stand_in_kazakhstan_and_data_go_abroad_with_a_legal_basis_only(
    clinic: Clinic, officer: Browser, set_up: SetUp
) -> None:
    assert "territory of Kazakhstan only" in stand(officer, "backups", country="DE").text
    assert stand(officer, "backups", country="de", legal_basis="treaty").status_code == 422
    abroad = "system:external_laboratory"
    assert "needs its legal basis" in stand(officer, abroad, country="DE").text
    assert stand(officer, abroad, country="KZ", legal_basis="consent").status_code == 422
    assert stand(officer, "system:unknown").status_code == 422
    with clinic.session() as session:
        assert session.scalars(select(Place).where(Place.country != "KZ")).all() == []
    # neither can somebody who writes past the form
    with Session(clinic.app.state.engine) as session:
        session.add(Place(name="files", country="DE", address="-", document="-", recorded_by="x", legal_basis="law"))
        with pytest.raises(IntegrityError):
            session.flush()
    assert stand(officer, abroad, country="de", legal_basis="treaty").status_code == 303
    page = officer.get("/protection/places").text
    assert "international treaty ratified by Kazakhstan" in page
    # a system that is switched on without a declared place fails the check, and production sends it nothing
    with clinic.session() as session:
        session.merge(SystemState(name="egov_cabinet", is_on=True, is_ready=True))
    assert not met(clinic)["destinations"]
    assert stand(officer, "system:egov_cabinet").status_code == 303
    for name in ("database", "files", "warehouse", "backups", f"system:{SYSTEM}"):
        stand(officer, name)
    found = met(clinic)
    assert found["destinations"]
    assert found["data_places"]


@pytest.mark.req("IAM-31")
def test_open_ports_and_letters_without_tls_are_found(clinic: Clinic, officer: Browser, set_up: SetUp) -> None:
    assert met(clinic)["published_encrypted"], "pages on this machine only"
    set_up(BIND="10.0.0.5")
    say(officer, "13", is_met="no")
    page = officer.get("/protection").text
    assert "without TLS: pages, HL7, ASTM, DICOM" in page
    set_up(PUBLIC_URL="http://saulyq.example.kz")
    assert "without TLS: pages" in officer.get("/protection").text
    set_up(PUBLIC_URL="https://saulyq.example.kz", HL7_CERTIFICATE="/c.pem", DICOM_CERTIFICATE="/c.pem")
    assert "without TLS: ASTM" in officer.get("/protection").text
    set_up(ASTM_CERTIFICATE="/c.pem")
    assert met(clinic)["published_encrypted"]
    set_up(ASTM_CERTIFICATE=None)
    assert not met(clinic)["published_encrypted"]
    # analysers that cannot encrypt: their segment is confirmed by a person
    say(officer, "13")
    assert met(clinic)["published_encrypted"]
    mail = {"SMTP_HOST": "mail.example.kz", "SMTP_FROM": "s@example.kz"}
    set_up(**mail, SMTP_SECURITY="none")
    assert "without TLS: mail" in officer.get("/protection").text
    set_up(SMTP_SECURITY="starttls")
    assert met(clinic)["outgoing_encrypted"]


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """The /proc and /sys of a machine with LUKS, LVM upon LUKS and a plain disk, as its kernel writes them."""
    home = tmp_path / "data"
    mounts = {"luks": "253:0", "lvm": "253:1", "plain": "8:1"}
    lines = ["22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw"]
    for name, number in mounts.items():
        (home / name).mkdir(parents=True)
        lines.append(f"30 22 {number} / {home / name} rw,relatime shared:2 - ext4 /dev/mapper/{name} rw")
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mountinfo").write_text("\n".join(lines) + "\n")
    devices = tmp_path / "sys/dev/block"
    for number, uuid in (("253:0", "CRYPT-LUKS2-8f2e-vault"), ("253:1", "LVM-q9zV"), ("8:1", None)):
        (devices / number).mkdir(parents=True)
        if uuid:
            (devices / number / "dm").mkdir()
            (devices / number / "dm/uuid").write_text(f"{uuid}\n")
    (devices / "253:1/slaves/dm-0").parent.mkdir()
    (devices / "253:1/slaves/dm-0").symlink_to(devices / "253:0")
    return tmp_path


@pytest.mark.req("IAM-30")
def test_encryption_of_disks_is_what_the_kernel_says(machine: Path) -> None:
    found = {name: measured(machine / "data" / name / "not/yet/there", machine) for name in ("luks", "lvm", "plain")}
    assert found == {"luks": "encrypted", "lvm": "encrypted", "plain": "plain"}
    (machine / "sys/dev/block/253:1/slaves/dm-1").symlink_to(machine / "sys/dev/block/8:1")
    assert measured(machine / "data/lvm", machine) == "plain", "one part of the volume lies open"
    # this machine, whatever it is, answers; shared memory is never at rest
    assert measured(Path("/dev/shm")) == "memory"


@pytest.mark.req("IAM-30")
def test_production_does_not_start_on_plain_disks(installation: Installation, tmp_path: Path) -> None:
    if measured(tmp_path) != "plain":
        pytest.skip("the disk of this machine is encrypted")
    production = {"SAULYQ_MODE": "production", "SAULYQ_HOME": str(tmp_path / "home")}
    for command in (("up",), ("run", "ops")):
        refused = installation.run(*command, check=False, timeout=60, **production)
        assert refused.returncode == 1
        assert "encrypted disks only" in refused.stderr
        assert "SAULYQ_STORAGE_ENCRYPTION_DOCUMENT" in refused.stderr
    assert not (tmp_path / "home/postgres").exists()


@pytest.mark.req("PDATA-10", "IAM-30")
def test_the_command_line_shows_the_same_and_fails_while_something_lacks(installation: Installation) -> None:
    document = {"SAULYQ_STORAGE_ENCRYPTION_DOCUMENT": "№ 7 of 2026"}
    answer = installation.run("protection", "check", "--json", check=False, **document)
    assert answer.returncode == 1
    assert "required checks are not met" in answer.stderr
    told = json.loads(answer.stdout)
    assert told["ok"] is told["enforced"] is False
    by_code = {row["code"]: row for row in told["checks"]}
    assert set(by_code) == set(checks())
    assert by_code["storage_encrypted"]["met"]
    assert "№ 7 of 2026" in by_code["storage_encrypted"]["found"]


def claims_of(clinic: Clinic, login: str) -> dict[str, object]:
    with clinic.session() as session:
        return releasing(session, clinic.actor(session, login))


@pytest.mark.req("DWH-03")
def test_the_aggregator_is_named_from_a_day_on_and_only_its_staff_release(
    clinic: Clinic, officer: Browser, local_officer: Browser, set_up: SetUp
) -> None:
    named = {
        "organization_id": str(clinic.tree["other"]),
        "begins_on": show_date(clock.today()),
        "document": "Order ҚР ДСМ-1 of 01.02.2026",
    }
    assert claims_of(clinic, "chief") == {"release_refused": None, "aggregator": None}
    set_up(MODE="production")
    assert claims_of(clinic, "chief")["release_refused"] == "no_aggregator"
    set_up(MODE="development")
    assert local_officer.post("/protection/aggregator", named).status_code == 403
    assert clinic.browser("chief").post("/protection/aggregator", named).status_code == 403
    for wrong in ({"organization_id": str(clinic.tree["site"])}, {"begins_on": "-1"}, {"document": ""}):
        assert officer.post("/protection/aggregator", named | wrong).status_code == 422
    assert officer.post("/protection/aggregator", named | {"begins_on": "+10"}).status_code == 303
    assert claims_of(clinic, "chief")["release_refused"] is None, "not before its day"
    with clock.frozen(clock.now() + dt.timedelta(days=11)):
        assert claims_of(clinic, "chief") == {"release_refused": "not_aggregator", "aggregator": "other"}
        assert claims_of(clinic, "stranger")["release_refused"] is None
        set_up(MODE="production")
        assert claims_of(clinic, "stranger")["release_refused"] == "unprotected"
        set_up(MODE="development")
    # who it was is history: another one begins later, and never in the past
    assert "nor before the last" in officer.post("/protection/aggregator", named).text
    page = officer.get("/protection/aggregator").text
    assert "Order ҚР ДСМ-1" in page


@pytest.mark.req("DWH-03")
def test_naming_the_aggregator_is_signed_where_a_rule_says_so(clinic: Clinic, officer: Browser) -> None:
    with clinic.session() as session:
        session.add(SignatureRule(subject="action:aggregator", organization_id=None, is_mandatory=True, set_by="t"))
    named = {"organization_id": str(clinic.tree["other"]), "begins_on": "+30", "document": "Order № 2"}
    refused = officer.post("/protection/aggregator", named)
    assert refused.status_code == 403
    assert "signed with an EDS" in refused.text
    with clinic.session() as session:
        assert len(session.scalars(select(Aggregator)).all()) == 1


def test_the_command_line_releases_and_exports_by_the_same_rules(installation: Installation, tmp_path: Path) -> None:
    production = {"SAULYQ_MODE": "production"}
    for command in (
        ("release", "screening_coverage", "--period", "2026", "--out", str(tmp_path / "release")),
        ("export", "facility", "--org", "1", "--out", str(tmp_path / "export")),
    ):
        refused = installation.run(*command, check=False, **production)
        assert refused.returncode == 1
        assert "saulyq protection check" in refused.stderr


@pytest.mark.req("DWH-03")
def test_a_release_of_the_shell_names_who_typed_it_beside_whose_it_is(
    installation: Installation, tmp_path: Path
) -> None:
    def release(*by: str) -> str:
        named = ("release", "screening_coverage", "--period", "2026", "--out", str(tmp_path / "release"))
        # what the shell says of itself is not believed
        return installation.run(*named, *by, check=False, LOGNAME="director", USER="director").stderr

    for login, role in (("keeper", Role.ADMINISTRATOR), ("clerk", Role.REGISTRAR), ("akimat", Role.OFFICIAL)):
        installation.run("user", "add", login, "--role", role, LOGNAME="director")
    assert "no active account nobody" in release("--by", "nobody")
    for login in ("keeper", "clerk"):
        assert "this account may not see the figures" in release("--by", login)
    # past the rule; this installation has no figures yet
    assert "not built" in release("--by", "akimat")
    assert "not built" in release()
    typed = f"shell:{pwd.getpwuid(os.getuid()).pw_name}"
    with saulyq_database.engine(installation.settings, "app") as engine, Session(engine) as session:
        asked = session.scalars(select(Event).where(Event.action == "protection:release").order_by(Event.id)).all()
        accounts = select(cast(Account.id, Text)).where(Account.login.in_(("keeper", "clerk", "akimat")))
        made = session.scalars(
            select(Event).where(Event.entity == "accounts.account", Event.entity_id.in_(accounts))
        ).all()
    assert len(made) >= 3
    assert {row.login.partition(" as ")[0] for row in (*asked, *made)} == {typed}
    assert [(row.after["by"], row.after["refused"]) for row in asked[-4:]] == [
        ("keeper", "not_permitted"),
        ("clerk", "not_permitted"),
        ("akimat", None),
        (None, None),
    ]
