"""The map of writers: its numbers against enumeration, its closed forms against its numbers, its verdicts against changed rows."""

import collections
import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.amortise import borders
from experiments.amortise.map import CLOSED_FORMS, COLUMNS, MAP, MapSettings, areas, map_rows
from experiments.amortise.map_findings import judged_map
from experiments.amortise.map_laws import REGIONS, affected_share, classes, greedy, law, listing, means, of_classes, tables, with_best
from experiments.amortise.map_models import UNDECIDED, Interval, OnMap, careful_shares, measured_region, model_rows, region
from experiments.amortise.map_predictors import QUANTITIES, best_rule
from experiments.engine.columns import undeclared
from experiments.engine.models import encode_prompts, load
from experiments.engine.rows import Table
from sharpsim.tasks import CORPORA, Corpus, ManyWriters
from sharpsim.tasks.many_writers import OPENER

TASK = ManyWriters(level=1)
PROMPTS = TASK.prompts("held_out", 24, 3)
# (share, phrasings, rate, N): each region, and shares near its borders.
PLACES = [(0.3, 2, 0.65, 3), (0.3, 3, 0.65, 3), (0.6, 2, 0.8, 4), (0.05, 3, 0.65, 2), (0.49, 4, 0.55, 3), (0.02, 1, 0.9, 3)]
GRID = dataclasses.replace(MAP, rates=(0.65,), draws=(50, 10), prompts=24)


def by_prefixes(texts: list[str], probs: np.ndarray) -> int:
    """Greedy decoding written out: the mass of every next token among the responses that begin as what is written."""
    written: tuple[int, ...] = ()
    codes = [tuple(TASK.encode_response(text).tolist()) for text in texts]
    while len(written) < TASK.horizon:
        mass: dict[int, float] = collections.defaultdict(float)
        for code, prob in zip(codes, probs, strict=True):
            if code[: len(written)] == written:
                mass[code[len(written)]] += prob
        most = max(mass.values())
        written += (min(token for token, value in mass.items() if value > most - 1e-12),)
    return codes.index(written)


def best_by_enumeration(probs: np.ndarray, correct: np.ndarray, N: int) -> float:
    """The accuracy of the likeliest of N draws over all N-tuples of responses, ties to the first drawn."""
    total = 0.0
    for drawn in itertools.product(range(len(probs)), repeat=N):
        likelihoods = [round(float(np.log(probs[i])), 12) for i in drawn]
        kept = drawn[int(np.argmax(likelihoods))]
        total += float(np.prod(probs[list(drawn)])) * bool(correct[kept])
    return total


def by_hand(share: float, phrasings: int, rate: float, N: int) -> dict[str, float]:
    """Every quantity as a plain mean over the prompts, from each prompt's own law."""
    found: dict[str, list[float]] = collections.defaultdict(list)
    pairs = []
    for prompt in PROMPTS:
        texts, probs = law(Corpus(share, phrasings, rate, "precedence"), prompt)
        right = np.array([TASK.is_correct(prompt, text) for text in texts])
        logs = np.log(probs)
        modes = np.isclose(probs, probs.max(), rtol=1e-9)
        found["one_draw"].append(probs[right].sum())
        found["greedy"].append(right[by_prefixes(texts, probs)])
        found["best_of_n"].append(best_by_enumeration(probs, right, N))
        found["mode"].append(right[modes].mean())
        found["coverage"].append(1 / probs[modes].sum())
        found["mode_coverage"].append(1 / probs.max())
        found["margin"].append(np.log(probs.max() / probs[~modes].max()))
        found["covariance"].append(probs @ ((right - probs @ right) * (logs - probs @ logs)))
        if not right.all():
            found["signed_margin"].append(logs[right].max() - logs[~right].max())
        pairs += list(zip(probs / len(PROMPTS), right, logs, strict=True))
    weights, right, logs = map(np.array, zip(*pairs, strict=True))
    pooled = weights @ ((right - weights @ right) * (logs - weights @ logs))
    return {name: float(np.mean(values)) for name, values in found.items()} | {"pooled_covariance": float(pooled)}


def by_classes(share: float, phrasings: int, rate: float, N: int) -> dict[str, float]:
    corpus = Corpus(0.5, phrasings, 0.5, "precedence")
    made = [listing(TASK, corpus, *one) for one in classes(TASK, PROMPTS, "precedence").items()]
    logs = tables(made, np.array([share]), phrasings, rate, "precedence")
    each = of_classes(made, logs)
    return {name: float(values[0]) for name, values in with_best(made, logs, each, means(made, logs, each), N).items()}


@pytest.mark.parametrize("place", PLACES)
def test_a_place_of_the_map_is_what_enumeration_gives(place):
    found, truth = by_classes(*place), by_hand(*place)
    for name, value in truth.items():
        assert found[name] == pytest.approx(value, rel=1e-9, abs=1e-12), name
    assert sum(found[name] for name in REGIONS) == pytest.approx(1)


def test_prompts_of_one_class_have_one_law():
    found = classes(TASK, PROMPTS, "precedence")
    assert len(found) == 3
    assert sum(found.values()) == pytest.approx(1)
    rows = {}
    for prompt in PROMPTS:
        texts, probs = law(Corpus(0.11, 5, 0.8, "precedence"), prompt)
        right = [TASK.is_correct(prompt, text) for text in texts]
        rows.setdefault(repr(sorted(zip(probs.round(12).tolist(), right, strict=True))), []).append(prompt)
    assert sorted(len(members) / len(PROMPTS) for members in rows.values()) == pytest.approx(sorted(found.values()))
    wrong = [
        prompt for prompt in PROMPTS if not all(TASK.is_correct(prompt, text) for text in Corpus(0.5, 1, 0.5, "precedence").law(prompt)[0])
    ]
    assert affected_share(TASK, PROMPTS, "precedence") == len(wrong) / len(PROMPTS)
    assert 0 < len(wrong) < len(PROMPTS)


def test_greedy_decoding_follows_the_mass_and_breaks_ties_to_the_smallest_token():
    tokens = np.array([[1, 0], [2, 1], [2, 3]])
    assert greedy(tokens, np.array([[0.4, 0.35, 0.25], [0.6, 0.1, 0.3], [0.5, 0.2, 0.3], [0.2, 0.4, 0.4]])).tolist() == [1, 0, 0, 1]


@given(st.floats(0.01, 0.99), st.integers(1, 40), st.floats(0.51, 0.98), st.integers(2, 200))
def test_closed_forms_on_the_law_of_three_kinds_of_response(share, phrasings, rate, N):
    """On an affected prompt the law is known in three numbers, and every border follows from it."""
    right, wrong, lucky = share, (1 - share) * rate, (1 - share) * (1 - rate)
    if np.isclose(phrasings, borders.mode_phrasings(share, rate), rtol=1e-6):
        return
    assert (phrasings > borders.mode_phrasings(share, rate)) == (right > wrong / phrasings)
    assert (share > borders.mode_share(phrasings, rate)) == (right > wrong / phrasings)
    mode_right = right > wrong / phrasings
    best = 1 - (1 - share) ** N + lucky**N if mode_right else (right + lucky) ** N
    one = float(borders.one_draw(share, rate))
    assert one == pytest.approx(right + lucky)
    least = borders.best_of_n_share(rate, N)
    if not np.isclose(share, least, rtol=1e-6):
        assert (best > one) == (mode_right and share > least)
    logs = np.log([right, lucky / phrasings, wrong / phrasings])
    mean_right, mean_wrong = (right * logs[0] + lucky * logs[1]) / one, logs[2]
    if abs(mean_right - mean_wrong) > 1e-6:
        assert (phrasings > borders.covariance_phrasings(share, rate)) == (mean_right > mean_wrong)
    assert borders.covariance_phrasings(share, rate) >= borders.mode_phrasings(share, rate)


def test_values_of_the_borders():
    assert borders.mode_phrasings([0.2, 0.5], 0.65).tolist() == pytest.approx([2.6, 0.65])
    assert borders.best_of_n_share(0.65, 50) == pytest.approx(1 - 0.65 ** (1 / 49), rel=1e-12)
    # N = 2 in full: (1-s)(1 - (1-r)^2) = r.
    assert borders.best_of_n_share(0.8, 2) == pytest.approx(1 - 0.8 / 0.96)
    assert borders.one_draw(0.3, 0.7, 0.5) == pytest.approx(1 - 0.5 * 0.7 * 0.7)


@pytest.fixture(scope="module")
def parts() -> dict[str, list[dict]]:
    return map_rows(GRID)


def as_tables(parts: dict[str, list[dict]]) -> dict[str, Table]:
    return {name: Table({column: [row[column] for row in rows] for column in rows[0]}) for name, rows in parts.items()}


def test_every_place_is_on_the_side_of_the_borders_that_the_closed_forms_say(parts):
    for row in parts["map-areas"]:
        assert [row[f"{name}_off"] for name in CLOSED_FORMS] == [0] * len(CLOSED_FORMS)
        assert sum(row[name] for name in REGIONS) == pytest.approx(1)
        assert row["too_few_draws"] > 0
    for row in parts["map"]:
        assert row["region"] == region(row["share"], row["phrasings"], row["rate"], row["N"])
        assert row["one_draw"] == pytest.approx(float(borders.one_draw(row["share"], row["rate"], row["affected"])))
    for name, rows in parts.items():
        assert undeclared(rows[0], COLUMNS[name]) == "", name


@pytest.mark.parametrize("factor", [1 / 1.3, 1.3])
@pytest.mark.parametrize(
    ("border", "off"),
    [("greedy_share", "greedy"), ("mode_phrasings", "mode"), ("best_of_n_share", "best_of_n"), ("covariance_phrasings", "covariance")],
)
def test_a_border_that_is_wrong_by_a_third_is_seen(border, off, factor, parts, monkeypatch):
    shares, phrasings = GRID.grid()
    names = [name for name, value in parts["map"][0].items() if isinstance(value, float)]
    grid = {name: np.array([row[name] for row in parts["map"]]).reshape(len(shares), len(phrasings)) for name in names}
    assert areas(grid, shares, phrasings, 0.65, 50)[f"{off}_off"] == 0
    exact = getattr(borders, border)
    monkeypatch.setattr(borders, border, lambda *given: factor * exact(*given))
    assert areas(grid, shares, phrasings, 0.65, 50)[f"{off}_off"] > 0


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=12))
def test_the_chosen_threshold_is_the_best_there_is(points):
    values, truth = (np.array(column) for column in zip(*points, strict=True))
    grid = {QUANTITIES["margin"]: values.astype(float)}
    rule = best_rule("margin", grid, truth, np.ones(len(values), dtype=bool))
    cuts = [-np.inf, *np.unique(values) + 0.5]
    best = max(((values > cut) == (truth == above)).mean() for cut in cuts for above in (True, False))
    assert (rule(grid) == truth).mean() == best


def test_rules_are_judged_where_they_were_not_chosen(parts):
    rows = [row for row in parts["map-predictors"] if row["N"] == 50]
    whole, half = ({row["places"] for row in rows if row["threshold_from"] == source} for source in ("theory", "chosen"))
    places = len(parts["map"])
    assert max(whole) == places
    assert max(half) == places // 2
    for row in rows:
        assert row["agree"] + row["missed"] + row["promised"] == pytest.approx(1)


def test_the_mode_border_is_drawn_by_the_signed_margin_alone(parts):
    rows = {
        (row["quantity"], row["threshold_from"]): row
        for row in parts["map-predictors"]
        if row["border"] == "the mode beats one draw" and row["N"] == 50 and (row["threshold_from"] == "chosen" or row["threshold"] == 0)
    }
    assert rows["signed margin", "theory"]["agree"] == 1
    assert rows["covariance", "theory"]["promised"] == 0
    assert 0.1 < rows["covariance", "theory"]["missed"] < 0.2
    assert rows["margin", "chosen"]["agree"] < 0.8
    assert rows["pooled covariance", "theory"]["promised"] > 0.1


ACCURACIES = {"one_draw": (0.6, 0.58, 0.62), "greedy": (0.5, 0.48, 0.52), "best_of_n": (0.95, 0.93, 0.97), "tuned": (0.9, 0.88, 0.92)}
SHARES = {"base_careful": (0.34, 0.3, 0.38), "tuned_careful": (0.9, 0.85, 0.95)}


def model(level: int = 1, **changed: tuple[float, float, float]) -> OnMap:
    accuracies = {name: Interval(*value) for name, value in (ACCURACIES | SHARES | changed).items()}
    return OnMap(level, "gru", tuple(PROMPTS), 50, **accuracies)


def test_models_on_the_map():
    (row,) = model_rows([model()])
    assert undeclared(row, COLUMNS["map-models"]) == ""
    assert (row["share"], row["phrasings"], row["rate"]) == (CORPORA[1].share, CORPORA[1].phrasings, CORPORA[1].rate)
    assert row["predicted"] == row["measured"] == "sharpening_wins"
    assert row["affected"] == affected_share(TASK, PROMPTS, "precedence")
    for name, (value, low, high) in (ACCURACIES | SHARES).items():
        assert [row[name], row[f"{name}_low"], row[f"{name}_high"]] == [value, low, high]
    assert [region(c.share, c.phrasings, c.rate, 50) for c in CORPORA.values()].count("mode_wrong") == 1
    assert region(0.001, 2000, 0.65, 50) == "too_few_draws"
    assert region(0.6, 1, 0.65, 50) == "greedy_right"


def test_the_share_of_careful_writing_is_what_does_not_begin_as_the_careless_do():
    policy, prompts = load("many writers", "gru"), encode_prompts(TASK, PROMPTS[:4])
    found = careful_shares(policy, prompts)
    careless = TASK.encode_response(next(text for text in CORPORA[1].law(PROMPTS[0])[0] if text.startswith(OPENER)))
    for prompt, share in zip(prompts, found, strict=True):
        assert share == pytest.approx(1 - np.exp(float(policy.token_log_probs(prompt, careless)[0])), rel=1e-4)
    # The model was trained on this corpus.
    assert found.mean() == pytest.approx(CORPORA[1].share, abs=0.15)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"best_of_n": (0.5, 0.48, 0.52)}, "mode_wrong"),
        ({"greedy": (0.98, 0.96, 1.0)}, "greedy_right"),
        ({"greedy": (0.92, 0.9, 0.94)}, "greedy_right"),
        ({"best_of_n": (0.61, 0.59, 0.63)}, UNDECIDED),
        ({}, "sharpening_wins"),
    ],
)
def test_what_accuracies_say_of_a_models_region(changed, said):
    assert measured_region(model(**changed)) == said


def changed_table(table: Table, **columns) -> Table:
    return Table({name: columns.get(name, table[name]) for name in table.columns})


def test_verdicts(parts):
    known = as_tables(parts | {"map-models": model_rows([model()])})
    found = {verdict.label: verdict.verdict for verdict in judged_map(known)}
    assert len(found) == len(judged_map(known))
    assert found["Map (closed forms)"] == "holds"
    for label, verdict in (
        ("covariance is enough", "reproduced"), ("signed margin above 0: mode", "reproduced"), ("covariance above 0: mode", "vacuous"),
        ("C_cov at most N: best of N", "vacuous"), ("C_cov above 2: greedy", "reproduced"), ("Cbar_cov above 2: greedy", "vacuous"),
        ("trained models", "reproduced"),
    ):  # fmt: skip
        assert found[f"Map ({label})"] == verdict, label
    places, rules = known["map-areas"], known["map-predictors"]
    worse = known | {
        "map-areas": changed_table(places, mode_off=places["mode_off"] + 1),
        "map-predictors": changed_table(rules, agree=rules["agree"] - 0.06, promised=rules["promised"] + 0.06),
        "map-models": changed_table(known["map-models"], measured=np.array(["greedy_right"])),
    }
    found = {verdict.label: verdict.verdict for verdict in judged_map(worse)}
    assert found.pop("Map (closed forms)") == "violated"
    assert set(found.values()) == {"vacuous"}


@pytest.mark.parametrize(("name", "values"), [("rates", (0.65, 0.5)), ("draws", (50, 1))])
def test_settings_refuse_what_the_closed_forms_do_not_cover(name, values):
    with pytest.raises(ValueError, match=f"`{name}` must be .*; got {values[1]}"):
        dataclasses.replace(MAP, **{name: values})


def test_the_grid_has_its_ends_and_no_share_twice():
    shares, phrasings = MapSettings(**{**dataclasses.asdict(MAP), "shares": (0.1, 0.8, 6)}).grid()
    assert (shares[0], shares[-1]) == pytest.approx((0.1, 0.8))
    assert (np.diff(shares) > 0).all()
    assert phrasings[0] == 1
    assert phrasings[-1] == 256
    assert (np.diff(phrasings) > 0).all()
