"""Words for verdicts and rules."""

from __future__ import annotations

from ops_app.i18n import N_

VERDICTS = {
    "in_control": (N_("within limits"), "green"),
    "warning": (N_("warning"), "amber"),
    "rejected": (N_("rejected"), "red"),
}
RULES = {
    "1-2s": N_("one value beyond 2 SD: look at the next one"),
    "1-3s": N_("one value beyond 3 SD"),
    "2-2s": N_("two values beyond 2 SD on one side"),
    "R-4s": N_("two levels beyond 2 SD on opposite sides"),
    "4-1s": N_("four values beyond 1 SD on one side"),
    "10-x": N_("ten values on one side of the target"),
}
ACTIONS = {
    "lab_quality:open_lot": N_("Took a control lot into use"),
    "lab_quality:close_lot": N_("Closed a control lot"),
    "lab_quality:set_target": N_("Set the target of a control"),
    "lab_quality:record_run": N_("Entered a control measurement"),
    "lab_quality:withdraw_run": N_("Withdrew a control measurement"),
    "lab_quality:close_hold": N_("Closed a failure of quality control"),
}
