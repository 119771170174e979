"""What a card looks like from outside: no outside request, alternative text, hostile text shown as data, files beside each other."""

import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

import sharpsim
from sharpsim.cards import card_of_logs
from sharpsim.cards._text import many, number, percent, points, shown
from sharpsim.logs import read_logs
from tests.cards.logs import write_log

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "dollars": "$x_1$ costs 5$ and \\frac",
    "percent": "100%s %d %(a)s {0} {x}",
    "lines": "two\nlines\r\nand\ttab\x1b[31mred\x07",
    "direction": "abc\u202egnp.exe\u2066",
    "quotes": "\"'><img src=x onerror=alert(1)>",
    "long": "y" * 10_000,
    "formula": "=1+1|cmd",
}


class Page(HTMLParser):
    """Tags, attributes that load something, and open elements at the end."""

    def __init__(self, text: str):
        super().__init__()
        self.tags, self.loads, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loads += [
            value for name, value in attrs if name in ("src", "href", "srcset", "action", "data") and not (value or "").startswith("#")
        ]
        self.loads += [value for name, value in attrs if name.startswith("on")]
        if tag not in ("meta", "link", "br", "hr", "img", "rect", "line", "polygon", "polyline", "circle"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.open:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    path = tmp_path_factory.mktemp("logs") / "a.csv"
    return card_of_logs(*read_logs(write_log(path, prompts=12, draws=8, greedy=True)), predict=False)


def test_the_page_asks_nothing_of_the_network(made):
    text = made.html()
    page = Page(text)
    assert page.loads == []
    assert not {"script", "link", "iframe", "img", "object", "embed"} & set(page.tags)
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", text)
    assert "default-src 'none'" in text
    assert page.open == []


def test_every_drawing_has_alternative_text(made):
    text = made.html()
    drawings = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(drawings) == 6
    for drawing in drawings:
        root = ElementTree.fromstring(drawing)
        texts = {child.get("id"): child.text for child in root if child.tag.endswith(("title", "desc"))}
        assert root.get("role") == "img"
        assert all(len(texts[name]) > 10 for name in root.get("aria-labelledby").split())
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert "prefers-color-scheme:dark" in text
    assert "width=device-width" in text


def test_page_and_json_have_the_same_numbers(made):
    content = json.loads(made.json())
    best = content["curves"]["best_of_n"]
    assert f"{100 * best['value'][-1]:.1f} [{100 * best['low'][-1]:.1f}, {100 * best['high'][-1]:.1f}]" in made.html()
    assert len(content["sentences"]) == 3
    for sentence in content["sentences"]:
        assert sentence.split("'")[0][:60] in made.html()


@pytest.mark.parametrize("name", sorted(HOSTILE))
@pytest.mark.parametrize("column", ["model", "prompt"])
def test_hostile_text_is_data(tmp_path, name, column):
    text = HOSTILE[name]
    if column == "prompt":
        # Likelihood prefers what is wrong, so that prompts are named on the card.
        path = write_log(tmp_path / "a.csv", prompts=4, draws=60, knows=-9.0, name=text.replace("{", "{{").replace("}", "}}") + " {}")
    else:
        path = write_log(tmp_path / "a.csv", prompts=4, draws=5, model=text)
    made = card_of_logs(*read_logs(path), predict=False)
    told = made.contents[0]["likelihood"]["where_it_hurts"]
    assert column == "model" or told
    page = Page(made.html())
    assert page.loads == []
    assert not {"script", "img"} & set(page.tags)
    ElementTree.fromstring(made.svg())
    read = json.loads(made.json())
    assert made.json().isascii()
    assert "<" not in made.json()
    if column == "model":
        assert read["model"] == text
    for output in (made.html(), made.svg(), str(made)):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", output)
        assert len(max(output.split("\n"), key=len)) < 200 or output is not str(made)
    assert all(len(line) < 300 for line in str(made).splitlines())


def test_dollars_are_no_mathematics_in_the_picture(tmp_path):
    pytest.importorskip("matplotlib")
    path = write_log(tmp_path / "a.csv", prompts=4, draws=5, model=HOSTILE["dollars"], task=HOSTILE["script"])
    paths = card_of_logs(*read_logs(path), predict=False).save(tmp_path / "card.png")
    assert [one.name for one in paths] == ["card.png", "card.json"]
    assert paths[0].read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["card.html", "card.svg", "card.json"])
def test_numbers_are_written_beside_the_card(tmp_path, made, name):
    paths = made.save(tmp_path / "new" / name)
    assert {path.name for path in paths} == {name, "card.json"}
    assert json.loads((tmp_path / "new" / "card.json").read_text())["curves"]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted({name, "card.json"})


def test_other_endings_are_refused(tmp_path, made):
    with pytest.raises(ValueError, match=r"`out` must end in \.html"):
        made.save(tmp_path / "card.pdf")


def test_a_card_of_one_response_is_drawn():
    made = sharpsim.card([[1.0]], None, [[True]])
    assert Page(made.html()).loads == []
    assert "every beta does" in str(made)


@pytest.mark.parametrize(
    ("value", "text"),
    [(1, "1"), (999.2, "1000"), (1000, "1,000"), (1234, "1,300"), (2e6, "2 million"), (5.1e10, "51 billion"), (3.2e24, "3.2\u00b710^24"),
     (float("inf"), "infinitely many")],
)  # fmt: skip
def test_counts_are_rounded_up(value, text):
    assert many(value) == text


def test_numbers_in_words():
    assert (percent(0.417), points(-0.032), points(0.01)) == ("41.7%", "\u22123.2 points", "+1.0 point")
    assert (number(-0.25), number(float("inf"))) == ("\u22120.25", "infinite")
    assert shown("a\u202eb\n") == "a\\u202eb\\n"
    assert shown("y" * 1000).endswith("[1,000 characters]")
    assert len(shown("y" * 1000)) < 120
