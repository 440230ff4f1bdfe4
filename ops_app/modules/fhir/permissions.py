"""The access rule of the FHIR API: a session of the screens, or an access token of the OpenID provider."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from ops_app.actor import Actor
from ops_app.auth import SAFE_METHODS, AccessRule, current_actor
from ops_app.db import Db
from ops_app.errors import NotSignedIn
from ops_app.mechanisms.closed_topics.veil import draw
from ops_app.modules.access.queries import veil_for
from ops_app.modules.accounts.conditions import closed_because
from ops_app.modules.oidc.queries import actor_of_token
from ops_app.modules.personal_data.application_limits import limit
from ops_app.modules.personal_data.mask import mask_blocked
from ops_app.modules.protection.standing import refuse_unprotected_program
from ops_app.permissions import Permission


def fhir_actor(request: Request, db: Db) -> Actor | None:
    """The actor behind a bearer token, else behind the session cookie."""
    scheme, _space, token = request.headers.get("authorization", "").partition(" ")
    if not scheme:
        return current_actor(request, db)
    # Who shows a token is judged by it alone: a forgotten cookie must not widen what a program sees.
    actor = actor_of_token(db, token.strip()) if scheme.lower() == "bearer" and token else None
    # The provider's own clients call from this machine; a program that reads people comes from a trusted network too.
    if actor is not None and closed_because(db, actor.account_id, "service" if actor.is_service else "person"):
        actor = None
    if actor is not None:
        actor = replace(actor, is_program=True)
        draw(db, veil_for(db, actor))
        mask_blocked(db, actor)
        limit(db)
    request.state.actor = actor
    request.state.by_token = actor is not None
    return actor


class FhirRule(AccessRule):
    """The rule of a permission, asked of a program: it is never sent to a sign-in page."""

    async def __call__(
        self, request: Request, actor: Annotated[Actor | None, Depends(fhir_actor, scope="function")]
    ) -> Actor:
        """Return the actor or refuse."""
        if actor is None:
            raise NotSignedIn()
        allowed = await super().__call__(request, actor)
        if actor.is_program and request.method in SAFE_METHODS:
            # What a program reads leaves the installation; what it sends arrives, and that goes on.
            await run_in_threadpool(refuse_unprotected_program, request.state.db)
        return allowed


FhirReader = Annotated[Actor, Depends(FhirRule(Permission.FHIR_RESOURCE_READ), scope="function")]
