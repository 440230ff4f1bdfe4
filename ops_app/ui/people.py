"""Names in place of logins: records keep who wrote them as a login, pages say the person.

A template writes ``{{ row.recorded_by|who }}``, or ``|who(true)`` where the position helps the reader. The filter
leaves a mark; when the page is done, one SELECT finds the names of all marks, however many rows the page has.
"""

from __future__ import annotations

import re
import secrets
from html import unescape

from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.i18n import _
from ops_app.modules.accounts.queries import Person, people_of
from ops_app.modules.organizations.titles import POSITIONS

_KEY = secrets.token_hex(8)
"""Known to this process only, so that nothing a user typed reads as a mark."""
_MARK = re.compile(rf"\[{_KEY}([+-])([^\]]*)\]")


def who(login: str | None, position: bool = False) -> Markup:
    """The mark of a login; empty where nobody is recorded."""
    return Markup(f"[{_KEY}{'+' if position else '-'}{escape(login)}]") if login else Markup("")  # noqa: S704  escaped


def named(html: str, session: Session | None) -> str:
    """A rendered page with people's names where the marks are."""
    logins = {unescape(match[1]) for match in _MARK.findall(html)}
    if not logins:
        return html
    known = people_of(session, logins) if session is not None and session.is_active else {}

    def name(match: re.Match[str]) -> str:
        login = unescape(match[2])
        return str(escape(shown(login, known.get(login), match[1] == "+")))

    return _MARK.sub(name, html)


def shown(login: str, person: Person | None, with_position: bool = False) -> str:
    """What a login is called where its account is known or not."""
    if person is not None:
        if with_position and person.position is not None:
            return f"{person.name}, {_(POSITIONS[person.position])}"
        return person.name
    if login == audit.SYSTEM:
        return _("the system itself")
    if login.startswith(audit.SHELL):
        return _("command line (%(account)s)", account=login.removeprefix(audit.SHELL))
    return login
