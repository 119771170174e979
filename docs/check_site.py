"""Open every page of the built book in headless Chromium with the network cut, and say what is wrong: `make docs-test`.

Checked on each page: requests to anything but the site, errors in the console, formulas that are not drawn, links and images that lead
nowhere, figures without alternative text, pages wider than a phone, and what axe-core finds serious or critical. Checked once: the
size of the site, the search, that the pages work from file://, and the explorables (`check_explorables`). Exit status 1 where anything
is found. Screenshots of the pages named by `--screenshots` are kept beside the site.
"""

import argparse
import functools
import http.server
import json
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

from assets import ROOT, unpacked
from check_explorables import check_explorables

SITE = ROOT / "build" / "docs" / "html"
CHROMIUM = "/usr/bin/chromium"
LARGEST = 60 * 2**20
WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}
# Nothing but the page asks for anything: Chromium's own requests are off, and every name but this machine's resolves to nothing.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
SHOWN = ("index.html", "statements/sft.html", "statements/errata.html", "statements/vacuous.html", "api/sharpsim.laws.html")

DRAWN = """async () => {
  if (window.MathJax && MathJax.startup && MathJax.startup.promise) await MathJax.startup.promise;
  const all = [...document.querySelectorAll(".math")].filter(e => !e.querySelector(".math"));
  const bad = all.filter(e => !e.querySelector("mjx-container svg") || e.querySelector("[data-mjx-error], merror"));
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const raw = [];
  while (words.nextNode()) {
    const here = words.currentNode;
    if (/\\$[^$\\n]{1,80}\\$/.test(here.data) && !here.parentElement.closest("pre, code, script, style, .math")) raw.push(here.data);
  }
  return {formulas: all.length, missing: [...bad.map(e => e.textContent), ...raw].map(text => text.slice(0, 80))};
}"""
FOUND = """() => ({
  links: [...document.querySelectorAll("a[href], link[href], iframe[src]")].map(e => e.getAttribute("href") || e.getAttribute("src")),
  ids: [...document.querySelectorAll("[id]")].map(e => e.id),
  silent: [...document.querySelectorAll("article img")].filter(e => !(e.alt || "").trim()).map(e => e.getAttribute("src")),
})"""
WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
AXE = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  return found.violations.filter(v => ["serious", "critical"].includes(v.impact))
    .map(v => `${v.id} (${v.impact}, ${v.nodes.length} places): ${v.nodes[0].html.slice(0, 160)}`);
}"""


@dataclass
class Findings:
    """What was counted, and what was wrong: one line each."""

    wrong: dict[str, list[str]] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str, page: str, what: str) -> None:
        """Note one thing that is wrong."""
        self.wrong.setdefault(kind, []).append(f"{page}: {what}")

    def count(self, kind: str, number: int = 1) -> None:
        """Count things that were looked at."""
        self.counted[kind] = self.counted.get(kind, 0) + number


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


def serve() -> tuple[http.server.ThreadingHTTPServer, str]:
    """A server of the site on this machine, and its address."""
    handler = functools.partial(_Quiet, directory=str(SITE))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_address[1]}/"


def _size(width: str) -> Any:
    return dict(zip(("width", "height"), WIDTHS[width], strict=True))


def pages() -> list[str]:
    """Every page of the site, relative to it."""
    return sorted(str(path.relative_to(SITE)) for path in SITE.rglob("*.html") if "_static" not in path.parts)


def watched(context: Any, homes: tuple[str, ...], findings: Findings) -> Any:
    """A page of the browser whose requests to anything else (which fail) are noted, like its errors."""

    def asked(request: Any) -> None:
        if not request.url.startswith((*homes, "data:", "blob:")):
            findings.add("outside requests", page.url, request.url)

    page = context.new_page()
    page.on("request", asked)
    page.on("console", lambda told: told.type == "error" and findings.add("console errors", page.url, told.text[:200]))
    page.on("pageerror", lambda error: findings.add("console errors", page.url, str(error)[:200]))
    page.on("response", lambda reply: reply.status >= 400 and findings.add("dead links", page.url, f"{reply.url} is {reply.status}"))
    return page


def look(page: Any, home: str, name: str, findings: Findings, axe: str) -> dict[str, Any]:
    """Open one page and check it; return its links and its anchors."""
    page.goto(home + name, wait_until="load")
    drawn = page.evaluate(DRAWN)
    findings.count("formulas", drawn["formulas"])
    for formula in drawn["missing"]:
        findings.add("missing formulas", name, formula)
    found = page.evaluate(FOUND)
    for source in found["silent"]:
        findings.add("figures without alternative text", name, source)
    # Listings of source files share one template: a look at each of them would double the time and find nothing new.
    if not name.startswith(("source/", "_modules/")):
        page.evaluate(axe)
        for violation in page.evaluate(AXE):
            findings.add("axe-core, serious", name, violation)
        findings.count("pages seen by axe-core")
        page.set_viewport_size(_size("phone"))
        if (wide := page.evaluate(WIDE)) > 1:
            findings.add("wider than a phone", name, f"by {wide} pixels")
        page.set_viewport_size(_size("desktop"))
    findings.count("pages opened")
    return found


def check_links(found: dict[str, dict[str, Any]], findings: Findings) -> None:
    """Every link inside the site leads to a file of it, and its fragment to an id of that page."""
    ids = {name: {*told["ids"], ""} for name, told in found.items()}
    for name, told in found.items():
        for link in set(told["links"]):
            if link.startswith(("http:", "https:", "mailto:", "data:", "javascript:")):
                findings.count("outside links (not followed)")
                continue
            target, fragment = urldefrag(urljoin(name, link))
            target = unquote(target.partition("?")[0]) or name
            findings.count("inside links")
            path = SITE / target
            if path.is_dir():
                path, target = path / "index.html", f"{target.rstrip('/')}/index.html"
            if not path.is_file():
                findings.add("dead links", name, link)
            elif target in ids and unquote(fragment) not in ids[target]:
                findings.add("dead links", name, f"{link} (no such place)")


def check_search(page: Any, home: str, findings: Findings) -> None:
    """The search finds a function by its name."""
    page.goto(f"{home.rstrip('/')}/search.html?q=samples_needed")
    try:
        page.wait_for_selector("#search-results li a", timeout=20_000)
        findings.count("searches")
    except Exception as error:
        findings.add("search", home, str(error).split("\n")[0])


def check_file(browser: Any, findings: Findings) -> None:
    """From file:// the first page draws its formulas, and the search works."""
    context = browser.new_context()
    page = watched(context, (SITE.as_uri(),), findings)
    page.goto((SITE / "index.html").as_uri())
    if (drawn := page.evaluate(DRAWN))["missing"] or not drawn["formulas"]:
        findings.add("missing formulas", "file://index.html", str(drawn))
    check_search(page, SITE.as_uri(), findings)
    context.close()


def screenshots(browser: Any, home: str, names: list[str]) -> None:
    """Pictures of pages at both widths and in dark mode, in build/docs/screenshots."""
    for width in WIDTHS:
        for scheme in ("light", "dark"):
            context = browser.new_context(viewport=_size(width), color_scheme=scheme)
            page = context.new_page()
            for name in names:
                page.goto(home + name, wait_until="load")
                page.evaluate(DRAWN)
                shown = f"{name.removesuffix('.html').replace('/', '-')}-{width}-{scheme}.png"
                page.screenshot(path=SITE.parent / "screenshots" / shown)
            context.close()


def check() -> Findings:
    """All checks over the built site."""
    from playwright.sync_api import sync_playwright

    findings = Findings()
    size = sum(path.stat().st_size for path in SITE.rglob("*") if path.is_file())
    findings.count("megabytes", round(size / 2**20))
    if size > LARGEST:
        findings.add("size", "site", f"{size} bytes, above {LARGEST}")
    axe = (unpacked("axe-core") / "axe.min.js").read_text()
    server, home = serve()
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(viewport=_size("desktop"))
        page = watched(context, (home,), findings)
        found = {name: look(page, home, name, findings, axe) for name in pages()}
        check_links(found, findings)
        context.close()
        check_file(browser, findings)
        for start in (home, f"{SITE.as_uri()}/"):
            context = browser.new_context(viewport=_size("desktop"))
            check_explorables(watched(context, (start,), findings), start, findings)
            context.close()
        context = browser.new_context()
        check_search(watched(context, (home,), findings), home, findings)
        browser.close()
    server.shutdown()
    return findings


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--screenshots", nargs="*", metavar="PAGE", help=f"keep pictures of pages (default: {', '.join(SHOWN)})")
    asked = parser.parse_args()
    if not (SITE / "index.html").exists():
        print("There is no site in build/docs/html: run `make docs` first.")
        return 2
    if not Path(CHROMIUM).exists():
        print(f"There is no browser at {CHROMIUM}: install Debian's package chromium.")
        return 2
    started = time.monotonic()
    if asked.screenshots is not None:
        from playwright.sync_api import sync_playwright

        server, home = serve()
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            screenshots(browser, home, asked.screenshots or list(SHOWN))
            browser.close()
        server.shutdown()
        return 0
    findings = check()
    findings.count("seconds", round(time.monotonic() - started))
    for kind, number in findings.counted.items():
        print(f"{kind:40} {number}")
    kinds = ("outside requests", "console errors", "missing formulas", "dead links", "axe-core, serious")
    for kind in dict.fromkeys([*kinds, *findings.wrong]):
        lines = findings.wrong.get(kind, [])
        print(f"{kind:40} {len(lines)}")
        for line in lines[:15]:
            print(f"    {line}")
    (SITE.parent / "check.json").write_text(json.dumps({"counted": findings.counted, "wrong": findings.wrong}, indent=1))
    return 1 if findings.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
