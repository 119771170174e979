"""The benchmark of exact search: its rival is beam search, and is given the width that equal quality takes."""

import numpy as np
import pytest

from benchmarks import _timing, search
from benchmarks._beam import beam_search
from sharpsim.decoding import beam, most_likely_batch
from sharpsim.policies import tabulate
from tests.tiny import each_kind, gru, transformer

PROMPTS = np.array([[-1, -1, -1], [2, -1, -1], [0, 1, 2], [3, 3, -1], [1, 0, -1]])


@each_kind
@pytest.mark.parametrize("width", [1, 3])
def test_the_rival_is_beam_search(build, width):
    policy = build(2)
    responses, log_probs = beam_search(policy, PROMPTS, width, chunk=2)
    for row, prompt in enumerate(PROMPTS):
        wanted, values = (np.asarray(part)[0] for part in beam(policy, prompt, width=width))
        assert log_probs[row] == pytest.approx(values, abs=1e-5)
        ends = int(policy.lengths(wanted))
        np.testing.assert_array_equal(responses[row, :ends], wanted[:ends])
        assert (responses[row, ends:] == policy.end_token).all()


def test_the_rival_without_an_end():
    policy = gru(4, end_token=None)
    listed, table = tabulate(policy, PROMPTS)
    responses, log_probs = beam_search(policy, PROMPTS, 64, chunk=5)
    np.testing.assert_array_equal(responses, listed[table.argmax(axis=1)])
    np.testing.assert_allclose(log_probs, table.max(axis=1), atol=1e-5)


def test_equal_quality_is_the_least_width_that_finds_every_mode():
    policy = transformer(1)
    modes = most_likely_batch(policy, PROMPTS, max_expansions=1000)
    width, share = search.equal_width(policy, PROMPTS, 64)
    assert share == search.finds(policy, PROMPTS, modes, width) == 1
    assert width == 1 or search.finds(policy, PROMPTS, modes, width // 2) < 1
    assert search.equal_width(policy, PROMPTS, 1) == (1, search.finds(policy, PROMPTS, modes, 1))


@pytest.mark.slow
def test_it_runs(monkeypatch):
    monkeypatch.setattr(_timing.Protocol, "quick", True)
    monkeypatch.setattr(search, "CASES", search.CASES[:1])
    raced, bound = search.run("tiny")
    assert raced.rival == search.RIVAL
    assert raced.ratio > 0
    assert "width" in raced.note
    assert 0 < bound.held <= 1
