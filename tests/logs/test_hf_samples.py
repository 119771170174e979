"""The script that draws from Hugging Face models, on a tiny random one, saved and loaded by the real code; and its questions."""

import importlib.util
import itertools
import json
import re

import numpy as np
import pytest
from scipy import stats

from experiments.__main__ import main
from sharpsim.logs import COLUMNS, LogError, Question, draw_samples, read_logs, read_questions, read_samples
from sharpsim.logs._hugging_face import HuggingFaceModel

FALSE_ALARM = 1e-6
WORDS = ("<end>", "a", "b", "#")
MISSING = any(importlib.util.find_spec(name) is None for name in ("torch", "transformers"))


def needs_models(test):
    """Slow for what these packages take to import."""
    return pytest.mark.slow(pytest.mark.skipif(MISSING, reason="needs sharpsim[huggingface]")(test))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A random GPT-2 of one layer over four words, saved as the hub would have it."""
    import tokenizers
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    path = tmp_path_factory.mktemp("model") / "tiny"
    plain = tokenizers.Tokenizer(tokenizers.models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="#"))
    plain.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(tokenizer_object=plain, eos_token="<end>", unk_token="#").save_pretrained(path)
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=4, n_positions=32, n_embd=16, n_layer=1, n_head=2, bos_token_id=0, eos_token_id=0, initializer_range=0.8)
    GPT2LMHeadModel(config).save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def model(folder):
    return HuggingFaceModel(str(folder), dtype="float32", device="cpu", chat=False)


def next_log_probs(model, tokens):
    """log pi(. | tokens), by one pass over the whole sequence without a cache."""
    import torch

    with torch.inference_mode():
        return torch.log_softmax(model.model(input_ids=torch.tensor([tokens])).logits[0, -1].double(), -1).numpy()


def scored(model, prompt, response):
    start = model.encode(prompt)
    return sum(next_log_probs(model, start + response[:i])[token] for i, token in enumerate(response))


@needs_models
def test_log_probabilities_are_those_of_the_whole_sequence(model):
    responses, log_probs = model.draw("a # b", count=40, greedy=False, seed=3, max_tokens=6)
    assert 1 == min(map(len, responses)) < max(map(len, responses)) <= 6
    for response, log_prob in zip(responses, log_probs, strict=True):
        assert 0 not in response[:-1]
        assert response[-1] == 0 or len(response) == 6
        assert log_prob == pytest.approx(scored(model, "a # b", response), abs=1e-5)


@needs_models
def test_chat_prompts_go_through_the_template(folder, model):
    chat = HuggingFaceModel(str(folder), dtype="float32", device="cpu", chat=True)
    chat.tokenizer.chat_template = (
        "{% for turn in messages %}# {{ turn['content'] }}{% endfor %}{% if add_generation_prompt %} b{% endif %}"
    )
    assert chat.encode("a a") == model.encode("# a a b")


@needs_models
def test_greedy_takes_the_likeliest_token(model):
    for prompt in ("a", "b b", "# a"):
        ((response,), (log_prob,)) = model.draw(prompt, count=1, greedy=True, seed=0, max_tokens=5)
        start, expected = model.encode(prompt), []
        while len(expected) < 5 and (not expected or expected[-1] != 0):
            expected.append(int(next_log_probs(model, start + expected).argmax()))
        assert response == expected
        assert log_prob == pytest.approx(scored(model, prompt, response), abs=1e-5)


@needs_models
def test_draws_have_the_models_law(model):
    """Pearson's statistic at 1e-6 on all responses of at most two tokens; a law at another temperature is refused."""
    draws, start = 4000, model.encode("a b")
    first = next_log_probs(model, start)
    law = {(0,): first[0]}
    for token in (1, 2, 3):
        law |= {(token, second): first[token] + value for second, value in enumerate(next_log_probs(model, [*start, token]))}
    counts = dict.fromkeys(law, 0)
    for response in model.draw("a b", count=draws, greedy=False, seed=1, max_tokens=2)[0]:
        counts[tuple(response)] += 1
    seen, logs = np.array(list(counts.values())), np.array(list(law.values()))

    def statistic(power):
        expected = draws * np.exp(power * logs) / np.exp(power * logs).sum()
        return ((seen - expected) ** 2 / expected).sum()

    threshold = stats.chi2.isf(FALSE_ALARM, len(law) - 1)
    assert statistic(1.0) < threshold
    assert statistic(0.8) > threshold
    assert statistic(1.25) > threshold


QUESTIONS = [{"prompt": "a b", "answer": "a", "pattern": r"\b([ab])\b"}, {"prompt": "b #", "answer": "a b"}]


def ask(path, questions=QUESTIONS):
    path.write_text("\n".join(json.dumps(question) for question in questions) + "\n")
    return path


def command(folder, questions, out, **more):
    given = {"model": folder, "questions": questions, "out": out, "draws": 5, "seeds": 2, "max-tokens": 4, "batch": 3} | more
    return ["samples", *itertools.chain.from_iterable((f"--{name}", str(value)) for name, value in given.items())]


@needs_models
def test_the_command_writes_a_table_that_is_what_the_model_says(folder, model, tmp_path, capsys):
    asked = ask(tmp_path / "quiz.jsonl")
    assert main(command(folder, asked, tmp_path / "a.csv")) == 0
    assert "a.csv" in capsys.readouterr().out
    table = read_samples(tmp_path / "a.csv")
    assert (len(table), set(table.model), set(table.task)) == (2 * (2 * 5 + 1), {"tiny"}, {"quiz"})
    assert sorted(set(zip(table.seed.tolist(), table.sample.tolist(), strict=True))) == [(0, -1), *itertools.product((0, 1), range(5))]
    (text, log_prob, tokens), *_ = model.respond("b #", count=1, greedy=True, seed=0, max_tokens=4)
    (row,) = np.flatnonzero((table.prompt == "b #") & (table.sample == -1))
    assert (table.log_prob[row], table.tokens[row], table.answer[row]) == (pytest.approx(log_prob, abs=1e-6), tokens, text.strip())
    np.testing.assert_array_equal(table.correct, np.where(table.prompt == "a b", table.answer == "a", table.answer == "a b"))
    # Seeds, and prompts, have numbers of their own.
    blocks = [tuple(table.log_prob[(table.prompt == p) & (table.seed == s) & (table.sample >= 0)]) for p in ("a b", "b #") for s in (0, 1)]
    assert len(set(blocks)) == 4
    assert main(command(folder, asked, tmp_path / "b.csv", name="x", task="y")) == 0
    again = read_samples(tmp_path / "b.csv")
    assert (again.log_prob.tolist(), set(again.model), set(again.task)) == (table.log_prob.tolist(), {"x"}, {"y"})


@needs_models
def test_bad_models_and_numbers_are_refused(folder, tmp_path, capsys):
    asked = ask(tmp_path / "quiz.jsonl")
    (tmp_path / "empty").mkdir()
    for arguments, said in (
        (command(tmp_path / "empty", asked, tmp_path / "a.csv"), "`model` must be one that transformers loads"),
        (command(folder, asked, tmp_path / "a.csv", draws=0), "`draws` must be a whole number of at least 1"),
        (command(folder, asked, tmp_path / "a.csv", **{"max-tokens": 0}), "`max_tokens` must be a whole number of at least 1"),
        (command(folder, asked, tmp_path / "a.txt"), "must end in .csv, .parquet, .jsonl"),
    ):
        assert main(arguments) == 2
        assert said in capsys.readouterr().err


class Echo(HuggingFaceModel):
    """Stands for a model: its responses name the seed's parity and the draw."""

    def __init__(self, name, **given):
        assert (name, given) == ("some/echo", {"dtype": "bfloat16", "device": None, "chat": True})

    def respond(self, prompt, *, count, greedy, seed, max_tokens):
        return [(prompt if greedy else f"{prompt} {i}", -0.5 - i, max_tokens) for i in range(count)]


def test_the_command_hands_its_arguments_on(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sharpsim.logs._hugging_face.HuggingFaceModel", Echo)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: True)
    asked = ask(tmp_path / "quiz.jsonl", [{"prompt": "a", "answer": "1"}, {"prompt": "b", "answer": "b"}])
    given = command("some/echo", asked, tmp_path / "a.csv", dtype="bfloat16", pattern="[0-9b]$", task="t")
    assert main([*given, "--chat"]) == 0
    assert "a.csv" in capsys.readouterr().out
    table = read_samples(tmp_path / "a.csv")
    assert (set(table.model), set(table.task), set(table.tokens)) == ({"echo"}, {"t"}, {4})
    mine = (table.prompt == "a") & (table.seed == 1)
    # Two batches, of 3 and 2.
    assert table.answer[mine].tolist() == ["0", "1", "2", "0", "1"]
    assert table.correct[mine].tolist() == [False, True, False, False, True]
    assert table.correct[(table.prompt == "b") & (table.sample == -1)].tolist() == [True]


class Killed(Echo):
    """Stands for a model whose process is killed at the call after `left`."""

    left = 0
    calls = 0

    def __init__(self, name, **given):
        pass

    def respond(self, prompt, *, count, greedy, seed, max_tokens):
        if type(self).left == 0:
            raise KeyboardInterrupt
        type(self).left -= 1
        type(self).calls += 1
        return [(f"{prompt} {seed % 1000} {i}\n\u2028", -0.1 - seed % 7 - i / 3, 1 + i) for i in range(count)]


@pytest.fixture
def killed(monkeypatch):
    monkeypatch.setattr("sharpsim.logs._hugging_face.HuggingFaceModel", Killed)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: True)
    monkeypatch.setattr(Killed, "left", 10**9)
    monkeypatch.setattr(Killed, "calls", 0)
    return Killed


def test_a_killed_run_goes_on_where_it_was(killed, tmp_path):
    given = {"model": "some/echo", "questions": ask(tmp_path / "quiz.jsonl"), "draws": 5, "seeds": 2, "max_tokens": 3, "batch": 2}
    told = []
    whole = read_samples(draw_samples(out=tmp_path / "whole.csv", progress=lambda *counts: told.append(counts), **given))
    assert told[-1] == (14, 14)
    assert killed.calls == 14
    out = tmp_path / "runs" / "a.csv"
    for left in (0, 5, 3):
        killed.left = left
        with pytest.raises(KeyboardInterrupt):
            draw_samples(out=out, **given)
        assert not out.exists()
        # What was being written when it was killed.
        with (out.parent / ".a.csv.part").open("a") as journal:
            journal.write('{"key": [0, ')
    with pytest.raises(LogError, match=r"`draws` must be as in the run that was stopped, 5; got 6\. To begin anew, remove \.a\.csv\.part"):
        draw_samples(out=out, **given | {"draws": 6})
    killed.left, killed.calls = 10**9, 0
    again = read_samples(draw_samples(out=out, **given))
    assert killed.calls == 14 - 8
    assert all((getattr(whole, name) == getattr(again, name)).all() for name in COLUMNS)
    assert {path.name for path in out.parent.iterdir()} == {"a.csv", "a.csv.about.json"}


def test_the_record_says_how_the_samples_were_drawn(killed, tmp_path):
    given = {"model": "some/echo", "questions": ask(tmp_path / "quiz.jsonl"), "draws": 3, "seeds": 1, "max_tokens": 2, "batch": 3}
    out = draw_samples(out=tmp_path / "logs" / "a.jsonl", **given)
    about = json.loads((out.parent / "a.jsonl.about.json").read_text())
    assert {name: about[name] for name in ("model", "draws", "seeds", "batch", "temperature", "top_p", "rows")} == {
        "model": "some/echo", "draws": 3, "seeds": 1, "batch": 3, "temperature": 1.0, "top_p": 1.0, "rows": 8,
    }  # fmt: skip
    # Of three responses of a batch the last two have 2 tokens or more.
    assert about["responses_of_max_tokens"] == 4
    assert {"python", "sharpsim", "numpy", "torch", "transformers"} == about["versions"].keys()
    # The table says it too, and its folder is a log.
    table, reading = read_logs(out.parent)
    assert (len(table), reading.temperature, reading.top_p, reading.own_policy, reading.greedy) == (8, 1.0, 1.0, True, 2)
    assert len(set(table.digest.tolist())) == 8


def test_without_the_packages_it_says_what_to_install(tmp_path, capsys, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "transformers" else find(name, *rest))
    assert main(command("m", ask(tmp_path / "quiz.jsonl"), tmp_path / "a.csv")) == 2
    assert "pip install sharpsim[huggingface]" in capsys.readouterr().err


def test_answers_are_found():
    whole = Question("p", "4", None)
    assert whole.answer_of(" 4\n") == "4"
    grouped = Question("p", "4", re.compile(r"answer is (\d+)|gives (\d+)"))
    assert [grouped.answer_of(text) for text in ("the answer is 3, no: the answer is 4", "nothing", "")] == ["4", "", ""]
    assert Question("p", "4", re.compile(r"\d+")).answer_of("1 then 22") == "22"
    assert grouped.answer_of("gives 7") == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "at least one; got none in q.jsonl"),
        ('{"prompt": "a", "answer": "b"}\n\n[1]', "line 3 of `questions`"),
        ('{"prompt": "a"}', "line 1 of `questions` must be an object with `prompt`, `answer`"),
        ('{"prompt": "a", "answer": 4}', "line 1 of `questions` must have text as `prompt` and `answer`"),
        ('{"prompt": "a", "answer": "b", "pattern": "("}', "line 1 of `questions`"),
        ('{"prompt": "a", "answer": "b"}\n{"prompt": "a", "answer": "c"}', "line 2 of `questions` must have a prompt of its own"),
    ],
)
def test_bad_questions_are_named(text, said, tmp_path):
    (tmp_path / "q.jsonl").write_text(text)
    with pytest.raises(LogError, match=said):
        read_questions(tmp_path / "q.jsonl", None)
    with pytest.raises(LogError, match="could not read"):
        read_questions(tmp_path / "missing.jsonl", None)


def test_a_pattern_for_all(tmp_path):
    (tmp_path / "q.jsonl").write_text('{"prompt": "a", "answer": "b"}\n{"prompt": "c", "answer": "d", "pattern": "x"}')
    assert [question.pattern.pattern for question in read_questions(tmp_path / "q.jsonl", "y")] == ["y", "x"]
