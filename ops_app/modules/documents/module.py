"""Documents: formed, signed, checked, annulled."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.i18n import N_
from ops_app.mechanisms.document.declaration import declarations
from ops_app.module import Module, NavItem
from ops_app.modules.documents import received_routes, routes, sending, signing
from ops_app.modules.documents.queries import count_to_sign
from ops_app.permissions import Permission

# A wrong declaration stops the start.
declarations()

router = APIRouter()
router.routes.extend((*received_routes.router.routes, *routes.router.routes, *signing.router.routes))


def waiting(session: Session, actor: Actor) -> int:
    """What the navigation shows beside "To sign"."""
    return count_to_sign(session, actor.practitioner_id)


MODULE = Module(
    "documents",
    router=router,
    nav=(
        NavItem(
            N_("To sign"),
            "documents:to_sign",
            Permission.DOCUMENTS_RECORD_SIGN,
            group="day",
            order=20,
            waiting=waiting,
        ),
        NavItem(N_("Documents"), "documents:journal", Permission.DOCUMENTS_RECORD_READ, group="journals", order=10),
    ),
    messages={sending.KIND: N_("Signed document")},
    actions={
        "documents:of_patient": N_("Opened the documents of a person"),
        "documents:of_visit": N_("Opened the documents of a visit"),
        "documents:form": N_("Formed a document"),
        "documents:document": N_("Opened a document"),
        "documents:received": N_("Opened a document of another system"),
        "documents:received_file": N_("Opened a file of a document of another system"),
        "documents:pdf": N_("Opened the PDF of a document"),
        "documents:container": N_("Downloaded a document with its signatures"),
        "documents:annul": N_("Annulled a document"),
        "documents:journal": N_("Opened the journal of documents"),
        "documents:to_sign": N_("Opened the documents to sign"),
        "documents:content": N_("Took documents to sign"),
        "documents:sign": N_("Signed documents"),
        "documents:signature_refused": N_("A signature under a document was refused"),
    },
)
