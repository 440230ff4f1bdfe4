"""The access rules that routes of this module name."""

from ops_app.auth import SignedIn

HelpReader = SignedIn
"""Help says nothing about people."""
