"""Arithmetic against Python's own, and its steps against single changes of right ones."""

import itertools
import random

import pytest

from sharpsim.tasks import Arithmetic
from sharpsim.tasks.arithmetic import LARGEST, OPERATIONS

LEVELS = Arithmetic.levels


def test_a_response_by_hand():
    task = Arithmetic(1)
    assert task.references("3+4*2-5") == ("3+8-5=11-5=6",)
    assert task.references("2-9+4") == ("-7+4=-3",)
    assert task.references("1-9*9-9*9") == ("1-81-9*9=1-81-81=-80-81=-161",)
    assert task.answer("3+8-5=11-5=6") == "6"
    assert task.answer("-7+4=-3") == "-3"
    assert [task.answer(text) for text in ("06", "-0", "3+4", "6=", "--3", "+6", "6 ")] == [None] * 7


@pytest.mark.parametrize("level", LEVELS)
def test_values_are_those_of_python(level):
    task = Arithmetic(level)
    for prompt in task.prompts("train", 100, 0):
        assert task.answer(task.references(prompt)[0]) == str(eval(prompt))
        assert task.is_correct(prompt, str(eval(prompt)))
        assert not task.is_correct(prompt, str(eval(prompt) + 1))
        assert all(task.steps_are_right(prompt, reference) for reference in task.references(prompt))


def test_levels_hold_what_they_say():
    assert len(Arithmetic(1)._all_prompts()) == 9**3 * 8 == 5832
    for level in LEVELS:
        for prompt in Arithmetic(level).prompts("train", 100, 1):
            numbers = prompt.replace("*", "+").replace("-", "+").split("+")
            assert len(numbers) == OPERATIONS[level] + 1
            assert all(1 <= int(number) <= LARGEST[level] for number in numbers)
    # The longest response of all, counted in the head of the file, has to leave room for its end.
    assert Arithmetic.horizon == len(Arithmetic(2).references("1-9*9-9*9")[0]) + 1
    longest = 0
    for numbers in itertools.product((1, 9), repeat=5):
        for signs in itertools.product("+-*", repeat=4):
            if "**" not in "".join(signs):
                prompt = str(numbers[0]) + "".join(sign + str(number) for sign, number in zip(signs, numbers[1:], strict=True))
                longest = max(longest, len(Arithmetic(2).references(prompt)[0]))
    assert longest == Arithmetic.horizon - 1


@pytest.mark.parametrize("level", LEVELS)
def test_single_changes_of_right_steps(level):
    task = Arithmetic(level)
    draws = random.Random(0)
    for prompt in task.prompts("held_out", 8, 0):
        reference = task.references(prompt)[0]
        for place in range(len(reference)):
            token = draws.choice(sorted(set("0123456789+-*=") - {reference[place]}))
            for changed in (reference[:place] + token + reference[place + 1 :], reference[:place] + reference[place + 1 :]):
                assert not task.steps_are_right(prompt, changed), (prompt, changed)
                assert task.is_correct(prompt, changed) == (changed.split("=")[-1] == str(eval(prompt)))


def test_any_legal_order_of_operations_and_no_other():
    task = Arithmetic(2)
    right = ["2*3+4*5=6+4*5=6+20=26", "2*3+4*5=2*3+20=6+20=26"]
    for response in right:
        assert task.steps_are_right("2*3+4*5", response.split("=", 1)[1])
    assert task.steps_are_right("1+5-2", "1+3=4")
    for prompt, response in (
        ("7-3+2", "7-5=2"),  # from the right
        ("2+3*4", "5*4=20"),  # the sum first
        ("1+2-5", "1+-3=-2"),  # two signs in a row
        ("2*2+1", "2+2+1=4+1=5"),  # the same value, another expression
        ("2+3+4", "9"),  # two operations at once
        ("2+3+4", "5+4"),  # not to the end
        ("2+3+4", "2+3+4=5+4=9"),  # the prompt again is no step
        ("2+3+4", ""),
    ):
        assert not task.steps_are_right(prompt, response)


@pytest.mark.parametrize("prompt", ["", "3", "3+", "+3", "3/2", "3 + 2", "03+2", "3--2", "3+2="])
def test_refuses_prompts(prompt):
    for call in (lambda: Arithmetic(1).is_correct(prompt, "5"), lambda: Arithmetic(1).steps_are_right(prompt, "5")):
        with pytest.raises(ValueError, match="`prompt` must be whole numbers with"):
            call()
