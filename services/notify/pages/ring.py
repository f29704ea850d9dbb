"""Make the sound of a page without JavaScript: two soft tones and a silence, as a small WAV."""

import io
import math
import wave
from functools import cache
from typing import Final

RATE_HZ: Final = 8_000
TONES_HZ: Final = (660, 880)
TONE_S: Final = 0.4
SILENCE_S: Final = 0.7
LOUDNESS: Final = 90  #: of 127


@cache
def ring() -> bytes:
    """Return the sound, 8 bit, one channel."""
    samples = bytearray()
    for frequency in TONES_HZ:
        length = int(RATE_HZ * TONE_S)
        for number in range(length):
            swell = math.sin(math.pi * number / length)  # soft at both ends
            samples.append(128 + int(LOUDNESS * swell * math.sin(2 * math.pi * frequency * number / RATE_HZ)))
    samples += bytes([128]) * int(RATE_HZ * SILENCE_S)
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(RATE_HZ)
        sound.writeframes(bytes(samples))
    return file.getvalue()
