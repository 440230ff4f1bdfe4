"""Programs that carry many declarations each; they know no module."""
