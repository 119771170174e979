"""Lecture 3: greedy decoding does not always find the mode. The model is a network that turns spelling into pronunciation.

Greedy decoding is guaranteed to find the most likely sequence only if that sequence has probability above 1/2 (Prop 3.1). If greedy
decoding misses it, exact best-first search still finds it. Needs the extra: pip install "sharpsim[real]".

Things to change: the number of words and the seed.
"""

import jax
import jax.numpy as jnp
import numpy as np

from sharpsim import decoding
from sharpsim.policies import pretrained_g2p
from sharpsim.tasks import pronunciation

jax.config.update("jax_enable_x64", True)
policy = pretrained_g2p()
words = pronunciation.sample_words(200, seed=1)
prompts = jnp.stack([policy.encode(word) for word in words])

modes = decoding.most_likely_batch(policy, prompts, slack=0.0, max_expansions=5000)
greedy = np.asarray(jax.jit(jax.vmap(lambda prompt: decoding.greedy(policy, prompt)))(prompts))
greedy_log_probs = np.asarray(jax.jit(jax.vmap(policy.log_prob))(prompts, jnp.asarray(greedy)))

missed = 0
for word, mode, answer, log_prob in zip(words, modes, greedy, greedy_log_probs, strict=True):
    top = float(mode.log_probs[0])
    if not np.array_equal(np.asarray(mode.responses[0]), answer):
        missed += 1
        # Prop 3.1: a mode with probability above 1/2 cannot be missed.
        assert np.exp(top) <= 0.5 + 1e-6
        if missed <= 5:
            print(f"{word}: greedy {' '.join(policy.decode(answer))} ({np.exp(log_prob):.3f})")
            print(f"{'':{len(word)}}    mode {' '.join(policy.decode(mode.responses[0]))} ({np.exp(top):.3f})")
print(f"\ngreedy misses the mode of {missed} of {len(words)} words; every one of those modes has probability at most 1/2.")
assert missed > 0
