"""A moving picture from pictures of a window."""

from pathlib import Path

from PIL import Image

COLOURS = 256


def save_frames(frames: list[tuple[Path, float]], path: Path) -> None:
    """Write a GIF that shows each picture for its milliseconds, and starts over at its end.

    All frames share one palette, so that what stays the same is stored once and does not flicker.
    """
    pictures = [Image.open(source).convert("RGB") for source, _ in frames]
    width, height = pictures[0].size
    together = Image.new("RGB", (width, height * len(pictures)))
    for number, picture in enumerate(pictures):
        together.paste(picture, (0, number * height))
    palette = together.quantize(COLOURS, dither=Image.Dither.NONE)
    first, *others = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    durations = [round(milliseconds) for _, milliseconds in frames]
    first.save(path, save_all=True, append_images=others, duration=durations, loop=0)
