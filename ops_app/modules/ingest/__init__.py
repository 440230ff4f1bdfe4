"""Messages of devices and other systems: what came, what it became, what needs a person."""
