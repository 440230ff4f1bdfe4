"""The view ``accounts.held_role``: which account holds which role at which node, through whatever it came.

Rows of ``accounts.role_assignment`` belong to accounts or groups and say from where and how far a role reaches. The
view works out memberships by name and by position, places of work and levels, and clips what a group gives to its
place. ``organization_id`` is the node a role starts from (null: the whole installation), ``reach`` how far it goes.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Text, column, table

HELD_ROLE = table(
    "held_role",
    column("assignment_id", BigInteger),
    column("account_id", BigInteger),
    column("group_id", BigInteger),
    column("role", Text),
    column("organization_id", BigInteger),
    column("reach", Text),
    schema="accounts",
)

INSIDE_ORGANIZATION = ("department", "site")
"""Kinds of nodes that belong to the organisation above them."""
