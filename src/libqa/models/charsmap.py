"""A character map as SentencePiece and the tokenizers library store it: a double array (Aoe 1989) over UTF-8 bytes.

Layout: the size of the array in bytes as a 32-bit number, the array, then the replacements, each ended by a zero byte.
The array's 32-bit units are those of Darts-clone: bits 0-7 the byte that leads here, bit 8 whether a key ends here,
bits 10-30 the distance (by exclusive or) to the units of what follows; a unit that ends a key holds the place of its
replacement, with bit 31 set.
"""

from __future__ import annotations

import base64
import struct
from collections import deque
from collections.abc import Mapping
from typing import Any

_BLOCK = 256
_ENDS, _VALUE, _DISTANCE = 1 << 8, 1 << 31, 10


def charsmap(replacements: Mapping[str, str]) -> str:
    """Return the map, in base64, that replaces each key by its value."""
    texts = bytearray()
    place: dict[str, int] = {}
    tree: dict[int, Any] = {}
    for key, value in sorted(replacements.items()):
        if value not in place:
            place[value] = len(texts)
            texts += value.encode() + b"\0"
        node = tree
        for byte in key.encode():
            node = node.setdefault(byte, {})
        node[0] = place[value]
    units = _lay_out(tree)
    array = struct.pack(f"<{len(units)}I", *units)
    return base64.b64encode(struct.pack("<I", len(array)) + array + bytes(texts)).decode()


def _lay_out(tree: dict[int, Any]) -> list[int]:
    """Place a tree of bytes, whose leaves (byte 0) are numbers, in a double array; its root is unit 0."""
    units = [0] * _BLOCK
    used = [True] + [False] * (_BLOCK - 1)
    bases: set[int] = set()  # no two nodes may share one: the units of one would be found from the other
    free = leaf = 1  # no unit before it is free, or fit for a node of nothing but a leaf
    waiting = deque([(0, tree)])
    while waiting:  # level by level: wide nodes find their places while there is room, single leaves fill the gaps
        at, node = waiting.popleft()
        while used[free]:
            free += 1
            if free == len(used):
                units += [0] * _BLOCK
                used += [False] * _BLOCK
        alone = node.keys() == {0}
        base = _fit(node, used, bases, leaf if alone else free)
        leaf = base + 1 if alone else leaf
        bases.add(base)
        while base | 255 >= len(used):
            units += [0] * _BLOCK
            used += [False] * _BLOCK
        units[at] |= (at ^ base) << _DISTANCE | (_ENDS if 0 in node else 0)
        for byte, below in node.items():
            used[base ^ byte] = True
            if byte == 0:
                units[base] = below | _VALUE
            else:
                units[base ^ byte] = byte
                waiting.append((base ^ byte, below))
    return units


def _fit(node: dict[int, Any], used: list[bool], bases: set[int], free: int) -> int:
    """Return the first base from which all units that the node needs are free; beyond the end everything is."""
    first = min(node)
    for at in range(free, len(used)):
        base = at ^ first
        if base not in bases and all((base ^ byte) >= len(used) or not used[base ^ byte] for byte in node):
            return base
    return len(used)
