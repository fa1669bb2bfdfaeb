"""What we learned: sentences made from measured figures.

No figure and no verdict is typed here: each follows from the results. A sentence whose figures
were not measured is left out.
"""

from collections.abc import Iterator
from itertools import islice

from facelines.model.format import percent, points

_LEARNED = 0.1  # above the commonest label's share by so much, a training has learned something
_CHANCE = 0.05  # a p from which on a difference is called chance
COUNT = 10


def findings_of(results: dict) -> list[str]:
    """Return up to ten sentences, those that most depend on this benchmark first.

    They are about the networks that have learned something; of the others nothing follows.
    """
    enough = _majority(results) + _LEARNED
    rows = {
        row["network"]: row
        for row in results["contenders"]
        if "accuracy" in row and row["accuracy"] > enough
    }
    return list(islice(_sentences(rows, results), COUNT))


def _sentences(rows: dict, results: dict) -> Iterator[str]:
    sources = (
        _decisive_pair,
        _complement,
        _corruption,
        _identity,
        _jaw,
        _cross,
        _parts,
        _pixels_left,
        _collapse,
        _raters,
        _style,
        _hardest,
        _size,
        _size_of_network,
        _roll,
        _drawing_costs,
        _certainty,
        _calibration,
        _not_found,
        _chance,
    )
    for source in sources:
        if sentence := source(rows, results):
            yield sentence


def _decisive_pair(rows, results):
    if not {"landmark_cnn", "pixel_cnn"} <= set(rows):
        return None
    shape, pixel = (rows[name]["accuracy"] for name in ("landmark_cnn", "pixel_cnn"))
    majority = _majority(results)
    share = (shape - majority) / (pixel - majority)
    return (
        f"One network on the same faces reaches {percent(shape)} from drawings and "
        f"{percent(pixel)} from pixels: the drawing keeps {percent(share, 0)} of what the pixels "
        f"give over always saying the commonest label ({percent(majority)})."
    )


def _complement(rows, results):
    wanted = (("landmark", "pixel"), ("landmark_cnn", "pixel_cnn"))
    for pair in results["pairs"]:
        names = pair["first"], pair["second"]
        if names in wanted and set(names) <= set(rows):
            saved = pair["only_first"] / pair["n"]
            return (
                f"On {percent(saved)} of the images `{pair['first']}` is right where "
                f"`{pair['second']}` is wrong, and on {percent(pair['only_second'] / pair['n'])} "
                f"the other way round (McNemar p = {pair['p']:.2g})."
            )
    return None


def _identity(rows, results):
    for name, kinds in _measured(results["identity"]):
        drawing, pixels = kinds["drawing"], kinds["pixels"]
        return (
            f"Among {drawing['people']} people of {name} the nearest drawing from another film is "
            f"the same person's for {percent(drawing['found'])} of the faces, "
            f"{drawing['found'] / drawing['chance']:.0f} times chance; the nearest picture is for "
            f"{percent(pixels['found'])}."
        )
    return None


def _corruption(rows, results):
    found = results["corruptions"]
    pair = next(
        (
            pair
            for pair in (("landmark_cnn", "pixel_cnn"), ("landmark", "pixel"))
            if set(pair) <= set(found.get("clean", ())) & set(rows)
        ),
        None,
    )
    if pair is None:
        return None
    shape, pixel = pair
    worst = {
        name: [one["models"][model][-1] for model in pair] for name, one in found["kinds"].items()
    }
    wins = [name for name, (first, second) in worst.items() if first > second]
    losses = {
        model: max(worst, key=lambda name: found["clean"][model] - worst[name][index])
        for index, model in enumerate(pair)
    }
    which = f" ({', '.join(wins)})" if wins else ""
    return (
        f"At full strength the shape (`{shape}`) beats the pixels (`{pixel}`) under {len(wins)} of "
        f"{len(worst)} kinds of corruption{which} on {found['n']} faces; {losses[shape]} takes "
        f"most from the shape ({points(found['clean'][shape] - worst[losses[shape]][0])}), "
        f"{losses[pixel]} from the pixels "
        f"({points(found['clean'][pixel] - worst[losses[pixel]][1])})."
    )


def _parts(rows, results):
    models = results["parts"].get("models", {})
    known = set(models) & set(rows)
    name = next((name for name in ("landmark", "landmark_cnn", "points_mlp") if name in known), "")
    if not name:
        return None
    found = models[name]
    falls = {part: found["nothing"] - found[part] for part in found if part != "nothing"}
    order = sorted(falls, key=falls.get, reverse=True)
    listed = ", ".join(f"the {part} {100 * falls[part]:.1f}" for part in order[1:])
    return (
        f"Shown the {order[0]} of an average face in place of each face's own, `{name}` loses "
        f"{100 * falls[order[0]]:.1f} points of {percent(found['nothing'])}; with {listed}."
    )


def _variants(results) -> dict:
    """Return the drawing's variants by name; none where the trainings were too short to learn."""
    if "needs" in results["drawings"]:
        return {}
    found = {one["name"]: one for one in results["drawings"]["variants"] if "accuracy" in one}
    return found if found[_RECIPE]["accuracy"] > _majority(results) + _LEARNED else {}


def _majority(results) -> float:
    """Return the accuracy of always saying the commonest label."""
    data = results["data"]
    return max(one["test"] for one in data["classes"].values()) / data["test"]


def _chance_of(p: float) -> str:
    """Return a paired test's p in words, in brackets."""
    verdict = "chance explains it, " if p >= _CHANCE else ""
    return f" ({verdict}McNemar p = {p:.2g})"


_RECIPE, _SMALLER = "lines, 48 px (the recipe)", "smaller, room for the jaw"


def _jaw(rows, results):
    found = _variants(results)
    if "smaller, with the jaw" not in found:
        return None
    jaw, without = found["smaller, with the jaw"], found[_SMALLER]["accuracy"]
    gain = jaw["accuracy"] - without
    wanted = gain > 0 and jaw["p"] < _CHANCE
    return (
        f"The jaw {'costs' if gain < 0 else 'adds'} {points(gain)} to drawings of equal scale "
        f"({percent(without)} without it, {percent(jaw['accuracy'])} with it)"
        f"{_chance_of(jaw['p'])}: leaving it out "
        f"{'loses something' if wanted else 'loses nothing that was measured'}."
    )


def _style(rows, results):
    found = _variants(results)
    if "points" not in found:
        return None
    lines, dots = found[_RECIPE]["accuracy"], found["points"]["accuracy"]
    return (
        f"Lines do {'better' if lines > dots else 'worse'} than bare points by "
        f"{points(lines - dots)}, {percent(lines)} against {percent(dots)}"
        f"{_chance_of(found['points']['p'])}, though both are drawn from the same 51 coordinates."
    )


def _size(rows, results):
    found = _variants(results)
    if not {"32 px", "64 px"} <= set(found):
        return None
    small, middle, large = (found[name] for name in ("32 px", _RECIPE, "64 px"))
    rising = small["accuracy"] < middle["accuracy"] < large["accuracy"]
    sure = min(small["p"], large["p"]) < _CHANCE
    return (
        f"Drawn at 32, 48 and 64 pixels the same faces give {percent(small['accuracy'])}, "
        f"{percent(middle['accuracy'])} and {percent(large['accuracy'])} (McNemar against 48: "
        f"p = {small['p']:.2g} and {large['p']:.2g}): "
        + ("rounding to pixels is paid for." if rising and sure else "finer is not surely better.")
    )


def _roll(rows, results):
    found = _variants(results)
    if "roll as it is" not in found:
        return None
    level, tilted = found[_RECIPE]["accuracy"], found["roll as it is"]["accuracy"]
    return (
        f"Turning every head upright {'gains' if level > tilted else 'loses'} "
        f"{points(level - tilted)}{_chance_of(found['roll as it is']['p'])}, though half of the "
        f"test faces are within {results['data']['median_roll_degrees']:.1f} degrees of upright."
    )


def _cross(rows, results):
    for name, both in _measured(results["cross"]):
        models = both["source_to_target"]["models"]
        for first, second in (("landmark_cnn", "pixel_cnn"), ("landmark", "pixel")):
            if first in models and second in models and {first, second} <= set(rows):
                moved = [models[model]["accuracy"] for model in (first, second)]
                return (
                    f"On {name}, never seen in training, `{first}` scores {percent(moved[0])} and "
                    f"`{second}` {percent(moved[1])} "
                    f"({len(both['source_to_target']['labels'])} labels), from "
                    f"{percent(rows[first]['accuracy'])} and {percent(rows[second]['accuracy'])} "
                    f"at home ({len(results['labels'])} labels)."
                )
    return None


def _collapse(rows, results):
    measured = {row["network"]: row for row in results["contenders"] if "accuracy" in row}
    if not {"vgg19_plain", "vgg19"} <= set(measured):
        return None
    plain, mended = measured["vgg19_plain"], measured["vgg19"]
    before = results["collapse"]
    why = (
        ""
        if "needs" in before
        else (
            " (at random weights its features differ between faces by "
            f"{percent(before['vgg19_plain']['spread'])} of their size)"
        )
    )
    after = "" if not why else f" (there by {percent(before['vgg19']['spread'])})"
    return (
        f"VGG19 as published, trained for {_epochs(plain)}, says "
        f'"{plain["most_said"]["label"]}" to {percent(plain["most_said"]["share"])} of the faces '
        f"and so scores {percent(plain['accuracy'])}{why}; with batch normalisation, He's start "
        f"and the input range its weights expect it scores {percent(mended['accuracy'])} after "
        f"{_epochs(mended)}{after}."
    )


def _epochs(row: dict) -> str:
    return "1 epoch" if row["epochs"] == 1 else f"{row['epochs']} epochs"


def _raters(rows, results):
    best = max(
        (row for row in rows.values() if row.get("ferplus") and not row.get("learned_votes")),
        key=lambda row: row["ferplus"]["accuracy"] - row["accuracy"],
        default=None,
    )
    if best is None:
        return None
    gain = best["ferplus"]["accuracy"] - best["accuracy"]
    return (
        f"`{best['network']}` agrees with FER2013's labels on {percent(best['accuracy'])} but with "
        f"the majority of ten raters on {percent(best['ferplus']['accuracy'])} "
        f"({'+' if gain >= 0 else '-'}{points(gain)}), never having learned a vote; the two labels "
        f"agree on {percent(best['ferplus']['labels_agree'])} of the faces."
    )


def _hardest(rows, results):
    name = next((name for name in ("landmark", "landmark_cnn", "points_mlp") if name in rows), "")
    if not name:
        return None
    recalls = {label: one["recall"] for label, one in rows[name]["per_class"].items()}
    low, high = min(recalls, key=recalls.get), max(recalls, key=recalls.get)
    sentence = (
        f"Shape knows {high} ({percent(recalls[high], 0)} of its faces found by `{name}`) and "
        f"hardly {low} ({percent(recalls[low], 0)})"
    )
    twin = {"landmark": "pixel", "landmark_cnn": "pixel_cnn"}.get(name)
    if twin in rows:
        other = rows[twin]["per_class"]
        sentence += f"; `{twin}` finds {percent(other[low]['recall'], 0)} of {low}"
    return sentence + "."


def _drawing_costs(rows, results):
    mlp, cnn = rows.get("points_mlp", {}), rows.get("landmark_cnn", {})
    if not mlp.get("epochs") or not cnn.get("epochs"):  # released weights had another budget
        return None
    gap = mlp["accuracy"] - cnn["accuracy"]
    saying = "more" if gap > 0 else "less"
    return (
        f"A network of the 51 coordinates and no drawing scores {points(gap)} {saying} than the "
        f"drawing's CNN ({percent(mlp['accuracy'])} against {percent(cnn['accuracy'])}) with "
        f"1/{cnn['cost']['macs'] / mlp['cost']['macs']:.0f} of its multiplications."
    )


def _certainty(rows, results):
    name = next(
        (name for name in ("fused", "landmark", "landmark_cnn", "points_mlp") if name in rows), ""
    )
    if not name:
        return None
    half = next(one for one in rows[name]["by_share"] if one["coverage"] == 0.5)
    return (
        f"Let off the half of the faces it is least sure of, `{name}` is right on "
        f"{percent(half['accuracy'])} of the others, against {percent(rows[name]['accuracy'])} "
        "of all."
    )


def _calibration(rows, results):
    raw = [row for row in rows.values() if row.get("curve")]  # the released ones are calibrated
    if len(raw) < 2:
        return None
    best, worst = (choose(raw, key=lambda row: row["ece"]) for choose in (min, max))
    return (
        f"Of the networks trained here and not calibrated, `{worst['network']}` says least with "
        f"its confidence, off by {percent(worst['ece'])} on average, and `{best['network']}` most "
        f"({percent(best['ece'])})."
    )


def _pixels_left(rows, results):
    if not {"pixel", "fused"} <= set(rows):
        return None
    gain = rows["fused"]["accuracy"] - rows["pixel"]["accuracy"]
    return (
        f"Pixels and points together differ from pixels alone by {100 * gain:+.1f} points "
        f"(`fused` {percent(rows['fused']['accuracy'])}, `pixel` "
        f"{percent(rows['pixel']['accuracy'])})."
    )


def _not_found(rows, results):
    row = next((row for row in rows.values() if row.get("found_only")), None)
    if row is None:
        return None
    missed = results["data"]["test"] - row["found_only"]["n"]
    change = row["found_only"]["accuracy"] - row["accuracy"]
    return (
        f"No face is found in {missed} of {results['data']['test']} test images; leaving them out "
        f"changes the accuracy of `{row['network']}` by {100 * change:+.2f} points."
    )


def _size_of_network(rows, results):
    known = [row for row in rows.values() if row.get("cost")]
    if len(known) < 2:
        return None
    large = max(known, key=_work)
    cheaper = [
        row
        for row in known
        if row["accuracy"] >= large["accuracy"] and 2 * _work(row) < _work(large)
    ]
    if not cheaper:
        return None
    small = min(cheaper, key=_work)
    return (
        f"`{small['network']}` is at least as accurate ({percent(small['accuracy'])}) as "
        f"`{large['network']}` ({percent(large['accuracy'])}) with "
        f"1/{_work(large) / _work(small):.0f} of its multiplications."
    )


def _work(row: dict) -> int:
    """Return the multiplications of one face, all its views counted."""
    return row["cost"]["macs"] * row["cost"]["views"]


def _chance(rows, results):
    if not rows:
        return None
    row = max(rows.values(), key=lambda one: one["accuracy"])
    low, high = row["accuracy_interval"]
    return (
        f"{row['n']} test images leave {points(high - low)} between the ends of the best model's "
        f"95 % interval ({percent(low)} to {percent(high)}): smaller differences need the paired "
        "test."
    )


def _measured(section: dict) -> list[tuple[str, dict]]:
    return [] if "needs" in section else list(section.items())
