"""Drawn landscapes, so that a gallery in the documentation has something to show."""

import io

from PIL import Image, ImageDraw

# sky above and below, sun, hills from far to near
PALETTES = (
    ("#22345f", "#f2a65a", "#fff1c9", ("#8d5a72", "#5a3b63", "#2b2146")),
    ("#7cc4ee", "#e9f6fb", "#fffbe0", ("#9cc7a5", "#5fa27b", "#2f6f57")),
    ("#0b1430", "#3b4a86", "#f5f3ff", ("#33406f", "#232c55", "#121735")),
    ("#f7c9a8", "#fde9d3", "#ff9b71", ("#d9a08b", "#a8687a", "#5c3b58")),
    ("#9fd8d2", "#f4f0d8", "#ffd86b", ("#8fb9a3", "#4f8f8b", "#24566b")),
    ("#3a1c4a", "#c94f6d", "#ffd1a1", ("#7b3560", "#4d2350", "#241336")),
)
RIDGES = ((0.62, 0.05), (0.72, 0.08), (0.84, 0.06))


def scene(number: int, size: tuple[int, int] = (640, 480)) -> bytes:
    """A JPEG, another one for each number."""
    above, below, sun, hills = PALETTES[number % len(PALETTES)]
    width, height = size
    image = Image.linear_gradient("L").resize(size)
    sky = Image.composite(
        Image.new("RGB", size, below), Image.new("RGB", size, above), image
    )
    draw = ImageDraw.Draw(sky)
    radius = height // 12
    x, y = width * (2 + number % 4) // 7, height * (3 + number % 3) // 10
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=sun)
    for (base, swing), colour in zip(RIDGES, hills, strict=True):
        draw.polygon(ridge(size, base, swing, number), fill=colour)
    made = io.BytesIO()
    sky.save(made, "JPEG", quality=85)
    return made.getvalue()


def ridge(
    size: tuple[int, int], base: float, swing: float, number: int
) -> list[tuple[float, float]]:
    """A line of hills over the whole width, closed below."""
    width, height = size
    steps = 6
    line = []
    for step in range(steps + 1):
        lift = ((step * 37 + number * 53 + int(base * 100)) % 11 - 5) / 5
        line.append((width * step / steps, height * (base + swing * lift)))
    return [(0, height), *line, (width, height)]
