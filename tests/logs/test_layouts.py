"""The layouts of logs that people have, each by a small hand-written example with its variants."""

import json
import re

import numpy as np
import pytest

from sharpsim.logs import GREEDY, LogError, read_logs


def write(folder, records, name="log.jsonl"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def read(folder, records, name="log.jsonl", **options):
    return read_logs(write(folder, records, name), **options)


def rows(table, *columns):
    return list(zip(*(getattr(table, column).tolist() for column in columns), strict=True))


def gsm8k(doc, texts, found, metric, *, filter="strict-match", temperature=0.7, target="so 9+9\n#### 18", **more):
    """A line of lm-evaluation-harness as of version 0.4."""
    settings = {"until": ["\n"], "do_sample": temperature > 0, "temperature": temperature}
    return {
        "doc_id": doc, "doc": {"question": "q", "answer": target}, "target": target,
        "arguments": {"gen_args_0": {"arg_0": "Question: q", "arg_1": settings}},
        "resps": [texts], "filtered_resps": found, "filter": filter, "metrics": ["exact_match"], "doc_hash": "ab", "prompt_hash": "cd",
        "target_hash": "ef", "exact_match": metric,
    } | more  # fmt: skip


def test_harness_filters_are_not_draws(tmp_path):
    lines = [
        gsm8k(0, ["it is 18"], ["[invalid]"], 0.0), gsm8k(1, ["#### 17"], ["17"], 0.0),
        gsm8k(0, ["it is 18"], ["18"], 1.0, filter="flexible-extract"), gsm8k(1, ["#### 17"], ["17"], 0.0, filter="flexible-extract"),
    ]  # fmt: skip
    name = "some__model-7b/samples_gsm8k_2025-01-02T03-04-05.678901.jsonl"
    table, reading = read(tmp_path, lines, name)
    assert rows(table, "model", "task", "prompt", "sample", "answer", "correct") == [
        ("some/model-7b", "gsm8k", "0", 0, "", 0.0), ("some/model-7b", "gsm8k", "1", 0, "17", 0.0),
    ]  # fmt: skip
    assert reading.files[0].format == "lm-eval"
    assert reading.files[0].detected
    fields = reading.files[0].fields
    assert (fields["correct"], fields["task"], fields["model"]) == ("exact_match", "the file's name", "the folder's name")
    assert reading.filters == {"strict-match": 2, "flexible-extract": 2}
    assert reading.no_answer == {"[invalid]": 1}
    assert reading.temperature == 0.7
    assert reading.own_policy is False
    table, _ = read(tmp_path, lines, name, filter="flexible-extract")
    assert rows(table, "answer", "correct") == [("18", 1.0), ("17", 0.0)]
    with pytest.raises(LogError, match="`filter` must be one of 'strict-match', 'flexible-extract'; got 'loose'"):
        read(tmp_path, lines, name, filter="loose")


def test_harness_repeats(tmp_path):
    texts = ["a #### 18", "b #### 17", "c #### 18"]
    table, _ = read(tmp_path, [gsm8k(3, texts, [["18", "17", "18"]], [1.0, 0.0, 1.0])])
    assert rows(table, "sample", "answer", "correct") == [(0, "18", 1.0), (1, "17", 0.0), (2, "18", 1.0)]
    assert len(set(table.digest.tolist())) == 3
    # Correctness of the draws, where the metric is of the document: from the answers.
    table, reading = read(tmp_path, [gsm8k(3, texts, [["18", "17", "18"]], 1.0)])
    assert table.correct.tolist() == [1.0, 0.0, 1.0]
    assert reading.files[0].fields["correct"] == "`answer` equal to the target"


def test_a_vote_of_the_harness_is_of_no_draw(tmp_path):
    lines = [gsm8k(3, ["a #### 18", "b #### 17", "c #### 18"], ["18"], 1.0, filter="maj@3")]
    table, reading = read(tmp_path, lines)
    assert np.isnan(table.correct).all()
    assert set(table.answer) == {""}
    assert any("one answer to several repeats" in note for note in reading.notes)
    table, reading = read(tmp_path, lines, pattern=r"#### (\d+)")
    assert rows(table, "answer", "correct") == [("18", 1.0), ("17", 0.0), ("18", 1.0)]
    assert reading.files[0].fields["answer"] == "the response, by the pattern"


def test_greedy_answers_of_the_harness_are_not_draws(tmp_path):
    cold, warm = gsm8k(0, ["18"], ["18"], 1.0, temperature=0.0), gsm8k(0, ["17", "18"], ["17", "18"], [0.0, 1.0], temperature=1.0)
    write(tmp_path, [cold], "m__m/samples_gsm8k_2025-01-02T03-04-05.0.jsonl")
    write(tmp_path, [warm], "m__m/samples_gsm8k_2025-02-02T03-04-05.0.jsonl")
    table, reading = read_logs(tmp_path)
    assert rows(table, "sample", "answer") == [(GREEDY, "18"), (0, "17"), (1, "18")]
    assert (reading.greedy, reading.draws, reading.temperature, reading.own_policy) == (1, (2, 2.0, 2), 1.0, True)


@pytest.mark.parametrize("arguments", [[["Question: q", {"temperature": 0.5, "do_sample": True}]], {"temperature": 0.5}, None, []])
def test_versions_of_the_harness(arguments, tmp_path):
    line = gsm8k(0, ["18"], ["18"], 1) | {"arguments": arguments}
    del line["filter"], line["metrics"]
    table, reading = read(tmp_path, [line, line | {"doc_id": 1, "exact_match": True}])
    assert rows(table, "prompt", "correct") == [("0", 1.0), ("1", 1.0)]
    assert reading.temperature == (0.5 if arguments else None)
    line = {"doc_id": 4, "filtered_resps": ["A"], "target": "B", "acc": 0}
    table, _ = read(tmp_path, [line])
    assert rows(table, "prompt", "answer", "correct") == [("4", "A", 0.0)]


def test_log_likelihoods_of_choices_are_no_samples(tmp_path):
    line = {
        "doc_id": 0,
        "resps": [[[-1.5, False]], [[-2.5, True]]],
        "filtered_resps": [[-1.5, False], [-2.5, True]],
        "target": 0,
        "acc": 1.0,
    }
    with pytest.raises(LogError, match="log-likelihoods of given choices, not sampled responses"):
        read(tmp_path, [line])


def chat(text, logs, **more):
    content = None if logs is None else {"content": [{"token": "t", "logprob": one, "bytes": None, "top_logprobs": []} for one in logs]}
    return {"index": 0, "message": {"role": "assistant", "content": text}, "logprobs": content, "finish_reason": "stop"} | more


def test_chat_completions(tmp_path):
    body = {"id": "c-1", "object": "chat.completion", "model": "gpt", "usage": {"completion_tokens": 9}}
    lines = [
        {"messages": [{"role": "user", "content": "2+2?"}], "target": "4", "temperature": 1.0, "top_p": 1.0}
        | body | {"choices": [chat("4", [-0.5, -0.25]), chat("5", [-2.0])]},
        {"messages": [{"role": "user", "content": "3+3?"}], "target": "6"} | body | {"choices": [chat("6", None)]},
    ]  # fmt: skip
    table, reading = read(tmp_path, lines)
    assert rows(table, "prompt", "sample", "tokens", "answer", "correct") == [
        ("2+2?", 0, 2, "4", 1.0), ("2+2?", 1, 1, "5", 0.0), ("3+3?", 0, 9, "6", 1.0),
    ]  # fmt: skip
    np.testing.assert_array_equal(table.log_prob, [-0.75, -2.0, np.nan])
    assert (reading.files[0].format, reading.models, reading.missing) == ("openai", ("gpt",), {"log_prob": 1})
    assert reading.own_policy is True
    assert reading.files[0].fields["log_prob"] == "choices[].logprobs.content[].logprob"
    assert reading.files[0].fields["answer"] == "the whole response"


def test_completions(tmp_path):
    def choice(text, logs, offsets=None):
        return {"index": 0, "text": text, "logprobs": {"tokens": ["x"] * len(logs), "token_logprobs": logs, "text_offset": offsets}}

    lines = [
        {"prompt": "2+2=", "model": "m", "choices": [choice(" 4", [-0.5, -1.0]), choice(" 5", [-0.5, None])], "correct": [True, False]},
        # The prompt echoed: its tokens are not the response's.
        {"prompt": "ab", "model": "m", "choices": [choice("ab4", [None, -7.0, -0.5], [0, 1, 2])], "correct": True},
        {"prompt": "cd", "model": "m", "choices": [choice("4", [-9999.0])], "correct": True},
        {"prompt": "ef", "model": "m", "choices": [{"text": "", "logprobs": None}], "correct": None},
    ]
    table, reading = read(tmp_path, lines)
    assert rows(table, "prompt", "answer") == [("2+2=", "4"), ("2+2=", "5"), ("ab", "4"), ("cd", "4"), ("ef", "")]
    np.testing.assert_array_equal(table.log_prob, [-1.5, np.nan, -0.5, np.nan, np.nan])
    np.testing.assert_array_equal(table.tokens, [2, 2, 1, 1, np.nan])
    np.testing.assert_array_equal(table.correct, [1, 0, 1, 1, np.nan])
    assert any("-9999" in note for note in reading.notes)


def test_batches(tmp_path):
    def output(name, text):
        body = {"id": "x", "model": "m", "choices": [chat(text, [-1.0])]}
        return {"id": "batch_1", "custom_id": name, "response": {"status_code": 200, "request_id": "r", "body": body}, "error": None}

    failed = {"id": "batch_2", "custom_id": "c", "response": None, "error": {"code": "x"}}
    table, reading = read(tmp_path, [output("a", "4"), output("b", "5"), failed])
    assert rows(table, "prompt", "sample", "answer") == [("a", 0, "4"), ("b", 0, "5")]
    assert any("1 requests failed" in note for note in reading.notes)
    asked = {"model": "m", "messages": [{"role": "user", "content": "2+2?"}], "temperature": 0.5}
    put = [{"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": asked} for name in "abc"]
    write(tmp_path, put, "input.jsonl")
    table, reading = read_logs([tmp_path / "input.jsonl", tmp_path / "log.jsonl"])
    assert rows(table, "prompt", "sample") == [("2+2?", 0), ("2+2?", 1)]
    assert reading.temperature == 0.5


def test_vllm_in_python(tmp_path):
    outputs = [{"index": i, "text": t, "token_ids": [1] * (i + 1), "cumulative_logprob": p, "logprobs": None} for i, (t, p) in enumerate(
        [("4", -1.5), ("5", None)])]  # fmt: skip
    table, reading = read(tmp_path, [{"request_id": "0", "prompt": "2+2=", "prompt_token_ids": [3, 4], "outputs": outputs, "target": "4"}])
    assert rows(table, "prompt", "sample", "tokens", "answer", "correct") == [("2+2=", 0, 1, "4", 1.0), ("2+2=", 1, 2, "5", 0.0)]
    np.testing.assert_array_equal(table.log_prob, [-1.5, np.nan])
    assert reading.files[0].format == "vllm"


TRL = {"step": [1, 1, 2], "prompt": ["p", "p", "p"], "completion": ["a", "b", "c"], "format_reward": [1.0, 1.0, 0.0],
       "accuracy_reward": [1.0, 0.0, 1.0], "advantage": [0.5, -0.5, 0.0]}  # fmt: skip


def test_trl(tmp_path):
    table, reading = read(tmp_path, [dict(zip(TRL, row, strict=True)) for row in zip(*TRL.values(), strict=True)])
    # Each step has a policy of its own.
    assert rows(table, "model", "sample", "correct") == [("step 1", 0, 1.0), ("step 1", 1, 0.0), ("step 2", 0, 1.0)]
    assert (reading.files[0].format, reading.files[0].fields["correct"]) == ("trl", "accuracy_reward")
    table, _ = read(tmp_path, [dict(zip(TRL, [1, "p", "a", 1.0, 0.0, 0.5], strict=True))], fields={"correct": "format_reward"})
    assert table.correct.tolist() == [1.0]
    # A table of Weights & Biases, conversational.
    turns = [[{"role": "user", "content": "hi"}], [{"role": "assistant", "content": "ho"}]]
    (tmp_path / "t.table.json").write_text(
        json.dumps({"columns": ["step", "prompt", "completion", "reward"], "data": [["3", *turns, -1.0], ["3", *turns, 1.0]]})
    )
    table, reading = read_logs(tmp_path / "t.table.json")
    assert rows(table, "model", "prompt", "answer", "correct") == [("step 3", "hi", "ho", 0.0), ("step 3", "hi", "ho", 1.0)]
    assert any("-1 and 1" in note for note in reading.notes)


def test_trl_in_parquet(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.table(TRL), tmp_path / "completions_00001.parquet")
    table, reading = read_logs(tmp_path / "completions_00001.parquet")
    assert (table.correct.tolist(), reading.files[0].format) == ([1.0, 0.0, 1.0], "trl")


def test_rewards_that_do_not_say_right_or_wrong(tmp_path):
    lines = [{"prompt": "p", "completion": c, "step": 1, "reward": r} for c, r in (("a", 0.1), ("b", 1.0), ("c", 0.7))]
    table, reading = read(tmp_path, lines)
    assert np.isnan(table.correct).all()
    assert any("threshold" in note and "0.1 to 1" in note for note in reading.notes)
    assert read(tmp_path, lines, threshold=0.7)[0].correct.tolist() == [0.0, 1.0, 1.0]


def test_verl(tmp_path):
    line = {"input": "user\n2+2?", "output": "it is\nfour", "gts": "4", "score": 1.0, "step": 40, "acc": True, "pred": "4"}
    table, reading = read(tmp_path, [line, line | {"output": "five", "score": -1.0, "acc": False, "pred": None}])
    assert rows(table, "model", "prompt", "answer", "correct") == [("step 40", "user\n2+2?", "4", 1.0), ("step 40", "user\n2+2?", "", 0.0)]
    assert reading.files[0].format == "verl"
    bare = {name: line[name] for name in ("input", "output", "score", "step")}
    table, reading = read(tmp_path, [bare, bare | {"output": "five", "score": 0.0}])
    assert (table.correct.tolist(), reading.missing) == ([1.0, 0.0], {"log_prob": 2, "tokens": 2, "answer": 2})


def test_lists(tmp_path):
    line = {"question": "2+2?", "samples": ["so it\nis 4", "5"], "is_corrects": [True, False], "gt_answer": "4", "orig_dset_idx": 7}
    table, reading = read(tmp_path, [line, line | {"question": "3+3?", "samples": ["6"], "is_corrects": [None]}])
    assert rows(table, "prompt", "sample") == [("2+2?", 0), ("2+2?", 1), ("3+3?", 0)]
    np.testing.assert_array_equal(table.correct, [1, 0, np.nan])
    assert reading.files[0].fields["correct"] == "is_corrects[]"
    # One array over many lines.
    (tmp_path / "a.json").write_text(json.dumps([line, line | {"question": "x"}], indent=2))
    assert read_logs(tmp_path / "a.json")[0].prompt.tolist() == ["2+2?", "2+2?", "x", "x"]
    wrong = line | {"is_corrects": [True]}
    with pytest.raises(LogError, match=r"log\.jsonl, line 2: `is_corrects` must have one value for each of 2 draws; got 1"):
        read(tmp_path, [line, wrong])
    table, reading = read(tmp_path, [line, wrong], skip_bad=True)
    assert (len(table), reading.skipped_rows, str(reading.skipped[0]).split(": ")[1][:14]) == (2, 1, "`is_corrects` ")


def test_lists_of_other_makes(tmp_path):
    line = {"problem_id": 3, "answer": "4", "samples": [{"text": "4", "logprob": -1.0}, {"text": "5", "logprob": -2.0}]}
    table, _ = read(tmp_path, [line])
    assert rows(table, "prompt", "answer", "correct", "log_prob") == [("3", "4", 1.0, -1.0), ("3", "5", 0.0, -2.0)]
    table, _ = read(
        tmp_path, [{"task_id": "HumanEval/0", "completions": ["a", "b"], "passed": [1, 0], "log_probs": [[-1.0, -0.5], [-2.0]]}]
    )
    assert rows(table, "prompt", "correct", "log_prob", "tokens") == [("HumanEval/0", 1.0, -1.5, 2), ("HumanEval/0", 0.0, -2.0, 1)]
    table, _ = read(tmp_path, [{"id": 1, "correct": [True, True, False]}])
    assert rows(table, "prompt", "sample", "correct") == [("1", 0, 1.0), ("1", 1, 1.0), ("1", 2, 0.0)]


def test_tables_with_names_of_others(tmp_path):
    lines = [
        {"question_id": 3, "response": "a 4", "extracted_answer": 4, "answer": "4", "cumulative_logprob": -1.0, "completion_tokens": 3}
    ]
    table, reading = read(tmp_path, [*lines, lines[0] | {"extracted_answer": 5.0}])
    assert rows(table, "prompt", "sample", "answer", "correct", "tokens") == [("3", 0, "4", 1.0, 3), ("3", 1, "5", 0.0, 3)]
    assert any("the field 'answer' for the right one" in note for note in reading.notes)
    table, _ = read(
        tmp_path, [{"Prompt": "p", "avg_logprob": -0.5, "tokens": 4}, {"Prompt": "p", "avg_logprob": None, "tokens": None}], fields={}
    )
    np.testing.assert_array_equal(table.log_prob, [-2.0, np.nan])


def test_what_cannot_be_told_is_said(tmp_path):
    with pytest.raises(LogError) as refusal:
        read(tmp_path, [{"promt": "p", "corect": True}])
    for said in (
        "log.jsonl: column `prompt` must be there; the fields are 'promt', 'corect'. Is it 'promt'?",
        "lm-evaluation-harness",
        "prompt=NAME",
    ):
        assert said in str(refusal.value)
    with pytest.raises(LogError, match="at least one of `correct`"):
        read(tmp_path, [{"prompt": "p", "color": True}])
    with pytest.raises(LogError, match=re.escape("got 'lm_eval'. Did you mean 'lm-eval'?")):
        read(tmp_path, [{}], format="lm_eval")
    with pytest.raises(LogError, match="no 'x' among 'prompt', 'correct'"):
        read(tmp_path, [{"prompt": "p", "correct": True}], fields={"answer": "x"})


def test_a_format_may_be_named(tmp_path):
    line = {"input": "p", "output": "a", "score": 1}
    assert read(tmp_path, [line], format="table")[1].files[0] == read(tmp_path, [line], format="jsonl")[1].files[0]
    file = read(tmp_path, [line], format="verl")[1].files[0]
    assert (file.format, file.detected) == ("verl", False)


def test_lists_in_parquet(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    columns = {
        "question": ["2+2?", "3+3?"],
        "samples": [["4", "5"], ["6"]],
        "is_corrects": [[True, False], [True]],
        "gt_answer": ["4", "6"],
    }
    parquet.write_table(pyarrow.table(columns), tmp_path / "a.parquet")
    table, reading = read_logs(tmp_path / "a.parquet")
    assert rows(table, "prompt", "sample", "correct") == [("2+2?", 0, 1.0), ("2+2?", 1, 0.0), ("3+3?", 0, 1.0)]
    assert reading.files[0].format == "lists"
    parquet.write_table(pyarrow.table(columns | {"is_corrects": [[True, False], [True, True]]}), tmp_path / "a.parquet")
    with pytest.raises(LogError, match=r"a\.parquet, row 2: `is_corrects` must have one value for each of 1 draws; got 2"):
        read_logs(tmp_path / "a.parquet")


def test_a_format_that_does_not_fit_is_said(tmp_path):
    line = {"prompt": "p", "correct": True}
    for name, said in (
        ("lm-eval", "line 1: not a record of the format lm-eval"), ("vllm", "line 1: not a record of the format vllm"),
        ("lists", "line 1: there must be a list of samples or of verdicts"), ("openai", "gave no rows as a log of the format openai"),
    ):  # fmt: skip
        with pytest.raises(LogError, match=said):
            read(tmp_path, [line], format=name)


def test_files_that_name_no_model_are_taken_as_one(tmp_path):
    for name in "ab":
        write(tmp_path, [{"prompt": "p", "correct": True}], f"{name}.jsonl")
    table, reading = read_logs(tmp_path)
    assert rows(table, "model", "sample") == [("model", 0), ("model", 1)]
    assert any("2 files name no model" in note for note in reading.notes)


def test_files_of_different_layouts_are_one_table(tmp_path):
    write(tmp_path, [{"prompt": "p", "correct": True, "model": "a"}], "runs/1.jsonl")
    write(tmp_path, [{"question": "p", "samples": ["x", "y"], "is_corrects": [0, 1], "model": "b"}], "runs/2.jsonl")
    table, reading = read_logs([str(tmp_path / "runs" / "*.jsonl"), tmp_path / "runs" / "1.jsonl"])
    assert rows(table, "model", "correct") == [("a", 1.0), ("b", 0.0), ("b", 1.0)]
    assert [file.format for file in reading.files] == ["table", "lists"]
