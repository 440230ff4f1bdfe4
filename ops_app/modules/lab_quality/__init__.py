"""Internal quality control of the laboratory: control lots, runs, Levey-Jennings charts, Westgard rules, holds."""
