"""Adds new texts of the operational app to its catalogues, drops those no longer used, names what lacks.

``python scripts/messages.py [area …]``: ``frame`` or names of modules; without, all.
"""

import sys

from ops_app.catalogues import HERE, update

lacking = 0
for path, missing in update(sys.argv[1:]):
    lacking += missing
    if missing:
        print(f"{path.relative_to(HERE.parent)}: {missing} without translation")
print("every text is translated" if not lacking else "write the translations into the files above")
sys.exit(1 if lacking else 0)
