"""Profiles of facilities, the forms and documents of each, declared in ``ops_app/content/facility_profiles.yaml``."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.i18n import language
from ops_app.modules.organizations.models import OrganizationProfile

FILE = Path(__file__).resolve().parents[2] / "content" / "facility_profiles.yaml"


class CareProfile(BaseModel):
    """A kind of care and its data sets of primary medical documentation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: dict[str, str]
    forms: tuple[str, ...]
    documents: tuple[str, ...] = ()
    """Kinds of documents formed from a visit."""

    @property
    def text(self) -> str:
        """The title in the language of the request."""
        return self.title[language()]


@lru_cache(maxsize=1)
def care_profiles() -> dict[str, CareProfile]:
    """Every profile by its code."""
    entries = yaml.safe_load(FILE.read_text("utf-8"))
    return {code: CareProfile.model_validate(about) for code, about in entries.items()}


def belongs(form: str, profiles: list[str]) -> bool:
    """Whether a form belongs to a facility of these profiles; to one without any, every form does."""
    return _fits(profiles, {code for code, profile in care_profiles().items() if form in profile.forms})


def document_belongs(kind: str, profiles: list[str]) -> bool:
    """The same of a kind of documents."""
    return _fits(profiles, {code for code, profile in care_profiles().items() if kind in profile.documents})


def _fits(profiles: list[str], named: set[str]) -> bool:
    return not profiles or not named or not named.isdisjoint(profiles)


def profiles_of(session: Session, organization_id: int) -> list[str]:
    """The profiles of a facility."""
    statement = select(OrganizationProfile.care_profiles).where(OrganizationProfile.organization_id == organization_id)
    return list(session.scalar(statement) or ())
