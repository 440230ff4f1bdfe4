"""Which organisation and site act for a person: the one that serves him, else the one he is attached to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ops_app.modules.organizations.queries import Workplace
from ops_app.modules.patients import queries


@dataclass(frozen=True, slots=True)
class CarePlace:
    """The organisation and site of a record about a person."""

    organization_id: int
    site_id: int | None


def care_place(session: Session, records: Sequence[int], here: Workplace) -> CarePlace:
    """The person's own site when he belongs to this organisation, else the site of whoever records."""
    for row in (queries.current_serving_site(session, records), queries.current_attachment(session, records)):
        if row is not None and row.organization_id == here.organization.id:
            return CarePlace(here.organization.id, row.site_id)
    return CarePlace(here.organization.id, here.site.id if here.site else None)
