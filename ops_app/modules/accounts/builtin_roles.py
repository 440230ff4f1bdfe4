"""The built-in roles as the program ships them, written into the table at every upgrade."""

from __future__ import annotations

from collections.abc import Iterator

from ops_app.i18n import translations
from ops_app.modules.accounts.titles import ROLES
from ops_app.role_permissions import ROLE_PERMISSIONS


def statements() -> Iterator[str]:
    """Yield the SQL that brings the built-in roles to this version; what administrators added stays."""
    for role, title in ROLES.items():
        names = ", ".join(_quoted(translations(language).gettext(title)) for language in ("kk", "ru", "en"))
        permissions = _quoted("{" + ",".join(sorted(ROLE_PERMISSIONS[role])) + "}")
        yield (
            "insert into accounts.role (code, name_kk, name_ru, name_en, is_builtin, permissions) "
            f"values ({_quoted(role)}, {names}, true, {permissions}) on conflict (code) do update set "
            "name_kk = excluded.name_kk, name_ru = excluded.name_ru, name_en = excluded.name_en, "
            "is_builtin = true, permissions = excluded.permissions"
        )


def _quoted(text: str) -> str:
    # Through exec_driver_sql: a per cent sign would begin a parameter.
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"
