"""Questions with a known answer, as `draw_samples` puts them to a model: a JSONL file, one object per line.

Each object has "prompt" and "answer" (text) and may have "pattern", a regular expression that finds the answer in a response: its first
group, or the whole match where it has no group. The last match counts. Without a pattern the answer is the whole response, stripped.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from sharpsim._arguments import checked
from sharpsim.logs._errors import LogError, shown
from sharpsim.logs._typed import found


@dataclass(frozen=True)
class Question:
    """A prompt, its correct answer, and the pattern that finds the answer in a response. Without one the response is the answer."""

    prompt: str
    answer: str
    pattern: re.Pattern[str] | None

    @checked
    def answer_of(self, response: str) -> str:
        """The answer that a response gives, stripped; empty where it gives none."""
        return response.strip() if self.pattern is None else found(self.pattern, response)


@checked
def read_questions(path: Path, pattern: str | None) -> list[Question]:
    """The questions of a JSONL file; `pattern` is used for those that have none.

    Raises `LogError`, which names the line, for a line that is no such object, a prompt that occurs twice and a pattern that is no regular
    expression; also for a file without questions.
    """
    made: dict[str, Question] = {}
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise LogError(f"`questions` must be readable JSONL; could not read {path.name} ({error}).") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            prompt, answer, mine = record["prompt"], record["answer"], record.get("pattern", pattern)
            compiled = None if mine is None else re.compile(mine)
        except (ValueError, KeyError, AttributeError, TypeError, re.error) as error:
            raise LogError(
                f"line {number} of `questions` must be an object with `prompt`, `answer`, perhaps `pattern`; {error!r}."
            ) from error
        if not (isinstance(prompt, str) and isinstance(answer, str) and prompt):
            raise LogError(f"line {number} of `questions` must have text as `prompt` and `answer`; got {shown(record)}.")
        if prompt in made:
            raise LogError(f"line {number} of `questions` must have a prompt of its own; got {prompt!r} again.")
        made[prompt] = Question(prompt, answer, compiled)
    if not made:
        raise LogError(f"`questions` must have at least one; got none in {path.name}.")
    return list(made.values())
