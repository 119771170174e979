"""The journal of a run that draws samples: each batch is appended as soon as it is drawn, so that a killed run goes on where it was."""

import json
from pathlib import Path
from typing import Any

from sharpsim.logs._errors import LogError, shown

Key = tuple[int, int, int]
"""Number of the question, seed, number of the first draw (or -1 for the greedy decoding)."""
Response = tuple[str, float, int]
"""(text, log-probability, tokens)."""


class Journal:
    """Batches of responses on disk, in a hidden file beside `out`; its first line holds the settings of the run.

    Raises `LogError` if the file there is of a run with other settings; the message names one that differs.
    """

    def __init__(self, out: Path, settings: dict[str, Any]):
        self.path = out.with_name(f".{out.name}.part")
        self.batches: dict[Key, list[Response]] = {}
        kept = self._whole_lines()
        if kept:
            self._check(json.loads(kept[0]), settings)
            for line in kept[1:]:
                found = json.loads(line)
                self.batches[tuple(found["key"])] = [(text, log_prob, tokens) for text, log_prob, tokens in found["responses"]]
        out.parent.mkdir(parents=True, exist_ok=True)
        # A line that was cut off is written over.
        content = "".join(kept or [json.dumps(settings) + "\n"])
        self.path.write_text(content, encoding="utf-8", errors="surrogatepass", newline="")

    def add(self, key: Key, responses: list[Response]) -> None:
        """Append a batch; it is on disk when this returns."""
        with self.path.open("a", encoding="utf-8", newline="") as file:
            file.write(json.dumps({"key": key, "responses": responses}) + "\n")
        self.batches[key] = responses

    def remove(self) -> None:
        """Remove the file, once the table is written."""
        self.path.unlink()

    def _whole_lines(self) -> list[str]:
        if not self.path.exists():
            return []
        lines = self.path.read_text(encoding="utf-8").split("\n")
        return [line + "\n" for line in lines[:-1]]

    def _check(self, before: dict[str, Any], now: dict[str, Any]) -> None:
        for name, value in now.items():
            # As JSON has it.
            if before.get(name) != json.loads(json.dumps(value)):
                raise LogError(
                    f"`{name}` must be as in the run that was stopped, {shown(before.get(name))}; got {shown(value)}. "
                    f"To begin anew, remove {self.path.name} or choose another `out`."
                )
