"""Tests Prop E.1: the most likely sequences of a linear softmax model are the maximum cuts of a graph.

Best-first search and enumeration of all 2^H sequences are compared with brute-force maximum cuts. One graph whose most likely sequence is
no maximum cut would refute the proposition. NP-hardness is a statement about all algorithms, which no experiment can show; the rows show
that this search takes of order 2^n steps.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.engine.columns import Column, columns
from experiments.engine.frame import Context, Table, Verdict
from sharpsim import instances
from sharpsim.theory import hardness as theory
from sharpsim.theory import inference


@dataclass(frozen=True)
class Settings:
    """All connected graphs on `listed` vertices; named and random (n, edge probability) graphs; B and coupling of the searched models.

    `spread` is the coupling of a second model of graphs whose cuts float64 cannot tell apart at `coupling`. `scales` is swept by
    enumeration on the listed graphs, `printed` are the B at which the last factor is measured.
    """

    listed: tuple[int, ...]
    cycles: tuple[int, ...]
    complete: tuple[int, ...]
    bipartite: tuple[tuple[int, int], ...]
    petersen: tuple[tuple[int, int], ...]
    random: tuple[tuple[int, float], ...]
    scale: float
    coupling: float
    spread: float
    scales: tuple[float, ...]
    printed: tuple[float, ...]


_SHARED: dict[str, Any] = {
    "scale": 1.0, "coupling": 1.0, "spread": 0.125, "printed": (0.25, 0.5, 1.0, 2.0, 4.0),
    "scales": tuple(sorted([0.1334, *(float(f"{value:.4g}") for value in np.geomspace(0.001, 4.0, 37))])),
}  # fmt: skip
SETTINGS = {
    "smoke": Settings(
        listed=(2, 3, 4), cycles=(7,), complete=(7,), bipartite=((3, 4),), petersen=(), random=((7, 0.5),), **_SHARED,
    ),
    "default": Settings(
        listed=(2, 3, 4, 5, 6), cycles=(8, 10, 12), complete=(8, 10, 12), bipartite=((4, 4), (3, 5), (5, 5), (6, 6), (7, 7)),
        petersen=((4, 1), (5, 2), (6, 2), (7, 2)), scale=1.0, coupling=1.0, spread=0.125, scales=_SHARED["scales"],
        random=((8, 0.3), (8, 0.5), (8, 0.8), (10, 0.3), (10, 0.5), (10, 0.8), (12, 0.3), (12, 0.5), (12, 0.8), (14, 0.3), (14, 0.6)),
        printed=_SHARED["printed"],
    ),
    "full": Settings(
        listed=(2, 3, 4, 5, 6), cycles=tuple(range(7, 15)), complete=tuple(range(7, 15)),
        bipartite=tuple((a, b) for a in range(3, 8) for b in range(max(a, 7 - a), 15 - a) if a + b >= 7),
        petersen=((4, 1), (5, 1), (5, 2), (6, 1), (6, 2), (7, 1), (7, 2), (7, 3)),
        random=tuple((n, p) for n in range(7, 15) for p in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)), **_SHARED,
    ),
}  # fmt: skip


COLUMNS: dict[str, dict[str, Column]] = {
    "": columns(
        text="family name",
        count="vertices edges maximum_cut maximum_cuts resolved found found_maximum found_cut greedy_cut enumerated enumerated_maximum "
        "expansions expansions_exact expansions_low expansions_high",
        exact="scale coupling mode_probability mode_coverage coverage expansions_bound least_scale least_scale_bound",
        # Search and enumeration find the same log-probability: their gap is the rounding of sums of some ten terms of order 1.
        floor={"log_prob_gap": 1e-12},
    ),
    "scale": columns(count="graphs maximum_cuts expected wrong", exact="scale coupling measured largest_least_scale bound"),
    "printed": columns(exact="scale claimed corrected as_printed printed_exact norm norm_as_printed"),
}


def run(settings: Settings, context: Context) -> dict[str, list[dict[str, Any]]]:
    """Part "": one row for each searched model; "scale": how many argmaxes are maximum cuts at each B; "printed": the last factor."""
    suite = _suite(settings, np.random.default_rng([context.seed, 57]))
    sizes = sorted({len(model["graph"]) for model in suite})
    rows = []
    for n in context.track(sizes, "searches by number of vertices"):
        rows += _searched([model for model in suite if len(model["graph"]) == n], settings.scale)
    return {"": rows, "scale": _scales(settings), "printed": [_printed(scale) for scale in settings.printed]}


def _suite(settings: Settings, rng: np.random.Generator) -> list[dict[str, Any]]:
    graphs = [("connected", f"{n}:{i}", graph) for n in settings.listed for i, graph in enumerate(instances.connected_graphs(n))]
    graphs += [("cycle", f"C{n}", instances.cycle_graph(n)) for n in settings.cycles]
    graphs += [("complete", f"K{n}", instances.complete_graph(n)) for n in settings.complete]
    graphs += [("bipartite", f"K{a},{b}", instances.complete_bipartite_graph(a, b)) for a, b in settings.bipartite]
    graphs += [("Petersen", f"GP({n},{k})", instances.generalised_petersen_graph(n, k)) for n, k in settings.petersen]
    graphs += [("random", f"G({n},{p})", instances.random_graph(rng, vertices=n, edge_probability=p)) for n, p in settings.random]
    suite = []
    for family, name, graph in graphs:
        suite.append({"family": family, "name": name, "graph": graph, "coupling": settings.coupling})
        if theory.checks(graph, scale=settings.scale, coupling=settings.coupling)["resolved"] < 0:
            suite.append(suite[-1] | {"coupling": settings.spread})
    return suite


def _searched(models: list[dict[str, Any]], scale: float) -> list[dict[str, Any]]:
    """All models on as many vertices are prompts of one policy, so that they are searched side by side."""
    from sharpsim import decoding
    from sharpsim.policies import MultilayerSoftmaxPolicy

    weights = np.stack([instances.max_cut(model["graph"], scale=scale, coupling=model["coupling"]).weights for model in models])
    policy = MultilayerSoftmaxPolicy(instances.max_cut_features, weights, vocabulary_size=2)
    budget = 3 * 2 ** len(models[0]["graph"])
    found = decoding.most_likely_batch(policy, np.arange(len(models)), max_expansions=budget)
    greedy = np.stack([np.asarray(decoding.greedy(policy, x)) for x in range(len(models))])
    return [_row(model, scale, result, tokens) for model, result, tokens in zip(models, found, greedy, strict=True)]


def _row(model: dict[str, Any], scale: float, found: Any, greedy: np.ndarray) -> dict[str, Any]:
    graph, coupling = model["graph"], model["coupling"]
    n, setting = len(graph), {"scale": scale, "coupling": coupling}
    law, sizes = theory.log_probs(graph, **setting), theory.cut_sizes(graph)
    # Independent of the search: all 2^H log-probabilities, and which sequences attain their maximum.
    top = np.argwhere(law == law.max())
    enumerated = (sizes[top[:, 0]] == sizes.max()) & (top[:, 1:] == 1).all(axis=1)
    searched = theory.is_maximum_cut(graph, found.responses)
    low, high = theory.expansions_bounds(vertices=n)
    p, cuts, slacks = theory.mode_probability(graph, **setting), int((sizes == sizes.max()).sum()), theory.checks(graph, **setting)
    return {
        "family": model["family"], "name": model["name"], "vertices": n, "edges": theory.edges(graph), **setting,
        "maximum_cut": int(sizes.max()), "maximum_cuts": cuts, "resolved": slacks["resolved"] >= 0,
        "found": len(searched), "found_maximum": int(searched.sum()),
        "found_cut": int(sizes[_code(found.responses[0])]), "greedy_cut": int(sizes[_code(greedy)]),
        "enumerated": len(enumerated), "enumerated_maximum": int(enumerated.sum()),
        "log_prob_gap": abs(float(found.log_probs[0] - law.max())), "mode_probability": p, "mode_coverage": 1 / p,
        "coverage": 1 / (cuts * p),
        "expansions": found.expansions, "expansions_exact": theory.expansions(graph, **setting),
        "expansions_low": low, "expansions_high": high,
        "expansions_bound": inference.expansions_bound(mode_probability=p, horizon=n + 2, slack=0.0),
        "least_scale": theory.least_scale(graph, coupling=coupling), "least_scale_bound": theory.bound(coupling=coupling),
    }  # fmt: skip


def _code(response: np.ndarray) -> int:
    return int(response[:-2] @ (1 << np.arange(len(response) - 2)[::-1]))


def _scales(settings: Settings) -> list[dict[str, Any]]:
    graphs = [graph for n in settings.listed for graph in instances.connected_graphs(n)]
    sizes = [theory.cut_sizes(graph) for graph in graphs]
    least = np.array([theory.least_scale(graph, coupling=settings.coupling) for graph in graphs])
    rows = []
    for scale in settings.scales:
        laws = [theory.log_probs(graph, scale=scale, coupling=settings.coupling) for graph in graphs]
        tops = [np.argwhere(law == law.max()) for law in laws]
        cut = [bool((size[top[:, 0]] == size.max()).all() and (top[:, 1:] == 1).all()) for size, top in zip(sizes, tops, strict=True)]
        expected, found = least < scale, np.array(cut)
        rows.append({
            "scale": scale, "coupling": settings.coupling, "graphs": len(graphs), "maximum_cuts": int(found.sum()),
            "expected": int(expected.sum()), "wrong": int((found != expected).sum()), "measured": float(found.mean()),
            "largest_least_scale": float(least.max()), "bound": theory.bound(coupling=settings.coupling),
        })  # fmt: skip
    return rows


def _printed(scale: float) -> dict[str, Any]:
    """P[y_H = 1 | y_{H-1} = 1] of the policy on one triangle, theta_H as corrected and as printed."""
    from sharpsim.policies import MultilayerSoftmaxPolicy

    graph = instances.complete_graph(3)
    weights = np.stack([instances.max_cut(graph, scale=scale).weights] * 2)
    weights[1, -1, -2:] = theory.PRINTED_COEFFICIENT
    policy = MultilayerSoftmaxPolicy(instances.max_cut_features, weights, vocabulary_size=2)
    last = [1 / (1 + np.exp(float(policy.log_prob(x, [0, 1, 1, 1, 0]) - policy.log_prob(x, [0, 1, 1, 1, 1])))) for x in (0, 1)]
    norms = np.asarray(policy.norms)[:, -1]
    return {
        "scale": scale, "claimed": theory.last_factor(coefficient=scale / 2), "corrected": last[0], "as_printed": last[1],
        "printed_exact": theory.last_factor(coefficient=theory.PRINTED_COEFFICIENT), "norm": float(norms[0]),
        "norm_as_printed": float(norms[1]),
    }  # fmt: skip


def verdicts(tables: dict[str, Table]) -> list[Verdict]:
    """Argmaxes that are maximum cuts, B that suffices, coverage and search effort, the printed coefficient."""
    rows, scales, printed = tables[""], tables["scale"], tables["printed"]
    sharp, blurred = rows.where(resolved=True), rows.where(resolved=False)
    by_search = (sharp["found"] == sharp["maximum_cuts"]) & (sharp["found_maximum"] == sharp["found"])
    by_enumeration = (sharp["enumerated"] == sharp["maximum_cuts"]) & (sharp["enumerated_maximum"] == sharp["enumerated"])
    right = by_search & by_enumeration & (sharp["log_prob_gap"] < 1e-12)
    # Where float64 cannot tell cuts apart, maximum cuts must be among those returned.
    among = bool((blurred["found_maximum"] == blurred["maximum_cuts"]).all())
    inside = (rows["expansions_low"] <= rows["expansions"]) & (rows["expansions"] <= rows["expansions_high"])
    ratio = rows["expansions_bound"] / rows["expansions"]
    least, bound = float(scales["largest_least_scale"][0]), float(scales["bound"][0])
    enough = scales.take(scales["scale"] >= bound)
    unlike, agree = np.abs(printed["as_printed"] - printed["claimed"]), np.abs(printed["corrected"] - printed["claimed"])
    return [
        Verdict(
            "Prop E.1", "the likeliest sequences are the maximum cuts", f"{int(right.sum())} of {len(sharp)} graphs", "all",
            "reproduced" if right.all() and among and len(sharp) else "violated",
        ),
        Verdict(
            "Prop E.1 (scale)", "any B above -(1/2) log tanh(coupling) is enough", least, bound,
            "holds" if least <= bound and not scales["wrong"].any() and (enough["measured"] == 1).all() else "violated",
            slack=bound / least, slack_kind="ratio of the bound to the largest B needed",
        ),
        Verdict(
            "Prop E.1 (coverage)", "P* <= 2^-n", float((rows["mode_probability"] * 2.0 ** rows["vertices"]).max()), 1.0,
            "holds" if (rows["mode_probability"] <= 2.0 ** -rows["vertices"]).all() else "violated",
            slack=float((2.0 ** -rows["vertices"] / rows["mode_probability"]).min()), slack_kind="least ratio of 2^-n to P*",
        ),
        Verdict(
            "Prop E.1 (search)", "search takes 2^(n+1)-1 to 3 2^n - 1 steps", f"{int(inside.sum())} of {len(rows)} inside", "all",
            "holds" if inside.all() and (rows["expansions"] == rows["expansions_exact"]).all() else "violated",
            slack=float((rows["expansions"] / rows["expansions_low"]).min()), slack_kind="least ratio to the lower bound",
        ),
        Verdict(
            "Search (hardness)", "expansions at most H/P*", f"at most {float((1 / ratio).max()):.3g} of it", "1",
            "holds" if ratio.min() >= 1 else "violated", slack=float(ratio.min()), slack_kind="least ratio of bound to expansions",
        ),
        Verdict(
            "Prop E.1", "printed theta_H = 2(...) has last factor e^B/(e^B + e^-B)", float(printed["as_printed"][0]),
            float(printed["claimed"][0]),
            "violated" if unlike.max() > 1e-3 and agree.max() < 1e-12 else "holds", expected="violated",
        ),
    ]  # fmt: skip
