"""The game of 24: which quadruples are solvable by three independent searches, known counts, and a judge written another way."""

import ast
import collections
import itertools
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from sharpsim.tasks import GameOf24
from sharpsim.tasks._expressions import combined, number, parse
from sharpsim.tasks.game_of_24 import LARGEST, NUMBERS, solvable

TASK = GameOf24(2)


def brute_force(count, largest):
    """Every order of the numbers, every choice of signs, every bracketing; integer numerators and denominators, negatives and all."""
    chosen = np.array(list(itertools.combinations_with_replacement(range(1, largest + 1), count)))

    def operate(sign, left, right):
        (a, b), (c, d) = left, right
        if sign == "/":
            # An undefined quotient gets denominator 0, and whatever is made of it too.
            return a * d, b * c * (d != 0)
        return {"+": a * d + c * b, "-": a * d - c * b, "*": a * c}[sign], b * d

    def values(columns):
        if len(columns) == 1:
            yield columns[0]
        for cut in range(1, len(columns)):
            for left, right, sign in itertools.product(list(values(columns[:cut])), list(values(columns[cut:])), "+-*/"):
                yield operate(sign, left, right)

    found = np.zeros(len(chosen), dtype=bool)
    for order in itertools.permutations(range(count)):
        for top, bottom in values([(chosen[:, place], np.ones(len(chosen), dtype=int)) for place in order]):
            found |= (top == 24 * bottom) & (bottom != 0)
    return {tuple(numbers) for numbers in chosen[found].tolist()}


def quadruples(prompts):
    return {tuple(map(int, prompt.split())) for prompt in prompts}


@pytest.mark.parametrize("level", [1, 2])
def test_solvable_prompts_by_brute_force(level):
    assert quadruples(GameOf24(level)._all_prompts()) == brute_force(NUMBERS[level], LARGEST[level])


def test_known_counts():
    # 1362 of the 1820 multisets of 1..13 (the paper's set); 566 of 715 up to 10; 404 of 495 up to 9.
    assert [len(solvable(4, largest)) for largest in (13, 10, 9)] == [1362, 566, 404]
    assert len(GameOf24(1)._all_prompts()) == 1362
    assert "1 1 1 1" not in TASK._all_prompts()


def test_level_3_asks_every_order_and_splits_by_multiset():
    ordered, task = GameOf24(3), GameOf24(3)._all_prompts()
    assert collections.Counter(" ".join(sorted(prompt.split(), key=int)) for prompt in task) == {
        numbers: len(set(itertools.permutations(numbers.split()))) for numbers in TASK._all_prompts()
    }
    assert len(set(task)) == len(task) == 22_615
    assert {ordered.split_of(prompt) == TASK.split_of(" ".join(sorted(prompt.split(), key=int))) for prompt in task} == {True}
    assert ordered.references("13 4 10 9") == TASK.references("4 9 10 13")
    assert ordered.is_correct("13 4 10 9", "(13-9)*(10-4)")
    held_out = {tuple(sorted(map(int, prompt.split()))) for prompt in ordered.prompts("held_out", 4514, 0)}
    trained = {tuple(sorted(map(int, prompt.split()))) for prompt in ordered.training_prompts(18_101, 0)}
    assert (len(held_out), len(trained), len(held_out & trained)) == (277, 1085, 0)
    assert held_out == quadruples(TASK.prompts("held_out", 277, 0))
    assert ordered.prompts("held_out", 3, 0) == GameOf24(3).prompts("held_out", 3, 0) != TASK.prompts("held_out", 3, 0)


def test_solvable_prompts_by_search_in_fractions():
    # In a process of its own: the type checker that tests run under makes the search twenty times slower.
    code = (
        "import itertools; from sharpsim.tasks.game_of_24 import tamest_solutions;"
        "every = itertools.combinations_with_replacement(range(1, 14), 4);"
        "print([numbers for numbers in every if tamest_solutions(numbers)])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert set(ast.literal_eval(done.stdout)) == quadruples(TASK._all_prompts())


def test_the_hard_ones_by_hand():
    assert TASK.references("3 3 8 8") == ("8 / 3 = 8/3 , 8/3 3 8 ; 3 - 8/3 = 1/3 , 1/3 8 ; 8 / 1/3 = 24",)
    assert {TASK.answer(reference) for reference in TASK.references("1 3 4 6")} == {"6/(1-3/4)"}
    assert TASK.references("1 1 1 1") == ()
    assert not any("/" in word[1:] for reference in TASK.references("4 9 10 13") for word in reference.split())


def judged_otherwise(prompt, response):
    """Each step by Python's own arithmetic on fractions, what is left by counting."""
    left = sorted(map(Fraction, prompt.split()))
    for part in response.split(" ; "):
        words = part.split(" ")
        if len(words) < 5 or words[1] not in "+-*/" or words[3] != "=" or (len(words) > 5 and (words[5] != "," or len(words) == 6)):
            return False
        values = [words[0], words[2], words[4], *words[6:]]
        if not all(re.fullmatch(r"\d+(/\d+)?", value) for value in values):
            return False
        first, second, result, *listed = map(Fraction, values)
        for used in (first, second):
            if used not in left:
                return False
            left.remove(used)
        if words[1] == "/" and not second:
            return False
        if eval(f"a {words[1]} b", {"a": first, "b": second}) != result:
            return False
        left = sorted([*left, result])
        if listed and sorted(listed) != left:
            return False
    return left == [24]


@pytest.mark.parametrize("level", GameOf24.levels)
def test_changed_solutions_against_another_judge(level):
    task = GameOf24(level)
    rng = np.random.default_rng(0)
    verdicts = []
    for prompt, reference in task.training_pairs(25, 0):
        words = reference.split(" ")
        for place in range(len(words)):
            other = task.vocabulary[rng.integers(2, len(task.vocabulary))]
            for changed in ([*words[:place], other, *words[place + 1 :]], words[:place] + words[place + 1 :], words[:place]):
                response = " ".join(changed)
                verdicts.append(task.is_correct(prompt, response))
                assert verdicts[-1] == judged_otherwise(prompt, response), (prompt, response)
    assert 0 <= np.mean(verdicts) < 0.02


def test_each_sign_changed_is_judged_by_its_value():
    for prompt, reference in TASK.training_pairs(20, 1):
        for found in re.finditer(r" ([-+*/]) ", reference):
            for sign in "+-*/":
                changed = f"{reference[: found.start()]} {sign} {reference[found.end() :]}"
                assert TASK.is_correct(prompt, changed) == judged_otherwise(prompt, changed)
    # 2 * 2 and 2 + 2 are both 4: a changed solution may be right.
    assert TASK.is_correct("2 2 4 8", "2 * 2 = 4 , 4 4 8 ; 4 + 4 = 8 , 8 8 ; 8 + 8 = 16") is False
    assert TASK.is_correct("1 2 2 6", "2 * 2 = 4 ; 4 * 6 = 24 ; 24 * 1 = 24")
    assert TASK.is_correct("1 2 2 6", "2 + 2 = 4 ; 4 * 6 = 24 ; 24 * 1 = 24")


def test_expressions_count_and_use_each_number_once():
    assert TASK.is_correct("4 9 10 13", "(13-9)*(10-4)")
    assert TASK.is_correct("3 3 8 8", "8 / (3 - 8/3)")
    for response in (
        "(13-9)*(10-4)+0",
        "24",
        "4*6",
        "(13-9)*10-4",
        "(13-9)*(10-4)*1",
        "13-9*10-4",
        "(13-9)*(10-4",
        "(13-9)**(10-4)",
        "4(9)",
    ):
        assert not TASK.is_correct("4 9 10 13", response)
    assert not TASK.is_correct("1 1 4 6", "4*6/(1-1)")
    assert not TASK.is_correct("1 4 6", "(4*6)//1")


def test_votes_join_orders_and_brackets_alone():
    same = ["(13-9)*(10-4)", "(10-4)*(13-9)", "( 10 - 4 ) * (13-9)", "13 - 9 = 4 ; 10 - 4 = 6 ; 4 * 6 = 24"]
    assert {TASK.answer(response) for response in same} == {"(10-4)*(13-9)"}
    assert TASK.answer("10 - 4 = 6 , 6 9 13 ; 13 - 9 = 4 , 4 6 ; 6 * 4 = 24") == "(10-4)*(13-9)"
    assert TASK.answer("(1+2)+3") == TASK.answer("3+(2+1)") == "1+2+3"
    assert TASK.answer("8-(3-2)") == TASK.answer("8+2-3") == "2+8-3"
    assert TASK.answer("8/(2/3)") == TASK.answer("8*3/2") == "3*8/2"
    assert TASK.answer("2-3") != TASK.answer("3-2")
    assert TASK.answer("5*(1+2)") != TASK.answer("5*1+2")
    assert [TASK.answer(text) for text in ("1 + = 2", "1 + 1 = 2 ;", "(1", "1+x", "-1", "1,2")] == [None] * 6
    # A wrong response votes for what it says.
    assert TASK.answer("1 + 1 = 3 ; 3 * 8 = 24") == "(1+1)*8"


def test_votes_keep_the_value():
    for prompt in TASK.prompts("train", 25, 0):
        for reference in TASK.references(prompt):
            assert TASK.is_correct(prompt, TASK.answer(reference))


def test_expressions_evaluate_exactly():
    assert parse("1/3+1/3+1/3").value() == 1
    assert parse("1/(2-2)").value() is None
    assert parse("1+1/(2-2)").value() is None
    assert parse("7-(2-(3-9))/4").value() == eval("7-(2-(3-9))/4")
    assert str(combined("*", number(Fraction(8, 3)), combined("+", number(-1), number(2)))) == "((-1)+2)*(8/3)"
    assert parse("(" * 300) is parse("1" * 300) is parse("") is parse("01") is None


def test_vocabulary_is_what_all_references_need():
    needed = {
        word
        for level in GameOf24.levels
        for prompt in GameOf24(level)._all_prompts()
        for text in (prompt, *GameOf24(level).references(prompt))
        for word in text.split()
    }
    assert needed == set(GameOf24.vocabulary[2:])
    longest = max(len(reference.split()) for prompt in TASK._all_prompts() for reference in TASK.references(prompt))
    assert GameOf24.horizon == longest + 1


@pytest.mark.parametrize("prompt", ["", "4", "4,9", "0 1 2 3", "4  9", "a b", "-1 2 3 4"])
def test_refuses_prompts(prompt):
    with pytest.raises(ValueError, match="`prompt` must be two or more positive whole numbers"):
        TASK.is_correct(prompt, "24")
