"""Organisations, sites and staff of a district, and the places people are attached to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ingestion.bulk.region.calibration import content
from ingestion.bulk.region.days import NULL, Ints
from ingestion.bulk.region.identity import bin_number
from ingestion.bulk.region.rows import Rows
from ingestion.bulk.region.staff import Staff
from ops_app.kit.spelling import sort_key

Names = dict[str, str]
_SITE_NAMES = {
    "therapeutic": {"kk": "терапиялық учаске", "ru": "терапевтический участок", "en": "therapeutic site"},
    "paediatric": {"kk": "педиатриялық учаске", "ru": "педиатрический участок", "en": "paediatric site"},
    "general_practice": {
        "kk": "жалпы практика учаскесі",
        "ru": "участок общей практики",
        "en": "general practice site",
    },
    "gynaecological": {"kk": "гинекологиялық учаске", "ru": "гинекологический участок", "en": "gynaecological site"},
}
_CENTRE_TYPES = {
    "hospital": {"kk": "аудандық ауруханасы", "ru": "районная больница", "en": "district hospital"},
    "polyclinic": {"kk": "аудандық емханасы", "ru": "районная поликлиника", "en": "district polyclinic"},
}
_VILLAGE_TYPES = {
    "ambulatory": {"kk": "дәрігерлік амбулаториясы", "ru": "врачебная амбулатория", "en": "ambulatory"},
    "feldsher_point": {
        "kk": "фельдшерлік-акушерлік пункті",
        "ru": "фельдшерско-акушерский пункт",
        "en": "feldsher point",
    },
}

_COLUMNS = (
    "organization",
    "adult_site",
    "child_site",
    "women_site",
    "doctor_adult",
    "doctor_child",
    "nurse",
    "midwife",
    "obstetrician",
    "weights",
)


@dataclass
class Places:
    """A place is a site of attachment; its arrays are by place position."""

    region: int
    hospital: int
    polyclinic: int
    departments: dict[str, int]
    organization: Ints
    adult_site: Ints
    child_site: Ints
    women_site: Ints
    doctor_adult: Ints
    doctor_child: Ints
    nurse: Ints
    midwife: Ints
    obstetrician: Ints
    weights: np.ndarray
    kato: list[str]
    names_kk: list[str]
    keys: list[str]
    organizations: list[int]

    def at(self, key: str) -> int:
        """Position of the first place of a settlement."""
        return self.keys.index(key)


@dataclass(frozen=True)
class External:
    """Facilities of the oblast centre that send their events through registries."""

    organization: dict[str, int]
    practitioner: dict[str, int]


class _Tree:
    """Adds nodes of the organisation tree."""

    def __init__(self, rows: Rows, district: int) -> None:
        self.rows, self.district, self.serial = rows, district, 0

    def add(self, kind: str, names: Names, parent: int = NULL, **columns: Any) -> int:
        number = int(self.rows.reserve("organization", 1)[0])
        if kind == "organization":
            self.serial += 1
            columns["bin"] = bin_number(2401 + self.district // 90, (self.district % 90) * 1000 + self.serial * 7)
        self.rows.add(
            "organization",
            1,
            ids=np.array([number]),
            known=0,
            kind=kind,
            parent_id=parent,
            source="import",
            name_kk=names["kk"],
            name_ru=names["ru"],
            name_en=names["en"],
            sort_key=sort_key(names["kk"]),
            **columns,
        )
        return number


def build_external(rows: Rows, staff: Staff) -> External:
    """The facilities of the oblast centre; made once, beside the first district."""
    tree, listed = _Tree(rows, 89), content("organizations")["external"]
    place = {key: listed["region"][key] for key in ("latitude", "longitude")}
    region = tree.add(
        "region",
        listed["region"],
        kato_code=listed["region"]["kato"],
        is_external=True,
        organization_type="health_department",
        **place,
    )
    organizations, people = {}, {}
    for facility in listed["facilities"]:
        organizations[facility["key"]] = tree.add(
            "organization",
            facility,
            region,
            organization_type=facility["type"],
            is_external=True,
            kato_code=listed["region"]["kato"],
            care_level=facility.get("care_level", NULL),
            **place,
        )
        people[facility["key"]] = staff.hire("other", organizations[facility["key"]])
    return External(organizations, people)


def build_district(rows: Rows, staff: Staff, district: int, people: int) -> Places:
    """The tree of one district: a hospital, a polyclinic, ambulatories and feldsher points with sites."""
    described = _described(district)
    tree = _Tree(rows, district)
    coordinates = {key: described["region"][key] for key in ("latitude", "longitude")}
    kato = described["region"]["kato"]
    region = tree.add(
        "region", described["region"], kato_code=kato, organization_type="health_department", **coordinates
    )
    centre = described["centre"]
    owned = {"kato_code": centre["kato"], **{key: centre[key] for key in ("latitude", "longitude")}}
    houses = {
        kind: tree.add(
            "organization",
            _joined(centre, _CENTRE_TYPES[kind]),
            region,
            organization_type=kind,
            care_level=1 if kind == "hospital" else NULL,
            **owned,
        )
        for kind in ("hospital", "polyclinic")
    }
    departments = {}
    for kind, listed in described["departments"].items():
        for department in listed:
            departments[department["key"]] = tree.add("department", department, houses[kind], **owned)
    staff.hire_hospital(houses["hospital"], departments)
    specialists = staff.hire_polyclinic(houses["polyclinic"], departments)
    columns: dict[str, list[Any]] = {name: [] for name in Places.__dataclass_fields__}
    organizations = [houses["polyclinic"]]
    _centre_places(tree, staff, columns, centre, departments, houses["polyclinic"], people)
    for village in described["villages"]:
        organization = tree.add(
            "organization",
            _joined(village, _VILLAGE_TYPES[village["type"]]),
            region,
            organization_type=village["type"],
            kato_code=village["kato"],
            latitude=village["latitude"],
            longitude=village["longitude"],
        )
        organizations.append(organization)
        _village_places(tree, staff, columns, village, organization, specialists, people)
    arrays = {name: np.array(columns[name], dtype=float if name == "weights" else np.int64) for name in _COLUMNS}
    return Places(
        region=region,
        hospital=houses["hospital"],
        polyclinic=houses["polyclinic"],
        departments=departments,
        kato=columns["kato"],
        names_kk=columns["names_kk"],
        keys=columns["keys"],
        organizations=organizations,
        **arrays,
    )


def _centre_places(
    tree: _Tree,
    staff: Staff,
    columns: dict[str, list[Any]],
    centre: dict[str, Any],
    departments: dict[str, int],
    polyclinic: int,
    people: int,
) -> None:
    sizes, own = content("organizations")["site_sizes"], people * centre["share"]
    counts = {
        "therapeutic": max(1, round(own * 0.66 / sizes["therapeutic"])),
        "paediatric": max(1, round(own * 0.34 / sizes["paediatric"])),
        "gynaecological": max(1, round(own * 0.3 / sizes["gynaecological"])),
    }
    parents = {"therapeutic": "therapeutic", "paediatric": "paediatric", "gynaecological": "women"}
    sites = {
        kind: [
            tree.add(
                "site",
                _numbered(n + 1, _SITE_NAMES[kind]),
                departments[parents[kind]],
                site_kind=kind,
                kato_code=centre["kato"],
            )
            for n in range(count)
        ]
        for kind, count in counts.items()
    }
    doctors = {site: staff.hire("therapist", polyclinic, site) for site in sites["therapeutic"]}
    doctors |= {site: staff.hire("paediatrician", polyclinic, site) for site in sites["paediatric"]}
    nurses = {site: staff.hire("nurse", polyclinic, site) for site in (*sites["therapeutic"], *sites["paediatric"])}
    obstetricians = {site: staff.hire("obstetrician", polyclinic, site) for site in sites["gynaecological"]}
    midwives = {site: staff.hire("midwife", polyclinic, site) for site in sites["gynaecological"]}
    # Every pair of an adult and a children's site is a place, so that sites of a kind are equally big.
    pairs = [(adult, child) for adult in sites["therapeutic"] for child in sites["paediatric"]]
    for n, (adult, child) in enumerate(pairs):
        women = sites["gynaecological"][n % counts["gynaecological"]]
        _append(
            columns,
            polyclinic,
            adult,
            child,
            women,
            doctors[adult],
            doctors[child],
            nurses[adult],
            midwives[women],
            obstetricians[women],
            centre["share"] / len(pairs),
            centre,
        )


def _village_places(
    tree: _Tree,
    staff: Staff,
    columns: dict[str, list[Any]],
    village: dict[str, Any],
    organization: int,
    specialists: dict[str, int],
    people: int,
) -> None:
    size = content("organizations")["site_sizes"]["general_practice"]
    count = max(1, round(people * village["share"] / size))
    for n in range(count):
        names = _numbered(n + 1, _SITE_NAMES["general_practice"], village)
        site = tree.add("site", names, organization, site_kind="general_practice", kato_code=village["kato"])
        if village["type"] == "ambulatory":
            doctor, nurse = (
                staff.hire("general_practitioner", organization, site),
                staff.hire("nurse", organization, site),
            )
            midwife = staff.hire("midwife", organization, site)
        else:
            doctor = nurse = midwife = staff.hire("feldsher", organization, site)
        _append(
            columns,
            organization,
            site,
            site,
            NULL,
            doctor,
            doctor,
            nurse,
            midwife,
            specialists["obstetrician"],
            village["share"] / count,
            village,
        )


def _append(
    columns: dict[str, list[Any]],
    organization: int,
    adult: int,
    child: int,
    women: int,
    doctor: int,
    paediatrician: int,
    nurse: int,
    midwife: int,
    obstetrician: int,
    weight: float,
    settlement: dict[str, Any],
) -> None:
    values = (organization, adult, child, women, doctor, paediatrician, nurse, midwife, obstetrician, weight)
    for name, value in zip(_COLUMNS, values, strict=True):
        columns[name].append(value)
    columns["kato"].append(settlement["kato"])
    columns["names_kk"].append(settlement["kk"])
    columns["keys"].append(settlement["key"])


def _described(district: int) -> dict[str, Any]:
    """The default district as it is; further ones keep its shape under their own names."""
    listed = content("organizations")
    if district == 0:
        return listed
    known = listed["more_regions"]
    names = known[district - 1] if district <= len(known) else _numbered_region(district + 1)
    centre = listed["centre"] | {
        "kato": names["kato"][:4] + "30100",
        "latitude": names["latitude"],
        "longitude": names["longitude"],
    }
    centre |= {language: names[f"centre_{language}"] for language in ("kk", "ru", "en")}
    villages = [
        village
        | {
            "kato": names["kato"][:4] + village["kato"][4:],
            "latitude": round(village["latitude"] - 49.691 + names["latitude"], 3),
            "longitude": round(village["longitude"] - 53.507 + names["longitude"], 3),
        }
        for village in listed["villages"]
    ]
    return listed | {"region": names, "centre": centre, "villages": villages}


def _numbered_region(number: int) -> dict[str, Any]:
    return {
        "kato": f"27{number:02d}00000",
        "kk": f"№{number} аудан",
        "ru": f"Район №{number}",
        "en": f"District {number}",
        "centre_kk": f"№{number} орталық",
        "centre_ru": f"Центр №{number}",
        "centre_en": f"Centre {number}",
        "latitude": round(47.5 + number % 7 * 0.6, 2),
        "longitude": round(55 + number // 7 * 0.9, 2),
    }


def _joined(settlement: dict[str, Any], kind: Names) -> Names:
    return {
        "kk": f"{settlement['kk']} {kind['kk']}",
        "ru": f"{settlement['ru']}: {kind['ru']}",
        "en": f"{settlement['en']} {kind['en']}",
    }


def _numbered(number: int, kind: Names, settlement: Names | None = None) -> Names:
    if settlement is not None:
        return {
            "kk": f"{settlement['kk']}, №{number} {kind['kk']}",
            "ru": f"{settlement['ru']}, {kind['ru']} №{number}",
            "en": f"{settlement['en']}, {kind['en']} {number}",
        }
    return {
        "kk": f"№{number} {kind['kk']}",
        "ru": f"{kind['ru'].capitalize()} №{number}",
        "en": f"{kind['en'].capitalize()} {number}",
    }
