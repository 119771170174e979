"""`python -m experiments samples`: the table of samples of any causal language model that transformers loads, on a set of questions.

Questions are JSONL, an object a line: "prompt" and "answer" (text), and if need be "pattern", a regular expression whose first group (or
whole match) is the response's answer; the last match counts. Without any pattern the answer is the whole response, stripped.
Responses are drawn at temperature 1 without cutting off any token; log_prob sums the log-probabilities of the response's tokens, end
token included, under the same model; a response that has no end token after `--max-tokens` is cut off there, and so is its sum.
"""

import argparse
import importlib.util
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from sharpsim.logs._errors import LogError
from sharpsim.logs._files import suffix_of, write_samples
from sharpsim.logs._samples import GREEDY, SampleTable


@dataclass(frozen=True)
class Question:
    """A prompt, its correct answer, and the pattern that finds the answer in a response (None: the response is the answer)."""

    prompt: str
    answer: str
    pattern: re.Pattern[str] | None

    def answer_of(self, response: str) -> str:
        """The answer that a response gives, stripped; empty for none."""
        if self.pattern is None:
            return response.strip()
        matches = list(self.pattern.finditer(response))
        if not matches:
            return ""
        return (matches[-1].group(1 if self.pattern.groups else 0) or "").strip()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments; what decides the numbers has no default."""
    parser.add_argument("--model", required=True, help="name on the Hugging Face hub, or a folder with the model")
    parser.add_argument("--questions", type=Path, required=True, help="JSONL with prompt, answer and, if need be, pattern")
    parser.add_argument("--out", type=Path, required=True, help="the table to write: .csv or .parquet")
    parser.add_argument("--draws", type=int, required=True, help="draws of each prompt and seed (the paper: 50)")
    parser.add_argument("--seeds", type=int, required=True, help="number of seeds, 0, 1, ... (the paper: 10)")
    parser.add_argument("--max-tokens", type=int, required=True, help="length at which responses are cut off (the paper: 512)")
    parser.add_argument("--pattern", help="pattern of the questions that bring none")
    parser.add_argument("--chat", action="store_true", help="put each prompt through the tokenizer's chat template, as a user's turn")
    parser.add_argument("--name", help="the column `model`; the last part of --model if not given")
    parser.add_argument("--task", help="the column `task`; the questions' file name if not given")
    parser.add_argument("--batch", type=int, default=64, help="responses drawn at once")
    parser.add_argument("--dtype", choices=("float32", "bfloat16", "float16"), default="float32")
    parser.add_argument("--device", help="torch device; a GPU where there is one if not given")


def read_questions(path: Path, pattern: str | None) -> list[Question]:
    """The questions of a JSONL file. Refuses, naming the line: not such an object, a prompt twice, a pattern that is none; no questions."""
    made: dict[str, Question] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LogError(f"`questions` must be readable JSONL; could not read {path.name} ({error}).") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
            mine = found.get("pattern", pattern)
            question = Question(found["prompt"], found["answer"], None if mine is None else re.compile(mine))
        except (ValueError, KeyError, AttributeError, TypeError, re.error) as error:
            raise LogError(
                f"line {number} of `questions` must be an object with `prompt`, `answer`, perhaps `pattern`; {error!r}."
            ) from error
        if not (isinstance(question.prompt, str) and isinstance(question.answer, str) and question.prompt):
            raise LogError(f"line {number} of `questions` must have text as `prompt` and `answer`; got {found!r}.")
        if question.prompt in made:
            raise LogError(f"line {number} of `questions` must have a prompt of its own; got {question.prompt!r} again.")
        made[question.prompt] = question
    if not made:
        raise LogError(f"`questions` must have at least one; got none in {path.name}.")
    return list(made.values())


def draw_samples(options: argparse.Namespace) -> Path:
    """Load the model, draw, judge, write the table; return its path."""
    for name in ("draws", "seeds", "max_tokens", "batch"):
        if getattr(options, name) < 1:
            raise LogError(f"`{name}` must be at least 1; got {getattr(options, name)}.")
    # Before hours of drawing, not after.
    suffix_of(options.out)
    questions = read_questions(options.questions, options.pattern)
    if missing := [name for name in ("torch", "transformers") if importlib.util.find_spec(name) is None]:
        raise LogError(f"`samples` needs {' and '.join(missing)}: `pip install sharpsim[huggingface]`.")
    model = HuggingFaceModel(options.model, dtype=options.dtype, device=options.device, chat=options.chat)
    rows: list[tuple[Any, ...]] = []
    for question in questions:
        for seed, sample, (text, log_prob, tokens) in _responses(model, question, options):
            answer = question.answer_of(text)
            rows.append((question.prompt, seed, sample, log_prob, tokens, answer, answer != "" and answer == question.answer.strip()))
    prompt, seed, sample, log_prob, tokens, answer, correct = (np.array(column, dtype=object) for column in zip(*rows, strict=True))
    name, task = (np.full(len(rows), value, dtype=object) for value in (options.name or Path(options.model).name, _task(options)))
    write_samples(options.out, SampleTable(name, task, prompt, seed, sample, log_prob, tokens, answer, correct))
    return options.out


def _task(options: argparse.Namespace) -> str:
    return options.task or options.questions.stem


def _responses(model: "HuggingFaceModel", question: Question, options: argparse.Namespace) -> Iterator[tuple[int, int, Any]]:
    greedy = model.respond(question.prompt, count=1, greedy=True, seed=0, max_tokens=options.max_tokens)
    yield 0, GREEDY, greedy[0]
    for seed in range(options.seeds):
        for start in range(0, options.draws, options.batch):
            count = min(options.batch, options.draws - start)
            # Numbers of its own for each prompt, seed and block, whatever the order of the questions.
            mixed = np.random.SeedSequence([seed, start, *question.prompt.encode()]).generate_state(1, np.uint64)[0]
            found = model.respond(question.prompt, count=count, greedy=False, seed=int(mixed) >> 1, max_tokens=options.max_tokens)
            for i, response in enumerate(found):
                yield seed, start + i, response


class HuggingFaceModel:
    """A causal language model and its tokenizer, from the hub or a folder; draws and scores by plain forward passes with its cache."""

    def __init__(self, name: str, *, dtype: str, device: str | None, chat: bool):
        # By name: the type checker runs where these are not installed.
        torch, transformers = import_module("torch"), import_module("transformers")
        try:
            self.tokenizer = transformers.AutoTokenizer.from_pretrained(name)
            self.model = transformers.AutoModelForCausalLM.from_pretrained(name, torch_dtype=getattr(torch, dtype))
        except (OSError, ValueError) as error:
            raise LogError(f"`model` must be one that transformers loads; {name!r} is not ({error}).") from error
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self.model.to(self.device).eval()
        self.chat = chat
        ends = self.model.generation_config.eos_token_id
        ends = self.tokenizer.eos_token_id if ends is None else ends
        self.ends = sorted({ends} if isinstance(ends, int) else set(ends or ()))
        if not self.ends:
            raise LogError(f"`model` must have an end token; {name!r} names none.")

    def encode(self, prompt: str) -> list[int]:
        """The prompt's tokens, never empty."""
        if self.chat:
            turn = [{"role": "user", "content": prompt}]
            text = self.tokenizer.apply_chat_template(turn, add_generation_prompt=True, tokenize=False)
            # The template writes the beginning itself.
            return self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return self.tokenizer(prompt)["input_ids"]

    def respond(self, prompt: str, *, count: int, greedy: bool, seed: int, max_tokens: int) -> list[tuple[str, float, int]]:
        """`count` responses (text, log-probability in nats, tokens), the end token counted in both and not part of the text."""
        responses, log_probs = self.draw(prompt, count=count, greedy=greedy, seed=seed, max_tokens=max_tokens)
        texts = self.tokenizer.batch_decode(responses, skip_special_tokens=True)
        return [(text, min(log_prob, 0.0), len(one)) for text, log_prob, one in zip(texts, log_probs, responses, strict=True)]

    def draw(self, prompt: str, *, count: int, greedy: bool, seed: int, max_tokens: int) -> tuple[list[list[int]], list[float]]:
        """Token by token from the model's own softmax, or its argmax; the log-probabilities are those that the draws were made from."""
        torch = import_module("torch")
        start, ends = self.encode(prompt), torch.tensor(self.ends, device=self.device)
        if not start:
            raise LogError(f"`prompt` must have at least one token; got {prompt!r}.")
        generator = torch.Generator(self.device).manual_seed(seed)
        total = torch.zeros(count, dtype=torch.float64, device=self.device)
        alive = torch.ones(count, dtype=torch.bool, device=self.device)
        drawn, lengths = [], torch.zeros(count, dtype=torch.long, device=self.device)
        with torch.inference_mode():
            # The prompt once, not once for each draw: its logits over the whole vocabulary would fill a GPU.
            made = self.model(input_ids=torch.tensor([start], device=self.device), use_cache=True)
            # Version 5 calls by the first name what version 4 calls by the second.
            held = "cache" if "cache" in made else "past_key_values"
            logits = made.logits[:, -1].expand(count, -1)
            made[held].batch_repeat_interleave(count)
            for step in range(max_tokens):
                if step:
                    made = self.model(input_ids=drawn[-1][:, None], use_cache=True, **{held: made[held]})
                    logits = made.logits[:, -1]
                # float64: softmaxes of a large vocabulary, summed over hundreds of tokens.
                log_probs = torch.log_softmax(logits.double(), dim=-1)
                chosen = log_probs.argmax(-1) if greedy else torch.multinomial(log_probs.exp(), 1, generator=generator)[:, 0]
                total += torch.where(alive, log_probs.gather(1, chosen[:, None])[:, 0], 0.0)
                lengths += alive
                drawn.append(chosen)
                alive = alive & ~torch.isin(chosen, ends)
                if not alive.any():
                    break
        columns = torch.stack(drawn, dim=1).tolist()
        return [row[:length] for row, length in zip(columns, lengths.tolist(), strict=True)], total.tolist()
