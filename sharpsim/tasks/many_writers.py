"""Text of many writers: arithmetic worked out by careful writers, who all write the same, and by careless ones, who each write otherwise.

It is a model of pretraining text, made so that its law is known: right answers are alike, wrong ones differ. It is no sample of real text.
"""

import collections
import dataclasses
import itertools
import math
import re
from collections.abc import Iterable

import numpy as np

from sharpsim._arguments import TEXT, UNIT, checked, one_of
from sharpsim._kind import Kind
from sharpsim.tasks._draws import Draws
from sharpsim.tasks._steps import INTEGER, left_to_right, minus_over_all, products_first, steps
from sharpsim.tasks._task import BEGIN, END, Task

MISCONCEPTIONS = {"precedence": left_to_right, "signs": minus_over_all}
"""Kind -> how the next step is written under it. "precedence": all operations from left to right, 3+4*2 = 14.
"signs": products first, then a minus is taken to hold for all that follows, 9-5+1 = 3."""
OPENER = "well "
"""The first token of every careless response, and of no careful one."""
ADVERBS = tuple(f"{word} " for word in "so now then first next here thus hence again simply clearly quickly maybe surely just only".split())
VERBS = tuple(f"{word} " for word in "take get write find have make see say count reckon call read guess note put add".split())
MOST_PHRASINGS = len(ADVERBS) * len(VERBS)
SOURCES = {1: "forum", 2: "blog", 3: "chat", 4: "school", 5: "notes", 6: "letters", 7: "board"}
"""Level -> the word in front of its prompts: where the text comes from."""
_SIGNS = tuple(signs for signs in map("".join, itertools.product("+-*", repeat=3)) if signs.count("*") == 1)
_PROMPT = re.compile(f"(?:{'|'.join(SOURCES.values())}) ([1-9](?:[-+*][1-9]){{3}})")
_WORDS = re.compile("[a-z]+ |.", re.DOTALL)
_LAST = re.compile(f"(?:[a-z]+ )*({INTEGER.pattern})")


PHRASINGS = Kind(f"a whole number from 1 to {MOST_PHRASINGS}", lambda x: (x >= 1) & (x <= MOST_PHRASINGS), dtypes="iu")


@checked(share=UNIT, phrasings=PHRASINGS, rate=UNIT, kind=one_of(*MISCONCEPTIONS))
@dataclasses.dataclass(frozen=True)
class Corpus:
    """The law of the responses that writers give to an expression a+b*c-d (digits 1..9, one product, any signs and places).

    A writer is careful with probability `share` and writes the correct steps, "3+8-5=11-5=6". A careless one begins with "well", chooses
    one of `phrasings` phrasings uniformly, "well now take ", and then writes the steps that the misconception `kind` leads to with
    probability `rate`, "well now take 7*2-5=14-5=9", else the correct steps. Where both lead to the same steps nothing is wrong.

    With s, P, r for the three numbers, and where the misconception changes the answer, the correct careful response is the mode if and
    only if s > (1 - s) max(r, 1 - r) / P; greedy decoding starts as careless writers do as soon as s < 1/2.
    """

    share: float
    phrasings: int
    rate: float
    kind: str

    @checked(prompt=TEXT)
    def law(self, prompt: str) -> tuple[tuple[str, ...], np.ndarray]:
        """All responses of positive probability and their probabilities, float64 [responses], exact up to rounding.

        They stand in falling order of probability, equal ones in alphabetical order, so that the first is the mode. The source in front
        of the prompt plays no part. Raises `ValueError` for what is no prompt of `ManyWriters`.
        """
        right, wrong = _readings(prompt, self.kind)
        careless = (1 - self.share) / self.phrasings
        masses: dict[str, float] = collections.defaultdict(float, {right: float(self.share)})
        for number in range(self.phrasings):
            opening = self._opening(number)
            masses[opening + wrong] += careless * self.rate
            masses[opening + right] += careless * (1 - self.rate)
        ordered = sorted(((mass, text) for text, mass in masses.items() if mass > 0), key=lambda pair: (-pair[0], pair[1]))
        return tuple(text for _, text in ordered), np.array([mass for mass, _ in ordered])

    @checked(prompt=TEXT)
    def draw(self, prompt: str, draws: Draws) -> str:
        """One response from the law."""
        right, wrong = _readings(prompt, self.kind)
        if draws.happens(self.share):
            return right
        opening = self._opening(draws.below(self.phrasings))
        return opening + (wrong if draws.happens(self.rate) else right)

    def _opening(self, number: int) -> str:
        # About as many adverbs as verbs: P phrasings fill the rows of a square as far as they go.
        width = math.isqrt(self.phrasings - 1) + 1
        return OPENER + ADVERBS[number // width] + VERBS[number % width]


CORPORA = {
    1: Corpus(0.35, 144, 0.65, "precedence"),
    2: Corpus(0.2, 144, 0.65, "precedence"),
    3: Corpus(0.05, 144, 0.65, "precedence"),
    4: Corpus(0.6, 36, 0.65, "precedence"),
    5: Corpus(0.2, 4, 0.65, "precedence"),
    6: Corpus(0.05, 4, 0.65, "precedence"),
    7: Corpus(0.2, 64, 0.65, "signs"),
}
"""Level -> law of its text. Greedy decoding of the law is right at level 4; the mode is right but greedy wrong at 1, 2, 3, 5 and 7; the
mode itself is wrong at 6. All of this where the misconception changes the answer: on most prompts, on the others all are right."""


class ManyWriters(Task):
    """Sums, differences and one product of four digits, as different sources write them out: "forum 3+4*2-5".

    The first word of a prompt names the source; each level has its own, with its own mixture of writers (`CORPORA`; 78,732 prompts a
    level, the same expressions in all). An expression that is held out, or comes early in training, does so at all levels.
    Training responses are drawn from the corpus's law and may be wrong; `references` are the careful writers' correct steps.
    """

    name = "many writers"
    levels = tuple(CORPORA)
    vocabulary = (END, BEGIN, *"0123456789+-*=", OPENER, *ADVERBS, *VERBS, *(f"{source} " for source in SOURCES.values()))
    response_size = len(vocabulary) - len(SOURCES)
    prompt_length = 8
    horizon = 22  # three words, then up to 17 tokens (-8-9*9=-17*9=-153), the end token, one to spare

    @property
    def corpus(self) -> Corpus:
        """The law that this level's training responses are drawn from."""
        return CORPORA[self.level]

    def references(self, prompt: str) -> tuple[str, ...]:
        """The correct steps: the product first, then from left to right."""
        return ("=".join(steps(_expression(prompt))),)

    def is_correct(self, prompt: str, response: str) -> bool:
        """Whether the integer that stands last is the value of the prompt; words and steps before it are not looked at."""
        return self.answer(response) == steps(_expression(prompt))[-1]

    def answer(self, response: str) -> str | None:
        """The integer that stands last, after the last "=" and any words; None where no integer does."""
        last = _LAST.fullmatch(response.rsplit("=", 1)[-1])
        return last[1] if last and last[1] != "-0" else None

    def _all_prompts(self) -> tuple[str, ...]:
        source = SOURCES[self.level]
        digits = itertools.product("123456789", repeat=4)
        return tuple(f"{source} {a}{p}{b}{q}{c}{r}{d}" for a, b, c, d in digits for p, q, r in _SIGNS)

    def _split_keys(self, prompts: Iterable[str]) -> Iterable[str]:
        # The expression: with any source in front it is in one split.
        return (prompt.rpartition(" ")[2] for prompt in prompts)

    def _order_keys(self, prompts: Iterable[str]) -> Iterable[str]:
        return self._split_keys(prompts)

    def _training_response(self, prompt: str, draws: Draws) -> str:
        return self.corpus.draw(prompt, draws)

    def _tokens(self, text: str, separator: str) -> list[str]:
        return _WORDS.findall(text)


def _expression(prompt: str) -> str:
    match = _PROMPT.fullmatch(prompt)
    if match is None or match[1].count("*") != 1:
        raise ValueError(f"`prompt` must be a source and four digits with + and - and one * between, as 'forum 3+4*2-5'; got {prompt!r}.")
    return match[1]


def _readings(prompt: str, kind: str) -> tuple[str, str]:
    """The steps written rightly, and those that the misconception leads to."""
    expression = _expression(prompt)
    return "=".join(steps(expression, products_first)), "=".join(steps(expression, MISCONCEPTIONS[kind]))
