"""What the module is: a page on the card of a person."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.module import Module
from ops_app.modules.exports.routes import router

MODULE = Module(
    "exports",
    router=router,
    actions={
        "exports:form": N_("Export of a person's data: form"),
        "exports:make": N_("Export of a person's data"),
    },
)
