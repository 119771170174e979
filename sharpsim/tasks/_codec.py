"""The codec of tasks: their texts as arrays of fixed lengths for small sequence models, and back."""

import itertools
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from sharpsim._arguments import checked
from sharpsim._checks import shown
from sharpsim.tasks._kinds import PAIRS, entries

END, BEGIN = "<end>", "<begin>"


class Codec:
    """Texts as int32 tokens, the places of their words or characters in the vocabulary. `Task` says what a class gives."""

    vocabulary: ClassVar[tuple[str, ...]]
    response_size: ClassVar[int]
    prompt_length: ClassVar[int]
    horizon: ClassVar[int]
    prompt_separator: ClassVar[str] = ""
    response_separator: ClassVar[str] = ""
    end_token: ClassVar[int] = 0
    begin_token: ClassVar[int] = 1
    _index: ClassVar[dict[str, int]]
    _written: ClassVar[frozenset[str]]

    @checked
    def encode_prompt(self, prompt: str) -> np.ndarray:
        """int32 [prompt_length], padded with the end token. Raises `ValueError` for an unknown token, too many or none."""
        return self._encode("prompt", prompt, self.prompt_separator, self.prompt_length)

    @checked
    def encode_response(self, response: str) -> np.ndarray:
        """int32 [horizon], padded with the end token. Raises `ValueError` for an unknown token, too many or none."""
        return self._encode("response", response, self.response_separator, self.horizon)

    def encode_pairs(self, pairs: Iterable[tuple[str, str]]) -> tuple[np.ndarray, np.ndarray]:
        """Prompts int32 [pairs, prompt_length] and responses int32 [pairs, horizon]. Refuses what is no pair of texts."""
        given = entries("pairs", pairs, PAIRS)
        prompts = np.zeros((len(given), self.prompt_length), dtype=np.int32)
        responses = np.zeros((len(given), self.horizon), dtype=np.int32)
        for row, (prompt, response) in enumerate(given):
            prompts[row], responses[row] = self.encode_prompt(prompt), self.encode_response(response)
        return prompts, responses

    def decode_prompt(self, prompt: Any) -> str:
        """The text of tokens [prompt_length] as `encode_prompt` makes them."""
        return self._decode("prompt", prompt, self.prompt_separator, self.prompt_length)

    def decode_response(self, response: Any) -> str:
        """The text of the tokens before the first end token, of integers [horizon]; whatever a model drew has one.

        Raises `ValueError` for another shape and for tokens outside the vocabulary.
        """
        return self._decode("response", response, self.response_separator, self.horizon)

    def _encode(self, name: str, text: str, separator: str, length: int) -> np.ndarray:
        tokens = self._known_tokens(name, text, separator, length)
        encoded = np.full(length, self.end_token, dtype=np.int32)
        encoded[: len(tokens)] = [self._index[token] for token in tokens]
        return encoded

    def _known_tokens(self, name: str, text: str, separator: str, length: int) -> list[str]:
        """The text's tokens; refused unless all are in the vocabulary, none is its begin or end token, and they are 1 to `length`."""
        tokens = self._tokens(text, separator)
        if not tokens or not self._written.issuperset(tokens):
            strange = next((token for token in tokens if token not in self._written), "nothing")
            raise ValueError(f"`{name}` must consist of the task's tokens; got {shown(text)}, with {strange!r}.")
        if len(tokens) > length:
            raise ValueError(f"`{name}` must have at most {length} tokens; got {shown(text)}, which has {len(tokens)}.")
        return tokens

    def _tokens(self, text: str, separator: str) -> list[str]:
        return text.split(separator) if separator else list(text)

    def _decode(self, name: str, tokens: Any, separator: str, length: int) -> str:
        try:
            given = np.asarray(tokens)
        except ValueError:
            given = np.asarray(None)  # rows of unlike lengths
        if given.shape != (length,) or given.dtype.kind not in "iu":
            raise ValueError(f"`{name}` must be integers of shape ({length},); got {given.dtype} of shape {given.shape}.")
        if (given < 0).any() or (given >= len(self.vocabulary)).any():
            raise ValueError(f"`{name}` must hold tokens in 0..{len(self.vocabulary) - 1}; got {given.tolist()}.")
        counted = itertools.takewhile(lambda token: token != self.end_token, given.tolist())
        return separator.join(self.vocabulary[token] for token in counted)
