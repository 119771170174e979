"""Deduction: prompts decide their question in one way alone, and single changes of right chains are wrong."""

import itertools

import numpy as np
import pytest
from scipy import stats

from sharpsim.tasks import Deduction
from sharpsim.tasks.deduction import DISTRACTORS, HOPS

PROMPT = "tumpus is-not red . wumpus is tumpus . dumpus is red . wumpus is lempus . max is wumpus . max is red ?"
CHAIN = "wumpus is tumpus . tumpus is-not red . "


def consequences(prompt):
    """All that follows about the subject, by applying every rule until nothing new comes."""
    *premises, question = (sentence.split()[:3] for sentence in prompt.replace("?", ".").split(" .") if sentence)
    known = {(verb, predicate) for subject, verb, predicate in premises if subject == question[0]}
    for _ in premises:
        known |= {(verb, predicate) for subject, verb, predicate in premises if ("is", subject) in known}
    return known, premises, question


def test_by_hand():
    task = Deduction(1)
    assert task.references(PROMPT) == (CHAIN + "false",)
    assert task.is_correct(PROMPT, CHAIN + "false")
    assert task.is_correct(PROMPT, "max is wumpus . wumpus is lempus . " + CHAIN + "false")
    assert task.references(PROMPT.replace("max is red", "max is-not red")) == (CHAIN + "true",)
    for wrong in (
        CHAIN + "true",
        "false",
        "tumpus is-not red . false",  # starts at a kind that is not reached
        "tumpus is-not red . wumpus is tumpus . false",  # the wrong order
        "wumpus is tumpus . dumpus is red . true",  # a rule about another kind
        "wumpus is tumpus . tumpus is red . true",  # no premise
        "wumpus is tumpus . false",  # stops early
        CHAIN + "false .",
        CHAIN[:-3] + " false",
        CHAIN + CHAIN,
        CHAIN,
    ):
        assert not task.is_correct(PROMPT, wrong), wrong
    assert task.concludes_rightly(PROMPT, "false")
    assert task.concludes_rightly(PROMPT, "tumpus is-not red . false")
    assert not task.concludes_rightly(PROMPT, "true")
    assert not task.concludes_rightly(PROMPT, "")
    assert task.answer(CHAIN + "false") == "false"
    assert task.answer(CHAIN) is None


@pytest.mark.parametrize("level", Deduction.levels)
def test_prompts_are_what_their_level_says(level):
    task = Deduction(level)
    truths = []
    for prompt in task.prompts("train", 200, 0):
        known, premises, question = consequences(prompt)
        assert len(premises) == HOPS[level] + DISTRACTORS[level] + 1
        assert len({tuple(rule) for rule in premises}) == len(premises)
        # One of the statement and its opposite follows, never both.
        settled = [verb for verb in ("is", "is-not") if (verb, question[2]) in known]
        assert len(settled) == 1
        truths.append(settled[0] == question[1])
        (reference,) = task.references(prompt)
        assert reference.endswith("true" if truths[-1] else "false")
        assert reference.count(" . ") == HOPS[level]
        # The rules about the property are one each way, and those about kinds alone lead to the answer.
        assert sorted(rule[1] for rule in premises if rule[2] == question[2]) == ["is", "is-not"]
    assert stats.binomtest(sum(truths), len(truths), 0.5).pvalue > 1e-6


@pytest.mark.parametrize("level", Deduction.levels)
def test_the_answer_is_independent_of_the_question_and_of_the_order(level):
    """Neither verb nor the place of the rule tells the truth: each alone predicts it no better than a coin."""
    rows = []
    for prompt, response in Deduction(level).training_pairs(600, 0):
        _, premises, question = consequences(prompt)
        rules = [rule for rule in premises if rule[2] == question[2]]
        rows.append((response.endswith("true"), question[1] == "is", rules[0][1] == question[1]))
    table = np.array(rows)
    for column in (1, 2):
        agree = int((table[:, 0] == table[:, column]).sum())
        assert stats.binomtest(agree, len(table), 0.5).pvalue > 1e-6


@pytest.mark.parametrize("level", Deduction.levels)
def test_single_changes_are_wrong(level):
    task = Deduction(level)
    rng = np.random.default_rng(1)
    for prompt in task.prompts("held_out", 10, 0):
        words = task.references(prompt)[0].split(" ")
        for place in range(len(words)):
            others = [word for word in task.vocabulary[2 : task.response_size] if word != words[place]]
            for other in rng.choice(others, 4, replace=False):
                assert not task.is_correct(prompt, " ".join([*words[:place], other, *words[place + 1 :]]))
            assert not task.is_correct(prompt, " ".join(words[:place] + words[place + 1 :]))
            assert not task.is_correct(prompt, " ".join(words[:place]))


@pytest.mark.parametrize("level", Deduction.levels)
def test_the_only_right_order_is_the_chain(level):
    task = Deduction(level)
    prompt = task.prompts("held_out", 1, 2)[0]
    *cited, truth = task.references(prompt)[0].split(" . ")
    right = [order for order in itertools.permutations(cited) if task.is_correct(prompt, " . ".join([*order, truth]))]
    assert right == [tuple(cited)]


def test_lengths_are_reached():
    task = Deduction(3)
    prompt, response = task.training_pairs(1, 0)[0]
    assert len(prompt.split()) == task.prompt_length
    assert len(response.split()) == task.horizon - 1


def test_refuses_prompts():
    for prompt in ("", "max is red ?", "max is wumpus .", PROMPT[:-2], PROMPT.replace("is-not", "isnt")):
        with pytest.raises(ValueError, match="`prompt` must be sentences"):
            Deduction(1).is_correct(prompt, "true")
    with pytest.raises(ValueError, match="`prompt` must decide its question"):
        Deduction(1).references("max is wumpus . max is red ?")
    assert not Deduction(1).is_correct("max is wumpus . max is red ?", "max is wumpus . true")
