"""How many doubles the check at registration finds, and how many people it takes for somebody else.

Every record of a labelled set is compared with those that share a block with it, exactly as the form of registration
compares the person being entered (the database narrows by the same blocks). A pair is found if its score reaches the
limit from which the form asks.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from _labelled_people import ERRORS, Labelled, people
from _report import Benchmark, at_least

from ops_app.modules.patients.duplicates import blocks_of, compare


def main() -> None:
    run = Benchmark("duplicates", __doc__ or "")
    run.say("people and their doubles")
    records = people(run.people)
    run.say("comparing")
    result = measured(records)
    run.finish(
        {
            "precision": at_least(float(str(result["precision"])), 0.99),
            "recall": at_least(float(str(result["recall"])), 0.95),
        },
        **result,
    )


def measured(records: Sequence[Labelled]) -> dict[str, object]:
    """Precision and recall over pairs, and recall by the kind of error."""
    known = [record.person.entered() for record in records]
    blocks: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for place, one in enumerate(known):
        for key in blocks_of(one):
            blocks[key].append(place)
    found: set[tuple[int, int]] = set()
    compared = 0
    for pair in _pairs(blocks):
        compared += 1
        if compare(known[pair[0]], known[pair[1]]).is_likely:
            found.add(pair)
    doubles = _doubles(records)
    right = found & doubles.keys()
    by_error: dict[str, dict[str, int]] = {error: {"there": 0, "found": 0} for error in ERRORS}
    for pair, error in doubles.items():
        by_error[error]["there"] += 1
        by_error[error]["found"] += pair in found
    return {
        "precision": round(len(right) / len(found), 5) if found else 1.0,
        "recall": round(len(right) / len(doubles), 5) if doubles else 1.0,
        "doubles": len(doubles),
        "found": len(found),
        "compared": compared,
        "by_error": by_error,
        "wrong_reasons": Counter(
            " + ".join(compare(known[one], known[other]).reasons) for one, other in found - right
        ).most_common(5),
    }


def _pairs(blocks: dict[tuple[object, ...], list[int]]) -> Iterator[tuple[int, int]]:
    seen: set[tuple[int, int]] = set()
    for members in blocks.values():
        for number, one in enumerate(members):
            for other in members[number + 1 :]:
                pair = (one, other) if one < other else (other, one)
                if pair not in seen:
                    seen.add(pair)
                    yield pair


def _doubles(records: Sequence[Labelled]) -> dict[tuple[int, int], str]:
    first: dict[int, int] = {}
    pairs: dict[tuple[int, int], str] = {}
    for place, record in enumerate(records):
        if record.truth in first:
            other = first[record.truth]
            pairs[(other, place)] = record.error or records[other].error or "none"
        else:
            first[record.truth] = place
    return pairs


if __name__ == "__main__":
    sys.exit(main())
