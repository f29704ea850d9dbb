"""A position that must not be found again, in every spelling that a program may give it."""

import base64
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

import h3

from ihala.geo.v1 import geo_pb2

ADDRESS = "12 Elm Street ZQX-7"
_BASE32 = "0123456789bcdefghjkmnpqrstuvwxyz"
_ARABIC = str.maketrans("0123456789.", "٠١٢٣٤٥٦٧٨٩٫")


class Canary:
    """One exact position, with digits that occur nowhere else."""

    def __init__(self, latitude_deg: float, longitude_deg: float) -> None:
        self.point = geo_pb2.Point(latitude_deg=latitude_deg, longitude_deg=longitude_deg)
        self._numbers = (latitude_deg, longitude_deg)

    def spellings(self) -> Mapping[str, list[bytes]]:
        """Spell the position as texts and as bytes, by the name of the spelling."""
        cells = [h3.latlng_to_cell(*self._numbers, resolution) for resolution in range(8, 16)]
        doubles = [struct.pack("<d", number) for number in self._numbers]
        return {
            "shortest decimal": _texts(repr, self._numbers),
            "four decimals": _texts("{:.4f}".format, self._numbers),
            "six decimals": _texts("{:.6f}".format, self._numbers),
            "decimal comma": _texts(lambda number: f"{number:.5f}".replace(".", ","), self._numbers),
            "Arabic digits": _texts(lambda number: f"{number:.4f}".translate(_ARABIC), self._numbers),
            "scientific": _texts("{:.6e}".format, self._numbers),
            "degrees, minutes, seconds": _texts(_sexagesimal, self._numbers),
            "degrees times ten million": _texts(lambda number: str(round(number * 1e7)), self._numbers),
            "the same as an integer of 4 bytes": [struct.pack("<i", round(number * 1e7)) for number in self._numbers],
            "double, little end first": doubles,
            "double, big end first": [struct.pack(">d", number) for number in self._numbers],
            "double in hexadecimal": [double.hex().encode() for double in doubles],
            "double in base64": [base64.b64encode(double)[:10] for double in doubles],
            "float": [struct.pack("<f", number) + b"" for number in self._numbers],
            "geohash": [_geohash(*self._numbers).encode()],
            "fine cell": [cell.encode() for cell in cells],
            "fine cell as an integer": [struct.pack(order, int(cell, 16)) for cell in cells for order in ("<Q", ">Q")],
            "address": [ADDRESS.encode(), ADDRESS.upper().encode(), b"ZQX-7"],
        }

    def found_in(self, text: bytes) -> list[str]:
        """List the spellings that a text has."""
        return [name for name, needles in self.spellings().items() if any(needle in text for needle in needles)]

    def found_under(self, folder: Path) -> list[str]:
        """List the spellings that the files below a folder have, with the files."""
        needles = self.spellings()
        return [
            f"{path.relative_to(folder)}: {name}"
            for path in sorted(folder.rglob("*"))
            if path.is_file()
            for text in [path.read_bytes()]
            for name, spelled in needles.items()
            if any(needle in text for needle in spelled)
        ]


def _texts(spell: object, numbers: Iterable[float]) -> list[bytes]:
    assert callable(spell)
    return [spell(number).encode() for number in numbers]


def _sexagesimal(number: float) -> str:
    minutes, seconds = divmod(abs(number) * 3600, 60)
    degrees, minutes = divmod(minutes, 60)
    return f"{degrees:.0f}°{minutes:02.0f}'{seconds:04.1f}"


def _geohash(latitude_deg: float, longitude_deg: float, length: int = 9) -> str:
    spans = [[-180.0, 180.0], [-90.0, 90.0]]
    bits = []
    for index in range(length * 5):
        span, value = spans[index % 2], (longitude_deg, latitude_deg)[index % 2]
        middle = sum(span) / 2
        bits.append(value >= middle)
        span[0 if value >= middle else 1] = middle
    return "".join(
        _BASE32[sum(bit << (4 - place) for place, bit in enumerate(bits[start : start + 5]))]
        for start in range(0, len(bits), 5)
    )
