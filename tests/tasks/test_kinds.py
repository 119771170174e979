"""What is no argument of a task is refused by name, whoever wrote the task; what passed before passes."""

import numpy as np
import pytest

from sharpsim.tasks import BEGIN, END, Arithmetic, Draws, GameOf24, Task
from sharpsim.tasks._kinds import CHOICES, ITEMS, PAIRS, entries
from sharpsim.tasks.game_of_24 import MOST_NUMBERS, solvable, tamest_solutions
from sharpsim.tasks.pronunciation import without_stress


class Echo(Task):
    """A task of a user, who checks nothing and names arguments otherwise."""

    name = "echo"
    levels = (1,)
    vocabulary = (END, BEGIN, "|")
    response_size = 3
    prompt_length, horizon = 3, 4

    def references(self, prompt):
        return (prompt,)

    def is_correct(self, prompt, response):
        return prompt == response

    @staticmethod
    def answer(text):
        return text


TASK = Arithmetic(1)
DRAWS = Draws("a")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Echo(1).references(7), "`prompt` must be text; got 7"),
        (lambda: Echo(1).is_correct("|", None), "`response` must be text; got None"),
        (lambda: Echo(1).is_correct(prompt="|", response=b"|"), "`response` must be text; got b'|'"),
        (lambda: Arithmetic(1.0), "`level` must be a whole number, one of the task's levels; got 1.0"),
        (lambda: Arithmetic(True), "`level` must be a whole number"),
        (lambda: Arithmetic(1, split_seed=-1), "`split_seed` must be a whole number of at least 0; got -1"),
        (lambda: TASK.prompts("train", 3, 0.0), "`seed` must be a whole number of at least 0; got 0.0"),
        (lambda: TASK.prompts("train", 3, 0, without="3+4*2"), "`without` must be a collection of texts; got"),
        (lambda: TASK.training_pairs(2**31, 0), "`n` must be .* at most 10,000,000, as more would take too long"),
        (lambda: TASK.fresh_prompts(3, 0, pairs=0, training_seed=0), "`pairs` must be a whole number of at least 1"),
        (lambda: TASK.split_of("3 + 4"), "`prompt` must consist of the task's tokens; got '3 . 4', with ' '"),
        (lambda: TASK.split_key("1" * 12), "`prompt` must have at most 11 tokens"),
        # The tests' own check of annotations would refuse these before the methods do.
        (lambda: entries("pairs", "3+4", PAIRS), r"`pairs` must be pairs \(prompt, response\) of texts; got '3.4'"),
        (lambda: entries("pairs", ["34"], PAIRS), "`pairs` must be pairs"),
        (lambda: entries("pairs", [("3+4", 7)], PAIRS), "`pairs` must be pairs"),
        (lambda: TASK.decode_response([[1], [1, 2]]), r"`response` must be integers of shape \(29,\); got object"),
        (lambda: TASK.references("1+" + "9" * 5000), "`prompt` must be whole numbers .* of at most 200 characters"),
        (lambda: GameOf24(1).references(" ".join("1" * (MOST_NUMBERS + 1))), "`prompt` must be at most 6 numbers"),
        (lambda: tamest_solutions((1,) * (MOST_NUMBERS + 1)), "`numbers` must be one to 6 whole numbers, each at least 1"),
        (lambda: tamest_solutions((4, 0, 6)), "`numbers` must be one to 6 whole numbers, each at least 1"),
        (lambda: solvable(6, 2), "`count` must be a whole number of at least 1 and at most 5"),
        (lambda: solvable(4, 300), "`largest` must be smaller, as the call would take about"),
        (lambda: without_stress("AE1"), "`phonemes` must be texts, one after another; got 'AE1'"),
        (lambda: DRAWS.below(0), r"`size` must be a whole number from 1 to 2\^53; got 0"),
        (lambda: DRAWS.happens(float("nan")), r"`probability` must be in \[0, 1\]; got nan"),
        (lambda: DRAWS.choice([]), r"`items` must be a sequence of at least one item; got \[\]"),
        (lambda: ITEMS.check("items", {1, 2}, {}), "`items` must be a sequence; got {1, 2}"),
    ],
)
def test_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_what_is_right_in_other_types_passes():
    pairs = [("3+4*2", "3+8=11")]
    np.testing.assert_array_equal(TASK.encode_pairs(iter(pairs))[1], TASK.encode_pairs(pairs)[1])
    assert [tuple(map(tuple, entries("pairs", given, PAIRS))) for given in (np.array(pairs), [list(pairs[0])])] == [tuple(pairs)] * 2
    assert TASK.prompts("train", 3, 1) == TASK.prompts("train", 3, 1, without=["no prompt"])
    assert TASK.is_correct(np.str_("3+4"), response="7")
    assert Echo(1).answer("|") == "|"
    assert tamest_solutions((6, 4, 1)) == tamest_solutions((1, 4, 6))
    assert without_stress(iter(["AE1", "T"])) == ("AE", "T")
    assert DRAWS.happens(1)
    assert DRAWS.below(1) == 0
    assert DRAWS.shuffled([]) == []
    assert DRAWS.choice(range(5, 6)) == 5
    CHOICES.check("items", np.array([5]), {})
    assert sorted(DRAWS.shuffled(range(3))) == [0, 1, 2]
