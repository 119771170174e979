"""Move every explorable of the built book in headless Chromium, by keyboard, and compare the numbers that it shows with its grid.

`docs/check_site.py` calls `check_explorables` on the site and on file://. Each combination of the ends of the sliders is visited, and one
step from there. tests/docs/test_explorables.py holds the grids themselves against the library.
"""

import itertools
import math
import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent / "explorables"))

import grids

STATE = """box => ({
  at: box.explorable.axes.map((axis, place) => box.explorable.state[place]),
  inputs: Object.fromEntries(
    [...box.querySelectorAll("input")].map(e => [e.dataset.axis, [Number(e.value), e.getAttribute("aria-valuetext")]])),
  numbers: Object.fromEntries([...box.querySelectorAll("b[data-curve]")].map(e => [e.dataset.curve, e.textContent])),
  words: box.querySelector("[aria-live=polite]").textContent,
  broken: [...box.querySelectorAll("svg *")].filter(e => [...e.attributes].some(a => /NaN|Infinity|undefined/.test(a.value))).length,
  lines: box.querySelectorAll(".explore-chart g path").length,
})"""
# Rounds that the game's optimal strategy plays, and Hoeffding's limit for its share of wrong guesses at false-alarm rate 1e-9.
ROUNDS = 2000
CHANCE = math.sqrt(math.log(2e9) / (2 * ROUNDS))


def number(text: str) -> float | None:
    """The number that a text of the page means; None for "infinite"."""
    if text == "infinite":
        return None
    digits, _, power = text.replace(",", "").partition("\u00a0×\u00a010")
    return float(f"{digits}e{power.translate(str.maketrans('⁻⁰¹²³⁴⁵⁶⁷⁸⁹', '-0123456789')) or 0}")


def agrees(text: str | None, wanted: float | None) -> bool:
    """Whether a text shows this number: whole numbers below a million in full, all others to four digits."""
    if text is None:
        return False
    found = number(text)
    if found is None or wanted is None:
        return found is wanted
    if wanted == 0 or (float(wanted).is_integer() and abs(wanted) < 1e6):
        return found == wanted
    unit = 10.0 ** (math.floor(math.log10(abs(wanted))) - 3)
    return abs(found - wanted) <= 0.5 * unit * (1 + 1e-6)


def _visit(page: Any, name: str, findings: Any) -> None:
    """All ends of the sliders of one explorable."""
    box = page.locator(f'.explore[data-grid="{name}"]')
    found = grids.written(name)
    known = dict(grids.points(found))
    axes = [axis for axis, _ in found["axes"]]
    last = [len(values) - 1 for _, values in found["axes"]]

    def compare(wanted: tuple[int, ...]) -> None:
        told = box.evaluate(STATE)
        at = dict(zip(axes, wanted, strict=True))
        if tuple(told["at"]) != wanted or any(told["inputs"][axis][0] != at[axis] for axis in axes):
            findings.add("explorables", name, f"stands at {told['at']} {told['inputs']}, not at {wanted}")
        for place, (axis, values) in enumerate(found["axes"]):
            if not agrees(told["inputs"][axis][1], values[wanted[place]]):
                findings.add("explorables", name, f"slider {axis} says {told['inputs'][axis][1]}, not {values[wanted[place]]}")
        for curve, text in told["numbers"].items():
            if not agrees(text, known[wanted][curve]):
                findings.add("explorables", name, f"{curve} at {wanted} shows {text}, not {known[wanted][curve]}")
            findings.count("numbers of explorables compared")
        named = set(re.findall(r"\{(\w+)\}", box.evaluate("box => box.explorable.told.words")))
        for curve in named & set(told["numbers"]):
            if told["numbers"][curve] not in told["words"]:
                findings.add("explorables", name, f"the sentence at {wanted} does not say {told['numbers'][curve]}")
        if told["broken"] or not told["lines"] or "{" in told["words"]:
            findings.add("explorables", name, f"the drawing or the sentence at {wanted} is broken")

    for ends in itertools.product((0, 1), repeat=len(axes)):
        for axis, end in zip(axes, ends, strict=True):
            slider = box.locator(f'input[data-axis="{axis}"]')
            slider.focus()
            slider.press("End" if end else "Home")
        wanted = tuple(end * most for end, most in zip(ends, last, strict=True))
        compare(wanted)
        # The last slider that was moved has the focus: one step by an arrow key.
        page.keyboard.press("ArrowLeft" if ends[-1] else "ArrowRight")
        compare((*wanted[:-1], wanted[-1] + (-1 if ends[-1] else 1)))
    findings.count("explorables moved")


def _play(page: Any, findings: Any) -> None:
    """The game: one round by keyboard, the optimum at both ends of both sliders, and many rounds of the optimal strategy."""
    box = page.locator(".explore[data-game]")
    (_, labels), (_, draws) = grids.written("guess_error")["axes"]
    errors = grids.written("guess_error")["curves"]["exact"]

    def optimum() -> tuple[str, float]:
        M, k = box.evaluate("box => [box.game.M, box.game.k]")
        return box.locator('b[data-curve="optimum"]').inner_text(), errors[labels.index(M)][draws.index(k)]

    for ends in itertools.product(("Home", "End"), repeat=2):
        for axis, end in zip(("M", "k"), ends, strict=True):
            slider = box.locator(f'input[data-axis="{axis}"]')
            slider.focus()
            slider.press(end)
        text, exact = optimum()
        if abs(float(text.rstrip("%")) / 100 - exact) > 0.0005 * (1 + 1e-6):
            findings.add("explorables", "game", f"the optimum is shown as {text}, not {exact}")
        box.locator('[data-do="draw"]').focus()
        page.keyboard.press("Space")
        if "You drew" not in box.locator("[aria-live=polite]").inner_text():
            findings.add("explorables", "game", "the draws are not said")
        page.keyboard.press("Space")
        if "of 1" not in box.locator('b[data-curve="own"]').inner_text():
            findings.add("explorables", "game", "a guess by keyboard is not counted")
        box.evaluate(f"box => box.game.play({ROUNDS})")
        wrong = box.evaluate("box => box.game.optimal.wrong")
        if abs(wrong / ROUNDS - exact) > CHANCE:
            findings.add("explorables", "game", f"the optimal strategy was wrong in {wrong} of {ROUNDS} rounds at e(k) = {exact}")
    findings.count("explorables moved")


def check_explorables(page: Any, home: str, findings: Any) -> None:
    """Visit the pages of the explorables below `home` and move each of them; what is wrong goes to `findings`."""
    moved = set()
    for source in sorted(grids.HERE.glob("*.md")):
        page.goto(f"{home}explorables/{source.stem}.html", wait_until="load")
        for name in page.eval_on_selector_all(".explore[data-grid]", "all => all.map(box => box.dataset.grid)"):
            _visit(page, name, findings)
            moved.add(name)
        if page.locator(".explore[data-game]").count():
            _play(page, findings)
    for name in set(grids.GRIDS) - moved:
        findings.add("explorables", name, "stands on no page")
