"""Which layout a log has, told by its fields."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from sharpsim.logs._block import Block
from sharpsim.logs._errors import LogError
from sharpsim.logs._fields import plain_name
from sharpsim.logs._layout_flat import Flat
from sharpsim.logs._layout_harness import Harness, is_harness
from sharpsim.logs._layout_lists import Lists, is_lists
from sharpsim.logs._layout_nested import Nested
from sharpsim.logs._layout_openai import VLLM, OpenAI, is_openai, is_request, is_vllm
from sharpsim.logs._sources import Source

FORMATS: dict[str, str] = {
    "table": "one row for each draw, with the columns of this package or names like them",
    "lm-eval": "lm-evaluation-harness, `--log_samples`",
    "openai": "responses of servers with OpenAI's interface (vLLM's too), and lines of batch output",
    "vllm": "outputs of vLLM in Python: prompt, outputs",
    "trl": "completion tables of TRL: prompt, completion, rewards, step",
    "verl": "rollout dumps of verl: input, output, score, step",
    "lists": "one record for each question, with lists of samples and of verdicts",
}
"""The formats that `read_logs` reads, and what they are."""
_SAME = {"csv": "table", "parquet": "table", "jsonl": "table", "json": "table", "harness": "lm-eval"}


def checked_format(name: str) -> str:
    """The format, or "auto". Raises `LogError` for another name, with the nearest one."""
    made = _SAME.get(name, name)
    if made != "auto" and made not in FORMATS:
        near = get_close_matches(name, FORMATS, 1, 0.4)
        raise LogError(f"`format` must be auto, {', '.join(FORMATS)}; got {name!r}." + (f" Did you mean {near[0]!r}?" if near else ""))
    return made


def detected(block: Block) -> str:
    """The format of a log whose first rows are in `block`."""
    record = next(iter(block.as_records()[:1]), {})
    by_record: dict[str, Callable[[dict[str, Any]], bool]] = {"lm-eval": is_harness, "vllm": is_vllm, "lists": is_lists}
    if is_openai(record) or is_request(record):
        return "openai"
    for name, fits in by_record.items():
        if fits(record):
            return name
    names = {plain_name(name) for name in block.names}
    if {"input", "output", "score"} <= names:
        return "verl"
    if {"prompt", "completion"} <= names and ({"step", "advantage"} & names or any("reward" in name for name in names)):
        return "trl"
    return "table"


def layout_of(name: str, source: Source, block: Block, *, fields: Mapping[str, str], requests: Mapping[str, Any]) -> Flat | Nested:
    """The layout `name` for a source with its first rows in `block`. Raises `LogError` for a table whose columns cannot be told."""
    path = None if source.path is None else str(source.path)
    made: dict[str, Callable[[], Nested]] = {
        "lm-eval": lambda: Harness(source.name, path), "openai": lambda: OpenAI(requests), "vllm": VLLM, "lists": Lists,
    }  # fmt: skip
    if name in made:
        return made[name]()
    try:
        return Flat(name, block, fields)
    except LogError as error:
        looked = "; ".join(f"{known} ({what})" for known, what in FORMATS.items())
        raise LogError(f"{source.name}: {error} Formats that were looked for: {looked}. `format` names one.") from None
