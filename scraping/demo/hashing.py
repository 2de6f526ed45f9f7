"""Deterministic noise: the same key always gives the same number, on every machine and in any order.

Everything that looks random in the demo world is a hash of (seed, what, when), never a generator
with a state, so that the world at a moment does not depend on how often anybody looked at it.
"""

import numpy as np

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_M1 = 0xBF58476D1CE4E5B9
_M2 = 0x94D049BB133111EB
_G64, _M1_64, _M2_64 = np.uint64(_GOLDEN), np.uint64(_M1), np.uint64(_M2)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


def mix(*parts: int) -> int:
    """A 64-bit hash of whole numbers."""
    state = 0
    for part in parts:
        state = (state ^ (part & _MASK)) + _GOLDEN & _MASK
        state = (state ^ state >> 30) * _M1 & _MASK
        state = (state ^ state >> 27) * _M2 & _MASK
        state ^= state >> 31
    return state


def unit(*parts: int) -> float:
    """A number in [0, 1) from whole numbers."""
    return (mix(*parts) >> 11) / (1 << 53)


def text_key(text: str) -> int:
    """A stable number for a text (not Python's salted hash)."""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 & _MASK
    return value


def mix_array(key: int, values: np.ndarray) -> np.ndarray:
    """Hashes of an array of whole numbers under one key."""
    with np.errstate(over="ignore"):
        state = (values.astype(np.uint64) ^ np.uint64(key & _MASK)) + _G64
        state = (state ^ (state >> _S30)) * _M1_64
        state = (state ^ (state >> _S27)) * _M2_64
        return state ^ (state >> _S31)


def unit_array(key: int, values: np.ndarray) -> np.ndarray:
    """Numbers in [0, 1) for an array of whole numbers under one key."""
    return (mix_array(key, values) >> _S11).astype(np.float64) * (1.0 / (1 << 53))
