"""Notices: the bell, the page behind it, and what each person wants by e-mail."""
