"""lm-evaluation-harness, `--log_samples`: one record for each document and filter; `resps` holds the document's repeats.

A filter finds answers in the responses, so that two filters give two records with the same responses; they are not two draws. Where a
filter gives one answer to many repeats (a vote, or the first), its answer and its metric are of none of the draws.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sharpsim.logs import _values
from sharpsim.logs._errors import LogError
from sharpsim.logs._layout_nested import Draw, Nested

METRICS = ("exact_match", "acc", "pass@1", "pass_at_1", "math_verify", "prompt_level_strict_acc", "em", "correct")
_NAME = re.compile(r"samples_(.+?)(?:_\d{4}-\d{2}-\d{2}T[\d\-:.]+)?\.jsonl?(?:\.gz)?$")


def is_harness(record: dict[str, Any]) -> bool:
    """Whether a record is a line of such a log."""
    return "doc_id" in record and ("resps" in record or "filtered_resps" in record)


def leaves(value: Any) -> list[Any]:
    """What nested lists hold in the end."""
    return [leaf for one in value for leaf in leaves(one)] if isinstance(value, list | tuple) else [value]


class Harness(Nested):
    """A document under one filter. Draws carry the filter; the reader keeps one filter of each file."""

    name = "lm-eval"

    def __init__(self, file: str, path: str | None):
        super().__init__()
        parts = (path or file).replace("\\", "/").split("/")
        named = _NAME.search(parts[-1])
        self.task = named[1] if named else parts[-1] if path else None
        # The harness writes into a folder of the model's name, with "__" for "/".
        self.model = parts[-2].replace("__", "/") if named and len(parts) > 1 and "__" in parts[-2] else None

    def draws(self, record: dict[str, Any]) -> Iterator[Draw]:
        resps, filtered = leaves(record.get("resps") or []), leaves(record.get("filtered_resps") or [])
        texts = resps or [None] * len(filtered)
        if any(isinstance(one, bool | int | float) for one in [*resps, *filtered][:4]) and not any(isinstance(one, str) for one in resps):
            raise LogError(
                "`resps` hold log-likelihoods of given choices, not sampled responses; a table of samples needs a task with "
                "`output_type: generate_until`."
            )
        each = len(filtered) == len(texts)
        if not each:
            self.note(
                "A filter gives one answer to several repeats, so answers and correctness of the draws are not in this log. "
                "Give a `pattern` that finds the answer in a response."
            )
        settings = _settings(record.get("arguments"))
        greedy = len(texts) == 1 and (settings.get("do_sample") is False or settings.get("temperature") == 0)
        verdicts = self._verdicts(record, len(texts))
        shared: Draw = {"prompt": str(record["doc_id"]), "target": record.get("target"), "filter": str(record.get("filter", "none"))}
        shared |= {"task": record.get("task") or self.task, "model": record.get("model") or self.model}
        self.fields |= {"prompt": "doc_id", "target": "target"} | ({"response": "resps"} if resps else {})
        self.fields |= {"answer": "filtered_resps"} if each else {}
        for column, named in (("task", "the file's name"), ("model", "the folder's name")):
            if shared[column] is not None:
                self.fields[column] = column if record.get(column) else named
        if greedy:
            self.note("Responses decoded with temperature 0 or without sampling are taken as greedy decodings, not as draws.")
        else:
            shared |= {name: settings[name] for name in ("temperature", "top_p") if name in settings}
        for i, text in enumerate(texts):
            draw = shared | {"response": text, "correct": verdicts[i], "sample": -1 if greedy else None}
            yield draw | {"answer": _values.as_text(filtered[i]) if each else None}

    def _verdicts(self, record: dict[str, Any], count: int) -> list[Any]:
        """The metric of each draw: a list of that length, or the metric of the only draw."""
        listed = record.get("metrics") if isinstance(record.get("metrics"), list) else []
        for name in (*METRICS, *(listed or [])):
            value = record.get(name)
            if (isinstance(value, list) and len(value) == count) or (count == 1 and isinstance(value, bool | int | float)):
                self.fields["correct"] = name
                return value if isinstance(value, list) else [value]
        return [None] * count


def _settings(arguments: Any) -> Mapping[str, Any]:
    """The generation's arguments: the first object in `arguments` that has one of their names, in any of the shapes of the versions."""
    inside = arguments.values() if isinstance(arguments, dict) else arguments if isinstance(arguments, list) else ()
    if isinstance(arguments, dict) and {"do_sample", "temperature", "until", "max_gen_toks"} & arguments.keys():
        return arguments
    for one in inside:
        if found := _settings(one):
            return found
    return {}
