"""Draw predictions on a copy of a picture or a video."""

import cv2
import numpy as np

from facelines.model.recognizer import UNCERTAIN, UNREADABLE, Prediction

# Okabe and Ito's palette, told apart by colour-blind people, as on the page (static/base.css).
PALETTE = {
    "angry": "#d55e00",
    "disgust": "#8a7d00",
    "fear": "#cc79a7",
    "happy": "#e69f00",
    "neutral": "#56b4e9",
    "sad": "#0072b2",
    "surprise": "#009e73",
}
_OTHERS = {UNCERTAIN: "#a0a0a0", UNREADABLE: "#6e6e6e"}
_AS_FAR_FROM_BOTH = 0.18  # luminance that contrasts alike with black and white
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def annotate(picture: np.ndarray, predictions: list[Prediction]) -> np.ndarray:
    """Return a copy with each face's box, points, label and probability.

    Args:
        picture: uint8 (H, W, 3) BGR.
    """
    drawn = picture.copy()
    for prediction in predictions:
        _draw_face(drawn, prediction)
    return drawn


def _draw_face(picture: np.ndarray, prediction: Prediction) -> None:
    box = prediction.face.box
    # Sizes follow the face but stay readable on small pictures.
    unit = max(box.width / 120, 0.35)
    colour = _colour(prediction)
    thickness = max(1, round(1.5 * unit))
    corner = (round(box.x_min), round(box.y_min))
    cv2.rectangle(picture, corner, (round(box.x_max), round(box.y_max)), colour, thickness)
    _label(picture, _text(prediction), corner, colour, unit)
    if prediction.emotion == UNREADABLE:
        return  # its points are wrong
    for x, y in prediction.face.points:
        radius = max(1, round(1.2 * unit))
        cv2.circle(picture, (round(float(x)), round(float(y))), radius, colour, -1, cv2.LINE_AA)


def _text(prediction: Prediction) -> str:
    if prediction.emotion == UNREADABLE:
        return "cannot read this face"
    percent = f"{100 * prediction.confidence:.0f}%"
    if prediction.emotion == UNCERTAIN:
        return f"{prediction.best} {percent}?"
    return f"{prediction.emotion} {percent}"


def _colour(prediction: Prediction) -> tuple[int, int, int]:
    """Return an emotion's colour, BGR; labels of one's own take the palette in turn."""
    known = PALETTE | _OTHERS
    if prediction.emotion not in known:
        place = prediction.labels.index(prediction.emotion)
        known = {prediction.emotion: list(PALETTE.values())[place % len(PALETTE)]}
    red, green, blue = bytes.fromhex(known[prediction.emotion][1:])
    return blue, green, red


def _label(picture, text: str, corner: tuple[int, int], colour, unit: float) -> None:
    scale, thickness = min(0.55 * unit, 1.6), max(1, round(unit))
    (width, height), baseline = cv2.getTextSize(text, _FONT, scale, thickness)
    left = int(np.clip(corner[0], 0, max(0, picture.shape[1] - width)))
    bottom = corner[1] - baseline
    if bottom < height:  # no room above the face: inside it
        bottom = min(max(corner[1], 0) + height + baseline, picture.shape[0] - baseline)
    cv2.rectangle(
        picture,
        (left, bottom - height - baseline // 2),
        (left + width, bottom + baseline),
        colour,
        -1,
    )
    cv2.putText(picture, text, (left, bottom), _FONT, scale, _ink(colour), thickness, cv2.LINE_AA)


def _ink(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return black or white, whichever contrasts more with a colour, BGR (WCAG's luminance)."""
    luminance = np.dot((0.0722, 0.7152, 0.2126), (np.array(colour) / 255) ** 2.2)
    return (0, 0, 0) if luminance > _AS_FAR_FROM_BOTH else (255, 255, 255)
