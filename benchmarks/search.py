"""Finding a person among all: by number, by name in each spelling, with a typo, with a birth date.

Each question is what a registrar types, taken from people drawn from the whole region; the answer must hold them.
`bound` is the same connection reading the same people by their primary key.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from _installation import SEED, installation, peak_memory_mb
from _labelled_people import in_latin
from _report import Benchmark, at_most, percentiles_ms
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from ops_app.modules.patients.search import search

YEARS = 1
QUESTIONS = 300
P95_MS = 50


@dataclass(frozen=True)
class Person:
    """Who is looked for."""

    id: int
    iin: str
    family_name: str
    given_name: str
    birth_date: str


def main() -> None:
    """Measure, and print the line."""
    run = Benchmark("search", __doc__ or "")
    with installation() as place:
        run.say(f"loading {run.people:,} people")
        place.load_region(run.people, YEARS)
        engine = create_engine(place.settings.database_url("app"))
        people = drawn(engine)
        chosen = random.Random(SEED)
        kinds: dict[str, Callable[[Person], str]] = {
            "number": lambda person: person.iin,
            "beginning of the number": lambda person: person.iin[:8],
            "name": lambda person: f"{person.family_name} {person.given_name}",
            "given name first": lambda person: f"{person.given_name} {person.family_name}",
            "Latin letters": lambda person: f"{in_latin(person.family_name)} {in_latin(person.given_name)}",
            "name and birth date": lambda person: f"{person.family_name} {person.given_name} {person.birth_date}",
            "one typo in each name": lambda person: (
                f"{mistyped(person.family_name, chosen)} {mistyped(person.given_name, chosen)} {person.birth_date}"
            ),
            "family name alone": lambda person: person.family_name,
        }
        results = {}
        every: list[float] = []
        for kind, line in kinds.items():
            run.say(f"asking {len(people)} times by {kind}")
            seconds, found = asked(engine, [(person, line(person)) for person in people])
            every += seconds
            results[kind] = percentiles_ms(seconds) | {"found": found}
        bound = by_key(engine, people)
        engine.dispose()
    run.finish(
        {"search p95 ms": at_most(percentiles_ms(every)["p95"], P95_MS)},
        all=percentiles_ms(every),
        kinds=results,
        bound=percentiles_ms(bound),
        peak_memory_mb=peak_memory_mb(),
    )


def drawn(engine: Engine) -> list[Person]:
    """People from everywhere in the table, the same each time."""
    with engine.connect() as connection:
        rows = connection.execute(
            text(
                "select id, iin, family_name, given_name, to_char(birth_date, 'DD.MM.YYYY') from patients.patient "
                "where is_live and iin is not null and entered_in_error_at is null order by hashint8(id) limit :most"
            ),
            {"most": QUESTIONS},
        ).all()
    return [Person(*row) for row in rows]


def asked(engine: Engine, questions: Sequence[tuple[Person, str]]) -> tuple[list[float], float]:
    """Seconds of each question, and the share whose answer holds the person looked for."""
    seconds, found = [], 0
    with Session(engine) as session:
        search(session, questions[0][1])
        for person, line in questions:
            began = time.perf_counter()
            answer = search(session, line)
            seconds.append(time.perf_counter() - began)
            found += any(each.id == person.id for each in answer)
    return seconds, round(found / len(questions), 3)


def by_key(engine: Engine, people: Sequence[Person]) -> list[float]:
    """Seconds of reading one person by key."""
    seconds = []
    with Session(engine) as session:
        for person in people:
            began = time.perf_counter()
            session.execute(text("select * from patients.patient where id = :id"), {"id": person.id}).all()
            seconds.append(time.perf_counter() - began)
    return seconds


def mistyped(name: str, chosen: random.Random) -> str:
    """The name with one letter left out, not the first."""
    at = chosen.randrange(1, len(name)) if len(name) > 3 else len(name)
    return name[:at] + name[at + 1 :]


if __name__ == "__main__":
    main()
