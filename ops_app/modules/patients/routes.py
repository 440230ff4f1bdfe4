"""Finding people and registering them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app import audit
from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import OpsError
from ops_app.i18n import _
from ops_app.kit.dates import show_date
from ops_app.kit.form_fields import Form, Posted, PostedForm, blank
from ops_app.kit.htmx import is_htmx
from ops_app.modules.classifiers.queries import concept, title
from ops_app.modules.organizations.queries import organizations, sites, workplace
from ops_app.modules.patients import iin as iin_rules
from ops_app.modules.patients import queries, service
from ops_app.modules.patients.duplicates import REASONS
from ops_app.modules.patients.forms import DOCUMENT_TYPES, KINDS, RELATIONS, SEXES, RegistrationForm
from ops_app.modules.patients.identifiers import explain
from ops_app.modules.patients.permissions import PatientFinder, PatientRegistrar
from ops_app.modules.patients.search import IIN_LENGTH, read, search
from ops_app.modules.personal_data.mask import blocked_people
from ops_app.permissions import Permission
from ops_app.ui.render import fragment, page, redirect

router = APIRouter()

SHOWN = 20
OUTSIDE = "outside_scope_by_number"


@router.get("/patients", name="patients:search")
def find(request: Request, actor: PatientFinder, db: Db, q: str = "") -> Response:
    """People of the actor's organisations by number, name, birth date."""
    q = q.strip()
    found = search(db, q, actor.scope(Permission.PATIENTS_IDENTITY_READ), limit=SHOWN + 1)
    shown = found[:SHOWN]
    ids = [person.id for person in shown]
    audit.read_many(db, actor, ids, rule="search")
    wanted = read(q)
    outside = None
    if not shown and wanted.digits and len(wanted.digits) == IIN_LENGTH:
        # Only the whole number tells that somebody is registered elsewhere; a name never does.
        outside = queries.live_by_iin(db, wanted.digits)
        if outside is not None:
            audit.read(db, actor, outside.id, rule=OUTSIDE)
    context: dict[str, Any] = {
        "q": q,
        "found": shown,
        "has_more": len(found) > SHOWN,
        "too_short": bool(q) and wanted.is_empty,
        "outside": outside,
        "outside_blocked": outside is not None and outside.id in blocked_people(db),
        "places": queries.places_of(db, ids),
        "dead": queries.dead_among(db, ids),
        "opens": "patients:card" if actor.may(Permission.PATIENTS_CARD_READ) else "patients:identity",
        "may_register": actor.may(Permission.PATIENTS_IDENTITY_WRITE),
        "sex_titles": dict(SEXES),
        "register_query": _known_from(q),
    }
    if is_htmx(request):
        return fragment(request, "patients/_found.html", **context)
    return page(request, "patients/search.html", **context)


def _known_from(q: str) -> str:
    """What was searched for, so that registering does not ask for it again."""
    wanted = read(q)
    words = [word for word in q.split() if word.isalpha()]
    known = {
        "iin": wanted.digits if wanted.digits and len(wanted.digits) == IIN_LENGTH else None,
        "birth_date": show_date(wanted.birth_date) if wanted.birth_date else None,
        "family_name": words[0].title() if words else None,
        "given_name": words[1].title() if len(words) > 1 else None,
        "patronymic": words[2].title() if len(words) > 2 else None,
    }
    return urlencode({name: value for name, value in known.items() if value})


def form_choices(db: Session, actor: Actor, organization_id: int | None) -> dict[str, Any]:
    """Lists that the forms about a person offer."""
    places = organizations(db, actor.scope(Permission.PATIENTS_IDENTITY_WRITE))
    chosen = organization_id or (places[0].id if places else None)
    return {
        "kinds": KINDS,
        "sexes": SEXES,
        "relations": RELATIONS,
        "document_types": DOCUMENT_TYPES,
        "places": places,
        "sites": sites(db, [chosen]) if chosen else [],
    }


def place_title(db: Session, form: Form[Any]) -> str:
    """The place of residence a form holds, as text."""
    code = form.text("kato_code")
    found = concept(db, "kato", code) if code else None
    return title(found) if found else ""


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else None


@router.get("/patients/new", name="patients:new")
def new(request: Request, actor: PatientRegistrar, db: Db) -> Response:
    """An empty registration form with what is known already."""
    here = workplace(db, actor)
    known: dict[str, Any] = {"kind": "confirmed", "relation": "attached", "citizenship": "KZ"}
    if here is not None:
        known |= {"organization_id": here.organization.id, "site_id": here.site.id if here.site else None}
    allowed = set(RegistrationForm.model_fields) - {"is_another_person"}
    known |= {name: value for name, value in request.query_params.items() if name in allowed}
    form: Form[Any] = blank(known)
    _take_from_number(form)
    return _new_page(request, db, actor, form)


def _new_page(
    request: Request, db: Session, actor: Actor, form: Form[Any], status_code: int = 200, **context: Any
) -> Response:
    choices = form_choices(db, actor, _number(form.text("organization_id")))
    defaults: dict[str, Any] = {"similar": [], "existing": None, "reasons": REASONS}
    return page(
        request,
        "patients/new.html",
        status_code=status_code,
        form=form,
        kato_title=place_title(db, form),
        number_note=_number_note(form),
        **choices,
        **(defaults | context),
    )


def _take_from_number(form: Form[Any]) -> None:
    """Fill birth date and sex from a valid number; the number is stronger than an empty field only."""
    facts = iin_rules.read("".join(form.text("iin").split()))
    if isinstance(facts, iin_rules.IinFacts):
        if facts.birth_date and not form.text("birth_date"):
            form.raw["birth_date"] = facts.birth_date
        if facts.sex and not form.text("sex"):
            form.raw["sex"] = facts.sex


def _number_note(form: Form[Any]) -> tuple[str, str] | None:
    number = "".join(form.text("iin").split())
    if len(number) < IIN_LENGTH or form.error("iin"):
        return None
    facts = iin_rules.read(number)
    if isinstance(facts, iin_rules.IinProblem):
        return "danger", explain(facts)
    return "success", _("The number is right")


@router.get("/patients/number", name="patients:number")
def number(request: Request, actor: PatientRegistrar, db: Db) -> Response:
    """What a typed number says: birth date, sex, and whether the person is registered already."""
    form: Form[Any] = blank(dict(request.query_params))
    facts = iin_rules.read("".join(form.text("iin").split()))
    if isinstance(facts, iin_rules.IinFacts):
        form.raw["birth_date"] = facts.birth_date or form.raw.get("birth_date")
        form.raw["sex"] = facts.sex or form.raw.get("sex")
    existing = queries.live_by_iin(db, "".join(form.text("iin").split()))
    besides = _number(form.text("patient_id"))
    if existing is not None and existing.id == besides:
        existing = None
    return fragment(
        request,
        "patients/_birth_and_sex.html",
        form=form,
        sexes=SEXES,
        number_note=_number_note(form),
        existing=existing,
    )


@router.get("/patients/sites", name="patients:sites")
def site_options(request: Request, actor: PatientRegistrar, db: Db, organization_id: str = "") -> Response:
    """Sites of the organisation chosen in a form."""
    chosen = _number(organization_id)
    allowed = actor.scope(Permission.PATIENTS_IDENTITY_WRITE).allows(chosen)
    return fragment(
        request,
        "patients/_site.html",
        form=blank(dict(request.query_params)),
        sites=sites(db, [chosen]) if chosen and allowed else [],
    )


@router.post("/patients", name="patients:register")
def register(request: Request, actor: PatientRegistrar, db: Db, posted: PostedForm) -> Response:
    """Register a person, or show why not."""
    form = _checked(posted, RegistrationForm)
    context: dict[str, Any] = {}
    if form.value is not None:
        try:
            with db.begin_nested():
                patient = service.register(db, actor, form.value)
        except service.AlreadyRegistered as refused:
            form.refuse(refused)
            context["existing"] = queries.patient_or_404(db, refused.patient_id)
        except service.SimilarPeople as refused:
            form.refuse(refused)
            context["similar"] = refused.people
            audit.read_many(db, actor, [double.person.id for double in refused.people], rule="duplicate_check")
        except OpsError as refused:
            form.refuse(refused)
        else:
            opens = "patients:card" if actor.may(Permission.PATIENTS_CARD_READ) else "patients:identity"
            return redirect(request, request.app.url_path_for(opens, patient_id=patient.id), _("Registered"))
    return _new_page(request, db, actor, form, 422, **context)


def _checked(posted: Posted, model: type[RegistrationForm]) -> Form[RegistrationForm]:
    form = posted.check(model)
    pattern = _("The value does not look right")
    for name in ("family_name", "given_name", "patronymic"):
        if form.errors.get(name) == pattern:
            form.errors[name] = _("A name has letters only, for example Әлия or Иванова-Петрова")
    if form.errors.get("phone") == pattern:
        form.errors["phone"] = _("A phone number, for example +7 701 123 45 67")
    return form
