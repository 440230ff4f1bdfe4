"""What a DICOMweb client accepts (PS3.18 chapter 8.7): media types, of parts too, and transfer syntaxes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.requests import Request

from ops_app.errors import OpsError
from ops_app.modules.imaging.multipart import parameters_of

MULTIPART = "multipart/related"
_BETWEEN = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')


class NotAcceptable(OpsError):
    """The client accepts nothing that this resource can be."""

    status = 406


@dataclass(frozen=True, slots=True)
class Wanted:
    """One of the possibilities a client names; ``media_type`` is that of the parts where the body has parts."""

    media_type: str
    transfer_syntax: str | None
    in_parts: bool

    def allows(self, media_type: str) -> bool:
        """Whether a part or body of this type is welcome."""
        return self.media_type in ("*/*", media_type, f"{media_type.partition('/')[0]}/*")


def wanted(request: Request) -> list[Wanted]:
    """What the address asks for (``?accept=``), else the header; without either anything is welcome."""
    written = request.query_params.get("accept") or request.headers.get("accept") or "*/*"
    found = []
    for each in _BETWEEN.split(written.lower()):
        kind, _, rest = each.strip().partition(";")
        parameters = parameters_of(f"application/x;{rest}")[1]
        if parameters.get("q", "1").strip("0.") == "":
            continue
        in_parts = kind.strip() == MULTIPART
        media_type = parameters.get("type", "*/*") if in_parts else kind.strip()
        found.append(Wanted(media_type, parameters.get("transfer-syntax"), in_parts or media_type == "*/*"))
    return found
