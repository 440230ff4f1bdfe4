"""The declared permission map: which rules open cards for which role."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import model_validator

from ops_app.kit.declared import Declared
from ops_app.modules.patients.access import MAPPED
from ops_app.permissions import Role

CONTENT = Path(__file__).parents[2] / "content" / "access" / "permission_map.yaml"


class PermissionMap(Declared):
    """``content/access/permission_map.yaml``."""

    version: str
    rules: tuple[str, ...]
    roles: dict[Role, frozenset[str]]
    other_roles: frozenset[str]
    """For roles without a line: those of administrators, and of parts that came later."""

    @model_validator(mode="after")
    def _is_whole(self) -> PermissionMap:
        if self.rules != MAPPED:
            raise ValueError(f"the rules are {', '.join(MAPPED)}")
        if unknown := frozenset().union(self.other_roles, *self.roles.values()) - set(self.rules):
            raise ValueError(f"unknown rules: {', '.join(sorted(unknown))}")
        return self

    def allows(self, role: str, rule: str) -> bool:
        """Whether the role opens cards by this rule unless an organisation says otherwise."""
        known = {str(each): rules for each, rules in self.roles.items()}
        return rule in known.get(role, self.other_roles)


@lru_cache(maxsize=1)
def permission_map() -> PermissionMap:
    """The map this program ships."""
    return PermissionMap.model_validate(yaml.safe_load(CONTENT.read_text(encoding="utf-8")))
