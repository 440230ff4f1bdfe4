"""Further objects of a known series enter the index in one statement, its own transaction.

Nearly every object of a study is such a one. ``storing.index`` asks a dozen questions for a batch, which is right
for the first object of a series and for repeats; here one statement writes the rows and the sums.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from ops_app.kit import clock
from ops_app.modules.imaging.facts import Sent, same_person
from ops_app.modules.imaging.models import Series
from ops_app.modules.imaging.storing import Arrival, Stored, instance_row

MOST_SERIES = 4096

_COLUMNS = (
    *("series_id", "sop_uid", "sop_class_uid", "transfer_syntax_uid", "kind", "number", "frames", "rows", "columns"),
    *("bits_allocated", "photometric", "projection", "laterality", "acquired_at", "dose", "bytes", "sha256", "path"),
    *("channel", "calling_ae", "received_at"),
)
_NAMES = ", ".join(f'"{name}"' for name in _COLUMNS)
# Instances, series, study: rows are locked in the order in which storing.index does it.
_INSERT = f"""
with made as (
    insert into imaging.instance ({_NAMES})
    select {_NAMES} from json_populate_recordset(null::imaging.instance, %s::json) order by sop_uid
    on conflict (sop_uid) do nothing
    returning id, series_id, sop_uid, bytes
), added as (
    select series_id, count(*) as objects, sum(bytes) as size from made group by series_id order by series_id
), series as (
    update imaging.series
    set instance_count = instance_count + added.objects, bytes = series.bytes + added.size
    from added where series.id = added.series_id
    returning series.study_id, added.objects, added.size
), study as (
    update imaging.study
    set instance_count = instance_count + joined.objects, bytes = study.bytes + joined.size,
        last_received_at = now(), state = 'available', removed_at = null
    from (select study_id, sum(objects) as objects, sum(size) as size from series group by 1 order by 1) joined
    where study.id = joined.study_id
)
select sop_uid, id from made
"""

# The statement is prepared while the tables may be empty; its plan must still be right when they are not.
_SETTINGS = ("set enable_seqscan = off", "set enable_hashjoin = off", "set enable_mergejoin = off")

Key = tuple[str, str, Sent]


class KnownSeries:
    """Remembers series by study, UID and the person they name; what it remembers of them never changes."""

    def __init__(self) -> None:
        self._ids: OrderedDict[Key, int] = OrderedDict()

    def knows(self, arrival: Arrival) -> bool:
        """Whether an object is a further one of a series that was seen."""
        return _key(arrival) in self._ids

    def learn(self, session: Session, arrivals: Sequence[Arrival]) -> None:
        """Remember the series of objects that ``storing.index`` has just taken."""
        by_uid = {arrival.facts.series_uid: arrival for arrival in arrivals}
        for series in session.scalars(select(Series).where(Series.series_uid.in_(list(by_uid)))):
            arrival = by_uid[series.series_uid]
            # an object that names somebody else than its series has to be looked at each time
            if same_person(arrival.facts.sent, Sent.of(series.sent)):
                self._ids[_key(arrival)] = series.id
                self._ids.move_to_end(_key(arrival))
        while len(self._ids) > MOST_SERIES:
            self._ids.popitem(last=False)

    def add(self, connection: Connection, arrivals: Sequence[Arrival]) -> list[Stored | None]:
        """Write the rows of objects of known series; None for each whose UID is there already."""
        now = clock.now()
        rows = [instance_row(arrival, self._ids[_key(arrival)], now) for arrival in arrivals]
        written = json.dumps(rows, default=str)
        made: dict[str, int] = {row[0]: row[1] for row in connection.exec_driver_sql(_INSERT, (written,))}
        # of two objects with one UID the first one is the stored one
        return [_stored(arrival, made.pop(arrival.facts.sop_uid, None)) for arrival in arrivals]


def prepare(connection: Connection) -> None:
    """Make a connection ready for ``KnownSeries.add``; it serves nothing else."""
    for setting in _SETTINGS:
        connection.exec_driver_sql(setting)


def _stored(arrival: Arrival, instance_id: int | None) -> Stored | None:
    if instance_id is None:
        return None
    facts = arrival.facts
    return Stored(
        "stored", instance_id, facts.study_uid, facts.series_uid, facts.sop_uid, facts.instance["sop_class_uid"]
    )


def _key(arrival: Arrival) -> Key:
    return arrival.facts.study_uid, arrival.facts.series_uid, arrival.facts.sent
