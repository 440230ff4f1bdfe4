"""Changes of accounts that wait for the signature of a responsible employee, and what they do when it comes.

Whether they wait is a rule of the signatures module for the subject ``action:account_change``: by organisation, off
unless an administrator switches it on. A temporary ban and the end of a session never wait: they stop harm at once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, NotFound
from ops_app.i18n import N_, _
from ops_app.kit import clock
from ops_app.modules.accounts import group_service, queries, service
from ops_app.modules.accounts.forms import AccountForm, GroupRoleForm, MemberForm, RoleForm
from ops_app.modules.accounts.models import AccessGroup, Account, AccountChange, RoleAssignment
from ops_app.modules.accounts.titles import ROLES
from ops_app.modules.organizations.models import Organization
from ops_app.modules.organizations.queries import organization_of, workplace
from ops_app.modules.organizations.titles import POSITIONS
from ops_app.modules.signatures import queries as signature_queries
from ops_app.modules.signatures import service as signatures
from ops_app.permissions import Permission

SUBJECT = "action:account_change"
KINDS = {
    "create": N_("New account with the role %(role)s"),
    "give_role": N_("Give the role %(role)s"),
    "take_role": N_("Take the role %(role)s away"),
    "disable": N_("Disable the account"),
    "enable": N_("Enable the account"),
    "join_group": N_("Take into the group"),
    "leave_group": N_("Take out of the group"),
    "give_group_role": N_("Give the group the role %(role)s"),
    "take_group_role": N_("Take the role %(role)s from the group"),
}


def must_be_signed(session: Session, place: int | None) -> bool:
    """Whether changes of accounts at this node wait for a signature."""
    return signature_queries.is_mandatory(session, SUBJECT, place or 0, default=False)


def refuse_unsigned(session: Session, place: int | None) -> None:
    """Refuse to take something back at once where changes wait for a signature by now."""
    if must_be_signed(session, place):
        raise Conflict(
            _("Here changes of accounts and rights wait for a signature"),
            advice=_("Make the change anew on the page; it takes effect when the responsible employee signs it."),
        )


def place_of(session: Session, account: Account) -> int | None:
    """Where an account works: the first of its roles that names a node."""
    return queries.home_node(session, account.id)


def text_of(change: AccountChange) -> str:
    """The change in words."""
    titles = {str(role): title for role, title in ROLES.items()}
    # a role of the installation's own is named by its code
    told = _(KINDS[change.kind], role=_(titles.get(change.role, change.role)) if change.role else "")
    return told if change.position is None else f"{told}: {_(POSITIONS[change.position])}"


def pending_of(
    session: Session, *, account: Account | None = None, group: AccessGroup | None = None
) -> Sequence[AccountChange]:
    """Changes of one account, or of one group, that wait."""
    whose = AccountChange.group_id == group.id if group else AccountChange.account_id == (account and account.id)
    return session.scalars(
        select(AccountChange).where(whose, AccountChange.state == "pending").order_by(AccountChange.id)
    ).all()


def _in_scope(actor: Actor) -> Select[AccountChange, Account, AccessGroup, Organization]:
    scope = actor.scope(Permission.ACCOUNTS_CHANGE_SIGN)
    statement: Select[AccountChange, Account, AccessGroup, Organization] = (
        select(AccountChange, Account, AccessGroup, Organization)
        .outerjoin(Account, Account.id == AccountChange.account_id)
        .outerjoin(AccessGroup, AccessGroup.id == AccountChange.group_id)
        .outerjoin(Organization, Organization.id == AccountChange.organization_id)
    )
    return statement if scope.everywhere else statement.where(scope.condition(AccountChange.organization_id))


def listed(actor: Actor, *, pending: bool) -> Select[AccountChange, Account, AccessGroup, Organization]:
    """Changes that the responsible employee decides on, or those decided."""
    waits = AccountChange.state == "pending"
    return _in_scope(actor).where(waits if pending else ~waits)


def waiting(session: Session, actor: Actor) -> int:
    """How many wait for this employee."""
    return session.scalar(select(func.count()).select_from(listed(actor, pending=True).subquery())) or 0


def ask_to_create(session: Session, actor: Actor, account: Account, form: AccountForm) -> AccountChange:
    """The account is made asleep; its role comes and it wakes with the signature."""
    account.is_active = False
    return _ask_with_role(session, actor, "create", account, form)


def ask_for_role(session: Session, actor: Actor, account: Account, form: RoleForm) -> AccountChange:
    """A role that is given with the signature."""
    return _ask_with_role(session, actor, "give_role", account, form)


def _ask_with_role(session: Session, actor: Actor, kind: str, account: Account, form: RoleForm) -> AccountChange:
    change = AccountChange(
        kind=kind,
        account_id=account.id,
        role=form.role,
        level=form.level,
        organization_id=form.node,
        request_number=form.request_number,
        request_date=form.request_date,
    )
    return _store(session, actor, account, change)


def ask(
    session: Session, actor: Actor, kind: str, account: Account, *, place: int | None, role: str | None = None
) -> AccountChange:
    """A change that carries no request."""
    change = AccountChange(kind=kind, account_id=account.id, role=role, organization_id=place)
    return _store(session, actor, account, change)


def ask_about_group(
    session: Session,
    actor: Actor,
    kind: str,
    group: AccessGroup,
    form: MemberForm | GroupRoleForm,
    *,
    account: Account | None = None,
) -> AccountChange:
    """Somebody who joins or leaves a group, or a role it is given or loses."""
    change = AccountChange(
        kind=kind,
        group_id=group.id,
        account_id=account.id if account else None,
        organization_id=group.organization_id,
        at_workplace=False,
        request_number=form.request_number,
        request_date=form.request_date,
    )
    if isinstance(form, GroupRoleForm):
        change.role, change.level, change.at_workplace = form.role, form.level, form.at_workplace
        change.organization_id = group.organization_id if form.at_workplace else form.node
    else:
        change.position = form.position
    return _store(session, actor, account, change, group)


def _same(change: AccountChange) -> tuple[object, ...]:
    return (
        change.kind,
        change.account_id,
        change.group_id,
        change.role,
        change.organization_id,
        bool(change.at_workplace),
        change.position,
    )


def _store(
    session: Session,
    actor: Actor,
    account: Account | None,
    change: AccountChange,
    group: AccessGroup | None = None,
) -> AccountChange:
    if any(_same(row) == _same(change) for row in pending_of(session, account=account, group=group)):
        raise Conflict(_("This change waits for its signature already"), field="role")
    change.asked_by, change.asked_at = actor.login, clock.now()
    session.add(change)
    session.flush()
    change.statement = _statement(session, account, group, change)
    session.flush()
    audit.changed(
        session,
        actor,
        entity="accounts.account_change",
        entity_id=change.id,
        after={
            "login": account.login if account else None,
            "group": group.name_kk if group else None,
            "kind": change.kind,
            "role": change.role,
            "place": change.organization_id,
        },
    )
    return change


def _statement(session: Session, account: Account | None, group: AccessGroup | None, change: AccountChange) -> bytes:
    """What the employee puts his name under: one JSON document, the same bytes for ever."""
    place = session.get(Organization, change.organization_id) if change.organization_id else None
    told = {
        "statement": "change of an account",
        "number": change.id,
        "change": change.kind,
        "login": account.login if account else None,
        "name": account.display_name if account else None,
        "group": group.name_kk if group else None,
        "group_id": change.group_id,
        "position": change.position,
        "role": change.role,
        "reaches": change.level,
        "at_place_of_work": bool(change.at_workplace),
        "place": place.name_kk if place else None,
        "place_id": change.organization_id,
        "request_number": change.request_number,
        "request_date": change.request_date.isoformat() if change.request_date else None,
        "asked_by": change.asked_by,
        "asked_at": change.asked_at.isoformat(timespec="seconds"),
    }
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


def pending_or_404(
    session: Session, actor: Actor, change_id: int
) -> Row[AccountChange, Account, AccessGroup, Organization]:
    """A change this employee may decide on, locked."""
    found = session.execute(
        listed(actor, pending=True).where(AccountChange.id == change_id).with_for_update(of=AccountChange)
    ).one_or_none()
    if found is None:
        raise NotFound(_("This change is decided already, or is not yours to sign"))
    return found


def sign(session: Session, actor: Actor, change_id: int, signature: bytes) -> str:
    """Put a change into force with a detached signature, or say why not; the attempt is kept either way."""
    change, account, group, _place = pending_or_404(session, actor, change_id)
    if change.asked_by == actor.login:
        raise Forbidden(_("Whoever asked for a change does not sign it"))
    assert change.statement is not None
    verdict = signatures.judge(signature, change.statement)
    signer = verdict.signers[0] if verdict.signers else None
    reason = verdict.reason
    if verdict.is_valid:
        reason = "several_signers" if len(verdict.signers) != 1 else _powers(session, actor, change, verdict.signers[0])
    signatures.record_attempt(session, "account_change", reason, signer, account_id=actor.account_id, login=actor.login)
    if reason != "valid" or signer is None:
        return reason
    if group is not None:
        _apply_to_group(session, actor, change, group, account)
    else:
        _apply(session, actor, change, account)
    change.state, change.decided_by, change.decided_at = "signed", actor.login, clock.now()
    change.cms, change.certificate_serial = signature, signer.serial
    session.flush()
    _log(session, actor, change)
    return reason


def _powers(session: Session, actor: Actor, change: AccountChange, signer: signatures.Signer) -> str:
    organization = organization_of(session, change.organization_id) if change.organization_id else None
    here = workplace(session, actor)
    organization = organization or (here.organization if here else None)
    if actor.practitioner_id is None or organization is None:
        return "no_position"
    return signatures.powers(session, actor.practitioner_id, organization, signer)


def _request(change: AccountChange) -> dict[str, object]:
    known = {"request_number": change.request_number, "request_date": change.request_date, "change": change.id}
    return {name: value for name, value in known.items() if value is not None}


def _apply_to_group(
    session: Session, actor: Actor, change: AccountChange, group: AccessGroup, account: Account | None
) -> None:
    request = _request(change)
    if change.kind == "join_group":
        group_service.join(session, group, account, change.position, by=actor, request=request)
    if change.kind == "leave_group":
        group_service.leave(session, group, account, change.position, by=actor)
    if change.role is None:
        return
    node = None if change.at_workplace else change.organization_id
    where = change.at_workplace
    if change.kind == "give_group_role":
        level = change.level or "subordinate"
        group_service.give_role(session, group, change.role, node, level, at_workplace=where, by=actor, request=request)
    if change.kind == "take_group_role":
        assignment = group_service.carried(session, group, change.role, node, at_workplace=where)
        if assignment is None:
            raise Conflict(_("The group has this role no longer"))
        group_service.take_role(session, group, assignment, by=actor)


def _apply(session: Session, actor: Actor, change: AccountChange, account: Account) -> None:
    request = _request(change)
    if change.kind in ("create", "give_role"):
        assert change.role is not None
        level = change.level or "subordinate"
        service.give_role(session, account, change.role, change.organization_id, level=level, by=actor, request=request)
    if change.kind == "take_role":
        assignment = session.scalar(
            select(RoleAssignment).where(
                RoleAssignment.account_id == account.id,
                RoleAssignment.role == change.role,
                RoleAssignment.organization_id.is_not_distinct_from(change.organization_id),
            )
        )
        if assignment is None:
            raise Conflict(_("The account has this role no longer"))
        service.take_role(session, assignment, account, by=actor)
    if change.kind in ("create", "enable"):
        service.enable_account(session, account, by=actor)
    if change.kind == "disable":
        service.disable_account(session, account, by=actor)


def refuse(session: Session, actor: Actor, change_id: int, reason: str) -> None:
    """Leave things as they are, with a reason."""
    change, _account, _group, _place = pending_or_404(session, actor, change_id)
    change.state, change.decided_by, change.decided_at = "refused", actor.login, clock.now()
    change.refusal = reason
    session.flush()
    _log(session, actor, change)


def _log(session: Session, actor: Actor, change: AccountChange) -> None:
    audit.changed(
        session,
        actor,
        entity="accounts.account_change",
        entity_id=change.id,
        before={"state": "pending"},
        after={"state": change.state},
    )
