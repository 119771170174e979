"""Rounds of self-training of trained sequence models: on the same prompts each round, on what a reward or a vote prefers among N draws.

"models": model, task, reward, round, prompts, draws; accuracy, low, high (of one draw; over prompts and draws); log_likelihood (of a draw
under the current policy, nats; its negative is the entropy), pass_at_k; right_modes, wrong_modes (the change of accuracy since round 0 on
prompts where the response that base's draws prefer is right, and on the others, as parts of the mean over all prompts), each with an
interval over prompts. Half of the draws of round 0 say which prompts those are, and the other half what the accuracy was: in round 0 the
change is 0.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.engine.columns import Column, columns
from experiments.engine.frame import Context
from sharpsim.estimators import pass_at_k, two_stage_interval

REWARDS = ("fixed", "likelihood", "vote")
LEVEL = 0.95
_PARTS = ("right_modes", "wrong_modes")
COLUMNS: dict[str, dict[str, Column]] = {
    "models": columns(
        text="model task reward",
        count="round prompts draws",
        simulated={"accuracy": "low high"},
        derived="log_likelihood pass_at_k " + " ".join(f"{part} {part}_low {part}_high" for part in _PARTS),
    )
}


@dataclass(frozen=True)
class Trained:
    """Models (task, level, model) and how a round trains them: `steps` of AdamW on one response of each of `prompts`, out of `draws`."""

    cells: tuple[tuple[str, int, str], ...]
    rewards: tuple[str, ...]
    rounds: int
    prompts: int
    draws: int
    steps: int
    learning_rate: float


DEFAULT = Trained(
    cells=(("many writers", 1, "gru"), ("many writers", 6, "transformer-small")),
    rewards=REWARDS,
    rounds=4,
    prompts=64,
    draws=32,
    steps=40,
    learning_rate=5e-4,
)
SMOKE = Trained(
    cells=DEFAULT.cells[:1], rewards=("likelihood", "vote"), rounds=1, prompts=32, draws=16, steps=20, learning_rate=5e-4
)  # fmt: skip


def rows(trained: Trained, k: int, context: Context) -> list[dict[str, Any]]:
    """The part "models"."""
    runs = [(cell, reward) for cell in trained.cells for reward in trained.rewards]
    return [row for cell, reward in context.track(runs, "rounds of trained models") for row in _rounds(trained, k, cell, reward, context)]


def _rounds(trained: Trained, k: int, cell: tuple[str, int, str], reward: str, context: Context) -> list[dict[str, Any]]:
    import jax

    from experiments.engine.asked import Judge, load
    from experiments.engine.models import NAMES, available_prompts
    from sharpsim.decoding import sample_many
    from sharpsim.tasks import TASKS

    name, level, model = cell
    task = TASKS[name](level=level)
    texts = available_prompts(task, "held_out", trained.prompts, context.seed)
    asked = load(task, model)
    prompts, judge, policy = asked.encode(texts), Judge(task, texts, asked.decode), asked.policy
    key = jax.random.fold_in(context.key(), trained.cells.index(cell))
    made, first, right, each = [], np.zeros(0), np.zeros(0, dtype=bool), np.arange(len(texts))
    half = trained.draws // 2
    for number in range(trained.rounds + 1):
        key, draw_key, fit_key = jax.random.split(key, 3)
        drawn = sample_many(policy, prompts, draws=trained.draws, key=draw_key)
        responses, log_probs = np.asarray(drawn.responses), np.minimum(np.asarray(drawn.log_probs, dtype=np.float64), 0.0)
        found = [judge(mine, i) for i, mine in enumerate(responses)]
        correct, answers = (np.stack([one[place] for one in found]) for place in (0, 1))
        scores = _scores(asked.policy, prompts, responses, log_probs, reward)
        if number == 0:
            right = correct[each, preferred(answers[:, :half], None if scores is None else scores[:, :half])]
            first = correct[:, half:].mean(axis=1)
        # The draws that chose the prompts would find the chosen ones better than they are.
        change = correct[:, 0 if number else half :].mean(axis=1) - first
        at = {"model": NAMES.get(model, model), "task": f"{name} {level}", "reward": reward, "round": number, "prompts": len(texts)}
        made.append(at | {"draws": trained.draws} | _measured(correct, log_probs, k, change, right))
        if number < trained.rounds:
            policy = _trained(policy, prompts, responses[each, preferred(answers, scores)], trained, fit_key)
    return made


def preferred(answers: np.ndarray, scores: np.ndarray | None) -> np.ndarray:
    """The number of the draw with the largest score, for each prompt; without scores, of one with the answer that most draws have."""
    return np.array([winner(votes) for votes in answers]) if scores is None else scores.argmax(axis=1)


def winner(answers: np.ndarray) -> int:
    """The first response with the answer that most responses have, of several the first in the order of texts.

    The first response where none has an answer.
    """
    given = answers[answers != ""]
    if not len(given):
        return 0
    found, counts = np.unique(given.astype(str), return_counts=True)
    return int(np.flatnonzero(answers == found[counts.argmax()])[0])


def _scores(base: Any, prompts: np.ndarray, responses: np.ndarray, log_probs: np.ndarray, reward: str) -> np.ndarray | None:
    """What the reward says of each draw, [prompts, draws]; None for a vote."""
    if reward != "fixed":
        return log_probs if reward == "likelihood" else None
    from experiments.engine.asked import scored

    draws = responses.shape[1]
    return scored(base, np.repeat(prompts, draws, axis=0), responses.reshape(-1, responses.shape[2])).reshape(-1, draws)


def _trained(policy: Any, prompts: np.ndarray, responses: np.ndarray, trained: Trained, key: Any) -> Any:
    from sharpsim.training import Pairs, Schedule, fit

    schedule = Schedule(
        steps=trained.steps, batch=min(32, len(prompts)), learning_rate=trained.learning_rate, warmup=0, weight_decay=0.0, clip=1.0,
        evaluate_every=trained.steps, patience=1,
    )  # fmt: skip
    pairs = Pairs(prompts, responses)
    return fit(policy, pairs, held_out=pairs, schedule=schedule, key=key).policy


def _measured(correct: np.ndarray, log_probs: np.ndarray, k: int, change: np.ndarray, right: np.ndarray) -> dict[str, float]:
    accuracy = two_stage_interval(correct.astype(np.float64), LEVEL, bounds=(0.0, 1.0))
    row = {
        "accuracy": accuracy.mean, "low": accuracy.low, "high": accuracy.high, "log_likelihood": float(log_probs.mean()),
        "pass_at_k": float(pass_at_k(correct.sum(axis=1), correct.shape[1], k).mean()),
    }  # fmt: skip
    for part, mine in zip(_PARTS, (right, ~right), strict=True):
        found = two_stage_interval(np.where(mine, change, 0.0)[:, None], LEVEL)
        row |= {part: found.mean, f"{part}_low": found.low, f"{part}_high": found.high}
    return row
