"""Words of the pages of this module."""

from __future__ import annotations

from ops_app.i18n import N_

STORES = {
    "database": N_("Database"),
    "files": N_("Images and files"),
    "warehouse": N_("Lake and warehouse"),
    "backups": N_("Backups"),
}
"""Where the installation keeps data; every store stands in Kazakhstan."""

BASES = {
    "adequate": N_("the state ensures protection of personal data"),
    "consent": N_("consent of the person or the representative"),
    "treaty": N_("international treaty ratified by Kazakhstan"),
    "law": N_("a law of Kazakhstan provides for it"),
    "rights": N_("protection of a person's rights when consent cannot be had"),
}
"""Law on personal data of 21.05.2013 № 94-V, article 16: grounds of a cross-border transfer."""

LOCATIONS = {
    "database": N_("Database"),
    "files": N_("files"),
    "images": N_("images"),
    "lake": N_("lake"),
    "warehouse": N_("data warehouse"),
    "secrets": N_("secrets"),
}
STORAGE = {
    "encrypted": N_("encrypted"),
    "memory": N_("in memory only"),
    "documented": N_("by the provider's document"),
    "plain": N_("not encrypted"),
}
