"""Putting together what a query asked for, in the shape it asked."""

from __future__ import annotations

from pydicom import Dataset
from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.multival import MultiValue

ALWAYS = ("SpecificCharacterSet",)
NOT_KEYS = ("QueryRetrieveLevel", "SpecificCharacterSet", "TimezoneOffsetFromUTC")


def keys_of(identifier: Dataset) -> dict[str, str]:
    """Matching keys by keyword; several values joined as DICOM writes them."""
    found = {}
    for element in identifier:
        keyword = keyword_for_tag(element.tag)
        if keyword and keyword not in NOT_KEYS and element.VR != "SQ":
            value = element.value
            written = "\\".join(map(str, value)) if isinstance(value, MultiValue) else str(value or "")
            found[keyword] = written.strip()
    return found


def answer_to(identifier: Dataset, known: Dataset, **more: str) -> Dataset:
    """Every attribute that was asked for, empty where nothing is known."""
    made = Dataset()
    for element in identifier:
        keyword = keyword_for_tag(element.tag)
        if keyword and keyword in known:
            if element.VR == "SQ" and element.value and known[keyword].value:
                made.add(
                    DataElement(element.tag, "SQ", [answer_to(element.value[0], item) for item in known[keyword].value])
                )
            else:
                made.add(known[keyword])
        elif not element.tag.is_private:
            made.add_new(element.tag, _vr(element), [] if element.VR == "SQ" else None)
    for keyword in ALWAYS:
        if keyword in known:
            made.add(known[keyword])
    for keyword, value in more.items():
        setattr(made, keyword, value)
    return made


def _vr(element: DataElement) -> str:
    try:
        return dictionary_VR(element.tag)
    except KeyError:
        return element.VR
