"""The access rules that routes of this module name."""

from ops_app.auth import SignedIn

CodeReader = SignedIn
"""Code lists hold nothing about people."""
