"""Our figures beside the published ones, and why where ours is lower. Pure: no I/O."""

from collections.abc import Iterator

from facelines.benchmark.schema import CKPLUS, FER2013
from facelines.model.format import percent, points

_MARGIN = 0.015  # below a published figure by more than this is explained


def comparisons(results: dict) -> list[dict]:
    """Return {network, claim, ours, gap, below, reasons} for each published figure.

    ours: the figures of our training, with at least accuracy, where and classes; None where it was
    not measured. gap: ours less theirs, as a share. below: whether by more than 1.5 points.
    reasons: each with its evidence, if below.
    """
    found = []
    for row in results["contenders"]:
        for claim in row["claims"]:
            ours = _ours(row, claim, results)
            gap = None if ours is None else ours["accuracy"] - claim["low"]
            below = gap is not None and gap < -_MARGIN
            found.append(
                {
                    "network": row["network"],
                    "claim": claim,
                    "ours": ours,
                    "gap": gap,
                    "below": below,
                    "reasons": list(_reasons(ours, claim, results["data"])) if below else [],
                }
            )
    return found


def published_accuracy(results: dict, network: str, data: str, classes: int) -> str:
    """Return what was published of a network on so many labels, in %; "" where nothing was."""
    claims = (
        f"{100 * claim['low']:.1f}"
        for row in results["contenders"]
        for claim in row["claims"]
        if (row["network"], claim["data"], claim["classes"]) == (network, data, classes)
    )
    return next(claims, "")


def _ours(row: dict, claim: dict, results: dict) -> dict | None:
    if claim["data"] == CKPLUS:
        for name, networks in results["folds"].items():
            if name != "needs" and row["network"] in networks:
                figures = networks[row["network"]]
                where = f"{name}, {len(figures['folds'])} folds of whole subjects"
                return {**figures, "where": where, "classes": 7}
        return None
    where = results["data"]["test_split"]
    trained = results["label_sets"].get(str(claim["classes"]), {}).get("trained", {})
    if row["network"] in trained:
        return {**trained[row["network"]], "where": where, "classes": claim["classes"]}
    if "accuracy" not in row or abs(claim["classes"] - len(results["labels"])) > 1:
        return None
    return {**row, "where": where, "classes": len(results["labels"])}


def _reasons(ours: dict, claim: dict, data: dict) -> Iterator[str]:
    trained, epochs = ours.get("training_accuracy"), ours.get("epochs")
    if trained is not None and trained >= claim["low"]:
        yield (
            f"on the faces it learned from, ours reaches {percent(trained)}: a figure between that "
            "and ours is what a split with some training images in it gives"
        )
    if epochs and claim["epochs"] and epochs < claim["epochs"]:
        yield f"ours had {epochs} epochs, theirs {claim['epochs']}"
    if ours.get("gain_of_last_quarter", 0) > 0.003:
        yield (
            f"ours was still rising: the last quarter of its epochs gained "
            f"{points(ours['gain_of_last_quarter'])}, so the budget ended it"
        )
    if fall := _late_fall(ours.get("loss", [])):
        yield (
            f"the loss of ours still fell by {fall:.2f} in the last quarter of its epochs, so the "
            "budget ended it"
        )
    if ours.get("faces") and ours["faces"] < data["train"]:
        yield f"ours saw {ours['faces']} of {data['train']} training faces (--quick)"
    if "scratch" in ours.get("start", ""):
        yield f"ours began {ours['start']}; theirs had ImageNet's weights"
    if data["leaked"] and claim["data"] == FER2013:
        worth = data["leaked"] / data["test"] * (1 - ours["accuracy"])
        yield (
            f"{data['leaked']} of the {data['test']} test images also stand in FER2013's training "
            f"split; ours never saw them, and knowing them by heart is worth up to {points(worth)}"
        )
    if claim["classes"] < ours["classes"]:
        yield f"theirs tells {claim['classes']} labels apart, ours {ours['classes']}"


def _late_fall(losses: list[float]) -> float:
    """Return by how much a training loss fell in the last quarter of its epochs, 0 if hardly."""
    if len(losses) < 4:
        return 0.0
    fall = losses[3 * len(losses) // 4 - 1] - losses[-1]
    return fall if fall > 0.05 else 0.0
