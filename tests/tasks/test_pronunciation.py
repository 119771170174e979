"""Pronunciation as a task: levels, phonemes and the checker against the dictionary file, read another way."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

from sharpsim.policies import PHONEMES as OF_THE_NETWORK
from sharpsim.tasks import Pronunciation
from sharpsim.tasks.pronunciation import LENGTHS, PHONEMES

pytestmark = pytest.mark.skipif(importlib.util.find_spec("pocketsphinx") is None, reason="needs the extra sharpsim[real]")


@pytest.fixture(scope="module")
def lines():
    spec = importlib.util.find_spec("pocketsphinx")
    text = (Path(spec.origin).parent / "model" / "en-us" / "cmudict-en-us.dict").read_text(encoding="utf-8")
    return {re.sub(r"^([^ (]+)\(\d+\)", r"\1", line) for line in text.splitlines()}


def test_levels_by_letters(lines):
    for level, size in ((1, 22_968), (2, 61_626), (3, 29_997)):
        words = Pronunciation(level)._all_prompts()
        assert len(words) == len(set(words)) == size
        assert (min(map(len, words)), max(map(len, words))) == LENGTHS[level]
    too_long = {line.split()[0] for line in lines if len(line.split()) > Pronunciation.horizon}
    short = {line.split()[0] for line in lines if re.fullmatch("[a-z]{2,5}", line.split()[0])}
    assert set(Pronunciation(1)._all_prompts()) == short - too_long


def test_references_are_the_lines_of_the_dictionary(lines):
    task = Pronunciation(2)
    assert Pronunciation(1).references("cat") == ("K AE T",)
    several = task.references("tomatoes")
    assert several == ("T AH M AA T OW Z", "T AH M EY T OW Z")
    for word in task.prompts("train", 100, 0):
        assert all(f"{word} {reference}" in lines for reference in task.references(word))


@pytest.mark.parametrize("level", Pronunciation.levels)
def test_changed_pronunciations_against_the_file(lines, level):
    task = Pronunciation(level)
    rng = np.random.default_rng(level)
    verdicts = []
    for word, reference in task.training_pairs(30, 0):
        phonemes = reference.split()
        for place in range(len(phonemes)):
            other = PHONEMES[rng.integers(len(PHONEMES))]
            for changed in ([*phonemes[:place], other, *phonemes[place + 1 :]], phonemes[:place] + phonemes[place + 1 :]):
                response = " ".join(changed)
                verdicts.append(task.is_correct(word, response))
                assert verdicts[-1] == (f"{word} {response}" in lines)
    assert np.mean(verdicts) < 0.1


def test_stress_is_overlooked_and_strange_text_votes_for_nothing():
    task = Pronunciation(1)
    assert task.is_correct("cat", "K AE1 T")
    assert task.answer("K AE1 T") == task.answer("K AE0 T") == "K AE T"
    assert [task.answer(text) for text in ("", "K  T", "K Q", "k", "1", "<begin>")] == [None] * 6
    assert not any(task.is_correct("cat", text) for text in ("K  AE T", "K AE T ", "K AE", "KAET"))


def test_phonemes_are_those_of_the_network():
    stressless = {re.sub(r"\d", "", phoneme) for phoneme in OF_THE_NETWORK if phoneme[0] != "<"}
    assert stressless == set(PHONEMES)


def test_refuses_words():
    with pytest.raises(ValueError, match="`prompt` must be in the dictionary; got 'xqzj'"):
        Pronunciation(1).is_correct("xqzj", "K")
