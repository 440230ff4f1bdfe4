"""HL7 v2 to a system that listens on a socket or behind an HTTPS address, whichever this installation names."""

from __future__ import annotations

import httpx

from ops_app.mechanisms.device_messages import hl7
from ops_app.mechanisms.outbox.adapter import Adapter, NotReady, Parcel, Receipt, TryLater
from ops_app.mechanisms.outbox.adapters.https import HttpsAdapter, judged_by_status
from ops_app.mechanisms.outbox.adapters.mllp import MllpAdapter, judged, lines_of
from ops_app.mechanisms.outbox.declaration import System

CONTENT_TYPE = "application/hl7-v2; charset=UTF-8"


def hl7_adapter(system: System) -> Adapter:
    """Over HTTPS where the installation names a ``_URL``, else over MLLP to its ``_ADDRESS``."""
    return Hl7OverHttps(system) if system.setting("URL") else MllpAdapter(system)


class Hl7OverHttps(HttpsAdapter):
    """One message a request, its acknowledgement in the answer ("HL7 over HTTP" of HAPI).

    The environment is that of HTTPS; the body of a parcel that of MLLP.
    """

    def ready(self) -> bool:
        """Whether somebody answers; such an address often takes nothing but a POST."""
        try:
            return self._http().get(self.url).status_code < 500
        except httpx.HTTPError:
            return False

    def send(self, parcel: Parcel) -> Receipt:
        """Post one message and read its acknowledgement."""
        raw, sent = lines_of(parcel)
        headers = {"Content-Type": CONTENT_TYPE, "Idempotency-Key": parcel.key}
        try:
            answer = self._http().post(self.url, content=raw, headers=headers)
        except httpx.ConnectError as error:
            raise NotReady("network", type(error).__name__) from None
        except httpx.HTTPError as error:
            # sent perhaps, answered never: the control id lets the receiver recognise the repetition
            raise TryLater("network", type(error).__name__) from None
        try:
            hl7.read(answer.content)
        except hl7.NotHl7:
            judged_by_status(answer, parcel)
            raise TryLater("theirs", "no acknowledgement of this message") from None
        return judged(sent, answer.content)
