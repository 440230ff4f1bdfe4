"""Adds new texts to their catalogues, drops those no longer used, names what lacks.

``python scripts/messages.py [area …]``: ``frame``, names of modules or ``"command line"``; without, all.
"""

import sys

from ops_app.catalogues import HERE, TRANSLATED, update
from saulyq import catalogue

lacking = 0
for path, missing in update(sys.argv[1:], beside=[catalogue.area()]):
    lacking += missing
    if missing:
        print(f"{path.relative_to(HERE.parent)}: {missing} without translation")
for language in TRANSLATED:
    catalogue.compiled_file(language).write_bytes(catalogue.compiled(language))
print("every text is translated" if not lacking else "write the translations into the files above")
sys.exit(1 if lacking else 0)
