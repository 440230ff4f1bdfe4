"""The figure of a body map: named regions, so that a point is a place in words too."""

from __future__ import annotations

from dataclasses import dataclass

from ops_app.i18n import N_, _

WIDTH, HEIGHT = 60, 130
"""The drawing; answers keep places in hundredths of it."""


@dataclass(frozen=True)
class Region:
    """A place of the figure; right and left are the person's own."""

    view: str
    x: float
    y: float
    title: str


FRONT = (
    ("head", 50, 6, N_("face")),
    ("neck", 50, 15, N_("neck, front")),
    ("chest_right", 42, 25, N_("chest, right")),
    ("chest_left", 58, 25, N_("chest, left")),
    ("shoulder_right", 29, 20, N_("shoulder, right")),
    ("shoulder_left", 71, 20, N_("shoulder, left")),
    ("arm_right", 23, 34, N_("arm, right")),
    ("arm_left", 77, 34, N_("arm, left")),
    ("hand_right", 14, 53, N_("hand, right")),
    ("hand_left", 86, 53, N_("hand, left")),
    ("upper_abdomen", 50, 35, N_("upper abdomen")),
    ("lower_abdomen", 50, 44, N_("lower abdomen")),
    ("groin", 50, 51, N_("groin")),
    ("thigh_right", 41, 62, N_("thigh, right")),
    ("thigh_left", 59, 62, N_("thigh, left")),
    ("knee_right", 41, 73, N_("knee, right")),
    ("knee_left", 59, 73, N_("knee, left")),
    ("shin_right", 42, 84, N_("shin, right")),
    ("shin_left", 58, 84, N_("shin, left")),
    ("foot_right", 41, 96, N_("foot, right")),
    ("foot_left", 59, 96, N_("foot, left")),
)
BACK = (
    ("head_back", 50, 6, N_("back of the head")),
    ("neck_back", 50, 15, N_("neck, back")),
    ("shoulder_blade_left", 41, 25, N_("shoulder blade, left")),
    ("shoulder_blade_right", 59, 25, N_("shoulder blade, right")),
    ("elbow_left", 22, 37, N_("elbow, left")),
    ("elbow_right", 78, 37, N_("elbow, right")),
    ("loin_left", 43, 39, N_("loin, left")),
    ("loin_right", 57, 39, N_("loin, right")),
    ("sacrum", 50, 46, N_("sacrum")),
    ("buttock_left", 42, 51, N_("buttock, left")),
    ("buttock_right", 58, 51, N_("buttock, right")),
    ("thigh_back_left", 41, 63, N_("thigh from behind, left")),
    ("thigh_back_right", 59, 63, N_("thigh from behind, right")),
    ("calf_left", 42, 82, N_("calf, left")),
    ("calf_right", 58, 82, N_("calf, right")),
    ("heel_left", 42, 96, N_("heel, left")),
    ("heel_right", 58, 96, N_("heel, right")),
)
REGIONS = {
    code: Region(view, float(x), float(y), title)
    for view, listed in (("front", FRONT), ("back", BACK))
    for code, x, y, title in listed
}


def place_name(view: object, x: object, y: object) -> str:
    """The region a point lies nearest to."""
    if not isinstance(x, int | float) or not isinstance(y, int | float):
        return ""
    near = [region for region in REGIONS.values() if region.view == view]
    # Hundredths of the height are longer than hundredths of the width.
    ratio = HEIGHT / WIDTH
    best = min(near, key=lambda region: (region.x - x) ** 2 + ((region.y - y) * ratio) ** 2, default=None)
    return _(best.title) if best is not None else ""
