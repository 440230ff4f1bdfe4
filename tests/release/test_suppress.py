"""Small-cell suppression: nobody works a hidden count out, and what is shown is exact."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import FULL_SIZE
from tests.release.attacker import intervals
from warehouse.release.protect import Protected, suppress
from warehouse.release.table import SHARE, STEPS, Dimension, Table, categories, tree

EXAMPLES = 300 if FULL_SIZE else 15
PLACE = tree("place", {"region": None, "a": "region", "b": "region", "a1": "a", "a2": "a", "b1": "b", "b2": "b"})
SEX = categories("sex", ["female", "male"])
AGE = categories("age", ["40-44", "45-49", "50-54"])


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Tables of different shapes, with many zeros and small counts."""
    dimensions = draw(
        st.sampled_from(
            [(PLACE, AGE), (PLACE, SEX, SHARE), (AGE, SEX, SHARE), (AGE, STEPS), (SEX, AGE), (PLACE, STEPS)]
        )
    )
    largest = draw(st.sampled_from([3, 9, 40]))
    shape = [dimension.leaves for dimension in dimensions]
    size = int(np.prod([len(leaves) for leaves in shape]))
    counts = draw(st.lists(st.one_of(st.just(0), st.integers(0, largest)), min_size=size, max_size=size))
    coordinates = np.stack(np.meshgrid(*[np.arange(len(leaves)) for leaves in shape], indexing="ij"), -1)
    at = [tuple(leaves[i] for leaves, i in zip(shape, point, strict=True)) for point in coordinates.reshape(size, -1)]
    return Table(dimensions, dict(zip(at, counts, strict=True)))


def attacked(protected: Protected) -> dict[tuple[str, ...], tuple[int, int]]:
    dimensions = protected.table.dimensions
    return intervals(protected.cells(), [d.nodes for d in dimensions], [d.leaves for d in dimensions])


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tables())
@pytest.mark.req("DWH-08")
def test_an_integer_programming_attacker_recovers_no_hidden_count(table: Table) -> None:
    protected = suppress(table)
    for coordinates, (low, high) in attacked(protected).items():
        if protected.status(coordinates) == "primary":
            assert high - low >= 4, (coordinates, low, high)
            assert high >= 5
        else:
            assert high > low, (coordinates, low, high)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tables())
def test_what_is_shown_is_exact_and_no_small_count_is_shown(table: Table) -> None:
    protected = suppress(table)
    for coordinates, value in protected.cells().items():
        sets = [d.nodes[node] for d, node in zip(table.dimensions, coordinates, strict=True)]
        truth = sum(
            count
            for leaf, count in table.counts.items()
            if all(one in among for one, among in zip(leaf, sets, strict=True))
        )
        if value is not None:
            assert value == truth
            assert not 1 <= value <= 4


def test_nothing_is_hidden_where_nothing_is_small() -> None:
    table = Table((AGE, SEX), {(age, sex): 12 for age in AGE.leaves for sex in SEX.leaves})
    assert suppress(table).how_many(0) == 12
    assert suppress(table).value(("all", "all")) == 72


def test_totals_are_kept_where_they_can_be() -> None:
    counts = {(age, sex): 30 for age in AGE.leaves for sex in SEX.leaves} | {("40-44", "male"): 2}
    protected = suppress(Table((AGE, SEX), counts))
    assert protected.value(("all", "all")) == 152
    assert protected.value(("40-44", "male")) is None
    # one small count needs three companions: one in its row, one in its column, one where they cross
    assert protected.how_many(2) == 3


def test_the_difference_of_numerator_and_denominator_is_protected_too() -> None:
    table = Table(
        (AGE, SHARE), {(age, "numerator"): 57 for age in AGE.leaves} | {(age, "rest"): 3 for age in AGE.leaves}
    )
    protected = suppress(table)
    for age in AGE.leaves:
        shown = [protected.value((age, node)) for node in ("denominator", "numerator")]
        assert None in shown, "60 invited and 57 come: three did not"


def test_the_steps_of_a_programme_hide_who_is_missing() -> None:
    counts = {
        ("40-44", "listed confirmed"): 20,
        ("40-44", "listed waiting"): 2,
        ("45-49", "listed confirmed"): 30,
        ("45-49", "listed typed"): 9,
        ("50-54", "unlisted confirmed"): 8,
        ("50-54", "listed waiting"): 11,
    }
    protected = suppress(Table((AGE, STEPS), counts))
    assert protected.value(("40-44", "eligible")) is None or protected.value(("40-44", "recorded")) is None
    assert ("40-44", "listed waiting") not in protected.cells(), "combinations of steps are never shown"


@pytest.mark.parametrize("threshold", [2, 3, 10])
def test_the_threshold_is_a_choice(threshold: int) -> None:
    table = Table((AGE, SEX), {(age, sex): 4 + at for at, age in enumerate(AGE.leaves) for sex in SEX.leaves})
    protected = suppress(table, threshold)
    assert all(value is None or value == 0 or value >= threshold for value in protected.cells().values())
    for coordinates, (low, high) in attacked(protected).items():
        assert high - low >= (threshold - 1 if protected.status(coordinates) == "primary" else 1)


def test_a_whole_district_takes_seconds() -> None:
    random = np.random.default_rng(7)
    place = tree("place", {"r": None} | {f"o{n}": "r" for n in range(4)} | {f"s{n}": f"o{n % 4}" for n in range(10)})
    ages = categories("age", [str(age) for age in range(40, 80, 2)])
    counts = {}
    for site in place.leaves:
        for age in ages.leaves:
            for sex in SEX.leaves:
                people = random.multinomial(random.poisson(11), [0.5, 0.1, 0.12, 0.02, 0.01, 0.25])
                counts |= {(site, age, sex, leaf): int(n) for leaf, n in zip(STEPS.leaves, people, strict=True)}
    protected = suppress(Table((place, ages, SEX, STEPS), counts))
    assert protected.how_many(1) > 500
    assert protected.value(("r", "all", "all", "eligible")) is not None


def test_negative_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        suppress(Table((SEX,), {("female",): -1}))


def test_a_dimension_may_split_two_ways() -> None:
    flags = Dimension(
        "flag",
        ("x", "y", "z"),
        {
            "all": frozenset("xyz"),
            "first": frozenset("xy"),
            "second": frozenset("yz"),
            **{k: frozenset(k) for k in "xyz"},
        },
        (("all", ("x", "y", "z")), ("first", ("x", "y")), ("second", ("y", "z"))),
    )
    protected = suppress(
        Table((flags, AGE), {(k, age): 2 + 3 * at for at, k in enumerate("xyz") for age in AGE.leaves})
    )
    assert all(high > low for low, high in attacked(protected).values())
