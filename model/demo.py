"""The first look: a sample photo through the pipeline and the shipped model on real geometry."""

import shutil
from pathlib import Path

import cv2
from skimage import data

from model import embedded
from model.predict import predict_paths
from model.recognizer import Recognizer
from model.report_text import figures_text
from model.scoring import score
from preprocessing.preprocess import preprocess, table_text


def demonstrate(out: Path, model: str = "landmark") -> None:
    """Preprocess and predict the astronaut photo, evaluate a model on the embedded set, print all.

    The photo is NASA's portrait of Eileen Collins, public domain, from scikit-image.
    """
    out.mkdir(parents=True, exist_ok=True)
    photo, copies = out / "astronaut.png", out / "annotated"
    shutil.rmtree(copies, ignore_errors=True)  # an earlier demo's; nothing is ever overwritten
    cv2.imwrite(str(photo), data.astronaut()[..., ::-1])
    print("1. A photo becomes a landmark drawing\n")
    print(table_text(preprocess(photo, out / "prepared", overwrite=True)))
    print("\n2. The model reads it\n")
    for row in predict_paths(Recognizer.load(model), [photo], copies):
        values = sorted((row.probabilities or {}).items(), key=lambda item: -item[1])
        print("  ".join(f"{label} {100 * value:.1f} %" for label, value in values) or row.error)
    print("\n3. The same model on FER2013's PublicTest, from the embedded landmarks\n")
    print(figures_text(score(model, embedded.NAME, split="PublicTest"), model))
    print(f"\nPictures: {out / 'prepared' / 'contact_sheet.png'}, {copies / photo.name}")
