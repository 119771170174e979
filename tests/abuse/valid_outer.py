"""Valid calls of the packages around the theory: files, exercises, tests of bounds, logs, cards, commands and the explorer page."""

import io
from typing import Any

import numpy as np
from hypothesis import strategies as st

from sharpsim import Oracle, TabularPolicy, algorithms, cards, explore, logs
from sharpsim.classes import FiniteClass
from sharpsim.exercises import find
from sharpsim.training import Schedule
from tests.abuse import valid_sampling, valid_tasks, valid_training
from tests.abuse.valid import FOLDER, LEFT_OUT, MEMBERS, TABLE, WEIGHTS, Made
from tests.tiny import FREE


def _array() -> io.BytesIO:
    content = io.BytesIO()
    np.save(content, np.eye(2))
    content.seek(0)
    return content


def _figure() -> Any:
    from matplotlib import pyplot

    return pyplot.figure(figsize=(1, 1))


def _group() -> logs.Group:
    return next(iter(logs.groups(SAMPLES)))


def _question() -> logs.Question:
    return logs.read_questions(QUESTIONS, "1")[0]


def _card() -> cards.Card:
    return cards.card(np.exp(TABLE), goal=GOAL)


def _summary() -> explore.Summary:
    return explore.summary(**PAGE)


def _curves() -> explore.Curves:
    return explore.curves(**{name: value for name, value in PAGE.items() if name != "beta"})


EXERCISE = find("06.1")
COLUMNS: dict[str, Any] = {
    "model": ["m"] * 4, "task": ["t"] * 4, "prompt": ["a", "a", "b", "b"], "seed": [0] * 4, "sample": [0, 1, 0, 1],
    "log_prob": [-1.0, -2.0, -0.5, -1.0], "tokens": [2, 3, 2, 2], "answer": ["1", "2", "1", "1"], "correct": [1, 0, 1, 1],
    "digest": [1, 2, 1, 2],
}  # fmt: skip

SAMPLES = logs.SampleTable(**COLUMNS)
LOG, QUESTIONS = FOLDER / "log.csv", FOLDER / "questions.jsonl"
logs.write_samples(LOG, SAMPLES)
QUESTIONS.write_text('{"prompt": "1 + 0", "answer": "1"}\n')

ARRAY = FOLDER / "array.npy"
np.save(ARRAY, np.exp(TABLE))
JUDGED = np.array([[True, False, False], [False, True, True]])
GOAL = cards.Goal(eps=0.1, delta=0.1, rho=0.05, level=0.9, parameters=1e6)
PAGE: dict[str, Any] = {
    "table": np.exp(TABLE), "weights": WEIGHTS, "N": 4, "n": 20, "delta": 0.1, "rho": 0.1, "beta": 0.5, "log_class_size": 3.0,
}  # fmt: skip

# Not made here: in which precision is decided when the calls are made.
ORACLE, FINITE = Made(lambda: Oracle(TabularPolicy(TABLE), WEIGHTS)), Made(lambda: FiniteClass(MEMBERS))
SCHEDULE = Schedule(steps=1, batch=2, learning_rate=0.05, warmup=0, weight_decay=0.0, clip=10.0, evaluate_every=1, patience=1)
NETWORK: dict[str, Any] = {
    "policy": FREE,
    "prompts": np.tile(np.arange(2), 2),
    "N": 2,
    "schedule": SCHEDULE,
    "held_out": 1,
    "watch": LEFT_OUT,
    "rank": LEFT_OUT,
    "temperatures": (1.0,),
}

BY_FUNCTION: dict[str, dict[str, Any]] = {
    "files.write_whole": {"path": FOLDER / "whole", "content": "text"},
    "files.replacing": {"folder": FOLDER, "name": "set", "old": ["old"]},
    "files.finish": {"folder": FOLDER, "name": "set"},
    "files.try_folder": {"folder": FOLDER},
    "files.read_npy": {"file": Made(_array), "size": 160},
    "exercises.find": {"number": "06.1"},
    "exercises.main": {"arguments": ["list"]},
    "exercises.run": {"exercise": EXERCISE, "function": lambda M, k: 0.5, "before": LEFT_OUT},
    "exercises.solution_of": {"exercise": EXERCISE},
    "exercises.stub_of": {"exercise": EXERCISE},
    "exercises.slides.Svg": {"text": "<svg/>"},
    "exercises.slides.svg": {"figure": Made(_figure)},
    "testing.assert_bound": {
        "instances": st.just(1), "exact": lambda _: 1, "bound": lambda _: 1, "side": "upper", "near_extremal": 1, "trivial": 2.0,
        "tolerance": 1e-9,
    },
    "testing.multinomial_test": {"counts": np.array([5, 3, 2]), "probs": np.exp(TABLE[0])},
    "testing.sample_size_to_see": {"missed": 0.01, "cells": 3},
    "logs.Group.draws": {"self": Made(_group), "prompt": 0},
    "logs.Group.having": {"self": Made(_group)},
    "logs.Question.answer_of": {"self": Made(_question), "response": "1"},
    "logs.SampleTable": COLUMNS,
    "logs.cells": {"table": SAMPLES},
    "logs.check_alike": {"table": SAMPLES},
    "logs.concatenate": {"tables": [SAMPLES]},
    "logs.convert": {"paths": LOG, "to": FOLDER / "to.jsonl"},
    "logs.draw_samples": {
        "model": str(FOLDER / "model"), "questions": QUESTIONS, "out": FOLDER / "out.csv", "seeds": 1, "max_tokens": 2, "pattern": "1",
        "name": "m", "task": "t", "batch": 2, "device": "cpu", "progress": LEFT_OUT,
    },
    "logs.groups": {"table": SAMPLES},
    "logs.read_all": {"paths": [LOG]},
    "logs.read_logs": {
        "paths": [LOG], "progress": LEFT_OUT, "temperature": 1.0, "top_p": 1.0, "fields": LEFT_OUT, "filter": LEFT_OUT,
        "pattern": "1", "threshold": 0.5,
    },
    "logs.read_questions": {"path": QUESTIONS, "pattern": "1"},
    "logs.read_samples": {"path": LOG},
    "logs.rectangular": {"table": SAMPLES},
    "logs.write_samples": {"path": FOLDER / "written.csv", "table": SAMPLES, "constants": {"temperature": 1.0}},
    "card": {
        "policy": np.exp(TABLE), "prompts": ["a", "b"], "judge": JUDGED, "weights": WEIGHTS, "goal": GOAL, "max_expansions": 5,
    },
    "cards.Card.save": {"self": Made(_card), "out": FOLDER / "card.json"},
    "cards.Goal": {"parameters": 1e6},
    "cards.card_of_logs": {"table": SAMPLES, "reading": LEFT_OUT, "min_draws": 1, "goal": GOAL},
    "cards.check_ending": {"path": FOLDER / "card.json"},
    "cards.log_table": {"name": "table", "table": TABLE},
    "cards.read_array": {"name": "path", "path": ARRAY},
    "explore.code": {**PAGE, "source": "table.csv"},
    "explore.curves": PAGE,
    "explore.summary": PAGE,
    "explore.numbers": {"found": Made(_summary)},
    "explore.prompt_lines": {"found": Made(_summary)},
    "explore.prompt_rows": {"found": Made(_summary)},
    "explore.parse_table": {"text": "0.5 0.5"},
    "explore.parse_weights": {"text": "0.25 0.75", "prompts": 2},
    "explore.read_table": {"path": ARRAY, "contents": LEFT_OUT},
    "explore.figures.mode_figure": {"found": Made(_summary), "along": Made(_curves), "N": 4},
    "explore.figures.risk_figure": {"found": Made(_summary), "along": Made(_curves), "N": 4, "n": 20},
    "explore.figures.law_figure": {"found": Made(_summary), "prompt": 0, "N": 4, "beta": 0.5},
    "explore.figures.html_table": {"rows": [{"a": "1"}], "caption": "c"},
    "explore.figures.refusal": {"message": "no"},
    **{f"algorithms.{name}": {"oracle": ORACLE, "policy_class": FINITE, "n": 2, "N": 2} for name in (
        "best_of_n", "candidate_elimination", "dpo", "sft", "sft_adaptive")},
    "algorithms.BestOfNPolicy.sample": {"self": Made(lambda: algorithms.BestOfNPolicy(ORACLE.make(), 2)), "prompt": 0},
    "algorithms.Sharpened": {"policy": FREE, "samples_used": 2, "info": {}},
    "algorithms.candidate_elimination_adaptive": {"oracle": ORACLE, "policy_class": FINITE, "n": 2, "remaining": 2.0},
    "algorithms.xpo": {"oracle": ORACLE, "policy_class": FINITE, "T": 2, "validation": 2},
    "algorithms.sft_sharpen": NETWORK,
    "algorithms.dpo_sharpen": {**NETWORK, "likelihood_weight": 0.5},
    "commands.main": {"arguments": ["convert", "none.csv", "--to", str(FOLDER / "to.csv")]},
    "commands.one_line": {"refusal": ValueError("no")},
    "commands.parser": {"asked": ["card"]},
    **valid_tasks.BY_FUNCTION,
    **valid_sampling.BY_FUNCTION,
    **valid_training.BY_FUNCTION,
}  # fmt: skip

FREE_IN: dict[str, tuple[str, ...]] = {
    "files.write_whole": ("content",),
    "files.replacing": ("name", "old"),
    "files.finish": ("name",),
    "exercises.slides.Svg": ("text",),
    "testing.assert_bound": ("near_extremal",),
    "card": ("prompts", "model", "task"),
    "cards.log_table": ("name",),
    "cards.read_array": ("name",),
    "commands.parser": ("asked",),
    "explore.code": ("source",),
    "explore.figures.html_table": ("caption",),
    "explore.figures.refusal": ("message",),
    "logs.Question.answer_of": ("response",),
    "logs.read_logs": ("pattern",),
    "logs.read_questions": ("pattern",),
    **valid_tasks.FREE_IN,
    **valid_sampling.FREE_IN,
}
"""Arguments that are text or anything; see `walk.FREE_IN`."""
SAYS: dict[str, tuple[type[Exception], ...]] = {
    "files.read_npy": (ValueError,),
    "testing.assert_bound": (AssertionError,),
    "explore.parse_table": (ValueError,),
    "explore.parse_weights": (ValueError,),
    "logs.read_samples": (logs.LogError,),
    "logs.draw_samples": (logs.LogError,),
    **valid_training.SAYS,
}
"""Errors that a function is for, and that name no argument: the reason alone, which the caller completes; the place
in a file or a text; a bound that does not hold."""
