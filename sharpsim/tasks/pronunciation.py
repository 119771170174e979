"""Pronouncing English words, judged by the dictionary inside the installed package pocketsphinx (CMUdict, stress left out)."""

import functools
import hashlib
import importlib.util
import re
from collections.abc import Iterable
from pathlib import Path

from sharpsim._arguments import ANYTHING, checked
from sharpsim.tasks._kinds import TEXTS, entries
from sharpsim.tasks._task import BEGIN, END, Task

MAX_LETTERS = 24
LENGTHS = {1: (2, 5), 2: (6, 8), 3: (9, 12)}
"""Level -> fewest and most letters of a word."""
PHONEMES = (
    *"AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split(),
    *"B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH".split(),
)
LETTERS = "abcdefghijklmnopqrstuvwxyz"
_LETTERS_ONLY = re.compile("[a-z]+")
_STRESS = "0123456789"
_VARIANT = re.compile(r"\(\d+\)$")


@functools.cache
def pronunciations() -> dict[str, frozenset[tuple[str, ...]]]:
    """Word -> every pronunciation listed for it, as phonemes without stress digits, words in alphabetical order.

    The package is not imported, only its file is read. Raises `ImportError` where it is not installed.
    """
    spec = importlib.util.find_spec("pocketsphinx")
    if spec is None or spec.origin is None:
        raise ImportError("The dictionary is read from the package pocketsphinx, which is not installed: pip install sharpsim[real]")
    listed: dict[str, set[tuple[str, ...]]] = {}
    text = Path(spec.origin).with_name("model").joinpath("en-us", "cmudict-en-us.dict").read_text(encoding="utf-8")
    for line in text.splitlines():
        word, *phonemes = line.split()
        listed.setdefault(_VARIANT.sub("", word), set()).add(tuple(phoneme.rstrip(_STRESS) for phoneme in phonemes))
    return {word: frozenset(listed[word]) for word in sorted(listed)}


def without_stress(phonemes: Iterable[str]) -> tuple[str, ...]:
    """The phonemes with their stress digits taken off: AE1 becomes AE. Raises `ValueError` for what is no iterable of texts."""
    return _plain(entries("phonemes", phonemes, TEXTS))


def _plain(phonemes: Iterable[str]) -> tuple[str, ...]:
    return tuple(phoneme.rstrip(_STRESS) for phoneme in phonemes)


@checked(phonemes=ANYTHING)
def is_correct(word: str, phonemes: Iterable[str]) -> bool:
    """Whether the phonemes, stress aside, are one of the listed pronunciations of the word.

    Raises `ValueError` for a word that the dictionary does not list, and for phonemes that are no iterable of texts.
    """
    return without_stress(phonemes) in _listed_for(word, "word")


def _listed_for(word: str, name: str) -> frozenset[tuple[str, ...]]:
    listed = pronunciations().get(word)
    if listed is None:
        raise ValueError(f"`{name}` must be in the dictionary; got {word!r}.")
    return listed


@functools.cache
def _eligible() -> tuple[str, ...]:
    return tuple(word for word in pronunciations() if len(word) <= MAX_LETTERS and _LETTERS_ONLY.fullmatch(word))


@checked
def sample_words(n: int, seed: int) -> list[str]:
    """`n` distinct words of the dictionary, of 1 to 24 letters a-z and nothing else, drawn uniformly.

    Words are taken in the order of a hash of seed and word: the same on every platform and version, and the first m of n words are
    the sample of size m. Raises `ValueError` for n below 1 or above the number of such words.
    """
    words = _eligible()
    if n > len(words):
        raise ValueError(f"`n` must be at most {len(words)}, the number of words of letters a-z; got {n}.")
    return sorted(words, key=lambda word: hashlib.sha256(f"{seed} {word}".encode()).digest())[: int(n)]


class Pronunciation(Task):
    """From the letters of an English word to its phonemes, without stress: "cat" -> "K AE T"; several may be listed for a word.

    Levels: 1, words of 2 to 5 letters (22,968); 2, of 6 to 8 (61,626); 3, of 9 to 12 (29,997), all of letters a-z.
    Words that are listed with more than 15 phonemes are left out. A stress digit in a response is overlooked, so that the
    responses of the pretrained network can be judged too. Raises `ImportError` where the dictionary is not installed.
    """

    name = "pronunciation"
    levels = (1, 2, 3)
    vocabulary = (END, BEGIN, *PHONEMES, *LETTERS)
    response_size = 2 + len(PHONEMES)
    prompt_length = LENGTHS[3][1]
    horizon = 16
    response_separator = " "

    def references(self, prompt: str) -> tuple[str, ...]:
        """Every pronunciation that the dictionary lists."""
        return tuple(sorted(" ".join(phonemes) for phonemes in _listed_for(prompt, "prompt")))

    def is_correct(self, prompt: str, response: str) -> bool:
        """Whether the dictionary lists the response for the word."""
        return _plain(response.split(" ")) in _listed_for(prompt, "prompt")

    def answer(self, response: str) -> str | None:
        """The phonemes without stress; None where anything else is in the response, or nothing."""
        phonemes = _plain(response.split(" "))
        return " ".join(phonemes) if set(phonemes) <= set(PHONEMES) else None

    def _all_prompts(self) -> tuple[str, ...]:
        fewest, most = LENGTHS[self.level]
        fits = (word for word in _eligible() if fewest <= len(word) <= most)
        return tuple(word for word in fits if max(map(len, pronunciations()[word])) < self.horizon)
