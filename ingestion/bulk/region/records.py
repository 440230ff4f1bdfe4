"""Patient and attachment rows of the people of a district."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ingestion.bulk.region import names
from ingestion.bulk.region.calibration import content
from ingestion.bulk.region.days import FAR, NULL, Ints, moment
from ingestion.bulk.region.identity import IinSeries
from ingestion.bulk.region.places import Places
from ingestion.bulk.region.population import People
from ingestion.bulk.region.rows import Coded, Rows
from ops_app.kit.spelling import fold, sort_key

_IIN_AFTER_DAYS = 14
"""A newborn lives under a temporary number until the birth certificate."""
SEGMENTS = 4
"""Attachment periods a person can have: joined, moved, grew up."""
_GROWN = 6574
"""Days in 18 years."""


def add_patients(
    rows: Rows, people: People, who: Ints, places: Places, series: IinSeries, newborn: bool = False
) -> None:
    """Write the identity of people; a newborn is known from birth and numbered two weeks later."""
    book = names.book()
    family, given, patronymic = _positions(people, who)
    homes = people.household[who]
    streets = content("organizations")["streets"]
    settlements = np.array([f"{name} ауылы, " for name in places.names_kk])
    street = pl.Series(np.array(streets)[homes * 31 % len(streets)])
    house = pl.Series(homes * 17 % 140 + 1).cast(pl.String)
    address = pl.Series(settlements[people.place[who]]) + street + " көшесі, " + house + "-үй"
    first_minute = moment(people.birth[who])
    columns: dict[str, Any] = {}
    if newborn:
        columns = {
            "temporary_id": "NB-" + pl.Series(people.id[who]).cast(pl.String),
            "late": moment(people.birth[who] + _IIN_AFTER_DAYS, 660),
            "mother_id": np.where(people.mother[who] >= 0, people.id[people.mother[who]], NULL),
        }
    iin = series.issue(people.birth[who], people.female[who])
    hidden = people.merged[who] >= 0
    if hidden.any():
        # The second record of a person was made without documents.
        iin = iin.set(pl.Series(hidden), None)
        columns |= {
            "temporary_id": pl.Series(people.id[who]).cast(pl.String).set(pl.Series(~hidden), None),
            "identity_status": Coded(hidden.astype(np.int64), ("confirmed", "undocumented")),
            "is_live": ~hidden,
        }
    rows.add(
        "patient",
        len(who),
        ids=people.id[who],
        known=first_minute if newborn else 0,
        iin=iin,
        sex=Coded(people.female[who], ("male", "female")),
        birth_date=people.birth[who],
        family_name=Coded(family, book.families),
        given_name=Coded(given, book.givens),
        patronymic=Coded(patronymic, book.patronymics),
        family_fold=Coded(family, _folded(book.families)),
        given_fold=Coded(given, _folded(book.givens)),
        patronymic_fold=Coded(patronymic, _folded(book.patronymics)),
        sort_key=_sorted(family, book.families)
        + " "
        + _sorted(given, book.givens)
        + " "
        + _sorted(patronymic, book.patronymics),
        # The code 000 is given to no operator.
        phone="+7 000 " + pl.Series(1_000_000 + people.id[who] * 7 % 9_000_000).cast(pl.String),
        address_line=address,
        kato_code=Coded(people.place[who], places.kato),
        household=homes,
        source="import",
        **columns,
    )


def add_attachments(rows: Rows, people: People, places: Places, known_dead: Ints) -> None:
    """Periods of attachment: from joining, moving or growing up to the next of these, leaving or death.

    ``known_dead`` is the day each death became known, ``FAR`` if it never did.
    """
    who = np.arange(len(people))
    grown = people.birth + _GROWN
    last = np.minimum(people.left, np.where(known_dead < FAR, known_dead + 1, FAR))
    starts = np.sort(np.stack([people.joined, people.moved, grown]), axis=0)
    starts = np.vstack([starts, np.full(len(people), FAR)])
    for segment in range(3):
        begin = np.maximum(starts[segment], people.joined)
        end = np.minimum(np.where(starts[segment + 1] > begin, starts[segment + 1], FAR), last)
        real = (begin < last) & (begin < FAR) & (begin >= people.joined) & (end > begin)
        repeated = (segment < 2) & (np.maximum(starts[min(segment + 1, 3)], people.joined) == begin)
        # A birthday in a place where one site serves all ages changes nothing; it is still a new period.
        chosen = who[real & ~repeated]
        ends, place = end[chosen], people.place_on(chosen, begin[chosen])
        adult = begin[chosen] >= grown[chosen]
        reason = np.select(
            [
                ends == FAR,
                people.merged[chosen] >= 0,
                ends == people.left[chosen],
                ends == known_dead[chosen] + 1,
                ends == people.moved[chosen],
            ],
            [-1, 3, 0, 1, 0],
            2,
        )
        rows.add(
            "attachment",
            len(chosen),
            ids=rows.base + chosen * SEGMENTS + segment + 1,
            known=moment(begin[chosen], 540),
            patient_id=people.id[chosen],
            organization_id=places.organization[place],
            site_id=np.where(adult, places.adult_site[place], places.child_site[place]),
            start_date=begin[chosen],
            end_date=np.where(ends < FAR, ends, NULL),
            end_reason=Coded(reason, ("moved", "died", "other", "merged")),
            late=np.where(ends < FAR, moment(ends, 540), NULL),
            source="registry",
        )


def _positions(people: People, who: Ints) -> tuple[Ints, Ints, Ints]:
    kk, ru = names.kazakh(), names.russian()
    female, russian = people.female[who], people.russian[who]
    surnames, ru_surnames = len(kk.surnames_male), len(ru.surnames_male)
    family = people.surname[who] + np.where(russian, 2 * surnames + female * ru_surnames, female * surnames)
    base = np.where(russian, len(kk.men) + len(kk.women) + female * len(ru.men), female * len(kk.men))
    fathers = len(kk.men)
    patronymic = people.father_name[who] + np.where(
        russian, 4 * fathers + female * len(ru.men), (people.russian_patronymic[who] * 2 + female) * fathers
    )
    return family, people.given[who] + base, patronymic


_spelled: dict[tuple[str, ...], list[str]] = {}


def _folded(listed: tuple[str, ...]) -> list[str]:
    if listed not in _spelled:
        _spelled[listed] = [fold(name) for name in listed]
    return _spelled[listed]


_sortable: dict[tuple[str, ...], list[str]] = {}


def _sorted(positions: Ints, listed: tuple[str, ...]) -> pl.Series:
    if listed not in _sortable:
        _sortable[listed] = [sort_key(name) for name in listed]
    return pl.Series(_sortable[listed]).gather(positions)
