"""A network from elsewhere, as an ONNX graph: its outputs are the logits of the classes."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Literal

import torch
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.network.demands import not_below, steps_of

LEAST = 1e-7  # float32 tells probabilities no nearer to 0 or 1
Layout = Literal["channel_time", "time_channel"]


class OnnxGraph(nn.Module):
    """`(batch, channel, step)` to logits `(batch, features, 1)`, by a graph that cannot be trained.

    The graph itself lies among the weights, `size` bytes of it, so that a checkpoint holds all of
    the network. It sees what is filled beyond a record's end as its own training did. Of a graph
    that gives `probabilities` the logits are taken.
    """

    graph: Tensor

    def __init__(
        self,
        in_shape: tuple[int, ...],
        features: int,
        size: int = 0,
        layout: Layout = "channel_time",
        probabilities: bool = False,
    ):
        super().__init__()
        steps_of(in_shape, "onnx")
        not_below("model", features=features)
        if size < 1:
            remedy = "python scripts/import_onnx.py model.onnx makes a run of a graph"
            raise Refused("a graph comes from a file, and is not trained", "model.size", remedy)
        refuse_without_runtime()
        self.layout, self.probabilities = layout, probabilities
        self.register_buffer("graph", torch.zeros(size, dtype=torch.uint8))
        self._session: Any = None
        self.out_shape = (features, 1)

    def forward(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        turned = x if self.layout == "channel_time" else x.transpose(1, 2)
        if self._session is None:
            self._session = session(self.graph.cpu().numpy().tobytes())
        found = torch.from_numpy(given(self._session, turned.detach().cpu().numpy())).to(x)
        logits = found.logit(LEAST) if self.probabilities else found
        return logits[..., None], torch.ones_like(length)

    def __getstate__(self) -> dict[str, Any]:
        """A copy opens a session of its own: sessions cannot be copied."""
        return self.__dict__ | {"_session": None}


def refuse_without_runtime() -> None:
    """Graphs need onnxruntime."""
    if find_spec("onnxruntime") is None:
        remedy = "pip install 'tremor[onnx]'"
        raise Refused("ONNX graphs need onnxruntime, which is not installed", "model=onnx", remedy)


def session(graph: bytes, where: str = "the ONNX file") -> Any:
    """What runs a graph on the CPU, with as many threads as torch has."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 4  # what goes wrong is raised
    settings: Any = {"providers": ["CPUExecutionProvider"], "enable_fallback": 0}
    try:
        return onnxruntime.InferenceSession(graph, options, **settings)
    except Exception as error:  # the runtime's errors share no class but this one
        fault = f"onnxruntime cannot open the graph: {(str(error).splitlines() or [''])[0][:200]}"
        remedy = "one file with its weights inside, and no operators of its own"
        raise Refused(fault, where, remedy) from error


def given(session: Any, x: Any) -> Any:
    """What a graph's one output is for its one input."""
    (entry,) = session.get_inputs()
    return session.run(None, {entry.name: x})[0]
