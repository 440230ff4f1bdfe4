"""Words of the viewer: its tools with their keys, and what its script says."""

from __future__ import annotations

import json
from typing import Any

from markupsafe import Markup

from ops_app.i18n import _


def as_json(told: dict[str, Any]) -> Markup:
    """Data inside a script element; no text in it can end the element."""
    return Markup(json.dumps(told, ensure_ascii=False).replace("<", "\\u003c"))  # noqa: S704


def words() -> dict[str, Any]:
    """What the page of a study shows and tells its script."""
    return {
        "tools": [
            ("window", _("Window"), "W"),
            ("scroll", _("Scroll"), "S"),
            ("pan", _("Pan"), "P"),
            ("zoom", _("Zoom"), "Z"),
            ("length", _("Length"), "L"),
            ("angle", _("Angle"), "A"),
        ],
        "acts": [
            ("invert", _("Invert"), "I"),
            ("turn", _("Turn"), "R"),
            ("flip", _("Mirror"), "H"),
            ("cine", _("Play"), "␣"),
            ("key", _("Key image"), "K"),
            ("full", _("Full screen"), "F"),
            ("reset", _("Reset"), "0"),
        ],
        "texts": as_json(
            {
                "broken": _("This picture cannot be decoded here"),
                "nothing": _("This study holds no pictures"),
                "window": _("Window"),
                "uncalibrated": _("uncalibrated"),
                "detector": _("at the detector"),
                "lossy": _("lossy compression"),
                "units": {"mm": _("mm"), "px": _("px")},
                "presets": {
                    "sent": _("As the device sent it"),
                    "whole": _("Whole range"),
                    "lung": _("Lung"),
                    "mediastinum": _("Mediastinum"),
                    "bone": _("Bone"),
                    "brain": _("Brain"),
                    "abdomen": _("Abdomen"),
                },
            }
        ),
    }
