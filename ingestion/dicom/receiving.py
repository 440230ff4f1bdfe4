"""C-STORE where it is read from the network; whatever else arrives goes on to pynetdicom.

pynetdicom passes every fragment of an object through two threads of the association that ask for work a thousand
times a second, all under one interpreter lock. Here the thread that reads the network takes the object straight to
its file and answers; the association's other thread rests meanwhile.
"""

from __future__ import annotations

import hashlib
import logging
import os
import struct
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider, DimseServiceType
from pynetdicom.dul import DULServiceProvider

from ingestion.dicom.commands import StoreRequest, p_data, store_request, store_response
from ingestion.dicom.part10 import file_head
from ingestion.dicom.transport import PromptSocket

log = logging.getLogger(__name__)

P_DATA = 0x04
ESTABLISHED = "Sta6"
# a device between two objects; later the association goes back to its own threads
QUIET_SECONDS = 1.0
LONGEST_COMMAND = 65_536
# PS3.7 section 9.1.1.1.9 and annex C
OUT_OF_RESOURCES, CLASS_NOT_SUPPORTED = 0xA700, 0x0122


class Broken(Exception):
    """A message breaks the protocol: the association is aborted."""


class Interrupted(Exception):
    """Something else than data came in the middle of an object."""


@dataclass(frozen=True, slots=True)
class Received:
    """An object in a temporary file; nothing of it is synced."""

    path: Path
    sha256: str


class Store(Protocol):
    """What becomes of received objects."""

    folder: Path
    """Where they are set down."""

    def takes(self, abstract_syntax: str) -> bool:
        """Whether objects may come in a context of this abstract syntax."""
        ...

    def keep(self, association: Association, request: StoreRequest, received: Received) -> int:
        """Store an object durably; the status of the answer. The file may be left behind."""
        ...


class StoringProvider(DULServiceProvider):
    """The thread of an association that reads the network, serving C-STORE by itself."""

    store: Store
    rests: threading.Event
    """Set while nothing is stored."""

    def _read_pdu_data(self) -> None:
        if self.state_machine.current_state != ESTABLISHED:
            super()._read_pdu_data()
            return
        self.rests.clear()
        try:
            self._serve()
        finally:
            self.rests.set()

    def _serve(self) -> None:
        """Store objects until something else arrives or the device rests."""
        socket = cast(PromptSocket, self.socket)
        while True:
            others = self._stored_or_else(socket)
            for _ in range(others):
                super()._read_pdu_data()
            if others or self._wants_to_speak() or not socket.waits(QUIET_SECONDS):
                return

    def _wants_to_speak(self) -> bool:
        return self._kill_thread or not self.to_provider_queue.empty() or not self.event_queue.empty()

    def _stored_or_else(self, socket: PromptSocket) -> int:
        """Store one object; how many PDUs were put back because they are no object."""
        fragments = Fragments(socket)
        try:
            request = fragments.store_request()
            if request is None:
                return fragments.put_back()
            status = self._take(request, fragments)
        except Interrupted:
            return fragments.put_back()
        except OSError:
            # closed, or nothing came for too long
            self.event_queue.put("Evt17")
            return 0
        largest = self.assoc.requestor.maximum_length or 0
        socket.send(p_data(request.context_id, store_response(request, status), largest))
        return 0

    def _take(self, request: StoreRequest, fragments: Fragments) -> int:
        context = self.assoc._accepted_cx.get(request.context_id)
        if context is None:
            raise Broken("a context that was not accepted")
        if not context.as_scp or not self.store.takes(str(context.abstract_syntax)):
            for _ in fragments.data(request.context_id):
                pass
            return CLASS_NOT_SUPPORTED
        try:
            handle, name = tempfile.mkstemp(dir=self.store.folder, suffix=".dcm")
        except OSError:
            log.exception("an object cannot be set down")
            for _ in fragments.data(request.context_id):
                pass
            return OUT_OF_RESOURCES
        try:
            digest = _written(handle, file_head(request, str(context.transfer_syntax[0])), fragments, request)
            if digest is None:
                return OUT_OF_RESOURCES
            return self.store.keep(self.assoc, request, Received(Path(name), digest))
        finally:
            Path(name).unlink(missing_ok=True)


def _written(handle: int, head: bytes, fragments: Fragments, request: StoreRequest) -> str | None:
    """Write what arrives; its hash, or None when the disk does not take it."""
    digest, failed = hashlib.sha256(head), False
    try:
        try:
            _write(handle, head)
        except OSError:
            log.exception("an object cannot be written")
            failed = True
        for piece in fragments.data(request.context_id):
            if failed:
                continue
            try:
                _write(handle, piece)
            except OSError:
                log.exception("an object cannot be written")
                failed = True
            digest.update(piece)
    finally:
        os.close(handle)
    return None if failed else digest.hexdigest()


def _write(handle: int, content: bytes | memoryview) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view) :]


class PatientMessages(DIMSEServiceProvider):
    """The messages of an association; its other thread does not ask for them while objects are stored."""

    def get_msg(self, block: bool = False) -> tuple[int, DimseServiceType] | tuple[None, None]:
        """The next message, if there is one."""
        if not block:
            cast(StoringProvider, self.assoc.dul).rests.wait()
        return super().get_msg(block)


class Fragments:
    """The presentation data values of one message, PDU after PDU (PS3.8 annex E)."""

    def __init__(self, socket: PromptSocket) -> None:
        self._socket = socket
        self._seen: list[bytes] = []
        self._is_command = True
        self._left = 0
        self._values = self._read()

    def store_request(self) -> StoreRequest | None:
        """The request the message begins with, or None when it is no C-STORE."""
        command = b""
        for context_id, control, content in self._values:
            if not control & 1:
                return None
            command += content
            if len(command) > LONGEST_COMMAND:
                raise Broken("a command without end")
            if control & 2:
                found = store_request(context_id, command)
                self._is_command = found is None
                return found
        return None

    def data(self, context_id: int) -> Iterator[memoryview]:
        """The data set, piece by piece; a piece is valid until the next one."""
        self._seen.clear()
        for context, control, content in self._values:
            if control & 1 or context != context_id:
                raise Broken("another message inside this one")
            if content:
                yield content
            if control & 2:
                if self._left:
                    raise Broken("something after the end of an object")
                return

    def put_back(self) -> int:
        """Give back what was read; how many PDUs."""
        self._socket.unread(b"".join(self._seen))
        return len(self._seen)

    def _read(self) -> Iterator[tuple[int, int, memoryview]]:
        while True:
            head = self._socket.recv(6)
            if len(head) < 6:
                raise OSError("closed")
            kind, length = struct.unpack(">BxL", head)
            if kind != P_DATA:
                self._seen.append(bytes(head))
                raise Interrupted
            pdu = self._socket.content(length)
            if self._is_command:
                # it may be a message for pynetdicom
                self._seen.append(bytes(head) + pdu)
            at = 0
            while at < length:
                size = int.from_bytes(pdu[at : at + 4], "big")
                if size < 2 or at + 4 + size > length:
                    raise Broken("lengths of a PDU do not fit together")
                self._left = length - at - 4 - size
                yield pdu[at + 4], pdu[at + 5], pdu[at + 6 : at + 4 + size]
                at += 4 + size
