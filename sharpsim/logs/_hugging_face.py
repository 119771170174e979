"""Draws a table of samples from any causal language model that transformers loads, on a set of questions.

Responses are drawn at temperature 1 from the whole softmax: no token is cut off. `log_prob` is the sum of the log-probabilities (nats) of
the response's tokens under the same model, end token included. A response without an end token among its first `max_tokens` tokens is cut
off there, and so is its sum. Needs the extra `sharpsim[huggingface]`.
"""

import importlib.util
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from sharpsim.logs._errors import LogError
from sharpsim.logs._files import suffix_of, write_samples
from sharpsim.logs._questions import Question, read_questions
from sharpsim.logs._samples import GREEDY, SampleTable


def draw_samples(
    *,
    model: str,
    questions: Path,
    out: Path,
    draws: int,
    seeds: int,
    max_tokens: int,
    pattern: str | None = None,
    chat: bool = False,
    name: str | None = None,
    task: str | None = None,
    batch: int = 64,
    dtype: str = "float32",
    device: str | None = None,
) -> Path:
    """Draw `draws` responses per question and seed, and the greedy one; judge them; write the table to `out` and return its path.

    Args:
        model: name on the Hugging Face hub, or a folder with the model.
        questions: JSONL with prompt, answer and, if need be, pattern (see `Question`).
        out: the table to write, .csv or .parquet.
        draws, seeds: responses of each prompt and seed; seeds are 0, 1, ...
        max_tokens: length in tokens at which responses are cut off.
        pattern: pattern of the questions that have none.
        chat: put each prompt through the tokenizer's chat template, as a user's turn.
        name, task: the columns `model` and `task`; the last part of `model`, and the name of the questions' file, if not given.
        batch: responses drawn at once. It changes the draws, since each batch has a seed of its own.
        dtype, device: as torch names them; a GPU is used where there is one if no device is given.

    Raises `LogError` for numbers below 1, bad questions, another file ending, packages that are missing and a model that does not load.
    """
    for label, value in (("draws", draws), ("seeds", seeds), ("max_tokens", max_tokens), ("batch", batch)):
        if value < 1:
            raise LogError(f"`{label}` must be at least 1; got {value}.")
    # Before hours of drawing, not after.
    suffix_of(out)
    asked = read_questions(questions, pattern)
    if missing := [package for package in ("torch", "transformers") if importlib.util.find_spec(package) is None]:
        raise LogError(f"`samples` needs {' and '.join(missing)}: `pip install sharpsim[huggingface]`.")
    loaded = HuggingFaceModel(model, dtype=dtype, device=device, chat=chat)
    rows = list(_rows(loaded, asked, draws=draws, seeds=seeds, max_tokens=max_tokens, batch=batch))
    write_samples(out, _table(rows, model=name or Path(model).name, task=task or questions.stem))
    return out


def _table(rows: list[tuple[Any, ...]], *, model: str, task: str) -> SampleTable:
    """The rows (prompt, seed, sample, log_prob, tokens, answer, correct) as a table of one model on one task."""
    names = (np.full(len(rows), value, dtype=object) for value in (model, task))
    return SampleTable(*names, *(np.array(column, dtype=object) for column in zip(*rows, strict=True)))


def _rows(
    model: "HuggingFaceModel", questions: list[Question], *, draws: int, seeds: int, max_tokens: int, batch: int
) -> Iterator[tuple[Any, ...]]:
    for question in questions:
        responses = _responses(model, question.prompt, draws=draws, seeds=seeds, max_tokens=max_tokens, batch=batch)
        for seed, sample, (text, log_prob, tokens) in responses:
            answer = question.answer_of(text)
            yield question.prompt, seed, sample, log_prob, tokens, answer, answer != "" and answer == question.answer.strip()


def _responses(
    model: "HuggingFaceModel", prompt: str, *, draws: int, seeds: int, max_tokens: int, batch: int
) -> Iterator[tuple[int, int, Any]]:
    """(seed, sample, response) of the greedy decoding, then of every draw."""
    yield 0, GREEDY, model.respond(prompt, count=1, greedy=True, seed=0, max_tokens=max_tokens)[0]
    for seed in range(seeds):
        for start in range(0, draws, batch):
            # Numbers of its own for each prompt, seed and batch, whatever the order of the questions.
            mixed = np.random.SeedSequence([seed, start, *prompt.encode()]).generate_state(1, np.uint64)[0]
            count = min(batch, draws - start)
            found = model.respond(prompt, count=count, greedy=False, seed=int(mixed) >> 1, max_tokens=max_tokens)
            for i, response in enumerate(found):
                yield seed, start + i, response


class HuggingFaceModel:
    """A causal language model and its tokenizer, from the hub or a folder. It draws and scores by forward passes with a key-value cache.

    Raises `LogError` for a name that transformers does not load and for a model without an end token.
    """

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
        """`count` responses as (text, log-probability in nats, number of tokens). The end token counts in both; the text leaves it out."""
        responses, log_probs = self.draw(prompt, count=count, greedy=greedy, seed=seed, max_tokens=max_tokens)
        texts = self.tokenizer.batch_decode(responses, skip_special_tokens=True)
        return [(text, min(log_prob, 0.0), len(one)) for text, log_prob, one in zip(texts, log_probs, responses, strict=True)]

    def draw(self, prompt: str, *, count: int, greedy: bool, seed: int, max_tokens: int) -> tuple[list[list[int]], list[float]]:
        """`count` responses as tokens, and their log-probabilities in nats: drawn token by token from the model's softmax, or its argmax.

        Raises `LogError` for a prompt without tokens.
        """
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
