"""What a model looks at, what it knows besides, and where it errs most. Pure: no I/O."""

import re
from collections.abc import Callable

import numpy as np

from facelines.model.sources import Arrays
from facelines.preprocessing.mesh import READ_LANDMARKS
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.points import GROUPS, POINTS

Answer = Callable[[Arrays], np.ndarray]  # arrays -> probabilities float32 (n, labels)

PARTS = {
    "brows": ("right_eyebrow", "left_eyebrow"),
    "eyes": ("right_eye", "left_eye"),
    "nose": ("nose",),
    "mouth": ("mouth", "inner_mouth"),
}
_PATCH, _STEP = 9, 3  # pixels: the square that hides a part of the picture, and its stride
_SEQUENCE = re.compile(r"S\d{3}_\d{3}")


def part_points(part: str, mean: np.ndarray) -> np.ndarray:
    """Return the indices of a part's points among the 51, or of its vertices among the mesh's.

    Args:
        mean: the mean face's points (51, 2) or vertices (151, 2): a vertex belongs to the part of
            the landmark that is nearest there.
    """
    chosen = np.concatenate([np.arange(POINTS)[GROUPS[name]] for name in PARTS[part]])
    if len(mean) == POINTS:
        return chosen
    apart = np.linalg.norm(mean[:, None] - mean[READ_LANDMARKS], axis=-1)
    return np.flatnonzero(np.isin(apart.argmin(axis=1), chosen))


def without_part(rows: Arrays, part: str, means: Arrays, pipeline: Pipeline) -> Arrays:
    """Return rows whose part says nothing: its points are put where the mean face has them.

    Putting them there, rather than nowhere, keeps the drawing one of a face; that a network has
    never seen a face without a mouth is not the question.

    Args:
        means: the training faces' mean of "points" (51, 2) and "vertices" (151, 2), as far as they
            are in `rows`, normalised.
    """
    changed = dict(rows)
    for name, mean in means.items():
        chosen = part_points(part, mean)
        changed[name] = rows[name].copy()
        changed[name][:, chosen] = mean[chosen]
    changed["image"] = np.array([pipeline.draw(face) for face in changed["points"]])
    return changed


def group_ablation(
    answer: Answer, rows: Arrays, truth: np.ndarray, means: Arrays, pipeline: Pipeline
) -> dict[str, float]:
    """Return the accuracy with all points ("nothing") and with each part left out."""
    found = {"nothing": _accuracy(answer(rows), truth)}
    for part in PARTS:
        found[part] = _accuracy(answer(without_part(rows, part, means, pipeline)), truth)
    return found


def _accuracy(probabilities: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean(probabilities.argmax(axis=1) == truth))


def occlusion_map(answer: Answer, rows: Arrays, truth: np.ndarray, name: str) -> np.ndarray:
    """Return how much the true label's probability falls where a square hides the picture.

    Occlusion sensitivity (Zeiler and Fergus 2014): it needs no gradient, so it treats every
    network and ONNX Runtime alike. A mean over faces shows no person.

    Args:
        name: of the input to hide: "pixels" (behind its own mean gray) or "image" (behind black).
        truth: (n,) indices of the labels.

    Returns:
        float64 (positions, positions): mean fall of the probability, -1 to 1.
    """
    pictures, each = rows[name], np.arange(len(truth))
    before = answer(rows)[each, truth]
    gray = pictures.mean(axis=(1, 2)).astype(np.uint8) if name == "pixels" else 0 * truth
    starts = range(0, pictures.shape[1] - _PATCH + 1, _STEP)
    found = np.zeros((len(starts), len(starts)))
    for row, top in enumerate(starts):
        for column, left in enumerate(starts):
            hidden = pictures.copy()
            hidden[:, top : top + _PATCH, left : left + _PATCH] = gray[:, None, None]
            after = answer({**rows, name: hidden})[each, truth]
            found[row, column] = np.mean(before - after)
    return found


def same_person_retrieval(vectors: np.ndarray, subjects: np.ndarray, sources: np.ndarray) -> dict:
    """Ask for each face which other is nearest, and whether it is of the same person.

    Frames of one film are nearly one picture, so a face's own film is left out of the search.
    Faces of people with one film are only in the way of the others.

    Args:
        vectors: float (n, d), compared by cosine after their mean is taken off.
        subjects, sources: str (n,); a source names its film as CK+ does, S###_###_...

    Returns:
        faces: asked for. people: among them. found: share whose nearest is the same person.
        chance: the same for a guess at random.
    """
    films = np.array([_SEQUENCE.search(source)[0] for source in sources])
    centred = vectors - vectors.mean(axis=0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True) + 1e-12
    likeness = centred @ centred.T
    allowed = films[:, None] != films[None]
    same = (subjects[:, None] == subjects[None]) & allowed
    asked = same.any(axis=1)
    nearest = np.where(allowed, likeness, -np.inf).argmax(axis=1)
    hits = subjects[nearest] == subjects
    return {
        "faces": int(asked.sum()),
        "people": len(set(subjects[asked])),
        "found": float(hits[asked].mean()),
        "chance": float((same.sum(axis=1) / allowed.sum(axis=1))[asked].mean()),
    }


def worst_mistakes(
    probabilities: np.ndarray, truth: np.ndarray, labels: tuple[str, ...], count: int = 12
) -> list[dict]:
    """Return {row, truth, said, confidence} of the surest wrong answers, surest first."""
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != truth)
    surest = wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")][:count]
    return [
        {
            "row": int(row),
            "truth": labels[truth[row]],
            "said": labels[int(probabilities[row].argmax())],
            "confidence": float(probabilities[row].max()),
        }
        for row in surest
    ]
