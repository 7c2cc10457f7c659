"""Pictures made up from a name: the same name, the same pixels; another, others.

A name says all about its picture or film, so that nothing needs to be kept.
"""

import hashlib
import io
import re
import uuid
from functools import lru_cache

from PIL import Image

from gateway.sandbox.breaking import FAULTS

SIGN = "5eed"  # so begins every name given out here
RATIOS = {
    "2:3": (256, 384),
    "3:2": (384, 256),
    "1:1": (256, 256),
    "9:16": (216, 384),
    "16:9": (384, 216),
    "4:3": (384, 288),
    "3:4": (288, 384),
    "2:1": (384, 192),
    "1:2": (192, 384),
    "19.5:9": (390, 180),
    "9:19.5": (180, 390),
    "20:9": (400, 180),
    "9:20": (180, 400),
}
FAULTY = f"{SIGN}fa17fa17"
FAULTY_NAME = re.compile(rf"{FAULTY}([0-9a-f]{{2}})")
GRID = 8
STILL = "00"  # seconds of a picture
COLOUR_BYTES = GRID * GRID * 3


def name(seed: str, ratio: str = "1:1", seconds: int = 0) -> str:
    """A UUID that tells what it is of: a picture, or a film of some seconds."""
    known = list(RATIOS)
    shape = known.index(ratio) if ratio in RATIOS else 0
    digest = hashlib.sha256(seed.encode("utf-8", "replace")).hexdigest()
    return str(uuid.UUID(f"{SIGN}{digest[:24]}{seconds:02x}{shape:02x}"))


def faulty(identity: str, fault: str) -> str:
    """The name of something whose bytes come in this way, and not as they should."""
    digits = identity.replace("-", "")
    number = f"{FAULTS.index(fault):02x}"
    return str(uuid.UUID(f"{FAULTY}{number}{digits[len(FAULTY) + 2 :]}"))


def fault_of(path: str) -> str:
    """What is wrong with the thing at this address; empty if nothing is."""
    found = FAULTY_NAME.search(path.replace("-", ""))
    return FAULTS[int(found[1], 16) % len(FAULTS)] if found else ""


def is_ours(identity: str) -> bool:
    return identity.startswith(SIGN) and len(identity) == 36


def seconds_of(identity: str) -> int:
    """0 for a picture."""
    return int(identity.replace("-", "")[28:30], 16) if is_ours(identity) else 0


def size_of(identity: str) -> tuple[int, int]:
    """A name from elsewhere is of something square."""
    if not is_ours(identity):
        return RATIOS["1:1"]
    shapes = list(RATIOS.values())
    return shapes[int(identity[-2:], 16) % len(shapes)]


@lru_cache(maxsize=256)
def jpeg(identity: str) -> bytes:
    return saved(painted(identity, GRID, size_of(identity)), "JPEG")


@lru_cache(maxsize=256)
def png(identity: str) -> bytes:
    """A preview: the same in fewer colours."""
    return saved(painted(identity, GRID // 2, size_of(identity)), "PNG")


def painted(seed: str, grid: int, size: tuple[int, int]) -> Image.Image:
    colours = hashlib.shake_256(seed.encode()).digest(COLOUR_BYTES)
    small = Image.frombytes("RGB", (GRID, GRID), colours)
    if grid != GRID:
        small = small.resize((grid, grid), Image.Resampling.BOX)
    return small.resize(size, Image.Resampling.NEAREST)


def saved(image: Image.Image, form: str) -> bytes:
    file = io.BytesIO()
    image.save(file, form)
    return file.getvalue()
