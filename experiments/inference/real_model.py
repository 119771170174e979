"""Responses of the pretrained pronunciation network as arrays: the head of each word's law, draws, the greedy response and the mode.

Responses are judged by the pronunciation dictionary.
"""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.engine.frame import Context
from experiments.engine.rows import Refused


@dataclass(frozen=True)
class Responses:
    """Responses of each word along the second axis. `answers` are labels of the phonemes without stress, shared by all of a word's."""

    log_probs: np.ndarray
    correct: np.ndarray
    answers: np.ndarray
    lengths: np.ndarray


@dataclass(frozen=True)
class RealModel:
    """What was computed and drawn for each word, first axis words throughout."""

    letters: np.ndarray
    horizon: int
    head: Responses
    """Rows descend, padded with log-probability -inf."""
    remaining_mass: np.ndarray
    tail_bound: np.ndarray
    draws: Responses
    """[words, seeds x draws]: seed by seed."""
    greedy: Responses
    mode: Responses
    """[words, 1]; of several modes the first, and `mode_ties` says how many there are."""
    mode_ties: np.ndarray
    greedy_is_mode: np.ndarray
    expansions: np.ndarray


def gather(context: Context, *, words: int, expansions: int, draws: int) -> RealModel:
    """Run the pronunciation network on `words` words. Refuses where the packages it is read from are not installed."""
    import equinox as eqx
    import jax

    from sharpsim.decoding import draw_many, greedy, head, most_likely_batch
    from sharpsim.policies import pretrained_g2p
    from sharpsim.tasks.pronunciation import pronunciations, sample_words

    try:
        policy, listed = pretrained_g2p(), pronunciations()
    except ImportError as error:
        raise Refused(str(error)) from error
    names = sample_words(words, context.seed)
    prompts = np.stack([policy.encode(name) for name in names])
    judge = _Judge(policy, [listed[name] for name in names])

    # What is noted is the speed once compiled.
    most_likely_batch(policy, prompts[np.arange(257) % words], max_expansions=10**6)
    started = time.perf_counter()
    modes = most_likely_batch(policy, prompts, max_expansions=10**6)
    context.note("words_per_second_mode", round(words / (time.perf_counter() - started)))
    started = time.perf_counter()
    heads = head(policy, prompts, max_expansions=expansions)
    context.note("words_per_second_head", round(words / (time.perf_counter() - started)))
    started = time.perf_counter()
    drawn = draw_many(policy, prompts, draws=draws, key=context.key())
    context.note("draws_per_second", round(words * draws / (time.perf_counter() - started)))

    greedy_responses = np.asarray(eqx.filter_jit(jax.vmap(greedy, (None, 0)))(policy, prompts))
    # The policy is an argument: closed over, its weights would be folded into the program.
    score = eqx.filter_jit(jax.vmap(lambda policy, x, y: policy.log_prob(x, y), (None, 0, 0)))
    greedy_log_probs = np.asarray(score(policy, prompts, greedy_responses), dtype=np.float64)
    of_draws = judge.flat(drawn.responses, drawn.prompts, drawn.log_probs)
    return RealModel(
        letters=np.array([len(name) for name in names]),
        horizon=policy.horizon,
        head=judge.padded([found.responses for found in heads], [found.log_probs for found in heads]),
        remaining_mass=np.array([found.remaining_mass for found in heads]),
        tail_bound=np.array([found.bound for found in heads]),
        draws=Responses(*(getattr(of_draws, name)[0, drawn.which] for name in Responses.__dataclass_fields__)),
        greedy=judge.padded(list(greedy_responses[:, None]), list(greedy_log_probs[:, None])),
        mode=judge.padded([found.responses[:1] for found in modes], [found.log_probs[:1] for found in modes]),
        mode_ties=np.array([len(found.log_probs) for found in modes]),
        greedy_is_mode=np.array([(found.responses == mine).all(axis=1).any() for found, mine in zip(modes, greedy_responses, strict=True)]),
        expansions=np.array([found.expansions for found in modes]),
    )


class _Judge:
    """Which responses are correct, and which give the same answer: phonemes with the stress digit taken off, up to the end sign."""

    def __init__(self, policy: Any, listed: list[frozenset[tuple[str, ...]]]):
        from sharpsim.policies import PHONEMES
        from sharpsim.tasks.pronunciation import without_stress

        plain = without_stress(PHONEMES)
        code = {name: number for number, name in enumerate(sorted(set(plain)), 1)}
        self.policy, self.horizon = policy, policy.horizon
        self.codes = np.array([code[name] for name in plain], dtype=np.uint8)
        self.labels: list[dict[bytes, int]] = [{} for _ in listed]
        self.right = [
            {
                bytes([code[name] for name in phonemes]).ljust(self.horizon, b"\0")
                for phonemes in variants
                if all(name in code for name in phonemes)
            }
            for variants in listed
        ]

    def flat(self, responses: np.ndarray, words: np.ndarray, log_probs: np.ndarray) -> Responses:
        """Responses [m, horizon] of the words numbered `words` [m]; the arrays come back as [1, m]."""
        counted = self.policy.lengths(responses)
        ended = np.arange(self.horizon) >= (counted - (responses[np.arange(len(responses)), counted - 1] == self.policy.end_token))[:, None]
        text = np.where(ended, np.uint8(0), self.codes[responses]).tobytes()
        width = self.horizon
        keys = [text[start : start + width] for start in range(0, len(text), width)]
        correct = np.array([key in self.right[word] for key, word in zip(keys, words, strict=True)])
        answers = np.array([self.labels[word].setdefault(key, len(self.labels[word])) for key, word in zip(keys, words, strict=True)])
        return Responses(log_probs[None], correct[None], answers[None], counted[None])

    def padded(self, responses: list[np.ndarray], log_probs: list[np.ndarray]) -> Responses:
        """One list entry for each word, of any length."""
        sizes = np.array([len(found) for found in responses])
        words = np.repeat(np.arange(len(sizes)), sizes)
        flat = self.flat(np.concatenate(responses), words, np.concatenate(log_probs))
        place = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        shape = (len(sizes), int(sizes.max()))
        made = Responses(
            np.full(shape, -np.inf), np.zeros(shape, dtype=bool), np.zeros(shape, dtype=np.int64), np.ones(shape, dtype=np.int64)
        )
        for name in Responses.__dataclass_fields__:
            getattr(made, name)[words, place] = getattr(flat, name)[0]
        return made
