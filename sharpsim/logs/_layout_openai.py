"""Responses of servers with OpenAI's interface, vLLM's among them: completions, chat completions and lines of batch output.

Also what vLLM returns in Python, written as JSON: `prompt` and `outputs`. The log-probability of a response is the sum over its tokens;
where one is missing, so is the sum. Servers leave the end token out of the list more often than not.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sharpsim.logs._fields import ALIASES, PLACEHOLDER, find, log_prob_of, text_of
from sharpsim.logs._layout_nested import Draw, Nested, spread

_OWN = ("answer", "correct", "score", "target", "task", "model", "seed", "temperature", "top_p")


def is_openai(record: dict[str, Any]) -> bool:
    """Whether a record is a response, holds one, or is a line of batch output."""
    return isinstance(_body(record), dict) or ("custom_id" in record and ("response" in record or "error" in record))


def is_request(record: dict[str, Any]) -> bool:
    """Whether a record is a line of batch input."""
    return "custom_id" in record and isinstance(record.get("body"), dict) and "choices" not in record["body"]


def is_vllm(record: dict[str, Any]) -> bool:
    """Whether a record is an output of vLLM's in Python."""
    outputs = record.get("outputs")
    return isinstance(outputs, list) and bool(outputs) and isinstance(outputs[0], dict) and bool({"token_ids", "text"} & outputs[0].keys())


def _body(record: dict[str, Any]) -> dict[str, Any] | None:
    """The object with the choices, at the top, under `response` or under `response.body`."""
    for place in (("response", "body"), ("response",), ("body",), ("completion",), ("output",), ()):
        inside: Any = record
        for key in place:
            inside = inside.get(key) if isinstance(inside, dict) else None
        if isinstance(inside, dict) and isinstance(inside.get("choices"), list):
            return inside
    return None


def prompt_of(request: Mapping[str, Any]) -> str | None:
    """The prompt of a request: its text, or the turns of its chat."""
    value = request.get("messages", request.get("prompt"))
    return None if value is None else text_of(value)


class OpenAI(Nested):
    """A response with its choices. `requests` are the bodies of batch input by `custom_id`, where they were given too."""

    name = "openai"

    def __init__(self, requests: Mapping[str, dict[str, Any]]):
        super().__init__()
        self.requests = requests
        self.failed = 0
        self.named = 0

    def draws(self, record: dict[str, Any]) -> Iterator[Draw]:
        if is_request(record):
            return
        body = _body(record)
        if body is None:
            # A request that failed has no response; real logs have some.
            self.failed += 1
            return
        shared = self._shared(record, body)
        choices = [one for one in body["choices"] if isinstance(one, dict)]
        columns = {name: spread(record[field], len(choices), field) for name in ("answer", "correct") if (field := find(name, record))}
        self.fields |= {name: str(find(name, record)) for name in columns}
        for i, choice in enumerate(choices):
            draw = shared | {name: values[i] for name, values in columns.items()} | self._choice(choice, shared.get("prompt"))
            if draw.get("tokens") is None and len(choices) == 1:
                draw["tokens"] = (body.get("usage") or {}).get("completion_tokens")
            yield draw

    def _shared(self, record: dict[str, Any], body: dict[str, Any]) -> Draw:
        request = record.get("request") if isinstance(record.get("request"), dict) else {}
        request = self.requests.get(str(record.get("custom_id")), request.get("body", request) if request else {})
        made: Draw = {name: record[field] for name in _OWN if (field := find(name, record)) and not isinstance(record[field], list | dict)}
        made |= {name: request[name] for name in ("temperature", "top_p") if name in request}
        made.setdefault("model", body.get("model"))
        self.fields |= {name: name for name in ("model", "task", "target") if made.get(name) is not None}
        # `id` is the server's own name of the response.
        field = find("prompt", [name for name in record if name != "id"])
        if request and prompt_of(request) is not None:
            made["prompt"], origin = prompt_of(request), "request"
        elif field is not None:
            made["prompt"], origin = text_of(record[field]), field
        elif "custom_id" in record:
            made["prompt"], origin = str(record["custom_id"]), "custom_id"
        else:
            made["prompt"], origin = str(body.get("id", "")), "id"
            self.named += 1
        self.fields.setdefault("prompt", origin)
        return made

    def _choice(self, choice: dict[str, Any], prompt: Any) -> Draw:
        draw: Draw = {name: choice[field] for name in ("answer", "correct", "score") if (field := find(name, choice))}
        logs = choice.get("logprobs") or {}
        if isinstance(choice.get("message"), dict):
            draw["response"], listed = text_of(choice["message"].get("content")), logs.get("content")
            self.fields |= {"response": "choices[].message.content", "log_prob": "choices[].logprobs.content[].logprob"}
        else:
            draw["response"], listed = choice.get("text"), logs.get("token_logprobs")
            self.fields |= {"response": "choices[].text", "log_prob": "choices[].logprobs.token_logprobs"}
            if listed and listed[0] is None:
                listed = self._without_prompt(listed, logs, draw, prompt)
        if isinstance(listed, list):
            draw["log_prob"], draw["tokens"] = log_prob_of(listed)
            if any(
                isinstance(one, int | float) and one <= PLACEHOLDER
                for one in (c.get("logprob") if isinstance(c, dict) else c for c in listed)
            ):
                self.note("A log-probability of -9999 stands for one that the server does not know; such responses have none.")
        return draw

    def _without_prompt(self, listed: list[Any], logs: dict[str, Any], draw: Draw, prompt: Any) -> list[Any] | None:
        """With `echo` the list starts with the prompt's tokens, the first without a number; their places in the text say which."""
        offsets, text = logs.get("text_offset"), draw["response"]
        if not (isinstance(prompt, str) and isinstance(text, str) and text.startswith(prompt) and isinstance(offsets, list)):
            self.note("A list of log-probabilities starts with null, as with an echoed prompt, whose end is not known.")
            return None
        draw["response"] = text[len(prompt) :]
        start = offsets[0] if offsets else 0
        return [one for one, place in zip(listed, offsets, strict=False) if place - start >= len(prompt)]


class VLLM(Nested):
    """An output of vLLM's in Python: `prompt`, and `outputs` with text, token_ids, cumulative_logprob and perhaps logprobs."""

    name = "vllm"

    def draws(self, record: dict[str, Any]) -> Iterator[Draw]:
        names = [name for name in record if not isinstance(record[name], list) or name == "messages"]
        field = find("prompt", names)
        if field is None:
            raise ValueError(
                f"`prompt` must be there, as one of {', '.join(ALIASES['prompt'][:5])}, ...; the fields are {', '.join(record)}"
            )
        shared: Draw = {"prompt": text_of(record[field])}
        shared |= {name: record[own] for name in _OWN if (own := find(name, names)) and not isinstance(record[own], list | dict)}
        outputs = record["outputs"]
        lists = {name: spread(record[own], len(outputs), own) for name in ("answer", "correct") if (own := find(name, record))}
        self.fields |= {name: name for name in ("model", "task", "target") if name in shared}
        self.fields |= {"prompt": field, "response": "outputs[].text", "log_prob": "outputs[].cumulative_logprob"}
        for i, one in enumerate(outputs):
            draw = shared | {name: values[i] for name, values in lists.items()}
            draw |= {name: one[own] for name in ("answer", "correct", "score") if (own := find(name, one))}
            total = one.get("cumulative_logprob")
            draw |= {"response": one.get("text"), "log_prob": total, "tokens": len(one["token_ids"]) if "token_ids" in one else None}
            yield draw
