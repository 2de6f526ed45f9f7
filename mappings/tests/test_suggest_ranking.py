"""Twins, terms and patterns: what prices must not decide, and what keys may say."""

import pytest

from mappings.catalogue.loader import built_in
from mappings.models import Band
from mappings.shapes import ScrapedMarket, ScrapedOutcome
from mappings.suggestions import evaluation, fitting, scoring
from mappings.suggestions.catalogue_ids import KeySteps, step
from mappings.suggestions.coordinates import coordinates_of
from mappings.suggestions.markets import source_of, targets_of
from mappings.suggestions.observations import view_of
from mappings.suggestions.ranking import World, rank
from mappings.suggestions.rules_texts import coherence
from mappings.suggestions.twins import are_twins, veto
from mappings.tests.test_price_evidence import STRENGTHS, fixture, market

YN, OU, SIDES = ("Yes", "No"), ("Over", "Under"), ("1", "X", "2")


def said(name, texts):
    return coordinates_of("x", "1", name, texts)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Over/Under", OU), ("Exact Goals", ("0", "1", "2", "3+"))),
        (("Multigoals", ("1-2", "1-3", "2-3")), ("Over/Under | Full Time", OU)),
        (("1X2 - 1UP", SIDES), ("1X2 | Full Time", SIDES)),
        (("1X2 - 2UP", SIDES), ("1X2 1UP - FT", SIDES)),
        (("1X2", SIDES), ("1X2 1UP - FT", SIDES)),
        (("Over/Under - Early Goals", OU), ("Over/Under | Full Time", OU)),
        (("Player to score in 1st half", ("Ivan Lopes", "Milan Ferro")), ("Over/Under", OU)),
        (("Odd/Even", ("Odd", "Even")), ("Both Teams To Score", YN)),
    ],
)
def test_some_markets_are_never_the_same_whatever_the_prices(one, other):
    assert veto(said(*one), said(*other))
    assert veto(said(*other), said(*one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("First Corner", SIDES), ("Last Corner", SIDES)),
        (("Away Team To Score Yes/No", YN), ("Clean Sheet | {home}", YN)),
        (("Home Team To Score", YN), ("Over/Under | {home}", OU)),
        (("Draw No Bet", ("1", "2")), ("2-Way Handicap", ("1", "2"))),
        (("GG/NG", YN), ("GG/NG 2+", YN)),
    ],
)
def test_prices_say_nothing_between_twins(one, other):
    assert are_twins(said(*one), said(*other))


def world_of(rival_markets, betpawa_markets):
    """Six fixtures. {…}: functions of the home side's chance that give chances by text."""
    made = [
        fixture(
            number,
            [market(key, chances(home)) for key, chances in betpawa_markets.items()],
            [market(key, chances(home)) for key, chances in rival_markets.items()],
        )
        for number, home in enumerate(STRENGTHS)
    ]
    return World(built_in(), [view_of(one) for one in made])


def sides(home):
    return {"Home": home, "None": 0.1, "Away": 0.9 - home}


def test_first_corner_with_the_prices_of_last_corner_is_not_offered_as_it_with_confidence():
    world = world_of({"990163": sides}, {"1096795": sides})
    source = source_of("sportybet", "990163", "First Corner", "", {text: text for text in sides(0.5)})
    ranked = rank(world, source, scoring.shipped())
    offered = {one.candidate.target.betpawa_id: one for one in ranked}
    assert "1096795" not in offered or offered["1096795"].band == Band.WEAK


def test_to_score_is_not_the_other_sides_clean_sheet_though_prices_are_complements():
    def to_score(home):
        return {"Yes": home, "No": 1 - home}

    def clean_sheet(home):
        return {"Yes": 1 - home, "No": home}

    world = world_of({"990014": to_score}, {"3816": clean_sheet})
    source = source_of("sportybet", "990014", "Away Team To Score Yes/No", "", {text: text for text in YN})
    assert all(one.band == Band.WEAK for one in rank(world, source, scoring.shipped()))


def test_early_payout_is_not_plain_1x2():
    def plain(home):
        return {"Home": home, "Draw": 0.25, "Away": 0.75 - home}

    world = world_of({"990100": plain}, {"3743": lambda home: dict(zip(SIDES, plain(home).values(), strict=True))})
    source = source_of("sportybet", "990100", "1X2 - 2UP", "", {text: text for text in plain(0.5)})
    assert "3743" not in {one.candidate.target.betpawa_id for one in rank(world, source, scoring.shipped())}


def test_near_prices_alone_never_make_a_strong_suggestion():
    def chances(home):
        return {"aa": home, "bb": 0.25, "cc": 0.75 - home}

    world = world_of({"990001": chances}, {"3743": lambda home: dict(zip(SIDES, chances(home).values(), strict=True))})
    source = source_of("sportybet", "990001", "", "", {text: text for text in chances(0.5)})
    ranked = rank(world, source, scoring.shipped())
    assert ranked[0].candidate.target.betpawa_id == "3743"
    assert ranked[0].band != Band.STRONG


def test_a_swapped_source_is_not_strong_and_its_pairing_says_so():
    from mappings.suggestions.offers import offers_of

    def swapped(home):
        return {"Home": 0.75 - home, "Draw": 0.25, "Away": home}

    world = world_of({"990001": swapped}, {"3743": lambda home: {"1": home, "X": 0.25, "2": 0.75 - home}})
    source = source_of("sportybet", "990001", "1X2", "", {text: text for text in swapped(0.5)})
    best = offers_of(world, source, scoring.shipped())[0]
    assert (best.betpawa_id, best.band == Band.STRONG) == ("3743", False)
    assert [(pair["text"], pair["betpawaName"], pair["flag"]) for pair in best.pairing] == [
        ("Away", "1", "swapped"),
        ("Draw", "X", "swapped"),
        ("Home", "2", "swapped"),
    ]
    assert any("exchanged" in reason["text"] for reason in best.reasons)


def test_a_betpawa_market_that_no_mapping_names_can_be_suggested():
    def chances(home):
        return {"0-1": home, "2-3": 0.6 - home / 2, "4+": 0.4 - home / 2}

    made = []
    for number, home in enumerate(STRENGTHS):
        one = fixture(number, [market("777001", chances(home))], [market("25", chances(home))])
        named = ScrapedMarket("777001", "", one.books["betpawa"].markets[0].outcomes, None, "Goal Range | Full Time")
        one.books["betpawa"] = type(one.books["betpawa"])(
            "betpawa", "1", "Kano Pillars", "Enyimba", one.sampled_at, (named,)
        )
        made.append(one)
    world = World(built_in(), [view_of(one) for one in made])
    best = rank(world, source_of("sportybet", "25", "Goal Range", "", {t: t for t in chances(0.3)}), scoring.shipped())[
        0
    ]
    assert (best.candidate.target.betpawa_id, best.candidate.target.canonical_id) == ("777001", "")


def test_a_market_that_another_key_feeds_is_less_likely():
    world = World(built_in(), [])
    source = source_of("sportybet", "990018", "Over/Under", "", {"Over 2.5": "Over 2.5", "Under 2.5": "Under 2.5"})
    fresh = World([d for d in built_in() if "18" not in d.keys.get("sportybet", ())], [])
    fed = {one.candidate.target.betpawa_id: one.score for one in rank(world, source, scoring.shipped())}
    assert fed["5000"] > 0 or "5000" in fed
    assert fresh.fed["sportybet"].get("5000") is None


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("18", "68", 50),
        ("18", "900300", None),
        ("S_OU", "S_OU1T", ("", "1T")),
        ("S_DCGGNGHT", "S_DCGGNG2T", ("H", "2")),
        ("S_OU", "S_CSFT", None),
        ("18", "18", None),
    ],
)
def test_the_step_between_two_keys(one, other, expected):
    assert step(one, other) == expected


def test_a_key_is_judged_by_the_steps_from_its_siblings_and_never_by_its_own_mapping():
    targets = {target.betpawa_id: target for target in targets_of(built_in())}
    full, first = ("5000", "5006", "5003"), ("4958", "4964", "4961")
    known = {"18": full[0], "19": full[1], "20": full[2], "69": first[1], "70": first[2]}
    steps = KeySteps({key: [targets[id]] for key, id in known.items()})
    support = steps.support("68", list(targets.values()))
    assert max(support, key=support.get) == "4958"
    with_own = KeySteps({key: [targets[id]] for key, id in (known | {"68": "4976"}).items()})
    assert with_own.support("68", list(targets.values())).get("4976", 0) == 0


def test_a_fit_learns_what_tells_right_from_wrong_and_is_repeatable():
    import numpy as np

    names = [name for name, _ in fitting.FEATURES]
    values = np.zeros((2, len(names)))
    values[0, names.index("kind")], values[1, names.index("kind")] = 1, -1
    cases = [fitting.Case(values, [0]), fitting.Case(-values[1:], []), fitting.Case(values[1:], [])]
    base, weights = fitting.fit(cases)
    assert weights[names.index("kind")] > 0 and (weights >= 0).all()
    assert fitting.fit(cases)[0] == base


def test_calibration_only_rises_and_never_claims_certainty():
    pairs = [(share / 100, share > 40) for share in range(100)]
    points = fitting.calibrate(pairs)
    assert [y for _, y in points] == sorted(y for _, y in points)
    assert scoring.confidence(0.9, points) > scoring.confidence(0.2, points)
    assert all(y < 1 for _, y in points)


def test_rules_text_tells_markets_of_one_name_apart():
    from mappings.suggestions.markets import Target
    from mappings.suggestions.rules_texts import RulesTexts

    reading = said("1X2", SIDES)
    targets = [
        Target("1", "", "1X2", "Pick the result of the match after ninety minutes", None, (reading,), SIDES),
        Target("2", "", "1X2", "Paid out early when your team leads by two goals", None, (reading,), SIDES),
        Target("3", "", "1X2", "Pick the number of corners taken", None, (reading,), SIDES),
    ]
    text = "If your team leads by two goals at any time the bet is paid out early"
    likeness = RulesTexts(targets).likeness(text)
    assert max(likeness, key=likeness.get) == "2"


def test_a_market_with_an_outcome_that_cannot_be_backed_is_read_without_it():
    one = fixture(
        1, [], [ScrapedMarket("1", "", (ScrapedOutcome("Home", "2.0"), ScrapedOutcome("Draw", "3.0", False)))]
    )
    (unit,) = view_of(one).ladders["sportybet", "1"]
    assert unit.labels == ("home",)


def test_rules_that_pay_out_early_keep_a_plain_name_from_being_strong():
    def plain(home):
        return {"Home": home, "Draw": 0.25, "Away": 0.75 - home}

    world = world_of({"990101": plain}, {"3743": lambda home: dict(zip(SIDES, plain(home).values(), strict=True))})
    texts = {text: text for text in plain(0.5)}
    rules = "Which team will win. If your team leads by 2 goals at any time, your bet is paid out early."
    silent = rank(world, source_of("sportybet", "990101", "1X2", "", texts), scoring.shipped())[0]
    telling = rank(world, source_of("sportybet", "990101", "1X2", rules, texts), scoring.shipped())[0]
    assert telling.band != Band.STRONG and telling.score < silent.score


@pytest.mark.parametrize(
    ("text", "name", "sign"),
    [
        ("Predict the number of corners of the home team in the 1st Half.", "Corners - Home Team - First Half", 1),
        ("Predict the number of corners of the home team in the 1st Half.", "Over/Under | {away} | Full Time", -1),
        ("Which team will win the match.", "1X2 | Full Time", 0),
        ("", "Over/Under | {away} | First Half", 0),
    ],
)
def test_rules_speak_for_the_half_side_and_count_that_they_name(text, name, sign):
    value = coherence(text, said(name, OU))
    assert (value > 0) - (value < 0) == sign


@pytest.mark.parametrize(
    ("lines", "is_strong"), [(("2.5", "3.5"), True), (("2.5",), False)], ids=["one of several lines", "the only line"]
)
def test_a_number_in_a_name_is_a_fixed_line_unless_there_are_others(lines, is_strong):
    def totals(key, line, grammar):
        return market(key, {"Over": 0.3, "Under": 0.7} if line == "3.5" else {"Over": 0.6, "Under": 0.4}, grammar(line))

    made = [
        fixture(
            number,
            [totals("5000", line, lambda text: str(int(float(text) * 4))) for line in ("2.5", "3.5")],
            [totals("990018", line, lambda text: f"total={text}") for line in lines],
        )
        for number in range(6)
    ]
    definitions = [d for d in built_in() if d.canonical_id != "over_under_ft"] + [
        evaluation.without_bookmaker([d], "sportybet")[0] for d in built_in() if d.canonical_id == "over_under_ft"
    ]
    world = World(definitions, [view_of(one) for one in made])
    source = source_of("sportybet", "990018", "Over/Under 2.5", "", {text: text for text in OU})
    best = rank(world, source, scoring.shipped())[0]
    assert best.candidate.target.betpawa_id == "5000"
    assert bool(best.candidate.parameters) is not is_strong
    assert is_strong or best.band != Band.STRONG


def test_a_split_market_is_never_strong_for_half_of_it():
    texts = ("Home Over", "Home Under", "Away Over", "Away Under")
    source = source_of("bet9ja", "S_NEW", "Home/Away - Over/Under", "", {text: text for text in texts})
    assert all(one.band != Band.STRONG for one in rank(World(built_in(), []), source, scoring.shipped()))


def test_two_rules_texts_are_told_apart_by_how_they_settle():
    from mappings.suggestions.rules_texts import differences

    plain = "Pick what the result will be for the stated period."
    assert differences("Paid out early when your team leads by two goals.", plain) == (
        "pays out early: only the rival's text says so",
    )
    assert differences(plain, "Pick a player. Extra time counts, and your stake is refunded when he stays away.") == (
        "extra time counts: only BetPawa's text says so",
        "the stake comes back: only BetPawa's text says so",
    )
    assert differences(plain, "Extra time does not count for this market.") == ()
    assert differences("", plain) == ()
