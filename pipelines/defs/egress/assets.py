"""Versions of signal cases in the operational database."""

import dagster as dg

from pipelines.defs.release.assets import SERVED
from pipelines.lib.egress import send_signals
from pipelines.resources import Pipeline

INBOX = dg.AssetKey(["inbox", "signal"])


@dg.asset(key=INBOX, deps=[SERVED], group_name="egress", kinds={"postgres"})
def inbox_signal(pipeline: Pipeline) -> dg.MaterializeResult[None]:
    """Send what is new about the cases of the served warehouse."""
    egress = send_signals(pipeline.places)
    return dg.MaterializeResult(metadata={"cases": egress.cases, "sent": egress.sent, "withdrawn": egress.withdrawn})
