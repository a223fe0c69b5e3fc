"""Just enough of the ONNX file format to read a model's weights, to have it tell more, and to
write a small graph.

An ONNX file is one Protocol Buffers message, a `ModelProto`; the field numbers below
are those of `onnx.proto`. Here is what `parley.speech.silero` needs and no more:
float32 weights, and nodes whose attributes are integers.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Shape = Sequence[int | str]
"""Sides of a tensor; a name stands for a side that may vary."""

IR_VERSION = 8
OPSET = 15

_VARINT, _BYTES = 0, 2
_TENSOR_TYPES = {np.dtype(np.float32): 1, np.dtype(np.int64): 7}
_ATTRIBUTE_INT = 2


@dataclass(frozen=True, slots=True)
class Node:
    """One operation on named values; an empty name leaves an optional one out."""

    op: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    attributes: Mapping[str, int] = field(default_factory=dict)


def read_weights(model: bytes) -> dict[str, Array]:
    """The float32 constants of the model's graph, by name. Raises ValueError when damaged."""
    (graph,) = _payloads(model, 7)
    tensors = [tensor for tensor in _payloads(graph, 5) if _numbers(tensor, 2) == [1]]
    return {_payloads(tensor, 8)[0].decode(): _array(tensor) for tensor in tensors}


def telling(model: bytes, value: str) -> bytes:
    """The same model, with a value that its graph computes as one more output, the last."""
    # Messages that are put one after the other are one message: this is the rest of it.
    return model + _message(7, _message(12, _message(1, value.encode())))


def write_model(
    nodes: Sequence[Node],
    weights: Mapping[str, Array],
    inputs: Mapping[str, Shape],
    outputs: Mapping[str, Shape],
) -> bytes:
    """A model that runs `nodes` in order. Inputs and outputs are float32."""
    graph = b"".join(_message(1, _node(node)) for node in nodes) + _message(2, b"graph")
    graph += b"".join(_message(5, _tensor(name, array)) for name, array in weights.items())
    graph += b"".join(_message(11, _value(name, shape)) for name, shape in inputs.items())
    graph += b"".join(_message(12, _value(name, shape)) for name, shape in outputs.items())
    return _number(1, IR_VERSION) + _message(7, graph) + _message(8, _number(2, OPSET))


def _array(tensor: bytes) -> Array:
    (data,) = _payloads(tensor, 9)
    return np.frombuffer(data, "<f4").reshape(_numbers(tensor, 1))


def _node(node: Node) -> bytes:
    names = [_message(1, name.encode()) for name in node.inputs]
    names += [_message(2, name.encode()) for name in node.outputs]
    attributes = [
        _message(5, _message(1, name.encode()) + _number(3, value) + _number(20, _ATTRIBUTE_INT))
        for name, value in node.attributes.items()
    ]
    return b"".join(names) + _message(4, node.op.encode()) + b"".join(attributes)


def _tensor(name: str, array: Array) -> bytes:
    sides = b"".join(_number(1, side) for side in array.shape)
    kind = _number(2, _TENSOR_TYPES[array.dtype])
    data = array.astype(array.dtype.newbyteorder("<")).tobytes()
    return sides + kind + _message(8, name.encode()) + _message(9, data)


def _value(name: str, shape: Shape) -> bytes:
    sides = [_number(1, s) if isinstance(s, int) else _message(2, s.encode()) for s in shape]
    dimensions = b"".join(_message(1, side) for side in sides)
    tensor = _number(1, 1) + _message(2, dimensions)
    return _message(1, name.encode()) + _message(2, _message(1, tensor))


# The wire format: https://protobuf.dev/programming-guides/encoding/


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3 | _VARINT) + _varint(value)


def _message(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _numbers(data: bytes, wanted: int) -> list[int]:
    return [value for number, value in _fields(data) if number == wanted and type(value) is int]


def _payloads(data: bytes, wanted: int) -> list[bytes]:
    return [value for number, value in _fields(data) if number == wanted and type(value) is bytes]


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(data):
        tag, at = _read_varint(data, at)
        value, at = _read_varint(data, at)
        if tag & 7 == _VARINT:
            yield tag >> 3, value
        elif tag & 7 == _BYTES and at + value <= len(data):
            yield tag >> 3, data[at : at + value]
            at += value
        else:
            raise ValueError(f"no ONNX model: wire type {tag & 7} at byte {at}")


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        byte = data[at]
        value |= (byte & 0x7F) << shift
        shift += 7
        at += 1
        if byte < 0x80:
            return value, at
    raise ValueError("no ONNX model: it ends in the middle of a number")
