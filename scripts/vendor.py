"""Copies the few built files the pages need from node_modules to ops_app/ui/static/vendor (not in git)."""

import shutil
from pathlib import Path

UI = Path(__file__).resolve().parent.parent / "ops_app" / "ui"
VENDOR = UI / "static" / "vendor"
FILES = {
    "bootstrap/dist/css/bootstrap.min.css": "bootstrap.min.css",
    "bootstrap/dist/css/bootstrap.min.css.map": "bootstrap.min.css.map",
    "bootstrap/dist/js/bootstrap.bundle.min.js": "bootstrap.bundle.min.js",
    "bootstrap/dist/js/bootstrap.bundle.min.js.map": "bootstrap.bundle.min.js.map",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
}

VENDOR.mkdir(parents=True, exist_ok=True)
for source, target in FILES.items():
    shutil.copyfile(UI / "node_modules" / source, VENDOR / target)
