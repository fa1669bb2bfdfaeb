"""The columns of a prepared set: their types and what they mean, once for rows, card and schema."""

import json

import pyarrow as pa

from facelines.preprocessing.mesh import COUNT, READ
from facelines.preprocessing.points import POINTS

PICTURE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
_POINTS = pa.list_(pa.float32(), 2 * POINTS)
_VERTICES = pa.list_(pa.float32(), 2 * COUNT)
_MOVED = pa.list_(pa.float32(), 2 * (POINTS + len(READ)))
_TABLE = (
    ("image", PICTURE, "the drawing of the 51 landmarks: PNG, values 0 and 255"),
    ("pixels", PICTURE, "the gray crop of the face: PNG"),
    (
        "points",
        _POINTS,
        "the 51 landmarks (68 without the jaw), x and y in turn, in pixels of the picture",
    ),
    (
        "normalised",
        _POINTS,
        "the same upright in the drawing's unit square: 0 to 1, y downwards",
    ),
    (
        "mesh",
        _VERTICES,
        "the 478 vertices of MediaPipe's face mesh, x and y in turn, in pixels of the picture; "
        "null where the recipe leaves it out",
    ),
    ("label", pa.string(), "the class; null where the source says none"),
    ("split", pa.string(), "as the source has it, or as it was dealt"),
    (
        "votes",
        pa.list_(pa.uint8()),
        "FER+'s ten counts: neutral, happy, surprise, sad, angry, disgust, fear, contempt, "
        "unknown, not a face",
    ),
    (
        "source",
        pa.string(),
        "the file below the source's folder, or CSV:row, or video:frame, counted from 0",
    ),
    ("subject", pa.string(), "the person, where known"),
    ("weight", pa.float32(), "how much the picture counts in training, where a list says so"),
    (
        "sha256",
        pa.string(),
        "of the gray picture's `HEIGHTxWIDTH:` and bytes: equal for equal pictures",
    ),
    (
        "box",
        pa.list_(pa.float32(), 4),
        "the face: x_min, y_min, x_max, y_max in pixels of the picture, half-open",
    ),
    ("box_score", pa.float32(), "the detector's, 0 to 1"),
    (
        "found",
        pa.string(),
        "detected, or whole image where no face was found and the picture is one",
    ),
    ("quality", pa.float32(), "how far the landmarks are to be trusted, 0 to 1"),
    ("presence", pa.float32(), "the mesh's logit of there being a face; null without a mesh"),
    ("face_index", pa.int32(), "which face of its picture, from 0"),
    (
        "framing",
        pa.int32(),
        "0: the picture as it is; 1, 2 ...: reframed at random, for training",
    ),
    (
        "excluded",
        pa.bool_(),
        "not to be trained on: an equal picture stands in an evaluation split",
    ),
)
TYPES = {name: kind for name, kind, _ in _TABLE}
MEANINGS = {name: meaning for name, _, meaning in _TABLE} | {
    "moved": "how far the reference moved the 51 normalised landmarks, and then the 151 vertices "
    "that networks read: x and y in turn. It is in `normalised` and in the drawing already"
}
COORDINATES = tuple(name for name, kind in TYPES.items() if kind in (_POINTS, _VERTICES))


def schema(*, mesh: bool = True, moved: bool = False) -> pa.Schema:
    """Return the rows' schema, with the metadata by which Hugging Face shows the pictures.

    Args:
        mesh: whether the recipe has the mesh.
        moved: of a set whose faces are read against references.
    """
    types = TYPES | ({"moved": _MOVED} if moved else {})
    if not mesh:  # before pyarrow 26 a list of fixed size that is null cannot be read
        types |= {"mesh": pa.list_(pa.float32())}
    features = {name: _feature(kind) for name, kind in types.items()}
    metadata = json.dumps({"info": {"features": features}})
    return pa.schema(list(types.items()), metadata={"huggingface": metadata})


def _feature(kind: pa.DataType) -> dict:
    if kind == PICTURE:
        return {"_type": "Image"}
    if pa.types.is_fixed_size_list(kind):
        inner = _feature(kind.value_type)
        return {"feature": inner, "length": kind.list_size, "_type": "Sequence"}
    if pa.types.is_list(kind):
        return {"feature": _feature(kind.value_type), "_type": "Sequence"}
    return {"dtype": type_name(kind), "_type": "Value"}


def type_name(kind: pa.DataType) -> str:
    """Return a plain type's name as NumPy and Hugging Face have it."""
    return {"float": "float32", "double": "float64"}.get(str(kind), str(kind))
