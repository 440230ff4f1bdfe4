"""Shape of what the pages of this module send."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from ops_app.i18n import _
from ops_app.kit.dates import DateInput
from ops_app.kit.numbers import DecimalInput


def _sender(text: str) -> str:
    # The name of a folder too: it must not lead out of its place.
    if any(letter in text for letter in "/\\\0\r\n|") or text in (".", ".."):
        raise ValueError(_("Letters, digits, spaces, ^, _ and - only, for example XN-550"))
    return text


def _address(text: str) -> str:
    host, _colon, port = text.rpartition(":")
    if any(letter.isspace() for letter in text) or (host and not (port.isdigit() and 0 < int(port) < 65536)):
        raise ValueError(_("Write a host or host:port, for example 10.0.0.15:5100"))
    return text


Short = Annotated[str, Field(max_length=120)]


class DeviceForm(BaseModel):
    """A device of the register."""

    kind: Literal["analyser", "modality", "wearable", "monitor", "information_system"]
    name: Short
    manufacturer: Short | None = None
    model: Short | None = None
    serial_number: Short | None = None
    protocol: Literal["hl7", "astm", "dicom", "file", "fhir"]
    sender: Annotated[Short, AfterValidator(_sender)]
    address: Annotated[Short, AfterValidator(_address)] | None = None
    uses_tls: bool = False
    organization_id: Annotated[int, Field(ge=1)]
    location_id: int | None = None
    profile: Short | None = None
    registration_number: Annotated[str, Field(max_length=40)] | None = None
    is_certified: bool = False
    certificate_number: Short | None = None
    certificate_until: DateInput | None = None


class RetireForm(BaseModel):
    """Why a device goes."""

    reason: Annotated[str, Field(min_length=3, max_length=500)]


class MappingForm(BaseModel):
    """One code of a device; without a parameter its results are left out."""

    their_code: Short
    their_unit: Annotated[str, Field(max_length=40)] | None = None
    parameter_code: Annotated[str, Field(max_length=80)] | None = None
    unit: Annotated[str, Field(max_length=40)] | None = None
    factor: Annotated[DecimalInput, Field(gt=0, le=1e12)] = 1.0


class DownloadForm(BaseModel):
    """A tube whose orders an analyser is to get."""

    specimen_barcode: Annotated[str, Field(max_length=60)]


class DeviceFilter(BaseModel):
    """Which devices are listed."""

    q: Annotated[str, Field(max_length=80)] | None = None
    kind: Literal["analyser", "modality", "wearable", "monitor", "information_system"] | None = None
    retired: bool = False
