"""The base class of tasks: prompts split for training and testing, a codec for small sequence models, an exact checker.

Prompts, responses and answers are strings; models see int32 arrays of fixed lengths. A task is a subclass of `Task`, for example:

    class Doubling(Task):
        "Twice a number, written in strokes: ||| -> ||||||."

        name = "doubling"
        levels = (1, 2)
        vocabulary = (END, BEGIN, "|")
        response_size = 3
        prompt_length, horizon = 20, 41

        def _all_prompts(self):
            return tuple("|" * size for size in range(1, 10 * self.level + 1))

        def references(self, prompt):
            return (2 * prompt,)

        def is_correct(self, prompt, response):
            return response == 2 * prompt

        def answer(self, response):
            return response or None

All levels of a task share its codec, so that one model can serve them all. A task too large to list its prompts gives
`_draw_prompt` in place of `_all_prompts`.
"""

import abc
import dataclasses
import functools
import hashlib
import inspect
import itertools
from collections.abc import Collection, Iterable, Iterator
from typing import ClassVar

from sharpsim._arguments import LABEL, TEXT, WORDS, checked, one_of
from sharpsim.tasks._codec import BEGIN, END, Codec
from sharpsim.tasks._draws import Draws, digest, distinct
from sharpsim.tasks._kinds import LEVEL, SIZE

SPLITS = ("train", "held_out")
HELD_OUT_SHARE = 5
"""One in this many prompts is held out."""


@checked(level=LEVEL, split_seed=LABEL)
@dataclasses.dataclass(frozen=True)
class Task(Codec, abc.ABC):
    """A question type at one level of difficulty; see the head of this file for how to add one.

    A class gives `name`; `levels`; `vocabulary`, whose first two tokens are "<end>" and "<begin>" and whose first
    `response_size` tokens are those that responses need (the rest occur in prompts alone); `prompt_length` and `horizon`, the
    longest prompt and response in tokens, for all levels (a response's end token counts); and what stands between tokens in
    text, `prompt_separator` and `response_separator`, "" (tokens are characters) or " ". Its `references`, `is_correct` and
    `answer` see texts alone: whatever else is given for a prompt or response is refused before.

    Whether a prompt is held out depends on it and on `split_seed` alone, so that no seed of a run can leak one into training.
    Raises `ValueError` for a level that the task does not have.
    """

    level: int
    split_seed: int = 0

    name: ClassVar[str]
    levels: ClassVar[tuple[int, ...]]

    def __init_subclass__(cls) -> None:
        if cls.vocabulary[:2] != (END, BEGIN) or len(set(cls.vocabulary)) != len(cls.vocabulary):
            raise ValueError(f"`vocabulary` must hold distinct tokens, {END!r} and {BEGIN!r} first; got {cls.vocabulary!r}.")
        if not 2 < cls.response_size <= len(cls.vocabulary):
            raise ValueError(f"`response_size` must be in 3..{len(cls.vocabulary)}, the vocabulary's size; got {cls.response_size!r}.")
        cls._index = {token: index for index, token in enumerate(cls.vocabulary)}
        cls._written = frozenset(cls.vocabulary[2:])
        # What every task must define refuses what is no text, whoever writes it.
        for name in ("references", "is_correct", "answer"):
            method = vars(cls).get(name)
            if inspect.isfunction(method):
                setattr(cls, name, checked(**dict.fromkeys(inspect.signature(method).parameters, TEXT))(method))

    def __post_init__(self) -> None:
        if self.level not in self.levels:
            raise ValueError(f"`level` must be one of {', '.join(map(str, self.levels))}; got {self.level!r}.")

    @checked
    @abc.abstractmethod
    def references(self, prompt: str) -> tuple[str, ...]:
        """The correct responses that training data are drawn from. Raises `ValueError` for what is no prompt of this kind of task."""

    @checked
    @abc.abstractmethod
    def is_correct(self, prompt: str, response: str) -> bool:
        """Whether the response is right; never raises for a response, however malformed. Refuses prompts as `references` does."""

    @checked
    @abc.abstractmethod
    def answer(self, response: str) -> str | None:
        """What the response votes for under majority voting: equal strings for equal answers, None where it gives no answer."""

    def _all_prompts(self) -> tuple[str, ...] | None:
        """Every prompt of this level, or None where they are too many to list."""
        return None

    def _draw_prompt(self, draws: Draws) -> str:
        """One prompt of this level at random, for tasks that do not list theirs."""
        raise NotImplementedError(f"{type(self).__name__} must define _all_prompts or _draw_prompt")

    def _split_keys(self, prompts: Iterable[str]) -> Iterable[str]:
        """What decides each prompt's split. All at once, because lists are long."""
        return prompts

    def _order_keys(self, prompts: Iterable[str]) -> Iterable[str]:
        """What decides each listed prompt's place in the random orders."""
        return prompts

    def _training_response(self, prompt: str, draws: Draws) -> str:
        """The response of one training pair; a task whose training text may be wrong overrides it."""
        return draws.choice(self.references(prompt))

    @checked
    def split_of(self, prompt: str) -> str:
        """The prompt's split, "held_out" for about one in five and "train" for the others. Refuses prompts as `encode_prompt` does."""
        self._known_tokens("prompt", prompt, self.prompt_separator, self.prompt_length)
        return SPLITS[self._held_out([prompt])[0]]

    @checked
    def split_key(self, prompt: str) -> str:
        """What decides a prompt's split: prompts with equal keys, which ask the same thing in other words, are in the same split.

        Refuses prompts as `encode_prompt` does.
        """
        self._known_tokens("prompt", prompt, self.prompt_separator, self.prompt_length)
        return next(iter(self._split_keys([prompt])))

    @checked(split=one_of(*SPLITS), n=SIZE, without=WORDS)
    def prompts(self, split: str, n: int, seed: int, *, without: Collection[str] = ()) -> list[str]:
        """`n` distinct prompts of a split, drawn uniformly (from the level's list, or as its generator draws them), none of `without`.

        The same on every platform, and the first m of n prompts are the sample of size m.
        Raises `ValueError` for more prompts than there are; the message says how many.
        """
        size = int(n)
        listed = _listed(self)[split]
        source = distinct(self._drawn(split, seed)) if listed is None else iter(self._in_order(listed, "prompts", seed))
        found = list(itertools.islice((prompt for prompt in source if prompt not in without), size))
        if len(found) < size:
            which = " that are not excluded" if without else ""
            raise ValueError(f"`n` must be at most {len(found)}, the number of prompts in {split!r}{which}; got {n}.")
        return found

    @checked(n=SIZE, pairs=SIZE, training_seed=LABEL)
    def fresh_prompts(self, n: int, seed: int, *, pairs: int, training_seed: int) -> list[str]:
        """`n` distinct prompts of the split "train" that are not among the first `pairs` training pairs of `training_seed`.

        A model trained on `training_pairs(pairs, training_seed)` has not seen them, and none is held out. Otherwise as `prompts`.
        """
        return self.prompts("train", n, seed, without=frozenset(self.training_prompts(pairs, training_seed)))

    @checked(n=SIZE)
    def training_prompts(self, n: int, seed: int) -> list[str]:
        """The prompts of `training_pairs(n, seed)`, in their order."""
        return list(itertools.islice(self._training_prompts(seed), int(n)))

    @checked(n=SIZE)
    def training_pairs(self, n: int, seed: int) -> list[tuple[str, str]]:
        """`n` pairs (prompt, response): prompts of the split "train", each with one of its references, drawn uniformly.

        A task that models text with errors draws the responses from the law of that text instead, and says so.
        Where prompts are listed, each comes once, in random order, before any comes again. The first m of n pairs are those of m.
        """
        responses = Draws("responses", self.name, self.level, seed)
        return [(prompt, self._training_response(prompt, responses)) for prompt in self.training_prompts(n, seed)]

    def _held_out(self, prompts: Iterable[str]) -> list[bool]:
        # All of a list in one go: a hundred thousand words pass here.
        label, limit = f"split {self.name} {self.split_seed} ", 2**64 // HELD_OUT_SHARE
        return [int.from_bytes(hashlib.sha256((label + prompt).encode()).digest()[:8]) < limit for prompt in self._split_keys(prompts)]

    def _drawn(self, split: str, seed: int) -> Iterator[str]:
        draws = Draws("prompts", self.name, self.level, self.split_seed, split, seed)
        while True:
            prompt = self._draw_prompt(draws)
            if SPLITS[self._held_out([prompt])[0]] == split:
                yield prompt

    def _training_prompts(self, seed: int) -> Iterator[str]:
        listed = _listed(self)["train"]
        if listed is None:
            # Its own stream: were it that of `prompts`, the same seed would serve the same prompts twice.
            yield from self._drawn("train", int.from_bytes(digest("training", seed)[:8]))
        else:
            for epoch in itertools.count():
                yield from self._in_order(listed, f"training {epoch}", seed)

    def _in_order(self, prompts: tuple[str, ...], purpose: str, seed: int) -> list[str]:
        places = [hashlib.sha256(f"{purpose} {seed} {key}".encode()).digest() for key in self._order_keys(prompts)]
        return [prompts[i] for i in sorted(range(len(prompts)), key=places.__getitem__)]


@functools.cache
def _listed(task: Task) -> dict[str, tuple[str, ...] | None]:
    """Split -> its prompts, or None where they are not listed."""
    prompts = task._all_prompts()
    if prompts is None:
        return dict.fromkeys(SPLITS)
    places = task._held_out(prompts)
    return {
        split: tuple(prompt for prompt, held_out in zip(prompts, places, strict=True) if held_out == number)
        for number, split in enumerate(SPLITS)
    }
