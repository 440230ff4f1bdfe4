"""What may leave the house: small-cell suppression, an attacker who tests it, and a log of releases.

`run(name, period, out)` writes a named release, `run_figures(code, period, out, user, only=…)` the figures of
an indicator as a dashboard shows them; both raise `Unsafe` instead of writing
(`Unknown` when there is no such release or period), with the reason in Kazakh, Russian and English in its `text`.
`suppress(table)` is the protection alone. Cases themselves are never released.
"""

from warehouse.release.protect import Unknown, Unsafe, suppress
from warehouse.release.run import run, run_figures

__all__ = ["Unknown", "Unsafe", "run", "run_figures", "suppress"]
