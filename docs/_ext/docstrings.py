"""Docstrings as pages show them: cut into the fixed sections of a theory module, or turned into reStructuredText for autodoc."""

import inspect
import re

SECTIONS = ("Statement", "Assumptions", "Symbols", "Source", "Printed")
_HEAD = re.compile(rf"^\**({'|'.join(SECTIONS)})\**[.:]\**[ \n]", re.MULTILINE)
_ASSUMPTION = re.compile(r"(?<![\w(])(A\d+\b)")


def sections(docstring: str) -> dict[str, str]:
    """The sections of a theory module's docstring; what stands before the first is "", what follows the last is "Notes"."""
    text = inspect.cleandoc(docstring)
    marks = list(_HEAD.finditer(text))
    if not marks:
        return {"": text}
    found = {"": text[: marks[0].start()].strip()}
    for mark, after in zip(marks, [*marks[1:], None], strict=True):
        body = text[mark.end() - 1 : after.start() if after else len(text)]
        found[mark[1]] = _dedented(body)
    last = marks[-1][1]
    # A paragraph after the last section is a note on the module as a whole.
    head, _, notes = found[last].partition("\n\n")
    found[last], found["Notes"] = head, notes.strip()
    return found


def _dedented(body: str) -> str:
    """A section's text: its first line follows the section's name, the others may be indented below it."""
    first, _, rest = body.lstrip(" ").partition("\n")
    lines = rest.split("\n")
    flush = all(line.startswith("    ") or not line.strip() for line in lines)
    rest = "\n".join(line[4:] if flush else line for line in lines)
    return f"{first}\n{rest}".strip("\n").rstrip()


def joined(text: str) -> str:
    """Text on one line."""
    return " ".join(text.split())


def assumptions(text: str) -> list[str]:
    """The assumptions A1, A2, ... of a section, each on its own; what precedes the first one comes first."""
    parts = _ASSUMPTION.split(joined(text))
    items = [parts[0].strip()] if parts[0].strip() else []
    pairs = list(zip(parts[1::2], parts[2::2], strict=True))
    numbers = [int(name[1:]) for name, _ in pairs]
    # A text that refers back to an assumption ("implied by A1") must not be cut there.
    if numbers != sorted(set(numbers)):
        return [joined(text)]
    return items + [f"**{name}**{rest.rstrip()}" for name, rest in pairs]


def reflowed(text: str) -> str:
    """Text whose lines of prose, broken at the width of a file, are joined again; formulas keep lines of their own."""
    lines: list[str] = []
    last = ""
    for line in text.split("\n"):
        full = len(last) >= 100 and not last.startswith(" ") and not last.endswith((")", ","))
        if full and line[:1] not in ("", " ", "<", ">", "="):
            lines[-1] = f"{lines[-1]} {line}"
        else:
            lines.append(line)
        last = line
    return "\n".join(lines)


def summary(docstring: str | None) -> str:
    """The first paragraph of a docstring, on one line."""
    return joined(inspect.cleandoc(docstring or "").split("\n\n")[0])


def restructured(lines: list[str]) -> list[str]:
    """A docstring's lines as reStructuredText: formulas in plain letters stay as they are, backticks are code, indented lines keep their
    shape.
    """
    text: list[str] = []
    literal = False
    for line in lines:
        if not line.strip():
            text.append("")
        elif line.startswith((" ", "\t")):
            if not literal:
                text += ["", "::", ""]
            literal = True
            text.append(f"    {line}")
        else:
            if literal:
                text.append("")
            literal = False
            if line.startswith("- ") and text and text[-1] and not text[-1].startswith("- "):
                text.append("")
            text.append(_inline(line))
    return [*text, ""]


_SPECIAL = re.compile(r"([\\*_|`])")


def _inline(line: str) -> str:
    bullet = "- " if line.startswith("- ") else ""
    pieces = re.split(r"(``[^`]+``|`[^`]+`|\*\*[A-Za-z][^*`]*\*\*)", line[len(bullet) :])
    out = bullet
    for piece in pieces:
        if len(piece) > 2 and piece[0] == piece[-1] == "`":
            # Roles need a blank or punctuation beside them; a backslash and a blank print nothing.
            out += rf"\ ``{piece.strip('`')}``\ "
        elif len(piece) > 4 and piece.startswith("**") and piece.endswith("**"):
            out += rf"\ {piece}\ "
        else:
            out += _SPECIAL.sub(r"\\\1", piece)
    # At the start of a line such a mark would count as a definition or a list.
    return re.sub(r"^\\ ", "", out) if not bullet else out
