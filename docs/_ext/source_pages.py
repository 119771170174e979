"""Pages that show files of the repository, so that a link to a test or to an experiment works without network."""

import posixpath
import re
from pathlib import Path

from pages import DOCS, ROOT, Writer

_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!\w+:|#)([^)\s#]+)(#[^)\s]*)?\)")
_LANGUAGES = {".py": "python", ".md": "markdown", ".toml": "toml", ".csv": "text", ".json": "json", ".cff": "yaml", ".c": "c"}


class Sources:
    """Collects the files that pages link to, and writes one page for each."""

    def __init__(self) -> None:
        self.paths: set[str] = set()

    def link(self, path: str, text: str = "") -> str:
        """A Markdown link to the page of a file (given relative to the repository's root); only its name if there is no such file."""
        path = path.split("::")[0]
        shown = text or path
        if not (ROOT / path).is_file():
            return f"`{shown}`"
        self.paths.add(path)
        return f"[{shown}](/source/{path}.md)"

    def rewrite(self, docname: str, text: str) -> str:
        """A page's text in which links to files of the repository outside docs/ lead to the pages of these files."""

        def replaced(match: re.Match[str]) -> str:
            target = posixpath.normpath(posixpath.join("docs", posixpath.dirname(docname), match[2]))
            if target.startswith(("docs/", "..")) or not (ROOT / target).exists():
                return match[0]
            if not (ROOT / target).is_file():
                return match[1]
            self.paths.add(target)
            return f"[{match[1]}](/source/{target}.md)"

        return _LINK.sub(replaced, text)

    def collect(self) -> None:
        """Find the files that hand-written pages link to."""
        for path in DOCS.rglob("*.md"):
            name = path.relative_to(DOCS)
            if name.parts[0] not in Writer.FOLDERS:
                self.rewrite(str(name.with_suffix("")), path.read_text())

    def write(self, writer: Writer) -> None:
        """Write the pages."""
        for path in sorted(self.paths):
            up = "/".join([".."] * (len(Path(path).parts) + 1))
            language = _LANGUAGES.get(Path(path).suffix, "text")
            body = f"---\norphan: true\n---\n\n# `{path}`\n\n```{{literalinclude}} {up}/{path}\n:language: {language}\n```\n"
            writer.write(f"source/{path}.md", body)
