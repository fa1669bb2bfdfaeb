"""Mutations of bytes, by a seeded generator of random numbers."""

import random
import struct

_NUMBERS = (0, 1, 7, 8, 127, 128, 255, 256, 32767, 65535, 2**31 - 1, 2**32 - 1)
_MAX_SIZE = 64 << 10


def mutated(chance: random.Random, seeds: list[bytes]) -> bytes:
    """Return a seed with one to eight changes."""
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.choice((1, 1, 2, 2, 4, 8))):
        chance.choice(_CHANGES)(chance, data, seeds)
    return bytes(data[:_MAX_SIZE])


def _place(chance: random.Random, data: bytearray) -> int:
    """Return a place, every second time within the head, where formats keep their sizes."""
    return chance.randrange(min(len(data), chance.choice((64, 1 << 30))) + 1)


def _flip(chance, data, seeds):
    if data:
        data[min(_place(chance, data), len(data) - 1)] ^= 1 << chance.randrange(8)


def _overwrite(chance, data, seeds):
    place = _place(chance, data)
    layout = chance.choice(("B", "<H", ">H", "<I", ">I"))
    number = chance.choice(_NUMBERS) % (1 << 8 * struct.calcsize(layout))
    data[place : place + struct.calcsize(layout)] = struct.pack(layout, number)


def _insert(chance, data, seeds):
    place = _place(chance, data)
    data[place:place] = chance.randbytes(chance.choice((1, 2, 4, 16)))


def _delete(chance, data, seeds):
    place = _place(chance, data)
    del data[place : place + chance.choice((1, 2, 4, 64, 1024))]


def _repeat(chance, data, seeds):
    place = _place(chance, data)
    piece = data[place : place + chance.choice((1, 4, 12, 64, 512))]
    data[place:place] = piece * chance.choice((1, 2, 16, 200))


def _splice(chance, data, seeds):
    other = chance.choice(seeds)
    place, start = _place(chance, data), chance.randrange(len(other) + 1)
    data[place:] = other[start:]


def _digits(chance, data, seeds):
    """Put a number, as text has it, in the place of one that is there."""
    places = [index for index, byte in enumerate(data) if 48 <= byte <= 57]
    if places:
        place = chance.choice(places)
        word = chance.choice((b"-1", b"1e999", b"NaN", b"9" * 30, b"0", b"null", b'"', b"[", b"\n"))
        data[place : place + 1] = word


_CHANGES = (_flip, _overwrite, _insert, _delete, _repeat, _splice, _digits)
