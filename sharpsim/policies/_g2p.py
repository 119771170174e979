"""A real model as base policy: the network from letters to phonemes in the package g2p-en.

Use it to check results on a model that was not made for this project; `pretrained_g2p()` reads it from the installed package.
"""

import importlib.util
from pathlib import Path
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from sharpsim import _checks
from sharpsim._precision import placed
from sharpsim.policies._gru import GRUCell
from sharpsim.policies._sequence import SequencePolicy
from sharpsim.policies._tokens import check_step

LETTERS = ("<pad>", "<unk>", "</s>", *"abcdefghijklmnopqrstuvwxyz")
_VOWELS = ("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW")
_CONSONANTS = (*"BDFGKLMNPRSTVWYZ", "CH", "DH", "HH", "JH", "NG", "SH", "TH", "ZH")
# The network's order is alphabetical with the stress digit last; it has a bare UW beside UW0, UW1 and UW2.
PHONEMES = (
    "<pad>",
    "<unk>",
    "<s>",
    "</s>",
    *sorted([vowel + stress for vowel in _VOWELS for stress in "012"] + ["UW", *_CONSONANTS]),
)
"""The response tokens of `G2PPolicy`, by index, with the four special tokens first."""
MAX_LETTERS = 24
"""The longest word that `G2PPolicy.encode` accepts."""
_PAD, _END_OF_WORD = LETTERS.index("<pad>"), LETTERS.index("</s>")


class G2PPolicy(SequencePolicy):
    """pi(phonemes | word): one GRU reads the letters and </s>, another writes phonemes up to </s>, at most 20.

    `encode` turns a word into a prompt. A response is an int32 array [20] of indices into `PHONEMES`; `decode` turns it into phonemes.
    """

    last_layer: ClassVar[tuple[str, ...]] = ("output_weight", "output_bias")
    letter_embeddings: jax.Array
    phoneme_embeddings: jax.Array
    encoder: GRUCell
    decoder: GRUCell
    output_weight: jax.Array
    output_bias: jax.Array
    vocabulary_size: int = eqx.field(static=True, default=len(PHONEMES))
    horizon: int = eqx.field(static=True, default=20)
    begin_token: int = eqx.field(static=True, default=PHONEMES.index("<s>"))
    end_token: int | None = eqx.field(static=True, default=PHONEMES.index("</s>"))

    def encode(self, word: str) -> np.ndarray:
        """The prompt for a word, int32 [MAX_LETTERS + 1]: its letters, the end sign, then padding.

        Raises `ValueError` for an empty word, one of more than 24 letters, or characters outside a-z.
        """
        if not isinstance(word, str) or not word:
            raise ValueError(f"`word` must be a non-empty string; got {word!r}.")
        strange = sorted(set(word) - set(LETTERS[3:]))
        if strange:
            raise ValueError(f"`word` must hold the letters a-z only; got {word!r}, with {', '.join(map(repr, strange))}.")
        if len(word) > MAX_LETTERS:
            raise ValueError(f"`word` must have at most {MAX_LETTERS} letters; got {word!r}, which has {len(word)}.")
        prompt = np.full(MAX_LETTERS + 1, _PAD, dtype=np.int32)
        prompt[: len(word) + 1] = [*(LETTERS.index(letter) for letter in word), _END_OF_WORD]
        return prompt

    def decode(self, response: Any) -> tuple[str, ...]:
        """The phonemes of a response before its end sign, with stress digits: ("AE1", "K", ...)."""
        self._check_response("response", response)
        tokens = np.asarray(response).tolist()
        return tuple(PHONEMES[token] for token in tokens[: tokens.index(self.end_token) if self.end_token in tokens else None])

    @property
    def prompt_shape(self) -> tuple[int, ...]:
        """As `encode` makes it."""
        return (MAX_LETTERS + 1,)

    def check_prompts(self, prompts: Any) -> None:
        if _checks.is_traced(prompts):
            return
        letters = _checks.as_array(prompts)
        if letters.shape[-1:] != (MAX_LETTERS + 1,) or letters.dtype.kind not in "iu":
            raise ValueError(f"`prompts` must be made by `encode`: integers [{MAX_LETTERS + 1}]; got {letters.dtype} {letters.shape}.")
        ends = np.cumsum(letters == _END_OF_WORD, axis=-1)
        before_end = (letters > _END_OF_WORD) & (letters < len(LETTERS)) & (ends == 0)
        after_end = (letters == _PAD) & (ends == 1)
        if not (before_end | after_end | (letters == _END_OF_WORD)).all() or not (ends[..., -1] == 1).all():
            raise ValueError(f"`prompts` must be made by `encode`: letters, one end sign, padding; got {letters.tolist()}.")

    def start(self, prompt: Any) -> jax.Array:
        self.check_prompt(prompt)
        letters = placed(prompt, jnp.int32)
        from_letters = self.encoder.inputs(self.letter_embeddings)

        def read(hidden: jax.Array, letter: jax.Array) -> tuple[jax.Array, None]:
            return jnp.where(letter == _PAD, hidden, self.encoder(from_letters[letter], hidden)), None

        return jax.lax.scan(read, jnp.zeros(self.encoder.weight_hidden.shape[1], self.letter_embeddings.dtype), letters)[0]

    def step(self, state: Any, token: Any) -> tuple[jax.Array, jax.Array]:
        check_step(self, state, token)
        # For all 74 phonemes at once: no prompt takes part, so a batch shares the product, and it is cheaper than one per row.
        hidden = self.decoder(self.decoder.inputs(self.phoneme_embeddings)[token], state)
        return hidden, jax.nn.log_softmax(self.output_weight @ hidden + self.output_bias)


def pretrained_g2p() -> G2PPolicy:
    """The network of g2p-en 2.1.0 (Kyubyong Park and Jongseok Kim, Apache-2.0): 834,890 float32 parameters.

    Only the package's file of weights is read. The package is not imported, because importing it downloads corpora.
    Raises `ImportError` where the package is not installed.
    """
    spec = importlib.util.find_spec("g2p_en")
    if spec is None or spec.origin is None:
        raise ImportError("The pronunciation network is read from the package g2p-en, which is not installed: pip install sharpsim[real]")
    with np.load(Path(spec.origin).with_name("checkpoint20.npz")) as stored:
        weights = {name: placed(stored[name], jnp.float32) for name in stored.files}

    def cell(side: str) -> GRUCell:
        return GRUCell(weights[f"{side}_w_ih"], weights[f"{side}_w_hh"], weights[f"{side}_b_ih"], weights[f"{side}_b_hh"])

    return G2PPolicy(
        letter_embeddings=weights["enc_emb"],
        phoneme_embeddings=weights["dec_emb"],
        encoder=cell("enc"),
        decoder=cell("dec"),
        output_weight=weights["fc_w"],
        output_bias=weights["fc_b"],
    )
