"""Forms as declarations: loading, conditions, scoring, validation and export of a questionnaire."""
