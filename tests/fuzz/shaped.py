"""Files changed in their own shape: a node of a tree, a cell of a table, a member of an archive.

What is changed byte by byte is mostly refused at the door; these changes reach the rooms behind it.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import PurePath
from random import Random
from typing import Any

import h5py
import numpy as np
import yaml

from fuzz.mutate import mutated

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, 0.5, -0.0, 1e308, "", " ", "x", "nan"),
    *(
        float("nan"),
        float("inf"),
        [],
        {},
        [[]],
        [None],
        {"": 0},
        {"a": {"b": []}},
        "../../x",
        "é\0",
    ),
    *(
        "<script>",
        "\x1b[2J",
        "${seed}",
        "${nowhere}",
        "???",
        "/",
        "a/b",
        "1,2",
        "posix.system",
        [1, "a"],
    ),
)
DEEP = 60
Shape = Callable[[bytes, Random], bytes]


def changed_tree(tree: Any, rng: Random) -> Any:
    """A tree of plain values with one node gone, odd, twice there, deeper, or another one's."""
    tree = json.loads(json.dumps(tree))
    places = list(_places(tree))
    if not places:
        return rng.choice(ODD)
    home, key = rng.choice(places)
    luck = rng.random()
    if luck < 0.2:
        del home[key]
    elif luck < 0.7:
        home[key] = rng.choice(ODD)
    elif luck < 0.8:
        other, there = rng.choice(places)
        home[key] = json.loads(json.dumps(other[there]))
    elif luck < 0.85:
        for _ in range(rng.choice((1, DEEP))):
            home[key] = [home[key]]
    elif luck < 0.9 and isinstance(home, list):
        home.extend([home[key]] * rng.choice((1, 300)))
    elif isinstance(home, dict):
        home[rng.choice(("x", "", "_target_", "é", "a b", str(key).upper()))] = home.pop(key)
    return tree


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Each node below the root, by what holds it and its key there."""
    found: list[tuple[Any, Any]] = []
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        listed = range(len(node)) if isinstance(node, list) else ()
        for key in list(node) if isinstance(node, dict) else listed:
            found.append((node, key))
            if isinstance(node[key], dict | list):
                waiting.append(node[key])
    return found


def _json(data: bytes, rng: Random) -> bytes:
    return json.dumps(changed_tree(json.loads(data), rng)).encode()


def _yaml(data: bytes, rng: Random) -> bytes:
    return yaml.safe_dump(changed_tree(yaml.safe_load(data), rng)).encode()


def _csv(data: bytes, rng: Random) -> bytes:
    """One to three cells, rows or columns of a table are other ones."""
    rows = list(csv.reader(io.StringIO(data.decode())))
    for _ in range(rng.randint(1, 3)):
        row = rng.choice(rows)
        place, luck = rng.randrange(len(row) or 1), rng.random()
        if luck < 0.6 and row:
            odd = rng.choice(ODD)
            row[place : place + 1] = [rng.choice((str(odd), "1970-01-01T00:00:00Z", "9999-99-99"))]
        elif luck < 0.7:
            for each in rows:
                del each[place : place + 1]
        elif luck < 0.8:
            for each in rows:
                each.extend(each[place : place + 1])
        elif luck < 0.9:
            rows.append(list(row))
        else:
            del rows[rng.randrange(len(rows))]
            rows = rows or [[]]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode(errors="replace")


def _zip(data: bytes, rng: Random) -> bytes:
    """An archive of which one member is changed, and all sums are right again."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    name = rng.choice([*members])
    luck = rng.random()
    if luck < 0.85:
        members[name] = shaped(name, members[name], rng)
    elif luck < 0.95:
        del members[name]
    else:
        members[rng.choice(("../x", "/x", name.upper(), ""))] = members.pop(name)
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return memory.getvalue()


def _png(data: bytes, rng: Random) -> bytes:
    """A picture of which one chunk is changed, with right sums."""
    chunks, start = [], 8
    while start + 8 <= len(data):
        (size,) = struct.unpack_from(">I", data, start)
        chunks.append((data[start + 4 : start + 8], data[start + 8 : start + 8 + size]))
        start += 12 + size
    place = rng.randrange(len(chunks))
    kind, body = chunks[place]
    if kind == b"IDAT" and rng.random() < 0.7:
        body = zlib.compress(mutated(zlib.decompress(body), rng))
    else:
        body = mutated(body, rng)
    chunks[place] = (kind, body)
    summed = (k + b for k, b in chunks)
    return data[:8] + b"".join(
        struct.pack(">I", len(each) - 4) + each + struct.pack(">I", zlib.crc32(each))
        for each in summed
    )


def _gzip(data: bytes, rng: Random) -> bytes:
    return gzip.compress(mutated(gzip.decompress(data), rng), 1)


def _hdf5(data: bytes, rng: Random) -> bytes:
    """A node or an attribute that is gone, of another type or shape, elsewhere, or linked."""
    memory = io.BytesIO(data)
    with h5py.File(memory, "r+") as file:
        nodes: list[str] = []
        file.visit(nodes.append)
        held = [(file, key) for key in file.attrs]
        held += [(file[name], key) for name in nodes for key in file[name].attrs]
        if held and rng.random() < 0.4:
            node, key = rng.choice(held)
            _other_attribute(node.attrs, key, rng)
        elif nodes:
            _other_node(file, rng.choice(nodes), rng)
    return memory.getvalue()


def _other_attribute(attributes: Any, key: str, rng: Random) -> None:
    value = attributes[key]
    texts = isinstance(value, str | bytes)
    if texts and rng.random() < 0.7:
        raw = value.encode() if isinstance(value, str) else value
        tree = raw[:1] in (b"{", b"[")
        made = shaped("x.json" if tree else "x", raw, rng).decode(errors="replace")
        attributes[key] = made.replace("\0", "")[:60_000]
    elif rng.random() < 0.3:
        del attributes[key]
    else:
        attributes[key] = rng.choice((0, -1, 2.5, "x", np.zeros(3), np.array([b"a", b"b"]), 2**40))


def _other_node(file: Any, name: str, rng: Random) -> None:
    node, luck = file[name], rng.random()
    whole = isinstance(node, h5py.Dataset) and node.shape is not None
    if luck < 0.15 or not whole:
        del file[name]
    elif luck < 0.5:
        array = node[()]
        del file[name]
        file[name] = _other_array(np.asarray(array), rng)
    elif luck < 0.6:
        del file[name]
        file.create_group(name)
    elif luck < 0.7:
        del file[name]
        file[name] = rng.choice((h5py.SoftLink("/"), h5py.SoftLink(f"/{name}"), _OUTSIDE))
    elif luck < 0.8:
        del file[name]
        file.create_dataset(name, (2**40, 2**20), "f8", chunks=(1, 1024))  # announced, not there
    elif luck < 0.9:
        file.copy(name, f"{name}_again")
    else:
        del file[name]
        file.create_dataset(name, (3, 4), "f4", external=[("/etc/passwd", 0, 48)])


_OUTSIDE = h5py.ExternalLink("/etc/passwd", "/")


def _other_array(array: Any, rng: Random) -> Any:
    """The values in another type or shape, or some of them not finite."""
    if array.dtype.kind in "OSU" or not array.size:
        return rng.choice((np.zeros(array.shape), np.array("x", dtype=h5py.string_dtype())))
    with np.errstate(invalid="ignore"):
        made = array.astype(rng.choice(("f4", "f8", "i2", "u1", "c8", "S3", "?")))
    if made.dtype.kind == "f" and made.ndim and rng.random() < 0.6:
        made.flat[rng.randrange(made.size)] = rng.choice((np.nan, np.inf, -np.inf))
    luck = rng.random()
    if made.ndim and luck < 0.5:
        return rng.choice((made[:0], made[..., :1], made[None], made.T, made.ravel(), made[1:]))
    return made.flat[0] if luck < 0.6 else made


SHAPES: dict[str, Shape] = {
    **dict.fromkeys((".json",), _json),
    **dict.fromkeys((".yaml", ".yml"), _yaml),
    **dict.fromkeys((".csv",), _csv),
    **dict.fromkeys((".zip", ".npz", ".keras", ".ckpt"), _zip),
    **dict.fromkeys((".png",), _png),
    **dict.fromkeys((".gz",), _gzip),
    **dict.fromkeys((".hdf5", ".h5"), _hdf5),
}
"""How a file is changed in its own shape, by the ending of its name."""


def shaped(name: str, data: bytes, rng: Random, others: Sequence[bytes] = ()) -> bytes:
    """The file changed in its own shape, or (where it has none any more) byte by byte."""
    shape = SHAPES.get(PurePath(name).suffix.lower())
    if shape is not None and rng.random() < 0.6:
        try:
            return shape(data, rng)
        except Exception:  # changed before, and no longer of this shape
            return mutated(data, rng, others)
    return mutated(data, rng, others)
