"""Pronouncing English words, judged by the dictionary inside the installed package pocketsphinx (CMUdict, stress left out)."""

import functools
import hashlib
import importlib.util
import re
from collections.abc import Iterable
from pathlib import Path

from sharpsim import _checks

MAX_LETTERS = 24
_LETTERS_ONLY = re.compile("[a-z]+")
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
        listed.setdefault(_VARIANT.sub("", word), set()).add(without_stress(phonemes))
    return {word: frozenset(listed[word]) for word in sorted(listed)}


def without_stress(phonemes: Iterable[str]) -> tuple[str, ...]:
    """The phonemes with their stress digits taken off: AE1 becomes AE."""
    return tuple(phoneme.rstrip("0123456789") for phoneme in phonemes)


def is_correct(word: str, phonemes: Iterable[str]) -> bool:
    """Whether the phonemes, stress aside, are one of the listed pronunciations of the word.

    Raises `ValueError` for a word that the dictionary does not list.
    """
    listed = pronunciations().get(word)
    if listed is None:
        raise ValueError(f"`word` must be in the dictionary; got {word!r}.")
    return without_stress(phonemes) in listed


@functools.cache
def _eligible() -> tuple[str, ...]:
    return tuple(word for word in pronunciations() if len(word) <= MAX_LETTERS and _LETTERS_ONLY.fullmatch(word))


def sample_words(n: int, seed: int) -> list[str]:
    """`n` distinct words of the dictionary, of 1 to 24 letters a-z and nothing else, drawn uniformly.

    Words are taken in the order of a hash of seed and word: the same on every platform and version, and the first m of n words are
    the sample of size m. Raises `ValueError` for n below 1 or above the number of such words.
    """
    size = _checks.static_count("n", n)
    words = _eligible()
    if size > len(words):
        raise ValueError(f"`n` must be at most {len(words)}, the number of words of letters a-z; got {n}.")
    return sorted(words, key=lambda word: hashlib.sha256(f"{seed} {word}".encode()).digest())[:size]
