"""The rival for transformers: `sharpsim.policies.TransformerPolicy` rewritten in PyTorch for speed, with cached keys and values."""

from typing import Any

import numpy as np

from benchmarks._torch import torch_module

CHUNKS = (256, 1024)


class TorchTransformer:
    """The same function with the same weights. Prompts must have full length, and no token ends a response.

    A batch is drawn in chunks, so that the attention cache of a chunk fits the processor's cache. The benchmark tries several chunk sizes
    and number types and uses the fastest.
    """

    def __init__(self, policy: Any, *, dtype: str = "float32"):
        self.torch = torch_module()
        self.dtype = getattr(self.torch, dtype)
        self.horizon, self.prompt_length, self.begin = policy.horizon, policy.prompt_length, policy.begin_token
        self.heads = policy.blocks[0].heads

        def tensor(array: Any) -> Any:
            return self.torch.from_numpy(np.array(array)).to(self.dtype)

        self.embedding, self.position = tensor(policy.embedding), tensor(policy.position)
        self.out, self.out_scale = tensor(policy.out), tensor(policy.out_scale)
        names = ("attention_scale", "query_key_value", "attention_out", "feed_scale", "feed_in", "feed_out")
        self.blocks = [{name: tensor(getattr(block, name)) for name in names} for block in policy.blocks]

    def sample(self, prompts: Any, chunk: int, way: str = "multinomial") -> tuple[Any, Any]:
        """One response to each prompt; prompts are [n, prompt_length]. Returns tokens [n, horizon] and log-probabilities [n]."""
        with self.torch.inference_mode():
            parts = [self._chunk(part, way) for part in self.torch.as_tensor(np.array(prompts), dtype=self.torch.int64).split(chunk)]
            return self.torch.cat([tokens for tokens, _ in parts]), self.torch.cat([total for _, total in parts])

    def score(self, prompts: Any, responses: Any) -> Any:
        """Log-probabilities of given responses, computed by the same cached steps as `sample`."""
        with self.torch.inference_mode():
            given = self.torch.as_tensor(np.array(responses), dtype=self.torch.int64)
            return self._chunk(self.torch.as_tensor(np.array(prompts), dtype=self.torch.int64), "", given)[1]

    def _chunk(self, prompts: Any, way: str, given: Any = None) -> tuple[Any, Any]:
        torch = self.torch
        n, length, width = len(prompts), self.prompt_length + self.horizon, self.embedding.shape[1]
        shape = (n, self.heads, length, width // self.heads)
        caches = [(torch.empty(shape, dtype=self.dtype), torch.empty(shape, dtype=self.dtype)) for _ in self.blocks]
        for place in range(self.prompt_length):
            self._step(prompts[:, place], place, caches)
        token, total = torch.full((n,), self.begin), torch.zeros(n, dtype=torch.float64)
        tokens = torch.empty((n, self.horizon), dtype=torch.int64)
        for depth in range(self.horizon):
            logits = self._step(token, self.prompt_length + depth, caches).float()
            log_probs = torch.log_softmax(logits, dim=-1)
            if given is not None:
                token = given[:, depth]
            elif way == "multinomial":
                token = torch.multinomial(log_probs.exp(), 1)[:, 0]
            else:
                running = log_probs.exp().cumsum(-1)
                u = torch.rand(n, 1) * running[:, -1:]
                token = (running <= u).sum(-1).clamp_(max=running.shape[1] - 1)
            total += log_probs.gather(1, token[:, None])[:, 0]
            tokens[:, depth] = token
        return tokens, total

    def _step(self, token: Any, place: int, caches: Any) -> Any:
        torch = self.torch
        x = self.embedding.index_select(0, token) + self.position[place]
        for block, (keys, values) in zip(self.blocks, caches, strict=True):
            mixed = self._normalised(x, block["attention_scale"]) @ block["query_key_value"]
            query, key, value = mixed.view(len(x), 3, self.heads, -1).unbind(1)
            keys[:, :, place], values[:, :, place] = key, value
            attended = torch.nn.functional.scaled_dot_product_attention(
                query[:, :, None], keys[:, :, : place + 1], values[:, :, : place + 1]
            )
            x = x + attended.reshape(x.shape) @ block["attention_out"]
            hidden = torch.nn.functional.gelu(self._normalised(x, block["feed_scale"]) @ block["feed_in"], approximate="tanh")
            x = x + hidden @ block["feed_out"]
        return self._normalised(x, self.out_scale) @ self.out

    def _normalised(self, x: Any, scale: Any) -> Any:
        return self.torch.nn.functional.rms_norm(x, (x.shape[-1],), scale, 1e-6)
