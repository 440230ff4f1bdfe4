"""Everything here talks to a registry that misbehaves."""

from tests.ops_app.exchange.registry import registry as registry
