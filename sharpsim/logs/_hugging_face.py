"""Draws a table of samples from any causal language model that transformers loads, on a set of questions.

Responses are drawn at temperature 1 from the whole softmax: no token is cut off. `log_prob` is the sum of the log-probabilities (nats) of
the response's tokens under the same model, end token included. A response without an end token among its first `max_tokens` tokens is cut
off there, and so is its sum. Needs the extra `sharpsim[huggingface]`.
"""

import importlib.util
import json
import platform
from collections.abc import Callable, Iterator
from hashlib import blake2b
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import numpy as np

from sharpsim import _arguments
from sharpsim._arguments import checked
from sharpsim.logs._errors import LogError
from sharpsim.logs._files import suffix_of, write_samples
from sharpsim.logs._journal import Journal, Key
from sharpsim.logs._questions import Question, read_questions
from sharpsim.logs._samples import GREEDY, SampleTable
from sharpsim.logs._typed import digests

SAMPLED_AT = {"temperature": 1.0, "top_p": 1.0}
"""Columns that are written beside those of the table, so that who reads the table knows."""

SIZE = _arguments.count(1, 2**31)


@checked(draws=SIZE, seeds=SIZE, max_tokens=SIZE, batch=SIZE)
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
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Draw `draws` responses per question and seed, and the greedy one; judge them; write the table to `out` and return its path.

    Every batch is on disk as soon as it is drawn, in a hidden file beside `out`. If the run is stopped, the same call goes on from there,
    and the table is the same as of a run that was not stopped. Beside the table, in `out` + ".about.json", stand the settings,
    the versions of the packages, and how many responses are as long as `max_tokens`, so that they may have been cut off.

    Args:
        model: name on the Hugging Face hub, or a folder with the model.
        questions: JSONL with prompt, answer and, if need be, pattern (see `Question`).
        out: the table to write: .csv, .parquet or .jsonl, perhaps with .gz.
        draws, seeds: responses of each prompt and seed; seeds are 0, 1, ...
        max_tokens: length in tokens at which responses are cut off.
        pattern: pattern of the questions that have none.
        chat: put each prompt through the tokenizer's chat template, as a user's turn.
        name, task: the columns `model` and `task`; the last part of `model`, and the name of the questions' file, if not given.
        batch: responses drawn at once. It changes the draws, since each batch has a seed of its own.
        dtype, device: as torch names them; a GPU is used where there is one if no device is given.
        progress: called with (batches done, batches in all) after each.

    Raises `LogError` for numbers below 1, bad questions, another file ending, packages that are missing, a model that does not load, and a
    stopped run with other settings.
    """
    # Before hours of drawing, not after.
    suffix_of("out", out)
    asked = read_questions(questions, pattern)
    if missing := [package for package in ("torch", "transformers") if importlib.util.find_spec(package) is None]:
        raise LogError(f"`samples` needs {' and '.join(missing)}: `pip install sharpsim[huggingface]`.")
    settings = {"model": model, "prompts": _fingerprint(asked), "draws": draws, "seeds": seeds, "max_tokens": max_tokens} | {
        "batch": batch, "chat": chat, "dtype": dtype,
    }  # fmt: skip
    journal = Journal(out, settings)
    loaded = HuggingFaceModel(model, dtype=dtype, device=device, chat=chat)
    _draw(loaded, asked, journal, list(_plan(len(asked), draws=draws, seeds=seeds, batch=batch)), max_tokens=max_tokens, progress=progress)
    table = _table(asked, journal, model=name or Path(model).name, task=task or questions.stem)
    write_samples(out, table, constants=SAMPLED_AT)
    about = settings | SAMPLED_AT | {"device": getattr(loaded, "device", device), "versions": _versions()}
    about |= {"rows": len(table), "responses_of_max_tokens": int((table.tokens >= max_tokens).sum())}
    out.with_name(f"{out.name}.about.json").write_text(json.dumps(about, indent=2) + "\n")
    journal.remove()
    return out


def _plan(questions: int, *, draws: int, seeds: int, batch: int) -> Iterator[tuple[Key, int]]:
    """Every batch with its size: for each question the greedy decoding, then the draws of each seed."""
    for question in range(questions):
        yield (question, 0, GREEDY), 1
        for seed in range(seeds):
            for start in range(0, draws, batch):
                yield (question, seed, start), min(batch, draws - start)


def _draw(
    model: "HuggingFaceModel", asked: list[Question], journal: Journal, plan: list[tuple[Key, int]], *, max_tokens: int, progress: Any
) -> None:
    """Draw the batches that are not in the journal yet."""
    for done, (key, count) in enumerate(plan, 1):
        if key not in journal.batches:
            question, seed, start = key
            prompt = asked[question].prompt
            mixed = 0
            if start != GREEDY:
                # Numbers of its own for each prompt, seed and batch, whatever the order of the questions.
                mixed = int(np.random.SeedSequence([seed, start, *prompt.encode()]).generate_state(1, np.uint64)[0]) >> 1
            found = model.respond(prompt, count=count, greedy=start == GREEDY, seed=mixed, max_tokens=max_tokens)
            journal.add(key, [(text, log_prob, tokens) for text, log_prob, tokens in found])
        if progress is not None:
            progress(done, len(plan))


def _table(asked: list[Question], journal: Journal, *, model: str, task: str) -> SampleTable:
    """The journal as a table of one model on one task, ordered by question, seed and draw."""
    rows: list[tuple[Any, ...]] = []
    for (number, seed, start), responses in sorted(journal.batches.items()):
        question = asked[number]
        for i, (text, log_prob, tokens) in enumerate(responses):
            answer = question.answer_of(text)
            right = answer != "" and answer == question.answer.strip()
            rows.append((question.prompt, seed, start if start == GREEDY else start + i, log_prob, tokens, answer, right, text))
    *columns, texts = (np.array(column, dtype=object) for column in zip(*rows, strict=True))
    names = (np.full(len(rows), value, dtype=object) for value in (model, task))
    return SampleTable(*names, *columns, digest=digests(texts.tolist()))


def _fingerprint(asked: list[Question]) -> str:
    """A short text that changes with the prompts and their order. Answers and patterns may be mended between a stop and the next start."""
    return blake2b("\0".join(question.prompt for question in asked).encode(), digest_size=8).hexdigest()


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in ("sharpsim", "numpy", "torch", "transformers"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


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
