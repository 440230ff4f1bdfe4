"""Programs without a domain of their own that carry many declared things."""
