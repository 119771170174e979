"""Deduction from a made-up ontology, in the style of ProntoQA (Saparov and He, 2023): cite the rules that lead on, then true or false.

"wumpus is tumpus" reads: every wumpus is a tumpus; "tumpus is-not red": no tumpus is red; "max is wumpus": Max is a wumpus.
"""

import collections
import itertools
import re

from sharpsim._arguments import checked
from sharpsim.tasks._draws import Draws
from sharpsim.tasks._task import BEGIN, END, Task

HOPS = {1: 2, 2: 3, 3: 5}
"""Level -> number of rules from the fact to the conclusion."""
DISTRACTORS = {1: 2, 2: 4, 3: 5}
"""Level -> number of rules that lead elsewhere."""
KINDS = "wumpus yumpus zumpus dumpus rompus numpus tumpus vumpus impus jompus gorpus shumpus lempus sterpus grimpus lorpus".split()
PROPERTIES = "red blue happy sad large small hot cold".split()
NAMES = "max sam rex fae".split()
VERBS = ("is", "is-not")
Rule = tuple[str, ...]
"""Subject, verb, predicate."""
_PROMPT = re.compile(r"(?:\S+ (?:is|is-not) \S+ \. )+\S+ (?:is|is-not) \S+ \?")


class Deduction(Task):
    """Is the statement true? Levels: 1, two hops and two distractors; 2, three and four; 3, five and five.

    Rules stand in random order, then the fact, then the question: "tumpus is-not red . wumpus is tumpus . ... max is wumpus .
    max is red ?". The response cites the rules in the order in which they apply: "wumpus is tumpus . tumpus is-not red . false".
    One distractor is always the opposite of the last rule, about a kind that the subject is not of: no answer can be read off the
    question and the rules about its property alone. True and false are equally frequent.
    """

    name = "deduction"
    levels = (1, 2, 3)
    vocabulary = (END, BEGIN, *VERBS, ".", "true", "false", *KINDS, *PROPERTIES, "?", *NAMES)
    response_size = len(vocabulary) - 1 - len(NAMES)
    prompt_length = 4 * (HOPS[3] + DISTRACTORS[3] + 2)
    horizon = 4 * HOPS[3] + 2
    prompt_separator = " "
    response_separator = " "

    def references(self, prompt: str) -> tuple[str, ...]:
        """The shortest chain of rules, and whether the statement is true. Raises `ValueError` where nothing follows either way."""
        premises, name, verb, predicate = _read(prompt)
        kinds = _kinds_of(premises, name)
        rules = [rule for rule in premises if rule[0] != name]
        chains: dict[str, tuple[Rule, ...]] = dict.fromkeys(kinds, ())
        waiting = collections.deque(kinds)
        while waiting:
            kind = waiting.popleft()
            for rule in rules:
                if rule[0] != kind:
                    continue
                chain = (*chains[kind], rule)
                if rule[2] == predicate:
                    truth = "true" if rule[1] == verb else "false"
                    return (" ".join([*(f"{' '.join(cited)} ." for cited in chain), truth]),)
                if rule[1] == "is" and rule[2] not in chains:
                    chains[rule[2]] = chain
                    waiting.append(rule[2])
        raise ValueError(f"`prompt` must decide its question; nothing follows in {prompt!r}.")

    def is_correct(self, prompt: str, response: str) -> bool:
        """Whether every cited rule is a premise about a kind already reached, and the conclusion follows from what was cited.

        More than the shortest chain may be cited, and the fact as well.
        """
        premises, name, verb, predicate = _read(prompt)
        *cited, conclusion = response.split(" . ")
        reached = {name, *_kinds_of(premises, name)}
        follows = set()
        for sentence in cited:
            rule = tuple(sentence.split(" "))
            if rule not in premises or rule[0] not in reached:
                return False
            follows.add(rule[1:])
            if rule[1] == "is":
                reached.add(rule[2])
        opposite = VERBS[1 - VERBS.index(verb)]
        return (conclusion == "true" and (verb, predicate) in follows) or (conclusion == "false" and (opposite, predicate) in follows)

    @checked
    def concludes_rightly(self, prompt: str, response: str) -> bool:
        """Whether the response ends in the right one of true and false, whatever it cites: what the paper's accuracy counts."""
        return self.answer(response) == self.answer(self.references(prompt)[0])

    def answer(self, response: str) -> str | None:
        """The "true" or "false" that stands last; None where neither does."""
        last = response.rsplit(" ", 1)[-1]
        return last if last in ("true", "false") else None

    def _draw_prompt(self, draws: Draws) -> str:
        hops = HOPS[self.level]
        kinds = draws.shuffled(KINDS)
        chain, decoy, unused = kinds[:hops], kinds[hops], kinds[hops + 1 :]
        predicate, *others = draws.shuffled(PROPERTIES)
        verb, opposite = draws.shuffled(VERBS)
        rules = [(kind, "is", above) for kind, above in itertools.pairwise(chain)]
        rules += [(chain[-1], verb, predicate), (decoy, opposite, predicate)]
        for _ in range(DISTRACTORS[self.level] - 1):
            # A kind that leads nowhere, one that leads into the chain, one that leads to the decoy, or a property that nobody asked for.
            fresh = unused.pop()
            rule = draws.choice(((draws.choice(chain), "is", fresh), (fresh, "is", draws.choice(chain)), (fresh, "is", decoy), None))
            rules.append(rule or (draws.choice(chain), draws.choice(VERBS), others.pop()))
        name = draws.choice(NAMES)
        sentences = [f"{' '.join(rule)} ." for rule in (*draws.shuffled(rules), (name, "is", chain[0]))]
        return " ".join([*sentences, f"{name} {draws.choice(VERBS)} {predicate} ?"])


def _read(prompt: str) -> tuple[list[Rule], str, str, str]:
    """The premises, and the question's name, verb and predicate."""
    if not _PROMPT.fullmatch(prompt):
        raise ValueError(f"`prompt` must be sentences 'wumpus is tumpus .', then a question 'max is red ?'; got {prompt!r}.")
    *premises, question = (tuple(sentence.split(" ")[:3]) for sentence in re.findall(r"\S+ \S+ \S+ [.?]", prompt))
    return premises, question[0], question[1], question[2]


def _kinds_of(premises: list[Rule], name: str) -> list[str]:
    return [rule[2] for rule in premises if rule[:2] == (name, "is")]
