"""Exercises of the course: three for each lecture, each with a check that says on which smallest instance an answer is wrong.

A student writes one function. `sharpsim-exercises start 05.2` writes its stub, `sharpsim-exercises check 05.2` runs the check.

- `stubs/unit_NN.py` holds the tasks: a signature and a docstring that states what to return.
- `solutions/unit_NN.py` holds worked solutions, under the same names.
- `checks/unit_NN.py` holds the instances, ordered from small to large, and the judge of each exercise.

Nothing here needs JAX. An exercise has a number such as "05.2": unit 5, second exercise. The first exercise of a unit is easy, the second
is proof-like (find the constant, or construct the instance that a statement forbids or attains), the third is open-ended (the more, the
better; the check passes from a stated level on).
"""

from sharpsim.exercises._catalogue import UNITS, all_exercises, find, solution_of, stub_of
from sharpsim.exercises._command import main
from sharpsim.exercises._exercise import Exercise, Outcome, Wrong, run

__all__ = ["UNITS", "Exercise", "Outcome", "Wrong", "all_exercises", "find", "main", "run", "solution_of", "stub_of"]
