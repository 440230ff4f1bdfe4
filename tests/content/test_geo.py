"""The simple map: small, one shape a place, names and codes from the district's KATO table."""

import json
from itertools import pairwise

import pytest

from tests.content.tables import CLASSIFIERS, GEO, rows

FILES = {
    "oblast_districts.geojson": ("1", "270000000"),
    "district_okrugs.geojson": ("2", "275000000"),
    "district_settlements.geojson": ("3", None),
}
Ring = list[list[float]]


def rings(geometry: dict) -> list[Ring]:
    """The outer rings of a shape."""
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    return [polygon[0] for polygon in polygons]


def inside(x: float, y: float, ring: Ring) -> bool:
    """Even-odd test of a point in a ring."""
    odd = False
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            odd = not odd
    return odd


@pytest.mark.req("DASH-02")
@pytest.mark.parametrize("name", FILES)
def test_every_place_has_one_closed_shape_with_its_names(name: str) -> None:
    level, parent = FILES[name]
    places = {
        row["code"]: row
        for row in rows(CLASSIFIERS / "kato_district.csv")
        if row["level"] == level and (parent is None or row["parent"] == parent) and row["lat"]
    }
    assert (GEO / name).stat().st_size < 120_000
    features = json.loads((GEO / name).read_text(encoding="utf-8"))["features"]
    assert sorted(feature["properties"]["kato"] for feature in features) == sorted(places)
    for feature in features:
        properties = feature["properties"]
        place = places[properties["kato"]]
        assert all(properties[key] == place[key] for key in ("name_kk", "name_ru", "name_en", "parent"))
        for ring in rings(feature["geometry"]):
            assert ring[0] == ring[-1] and len(ring) >= 4


def test_settlements_lie_in_their_own_shape() -> None:
    places = {row["code"]: row for row in rows(CLASSIFIERS / "kato_district.csv")}
    features = json.loads((GEO / "district_settlements.geojson").read_text(encoding="utf-8"))["features"]
    for feature in features:
        place = places[feature["properties"]["kato"]]
        assert any(inside(float(place["lon"]), float(place["lat"]), ring) for ring in rings(feature["geometry"])), place
