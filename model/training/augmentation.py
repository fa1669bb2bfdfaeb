"""Change points and pixels at random before a network sees them, every draw from one rng."""

from dataclasses import dataclass

import cv2
import numpy as np

from facelines.model.inputs import mirror_points
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.render import EYES


@dataclass(frozen=True)
class Augmentation:
    """How much is changed; angles in degrees, lengths in units of the picture's side.

    mirror: probability. rotation, scale, shift, jitter: standard deviations (jitter moves each
    point by itself, as dlib's own noise does). aspect, pixel_aspect: of the logarithm of height
    over width. yaw: of a head turn, applied to the points as if
    the nose stood out of a flat face. pixel_shift: largest shift of the pixels, in pixels.
    contrast, brightness: standard deviations. erase: probability that a rectangle of pixels is
    replaced by noise (Zhong et al. 2020).
    """

    mirror: float = 0.5
    rotation: float = 4.0
    scale: float = 0.05
    shift: float = 0.01
    jitter: float = 0.006
    yaw: float = 0.0
    aspect: float = 0.0
    pixel_rotation: float = 7.0
    pixel_scale: float = 0.08
    pixel_aspect: float = 0.0
    pixel_shift: float = 4.0
    contrast: float = 0.2
    brightness: float = 0.1
    erase: float = 0.3


UNCHANGED = Augmentation(
    mirror=0,
    rotation=0,
    scale=0,
    shift=0,
    jitter=0,
    pixel_rotation=0,
    pixel_scale=0,
    pixel_shift=0,
    contrast=0,
    brightness=0,
    erase=0,
)


def augment(
    batch: dict[str, np.ndarray],
    settings: Augmentation,
    pipeline: Pipeline,
    rng: np.random.Generator,
    names: tuple[str, ...],
) -> dict[str, np.ndarray]:
    """Return the inputs `names` of a batch changed at random; drawings are drawn anew.

    Args:
        batch: as from `model.inputs.of_faces`.
        names: of the inputs that the network takes.
    """
    flip = rng.random(len(batch["points"])) < settings.mirror
    changed = {}
    if names != ("pixels",):
        sources = [name for name in ("points", "vertices") if name in batch]
        sources = [name for name in sources if name == "points" or name in names]
        points = [
            np.where(flip[:, None, None], mirror_points(batch[name]), batch[name])
            for name in sources
        ]
        # Moved as one: all sources look at the same face, each with its own jitter.
        moved = _move_points(np.concatenate(points, axis=1), settings, rng)
        ends = np.cumsum([some.shape[1] for some in points])[:-1]
        changed = dict(zip(sources, np.split(moved, ends, axis=1), strict=True))
    if "image" in names:
        changed["image"] = np.array([pipeline.draw(face) for face in changed["points"]])
    if "pixels" in names:
        pixels = np.where(flip[:, None, None], batch["pixels"][:, :, ::-1], batch["pixels"])
        changed["pixels"] = np.array([_change_pixels(face, settings, rng) for face in pixels])
    return {name: changed[name] for name in names}


def _move_points(
    points: np.ndarray, settings: Augmentation, rng: np.random.Generator
) -> np.ndarray:
    count = len(points)
    angle = np.radians(rng.normal(0, settings.rotation, count))
    size = np.exp(rng.normal(0, settings.scale, count))
    cosine, sine = size * np.cos(angle), size * np.sin(angle)
    turn = np.stack([np.stack([cosine, sine], -1), np.stack([-sine, cosine], -1)], axis=1)
    centred = points - EYES
    if settings.aspect:
        centred = centred * _stretch(rng.normal(0, settings.aspect, count))
    if settings.yaw:
        centred = _yaw(centred, np.radians(rng.normal(0, settings.yaw, count)))
    moved = centred @ turn + EYES + rng.normal(0, settings.shift, (count, 1, 2))
    return (moved + rng.normal(0, settings.jitter, points.shape)).astype(np.float32)


def _stretch(aspect: np.ndarray) -> np.ndarray:
    """Return the factors of x and y (n, 1, 2) that change height over width by exp(aspect)."""
    return np.exp(np.stack([-aspect / 2, aspect / 2], axis=-1))[:, None]


def _yaw(centred: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Turn faces by an angle (n,), with the depth of a cylinder two eye distances wide."""
    x = centred[..., 0]
    depth = np.sqrt(np.clip(0.16 - x**2, 0, None))
    turned = x * np.cos(angle)[:, None] + depth * np.sin(angle)[:, None]
    turned -= 0.3 * np.sin(angle)[:, None]  # keep the eyes about where they were
    return np.stack([turned, centred[..., 1]], axis=-1)


def _change_pixels(
    pixels: np.ndarray, settings: Augmentation, rng: np.random.Generator
) -> np.ndarray:
    side = pixels.shape[0]
    middle = (side - 1) / 2
    transform = cv2.getRotationMatrix2D(
        (middle, middle),
        rng.normal(0, settings.pixel_rotation),
        np.exp(rng.normal(0, settings.pixel_scale)),
    )
    if settings.pixel_aspect:
        # Columns of the linear part: the picture is stretched before it is turned.
        linear = transform[:, :2] * _stretch(rng.normal(0, settings.pixel_aspect, 1))[0]
        transform[:, 2] += (transform[:, :2] - linear) @ (middle, middle)
        transform[:, :2] = linear
    transform[:, 2] += rng.uniform(-settings.pixel_shift, settings.pixel_shift, 2)
    changed = cv2.warpAffine(
        pixels, transform, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    gain = np.exp(rng.normal(0, settings.contrast))
    mean = changed.mean()
    offset = mean * (1 - gain) + 255 * rng.normal(0, settings.brightness)
    changed = cv2.convertScaleAbs(np.maximum(changed * gain + offset, 0))
    if rng.random() < settings.erase:
        height, width = rng.integers(side // 8, side // 2, 2)
        top, left = rng.integers(0, side - height), rng.integers(0, side - width)
        noise = rng.integers(0, 256, (height, width), dtype=np.uint8)
        changed[top : top + height, left : left + width] = noise
    return changed
