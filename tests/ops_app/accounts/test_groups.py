"""Groups and levels: who may not make them, what they never reach, what their members hold."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.mechanisms.task.owners import accounts_of_roles
from ops_app.modules.accounts import group_queries, queries
from ops_app.modules.accounts.models import AccessGroup, AccountChange, GroupMember, StoredRole
from ops_app.modules.audit.models import Event
from ops_app.modules.notifications.queries import holders
from ops_app.modules.organizations.models import Organization, Practitioner, PractitionerRole
from ops_app.permissions import Permission, Role
from tests.ops_app.browser import Browser, make_account
from tests.ops_app.clinic import Clinic

NAMES = {"name_kk": "Кезекшілер", "name_ru": "Дежурные", "name_en": "On duty"}


@pytest.fixture(scope="module", autouse=True)
def _keepers(clinic: Clinic) -> None:
    """Administrators of the hospital, of its department and of the other organisation; a branch of the hospital."""
    engine = clinic.app.state.engine
    with Session(engine) as session:
        branch = Organization(
            kind="organization",
            organization_type="ambulatory",
            parent_id=clinic.tree["hospital"],
            name_kk="branch",
            name_ru="branch",
            name_en="branch",
            sort_key="branch",
        )
        session.add(branch)
        session.commit()
        clinic.tree["branch"] = branch.id
    for login, place in (("keeper", "hospital"), ("under", "department"), ("other.keeper", "other")):
        make_account(engine, login, [(Role.ADMINISTRATOR, clinic.tree[place])])
    make_account(engine, "boss", [(Role.ADMINISTRATOR, None)])


def group_of(clinic: Clinic, place: str | None, login: str = "boss") -> int:
    """A new group, made on its screen."""
    node = clinic.tree[place] if place else 0
    answer = clinic.browser(login).post("/groups/new", NAMES | {"organization_id": node})
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].rsplit("/", 1)[1])


def nodes(clinic: Clinic, login: str, permission: Permission) -> set[str]:
    """Names of the places where an account holds a permission."""
    with clinic.session() as session:
        scope = clinic.actor(session, login).scope(permission)
    return {name for name, node in clinic.tree.items() if scope.allows(node)}


def give(browser: Browser, group: int, role: str, place: object, level: str = "subordinate") -> int:
    return browser.post(f"/groups/{group}/roles", {"role": role, "place": str(place), "level": level}).status_code


def worker(clinic: Clinic, login: str, position: str, place: str, **dates: dt.date) -> None:
    """An account without a role of its own, in a position."""
    with clinic.session() as session:
        person = Practitioner(family_name=login, given_name="Асан", sort_key=login)
        session.add(person)
        session.flush()
        known = {"start_date": dt.date(2020, 1, 1)} | dates
        session.add(
            PractitionerRole(practitioner_id=person.id, organization_id=clinic.tree[place], position=position, **known)
        )
        number = person.id
    make_account(clinic.app.state.engine, login, practitioner_id=number)


def test_whoever_is_no_administrator_of_the_place_touches_no_group(clinic: Clinic) -> None:
    group = group_of(clinic, "hospital", "keeper")
    for login in ("doctor", "chief", "official", "registrar"):
        browser = clinic.browser(login)
        assert browser.get("/groups").status_code == 403
        assert browser.get(f"/groups/{group}").status_code == 403
        assert browser.post("/groups/new", NAMES | {"organization_id": clinic.tree["hospital"]}).status_code == 403
        assert give(browser, group, "doctor", clinic.tree["hospital"]) == 403
        assert browser.post(f"/groups/{group}/members", {"login": login}).status_code == 403
    for login in ("under", "other.keeper"):
        browser = clinic.browser(login)
        assert browser.get(f"/groups/{group}").status_code == 404
        assert give(browser, group, "doctor", clinic.tree["hospital"]) == 404
        assert browser.post(f"/groups/{group}/members", {"login": login}).status_code == 404
        assert browser.post(f"/groups/{group}/remove").status_code == 404
        assert browser.post("/groups/new", NAMES | {"organization_id": clinic.tree["hospital"]}).status_code == 422
        assert browser.post("/groups/new", NAMES | {"organization_id": 0}).status_code == 422


@pytest.mark.req("IAM-16")
def test_group_gives_nothing_outside_its_place(clinic: Clinic) -> None:
    keeper, under = clinic.browser("keeper"), clinic.browser("under")
    group, narrow = group_of(clinic, "hospital", "keeper"), group_of(clinic, "department", "under")
    tree = clinic.tree
    assert give(keeper, group, "doctor", tree["other"]) == 422
    assert give(keeper, group, "doctor", tree["region"]) == 422
    assert give(keeper, group, "doctor", 0) == 422
    assert give(keeper, group, "doctor", tree["department"], "region") == 422
    assert give(keeper, group, "doctor", "workplace", "region") == 422
    assert give(under, narrow, "doctor", tree["department"], "organization") == 422
    assert give(under, narrow, "doctor", "workplace", "organization") == 422
    assert give(keeper, group, "no_such_role", tree["hospital"]) == 422
    assert keeper.post(f"/groups/{group}/members", {"login": "stranger"}).status_code == 422
    assert keeper.post(f"/groups/{group}/members", {"login": "boss"}).status_code == 422
    assert keeper.post(f"/groups/{group}/members", {}).status_code == 422
    assert keeper.post(f"/groups/{group}/members", {"login": "nurse", "position": "nurse"}).status_code == 422
    # A direct role neither: its level counts as the place it reaches.
    with clinic.session() as session:
        nurse = queries.account_by_login(session, "nurse")
        assert nurse is not None
    wide = {"role": "nurse", "organization_id": tree["department"], "level": "region"}
    assert keeper.post(f"/users/{nurse.id}/roles", wide).status_code == 422
    # Nor what was right once: a branch that leaves the place takes the rights of its group with it.
    moved = group_of(clinic, "hospital", "keeper")
    assert give(keeper, moved, "radiographer", tree["branch"]) == 303
    assert keeper.post(f"/groups/{moved}/members", {"login": "second"}).status_code == 303
    assert nodes(clinic, "second", Permission.RADIOLOGY_ORDER_PERFORM) == {"branch"}
    with clinic.session() as session:
        session.get_one(Organization, tree["branch"]).parent_id = tree["other"]
    assert nodes(clinic, "second", Permission.RADIOLOGY_ORDER_PERFORM) == set()
    with clinic.session() as session:
        session.get_one(Organization, tree["branch"]).parent_id = tree["hospital"]


@pytest.mark.req("IAM-16")
@pytest.mark.parametrize(
    ("level", "reached"),
    [
        ("node", {"department"}),
        ("organization", {"hospital", "department", "site"}),
        ("subordinate", {"department", "site"}),
        ("region", {"region", "hospital", "department", "site", "branch", "other"}),
    ],
)
def test_level_limits_how_far_a_role_reaches(clinic: Clinic, level: str, reached: set[str]) -> None:
    login = f"level.{level}"
    make_account(clinic.app.state.engine, login, [(Role.REGISTRAR, clinic.tree["department"])])
    assert nodes(clinic, login, Permission.DEVICES_DEVICE_READ) == set()
    boss = clinic.browser("boss")
    with clinic.session() as session:
        account = queries.account_by_login(session, login)
        assert account is not None
    role = {"role": "laboratory_technician", "organization_id": clinic.tree["department"], "level": level}
    assert boss.post(f"/users/{account.id}/roles", role).status_code == 303
    assert nodes(clinic, login, Permission.DEVICES_DEVICE_READ) == reached
    with clinic.session() as session:
        for place, node in clinic.tree.items():
            told = holders(session, Permission.LABORATORY_WORK_DO, node)
            assert (account.id in told) == (place in reached), place
            owners = accounts_of_roles(session, ["laboratory_technician"], node)
            assert (account.id in owners) == (place in reached), place


@pytest.mark.req("IAM-16")
def test_position_of_the_structure_makes_a_member_and_its_end_ends_it(clinic: Clinic) -> None:
    worker(clinic, "statist", "statistician", "department")
    worker(clinic, "statist.branch", "statistician", "branch")
    worker(clinic, "statist.other", "statistician", "other")
    worker(clinic, "statist.gone", "statistician", "department", end_date=dt.date(2024, 1, 1))
    keeper = clinic.browser("keeper")
    group = group_of(clinic, "hospital", "keeper")
    assert keeper.post(f"/groups/{group}/members", {"position": "statistician"}).status_code == 303
    assert nodes(clinic, "statist", Permission.DEATHS_RECORD_READ) == set()
    assert give(keeper, group, "registrar", "workplace", "organization") == 303
    # Each where he works: one in the hospital, one in its branch; nobody of another organisation or of yesterday.
    assert nodes(clinic, "statist", Permission.DEATHS_RECORD_READ) == {"hospital", "department", "site"}
    assert nodes(clinic, "statist.branch", Permission.DEATHS_RECORD_READ) == {"branch"}
    assert nodes(clinic, "statist.other", Permission.DEATHS_RECORD_READ) == set()
    assert nodes(clinic, "statist.gone", Permission.DEATHS_RECORD_READ) == set()
    page = keeper.get(f"/groups/{group}").text
    assert "Statist" in page and "Statist.Gone" not in page
    with clinic.session() as session:
        statist = queries.account_by_login(session, "statist")
        assert statist is not None
        held = session.scalars(
            select(PractitionerRole).where(PractitionerRole.practitioner_id == statist.practitioner_id)
        ).one()
        held.end_date = dt.date(2026, 1, 1)
    assert nodes(clinic, "statist", Permission.DEATHS_RECORD_READ) == set()


@pytest.mark.req("IAM-16")
def test_member_holds_the_role_until_he_leaves_and_the_journal_tells_it(clinic: Clinic) -> None:
    keeper = clinic.browser("keeper")
    group = group_of(clinic, "hospital", "keeper")
    assert clinic.browser("registrar").get("/devices").status_code == 403
    assert give(keeper, group, "laboratory_technician", clinic.tree["hospital"]) == 303
    assert give(keeper, group, "laboratory_technician", clinic.tree["hospital"]) == 422
    assert keeper.post(f"/groups/{group}/members", {"login": "registrar", "request_number": "5"}).status_code == 303
    assert keeper.post(f"/groups/{group}/members", {"login": "registrar"}).status_code == 422
    assert clinic.browser("registrar").get("/devices").status_code == 200
    with clinic.session() as session:
        member = session.scalars(select(GroupMember).where(GroupMember.group_id == group)).one()
        account = queries.account_by_login(session, "registrar")
        assert account is not None
    assert "through the group “On duty”" in keeper.get(f"/users/{account.id}").text
    assert "(On duty)" in keeper.get("/users").text
    assert keeper.post(f"/groups/{group}/remove").status_code == 409
    assert keeper.post(f"/groups/{group}/members/{member.id}/leave").status_code == 303
    assert clinic.browser("registrar").get("/devices").status_code == 403
    with clinic.session() as session:
        told = session.scalars(
            select(Event).where(Event.entity == "accounts.group_member", Event.login == "keeper").order_by(Event.id)
        ).all()[-2:]
        assert [event.action for event in told] == ["accounts:join_group", "accounts:leave_group"]
        assert told[0].after is not None and told[0].after["request_number"] == "5"
        assert told[1].before is not None and told[1].before["login"] == "registrar"
        assignment = group_queries.roles_of(session, session.get_one(AccessGroup, group))[0].RoleAssignment
    assert keeper.post(f"/groups/{group}/roles/{assignment.id}/take").status_code == 303
    assert keeper.post(f"/groups/{group}/remove").status_code == 303
    assert keeper.get(f"/groups/{group}").status_code == 404


def test_local_administrator_does_not_touch_who_holds_more_through_a_group(clinic: Clinic) -> None:
    boss, keeper = clinic.browser("boss"), clinic.browser("keeper")
    make_account(clinic.app.state.engine, "raised", [(Role.NURSE, clinic.tree["hospital"])])
    with clinic.session() as session:
        raised = queries.account_by_login(session, "raised")
        assert raised is not None
    assert keeper.get(f"/users/{raised.id}").status_code == 200
    group = group_of(clinic, None)
    assert give(boss, group, "official", clinic.tree["region"]) == 303
    assert boss.post(f"/groups/{group}/members", {"login": "raised"}).status_code == 303
    assert keeper.get(f"/users/{raised.id}").status_code == 404
    assert keeper.post(f"/users/{raised.id}/password").status_code == 404


def test_notices_find_holders_of_own_roles(clinic: Clinic) -> None:
    with clinic.session() as session:
        session.add(
            StoredRole(
                code="night_watch",
                name_kk="Түнгі",
                name_ru="Ночной",
                name_en="Night",
                permissions=[str(Permission.LAB_QUALITY_LOT_MANAGE)],
            )
        )
    account = make_account(clinic.app.state.engine, "watch", [("night_watch", clinic.tree["hospital"])])  # type: ignore[list-item]
    with clinic.session() as session:
        assert holders(session, Permission.LAB_QUALITY_LOT_MANAGE, clinic.tree["site"]) == [account.id]
        assert holders(session, Permission.LAB_QUALITY_LOT_MANAGE, clinic.tree["other"]) == []


@pytest.mark.req("IAM-04", "IAM-16")
def test_group_waits_for_the_signature_where_changes_are_signed(clinic: Clinic) -> None:
    other = clinic.tree["other"]
    keeper = clinic.browser("other.keeper")
    group = group_of(clinic, "other", "other.keeper")
    rule = {"kind": "action:account_change", "organization_id": other, "is_mandatory": "1"}
    assert keeper.post("/signatures/rules", rule).status_code == 303
    assert give(keeper, group, "nurse", "workplace", "node") == 303
    assert keeper.post(f"/groups/{group}/members", {"position": "therapist"}).status_code == 303
    assert keeper.post(f"/groups/{group}/members", {"position": "therapist"}).status_code == 422
    with clinic.session() as session:
        found = session.get_one(AccessGroup, group)
        assert not group_queries.members(session, found) and not group_queries.roles_of(session, found)
        waiting = session.scalars(select(AccountChange).where(AccountChange.group_id == group)).all()
        assert [change.kind for change in waiting] == ["give_group_role", "join_group"]
        assert all(b'"group"' in (change.statement or b"") for change in waiting)
    assert "Take into the group: physician" in keeper.get(f"/groups/{group}").text


@given(data=st.data())
@examples(max_examples=8, deadline=None)
def test_group_never_reaches_beyond_its_place(clinic: Clinic, data: st.DataObject) -> None:
    """Whatever is given however: what a member holds through a group lies in the place of the group."""
    places = sorted(clinic.tree)
    with Session(clinic.app.state.engine) as session:
        place = data.draw(st.sampled_from(places))
        group = AccessGroup(organization_id=clinic.tree[place], **NAMES)
        session.add(group)
        session.flush()
        account = queries.account_by_login(session, data.draw(st.sampled_from(("doctor", "stranger", "nurse"))))
        assert account is not None
        before = queries.own_reach(session, account.id).organization_ids
        session.add(GroupMember(group_id=group.id, account_id=account.id))
        at_workplace = data.draw(st.booleans())
        session.add(
            queries.RoleAssignment(
                group_id=group.id,
                role="radiologist",
                at_workplace=at_workplace,
                organization_id=None if at_workplace else clinic.tree[data.draw(st.sampled_from(places))],
                level=data.draw(st.sampled_from(("node", "organization", "subordinate", "region"))),
            )
        )
        session.flush()
        grants = [grant for grant in queries.role_grants(session, account.id) if grant.role == "radiologist"]
        inside = group_queries.place_scope(session, group).organization_ids
        assert all(not grant.scope.everywhere and grant.scope.organization_ids <= inside for grant in grants)
        assert before <= queries.own_reach(session, account.id).organization_ids
        session.rollback()
