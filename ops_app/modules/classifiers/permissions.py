"""The access rules that routes of this module name."""

from typing import Annotated

from ops_app.actor import Actor
from ops_app.auth import SignedIn, allowed
from ops_app.permissions import Permission

CodeReader = SignedIn
"""Code lists hold nothing about people."""
BookManager = Annotated[Actor, allowed(Permission.CLASSIFIERS_BOOK_MANAGE)]
