"""What happened in the hand-made district; each function tells the stories of one rule."""

from __future__ import annotations

from tests.dbt.district import CARDIOLOGY, POLYCLINIC, POLYCLINIC_SITE, VILLAGE, VILLAGE_SITE, District, at, day


def tell_all(district: District) -> District:
    """Every story."""
    for tell in (
        after_heart_attack,
        after_stroke,
        after_tia,
        deaths,
        registrations,
        planned_visits,
        screening,
        illness,
    ):
        tell(district)
    return district


def _followed(district: District, person: str, days_before: int, card: bool = True, **columns: int) -> None:
    when = at(days_before, 11)
    visit = district.visit(person, when, encounter_class="home", **columns)
    district.pressure(person, when, visit)
    district.medicine(person, when, "B01AC06")
    if card:
        district.card(person, when, "I25.2")


def after_heart_attack(district: District) -> None:
    """SIG-02."""
    ids = district.ids
    person = district.person("stent", 58, "male")
    ids["stent"] = district.stay(person, "I21.1", out=3, known=at(1, 17))

    person = district.person("called", 66)
    ids["called"] = district.stay(person, "I20.0", out=2, known=at(1, 9))
    district.visit(person, at(1, 15), encounter_class="virtual")

    person = district.person("forgotten", 70, village=True)
    ids["forgotten"] = district.stay(person, "I21.9", out=14, known=at(12, 9))
    district.visit(person, at(9, 10), encounter_class="home", disposition="nobody_home")

    person = district.person("weekend", 61)
    ids["weekend"] = district.stay(person, "I22.0", out=7, known=at(6, 11))

    person = district.person("followed", 64)
    ids["followed"] = district.stay(person, "I21.0", out=15, known=at(14, 9))
    _followed(district, person, 12)

    # the card of years ago still stands, the visit was in another town
    person = district.person("elsewhere", 62)
    district.card(person, at(800), "I25.9")
    ids["elsewhere"] = district.stay(person, "I24.8", out=10, known=at(9, 9))
    _followed(district, person, 8, card=False, organization_id=CARDIOLOGY)

    person = district.person("no card", 71)
    ids["no card"] = district.stay(person, "I21.0", out=11, known=at(10, 9))
    _followed(district, person, 8, card=False)

    person = district.person("transferred", 59, "male")
    ids["transferred"] = district.stay(person, "I21.4", out=9, known=at(9, 13), days=3, disposition="transferred")
    ids["rehabilitated"] = district.stay(person, "I25.2", out=2, known=at(2, 9), days=7)

    person = district.person("handed over", 68)
    district.lake.add(
        "serving_site", patient_key=person, organization_id=VILLAGE, site_id=VILLAGE_SITE,
        start_date=day(60), accepted_at=at(60, 12),
    )  # fmt: skip
    ids["handed over"] = district.stay(person, "I21.9", out=3, known=at(2, 9))

    person = district.person("offered", 67)
    district.lake.add(
        "serving_site", patient_key=person, organization_id=VILLAGE, site_id=VILLAGE_SITE, start_date=day(60)
    )
    ids["offered"] = district.stay(person, "I21.9", out=3, known=at(2, 9))

    person = district.person("died in ward", 78)
    ids["died in ward"] = district.stay(person, "I21.1", out=7, known=at(6), disposition="died")
    district.lake.fact("death", person, at(7, 12), known_at=at(6), place="hospital", cause_icd10="I21.1")

    person = district.person("old stent", 67)
    ids["old stent"] = district.stay(person, "J18.9", out=5, known=at(4))
    district.lake.fact(
        "condition", person, at(5, 12), known_at=at(4), encounter_id=ids["old stent"], icd10="Z95.5", type="concomitant"
    )

    person = district.person("left", 57, end_date=day(20), end_reason="moved")
    ids["left"] = district.stay(person, "I20.0", out=5, known=at(4))

    person = district.person("wrong", 60)
    ids["wrong"] = district.stay(person, "I21.9", out=6, known=at(5), entered_in_error_at=at(3))


def after_stroke(district: District) -> None:
    """SIG-03."""
    ids = district.ids
    person = district.person("stroke", 69)
    ids["stroke"] = district.stay(person, "I63.4", out=3, known=at(2, 9), days=12)

    person = district.person("visited", 62)
    ids["visited"] = district.stay(person, "I61.9", out=9, known=at(8, 9), days=12)
    _home_visit(district, person, 6)

    person = district.person("recovering", 64)
    ids["recovering"] = district.stay(person, "I63.5", out=20, known=at(19, 9), days=12)
    _home_visit(district, person, 17)
    district.visit(person, at(12, 12), practitioner_code="p-0002")

    person = district.person("still in rehabilitation", 75)
    ids["still in rehabilitation"] = district.stay(
        person, "I63.9", out=9, known=at(9, 13), days=10, disposition="transferred"
    )
    district.stay(person, "I69.3", out=-10, known=None, days=19)


def _home_visit(district: District, person: str, days_before: int) -> None:
    when = at(days_before, 14)
    visit = district.visit(person, when, encounter_class="home")
    district.pressure(person, when, visit)
    district.lake.fact(
        "observation", person, when, encounter_id=visit, code="75859-9", value_number=2.0, unit="{score}"
    )
    district.lake.fact("service_request", person, when, encounter_id=visit, category="rehabilitation")


def after_tia(district: District) -> None:
    """SIG-04."""
    ids = district.ids
    for key, icd10 in (("sent home", "G45.9"), ("amnesia", "G45.4")):
        person = district.person(key, 67)
        ids[key] = district.lake.fact(
            "encounter", person, at(5, 19), encounter_class="emergency", organization_id=CARDIOLOGY, known_at=at(5, 21),
            end_at=at(5, 20), end_known_at=at(5, 21), disposition="not_indicated",
        )  # fmt: skip
        district.lake.fact(
            "condition", person, at(5, 19), known_at=at(5, 21), encounter_id=ids[key], icd10=icd10, kind="preliminary"
        )

    person = district.person("no duplex", 68)
    ids["no duplex"] = district.stay(person, "G45.1", out=13, known=at(12, 9), days=5)
    district.visit(person, at(11, 16), encounter_class="home")
    district.medicine(person, at(11, 16), "B01AC06")
    district.service(person, at(11, 16), "C02.001.000", evidence="measured")

    person = district.person("examined", 59)
    ids["examined"] = district.stay(person, "G45.8", out=16, known=at(15, 9), days=5)
    district.visit(person, at(15, 16))
    district.medicine(person, at(15, 16), "B01AC06")
    district.service(person, at(15, 16), "C02.001.000", evidence="measured")
    district.service(person, at(11, 9), "C03.002.003", evidence="measured")


def deaths(district: District) -> None:
    """SIG-07."""
    ids, lake = district.ids, district.lake
    person = district.person("at home", 52, "male")
    ids["booking"] = lake.fact("appointment", person, at(9), start_at=at(-6, 9), end_at=at(-6, 10))
    ids["at home"] = lake.fact("death", person, at(3, 22), known_at=at(2, 9), cause_icd10="I50.0")
    district.visit(person, at(1, 11))

    # the attachment ended by the death itself
    person = district.person("very old", 84, end_date=day(13), end_reason="died")
    lake.fact("appointment", person, at(20), start_at=at(-8, 9), end_at=at(-8, 10), status="cancelled")
    ids["very old"] = lake.fact("death", person, at(13, 6), known_at=at(12), place="hospital")

    person = district.person("infant", 3)
    ids["infant"] = lake.fact("death", person, at(4, 6), known_at=at(4, 12), place="hospital")
    district.service(person, at(2, 15), "L08.001.000")

    person = district.person("mother", 29)
    district.pregnancy(
        person, 44, 200, status="finished", end_at=at(30), end_known_at=at(29), outcome="live_birth", outcome_at=at(30),
        outcome_known_at=at(29), close_reason="outcome",
    )  # fmt: skip
    ids["mother"] = lake.fact("death", person, at(2, 6), known_at=at(1, 12), place="other")

    person = district.person("namesake", 66)
    ids["namesake"] = lake.fact("death", person, at(8), known_at=at(7), entered_in_error_at=at(5))


def registrations(district: District) -> None:
    """MAT-10."""
    ids = district.ids
    person = district.person("new card", 26)
    ids["new card"] = district.pregnancy(person, 10, 6, risk_level=None, required_care_level=None)

    person = district.person("no risk", 31)
    ids["no risk"] = district.pregnancy(person, 15, 18, risk_level=None, required_care_level=None)
    district.service(person, at(18, 9, 30), "L03.001.000")

    person = district.person("complete", 24)
    ids["complete"] = district.pregnancy(person, 11, 10)
    district.service(person, at(10, 9, 30), "L03.001.000")

    for key, icd10, weeks in (("born", "O80.0", 39.0), ("lost late", "O03.9", 16.0), ("lost early", "O03.9", 8.0)):
        person = district.person(key, 27)
        ids[key] = district.stay(person, icd10, out=5, known=at(4, 11), days=3)
        district.lake.fact(
            "observation",
            person,
            at(8, 3),
            known_at=at(4, 11),
            encounter_id=ids[key],
            code="18185-9",
            value_number=weeks,
            unit="wk",
        )


def planned_visits(district: District) -> None:
    """MAT-11."""
    ids = district.ids
    for key, age, planned, risk in (
        ("silent", 28, 6, "low"),
        ("risky", 41, 2, "high"),
        ("in grace", 25, 3, "low"),
        ("empty house", 22, 9, "low"),
        ("came late", 33, 10, "low"),
        ("seen elsewhere", 29, 7, "low"),
        ("came early", 30, 9, "low"),
        ("in ward", 36, 8, "low"),
    ):
        person = district.person(key, age)
        ids[f"card {key}"] = district.pregnancy(person, 31, 150, risk_level=risk)
        ids[key] = district.planned(person, ids[f"card {key}"], 5, planned)
        district.planned(person, ids[f"card {key}"], 6, -20)
    district.visit("empty house", at(5, 11), encounter_class="virtual", disposition="nobody_home")
    district.visit("empty house", at(4, 11), encounter_class="home", disposition="nobody_home")
    district.visit("came late", at(4, 10), purpose="pregnancy")
    district.visit("seen elsewhere", at(6, 9), purpose="pregnancy", organization_id=CARDIOLOGY, known_at=at(1, 18))
    district.visit("came early", at(13, 9), purpose="pregnancy")
    district.stay("in ward", "O47", out=-3, known=None, days=13)

    person = district.person("miscarried", 34)
    card = district.pregnancy(
        person, 15, 40, status="finished", end_at=at(20), end_known_at=at(2), outcome="miscarriage", outcome_at=at(20),
        outcome_known_at=at(2), close_reason="outcome",
    )  # fmt: skip
    ids["miscarried"] = district.planned(person, card, 2, 6, status="cancelled", cancel_reason="outcome")

    person = district.person("delivered", 30)
    card = district.pregnancy(
        person, 40, 190, status="finished", end_at=at(2, 7), end_known_at=at(1), outcome="live_birth",
        outcome_at=at(2, 7), outcome_known_at=at(1), close_reason="outcome",
    )  # fmt: skip
    ids["delivered"] = district.planned(person, card, 8, 9, status="cancelled", cancel_reason="outcome")


def screening(district: District) -> None:
    """Breast screening of 2026: ages 40, 42, … 76 by calendar year."""
    ids = district.ids
    for key, age, listed, done, grade in (
        ("confirmed", 50, True, 200, "measured"),
        ("typed", 52, True, 120, "typed"),
        ("not listed", 54, False, 60, "presence"),
        ("nobody came", 56, True, None, ""),
        ("odd age", 51, True, None, ""),
    ):
        person = district.person(key, age)
        if listed:
            ids[f"listed {key}"] = district.lake.fact(
                "care_plan_activity", person, at(370), programme="breast", step="listed", plan_year=2026,
                site_id=POLYCLINIC_SITE,
            )  # fmt: skip
        if done is not None:
            ids[f"done {key}"] = _mammogram(district, person, done, grade)
    _mammogram(district, district.person("done last year", 60), 400, "measured")
    _mammogram(district, "confirmed", 30, "typed")

    person = district.person("patient of oncologist", 58)
    district.card(person, at(900), "C50.9")
    # the screening found it: she stays in the coverage
    person = district.person("found", 62)
    _mammogram(district, person, 90, "measured")
    district.card(person, at(60), "C50.1")

    person = district.person("dead and screened", 64)
    district.lake.fact("death", person, at(100), place="home")
    _mammogram(district, person, 95, "typed")
    district.person("moved away", 66, end_date=day(130), end_reason="moved")
    district.person("newcomer", 68, start_date=day(40))


def _mammogram(district: District, person: str, days_before: int, grade: str) -> int:
    return district.service(
        person, at(days_before, 11), "C03.082.005", programme="breast", evidence=grade, result_code="2"
    )


def illness(district: District) -> None:
    """Visits and diagnoses of one person with a cold and a chronic disease."""
    person = district.person("patient", 45)
    for days_before, icd10, character, grade in (
        (70, "J06.9", "acute", "presence"),
        (65, "J06.9", "acute", "typed"),
        (20, "J06.9", "acute", "typed"),
        (60, "I10", "chronic_new", "typed"),
        (30, "I10", "chronic_known", "typed"),
        (400, "E11.9", "chronic_known", "typed"),
        (50, "E11.9", "chronic_known", "typed"),
    ):
        visit = district.visit(person, at(days_before, 10), evidence=grade)
        district.lake.fact(
            "condition", person, at(days_before, 10), encounter_id=visit, icd10=icd10, character=character
        )
    visit = district.visit(
        person, at(15), encounter_class="home", disposition="nobody_home", organization_id=POLYCLINIC
    )
    district.ids["nobody home"] = visit
    district.lake.fact(
        "condition", person, at(15), encounter_id=visit, icd10=None, original_system="snomed", original_code="1234"
    )
