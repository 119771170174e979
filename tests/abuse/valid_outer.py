"""Valid calls of the packages around the theory: files, exercises, tests of bounds, logs, cards, commands and the explorer page."""

import io
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from sharpsim import explore, logs
from sharpsim.exercises import find
from tests.abuse.valid import LEFT_OUT, TABLE, WEIGHTS, Made

FOLDER = Path(tempfile.mkdtemp(prefix="sharpsim-abuse-"))
"""Whatever the calls write lies here."""


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
    "commands.main": {"arguments": ["convert", "none.csv", "--to", str(FOLDER / "to.csv")]},
    "commands.one_line": {"refusal": ValueError("no")},
    "commands.parser": {"asked": ["card"]},
}  # fmt: skip

FREE_IN: dict[str, tuple[str, ...]] = {
    "files.write_whole": ("content",),
    "files.replacing": ("name", "old"),
    "files.finish": ("name",),
    "exercises.slides.Svg": ("text",),
    "testing.assert_bound": ("near_extremal",),
    "commands.parser": ("asked",),
    "logs.Question.answer_of": ("response",),
    "logs.read_logs": ("pattern",),
    "logs.read_questions": ("pattern",),
}
"""Arguments that are text or anything; see `walk.FREE_IN`."""
SAYS: dict[str, tuple[type[Exception], ...]] = {
    "files.read_npy": (ValueError,),
    "testing.assert_bound": (AssertionError,),
    "logs.read_samples": (logs.LogError,),
    "logs.draw_samples": (logs.LogError,),
}
"""Errors that a function is for, and that name no argument: the reason alone, which the caller completes; a bound that does not hold."""
