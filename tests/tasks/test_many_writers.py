"""Many writers: the law by hand and by another way of counting, draws against it, and splits that hold for all sources at once."""

import collections
import itertools
import re

import numpy as np
import pytest
from scipy import stats

from sharpsim.tasks import CORPORA, Arithmetic, Corpus, Draws, ManyWriters
from sharpsim.tasks.many_writers import ADVERBS, MISCONCEPTIONS, MOST_PHRASINGS, OPENER, SOURCES, VERBS
from sharpsim.testing import multinomial_test

TASK = ManyWriters(1)
PROMPT = "forum 3+4*2-5"
RIGHT, WRONG = "3+8-5=11-5=6", "7*2-5=14-5=9"


def misread(expression, kind):
    """The value under the misconception, by Python's own arithmetic with brackets put where it reads them."""
    if kind == "precedence":
        a, p, b, q, c, r, d = expression
        return eval(f"((({a}){p}{b}){q}{c}){r}{d}")
    product = re.search(r"\d\*\d", expression)
    x, first, rest = re.fullmatch(r"(\d+)([-+])(.*)", expression.replace(product[0], str(eval(product[0])))).groups()
    return eval(f"{x}-({rest})") if first == "-" else eval(expression)


def test_the_law_by_hand():
    responses, probabilities = Corpus(0.4, 3, 0.75, "precedence").law(PROMPT)
    # Three phrasings in rows of two; each has 0.6 / 3 = 0.2 of the mass, of which three quarters are wrong.
    openings = ["well so get ", "well so take ", "well now take "]
    assert responses[0] == RIGHT
    assert set(responses[1:4]) == {opening + WRONG for opening in openings}
    assert set(responses[4:]) == {opening + RIGHT for opening in openings}
    np.testing.assert_allclose(probabilities, [0.4, 0.15, 0.15, 0.15, 0.05, 0.05, 0.05], rtol=1e-14)
    assert probabilities.dtype == np.float64
    responses, probabilities = Corpus(0.4, 3, 0.75, "signs").law("board 9-5+1*2")
    assert responses[:2] == ("9-5+2=4+2=6", "well now take 9-5+2=9-7=2")
    # Products that come first leave nothing to misread: right and wrong steps are the same, and their masses one.
    responses, probabilities = Corpus(0.4, 3, 0.75, "precedence").law("forum 3*4+2-5")
    assert set(responses[1:]) == {opening + "12+2-5=14-5=9" for opening in openings}
    np.testing.assert_allclose(probabilities, [0.4, 0.2, 0.2, 0.2], rtol=1e-14)


def test_a_minus_over_all_by_hand():
    task = {kind: Corpus(0.0, 1, 1.0, kind) for kind in MISCONCEPTIONS}
    for expression, precedence, signs in (
        ("9-3-8*1", "6-8*1=-2*1=-2", "9-3-8=9+5=14"),
        ("1-9+9*9", "-8+9*9=1*9=9", "1-9+81=1-90=-89"),
        ("9-4-2*2", "5-2*2=3*2=6", "9-4-4=9-0=9"),
        ("2+3*4-1", "5*4-1=20-1=19", "2+12-1=14-1=13"),
        ("2*3-4+1", "6-4+1=2+1=3", "6-4+1=6-5=1"),
    ):
        for kind, steps in (("precedence", precedence), ("signs", signs)):
            assert task[kind].law(f"chat {expression}")[0] == (OPENER + ADVERBS[0] + VERBS[0] + steps,)


@pytest.mark.parametrize("kind", MISCONCEPTIONS)
def test_the_law_by_another_count(kind):
    corpus = Corpus(0.3, 37, 0.6, kind)
    misled = 0
    for prompt in TASK.prompts("held_out", 40, 0):
        expression = prompt.split(" ")[1]
        responses, probabilities = corpus.law(prompt)
        assert len(set(responses)) == len(responses)
        assert abs(probabilities.sum() - 1) < 1e-12
        assert list(zip(-probabilities, responses, strict=True)) == sorted(zip(-probabilities, responses, strict=True))
        masses = collections.Counter()
        for response, mass in zip(responses, probabilities, strict=True):
            masses[TASK.answer(response)] += mass
            # Careless writers write three words, careful ones none.
            words = response.count(" ")
            assert words in (0, 3)
            assert words or mass == pytest.approx(0.3)
            assert response.startswith(OPENER) == (words == 3)
            assert TASK.is_correct(prompt, response) == (response.split("=")[-1] == str(eval(expression)))
        wrong = misread(expression, kind)
        if wrong == eval(expression):
            assert masses == {str(wrong): pytest.approx(1)}
        else:
            misled += 1
            assert masses == {str(wrong): pytest.approx(0.42), str(eval(expression)): pytest.approx(0.58)}
    assert 12 < misled < 32


@pytest.mark.parametrize("phrasings", [1, 2, 5, 10, 36, 144, 145, MOST_PHRASINGS])
def test_phrasings_are_as_many_as_said_and_equally_likely(phrasings):
    responses, probabilities = Corpus(0.0, phrasings, 0.0, "precedence").law(PROMPT)
    assert len(responses) == phrasings
    assert all(response.endswith(f" {RIGHT}") for response in responses)
    np.testing.assert_allclose(probabilities, 1 / phrasings, rtol=1e-12)


def test_ends_of_the_range():
    assert Corpus(1.0, 9, 0.5, "signs").law(PROMPT)[0] == (RIGHT,)
    assert not any(map(TASK.is_correct, [PROMPT] * 9, Corpus(0.0, 9, 1.0, "precedence").law(PROMPT)[0]))
    assert Corpus(0, 1, 1, "precedence").law(PROMPT)[1].tolist() == [1.0]


@pytest.mark.parametrize("corpus", CORPORA.values(), ids=map(str, CORPORA))
def test_draws_have_the_law(corpus):
    draws = Draws("a", 0)
    responses, probabilities = corpus.law(PROMPT)
    counts = collections.Counter(corpus.draw(PROMPT, draws) for _ in range(6000))
    assert set(counts) <= set(responses)
    observed = np.array([counts[response] for response in responses])
    assert multinomial_test(observed, probabilities)
    # The same draws do not fit a share that is off by six hundredths.
    other = dict(zip(*Corpus(corpus.share + 0.06, corpus.phrasings, corpus.rate, corpus.kind).law(PROMPT), strict=True))
    assert not multinomial_test(observed, np.array([other[response] for response in responses]))


@pytest.mark.parametrize("level", ManyWriters.levels)
def test_training_text_is_the_corpus(level):
    task = ManyWriters(level)
    pairs = task.training_pairs(3000, 0)
    assert all(response in task.corpus.law(prompt)[0] for prompt, response in pairs[:40])
    careful = sum(not response.startswith(OPENER) for _, response in pairs)
    assert stats.binomtest(careful, len(pairs), task.corpus.share).pvalue > 1e-6
    wrong = sum(not task.is_correct(prompt, response) for prompt, response in pairs)
    law = [sum(p for y, p in zip(*task.corpus.law(x), strict=True) if not task.is_correct(x, y)) for x, _ in pairs[::75]]
    assert abs(wrong / 3000 - np.mean(law)) < 0.1


def test_where_sharpening_helps():
    """The mode is right if and only if the share exceeds the likeliest careless response; greedy follows the first token."""
    for share, phrasings, rate in itertools.product((0.05, 0.2, 0.4, 0.6), (1, 4, 36), (0.3, 0.65)):
        mode = Corpus(share, phrasings, rate, "precedence").law(PROMPT)[0][0]
        assert (mode == RIGHT) == (share > (1 - share) * max(rate, 1 - rate) / phrasings)
    regions = {level: (corpus.share > 0.5, TASK.is_correct(PROMPT, corpus.law(PROMPT)[0][0])) for level, corpus in CORPORA.items()}
    regions[7] = (CORPORA[7].share > 0.5, TASK.is_correct("board 9-5+1*2", CORPORA[7].law("board 9-5+1*2")[0][0]))
    assert regions == {level: (level == 4, level != 6) for level in CORPORA}


def test_sources_ask_the_same_in_the_same_split_and_order():
    first, other = ManyWriters(1), ManyWriters(6)
    assert (SOURCES[1], SOURCES[6]) == ("forum", "letters")
    moved = [prompt.replace("forum", "letters") for prompt in first.training_prompts(500, 3)]
    assert moved == other.training_prompts(500, 3)
    assert [p.split(" ")[1] for p in first.prompts("held_out", 50, 0)] == [p.split(" ")[1] for p in other.prompts("held_out", 50, 0)]
    assert {first.split_of(prompt) for prompt in moved} == {"train"}
    assert [response for _, response in first.training_pairs(50, 3)] != [response for _, response in other.training_pairs(50, 3)]


def test_prompts_and_horizon():
    prompts = TASK._all_prompts()
    assert len(set(prompts)) == len(prompts) == 12 * 9**4
    assert all(prompt.count("*") == 1 for prompt in prompts)
    longest = 0
    for digits, signs in itertools.product(itertools.product("19", repeat=4), ("*++", "*+-", "*-+", "*--", "+*+", "-*-", "--*", "-+*")):
        prompt = "chat " + "".join(itertools.chain(*itertools.zip_longest(digits, signs, fillvalue="")))
        for kind in MISCONCEPTIONS:
            longest = max(longest, *(len(TASK._tokens(y, "")) for y in Corpus(0.5, 1, 0.5, kind).law(prompt)[0]))
    # One place is spare besides that of the end token.
    assert longest == 3 + len("-8-9*9=-17*9=-153") == ManyWriters.horizon - 2
    assert TASK.references(PROMPT) == Arithmetic(1).references("3+4*2-5") == (RIGHT,)
    assert TASK.encode_prompt(PROMPT).tolist()[1:] == [TASK.vocabulary.index(token) for token in "3+4*2-5"]
    assert TASK.decode_prompt(TASK.encode_prompt(PROMPT)) == PROMPT


def test_answers():
    assert [TASK.answer(text) for text in ("6", "3+8-5=11-5=6", "well so take -2", "11-5=so -16")] == ["6", "6", "-2", "-16"]
    assert [TASK.answer(text) for text in ("", "06", "-0", "3+4", "6=", "6 ", "well ", "6 so ", "so6")] == [None] * 9
    assert TASK.is_correct(PROMPT, "well so take 7*2=6")
    assert not TASK.is_correct(PROMPT, WRONG)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"share": 1.2}, r"`share` must be in \[0, 1\]; got 1.2"),
        ({"share": float("nan")}, "`share` must be in"),
        ({"rate": -0.1}, r"`rate` must be in \[0, 1\]; got -0.1"),
        ({"phrasings": 0}, "`phrasings` must be a whole number from 1 to 256; got 0"),
        ({"phrasings": 257}, "`phrasings` must be a whole number from 1 to 256; got 257"),
        ({"kind": "spelling"}, "`kind` must be one of precedence, signs; got 'spelling'"),
    ],
)
def test_refuses_corpora(changed, message):
    with pytest.raises(ValueError, match=message):
        Corpus(**({"share": 0.5, "phrasings": 4, "rate": 0.5, "kind": "signs"} | changed))


@pytest.mark.parametrize("prompt", ["", "3+4*2-5", "press 3+4*2-5", "forum 3+4*2", "forum 3+4*2*5", "forum 3+4+2-5", "forum 0+4*2-5"])
def test_refuses_prompts(prompt):
    for call in (lambda: TASK.references(prompt), lambda: TASK.is_correct(prompt, "6"), lambda: TASK.corpus.law(prompt)):
        with pytest.raises(ValueError, match="`prompt` must be a source and four digits"):
            call()
