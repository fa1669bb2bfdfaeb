"""The first look: a sample photo through the pipeline and the shipped model on real geometry."""

import shutil
from pathlib import Path

from facelines.commands.preprocess import table_text
from facelines.model.evaluate import score
from facelines.model.format import figures_text
from facelines.model.predict_files import Options, predict_paths
from facelines.model.recognizer import Recognizer
from facelines.preprocessing import fer2013_landmarks, layout, plan
from facelines.preprocessing.images import SAMPLE_PHOTO
from facelines.preprocessing.prepare import preprocess

PHOTO = SAMPLE_PHOTO


def demonstrate(out: Path, model: str = "landmark") -> None:
    """Preprocess and predict the astronaut photo, evaluate a model on the embedded set, print all.

    The photo is NASA's portrait of Eileen Collins, public domain.
    """
    out.mkdir(parents=True, exist_ok=True)
    photo, copies = out / PHOTO.name, out / "annotated"
    shutil.rmtree(copies, ignore_errors=True)  # an earlier demo's; nothing is ever overwritten
    shutil.copyfile(PHOTO, photo)
    print("1. A photo becomes a landmark drawing\n")
    print(table_text(preprocess(photo, out / "prepared", plan.Options(overwrite=True))))
    print("\n2. The model reads it\n")
    for row in predict_paths(Recognizer.load(model), [photo], Options(annotated=copies)):
        values = sorted((row.probabilities or {}).items(), key=lambda item: -item[1])
        print("  ".join(f"{label} {100 * value:.1f} %" for label, value in values) or row.error)
    print("\n3. The same model on FER2013's PublicTest, from the embedded landmarks\n")
    print(figures_text(score(model, fer2013_landmarks.NAME, split="PublicTest"), model))
    sheet = out / "prepared" / layout.CONTACT_SHEET
    print(f"\nPictures: {sheet}, {copies / photo.stem}.png")
