"""OUT's card: a README with the YAML by which Hugging Face's loaders and pages know the set."""

import json

import pyarrow as pa

from facelines.preprocessing import columns, layout, shards
from facelines.preprocessing.layout import Folder
from facelines.preprocessing.prepared import recipe_of, reference_of
from facelines.shape_predictor import LICENCE

_TERMS = {
    "fer2013": "FER2013 allows research use.",
    "icml": "FER2013 allows research use.",
    "ckplus": "CK+ allows non-commercial research under its agreement.",
    "rafdb": "RAF-DB allows non-commercial research under its agreement.",
}
_WHOSE = {"set": "the whole set", "subject": "the same person's other pictures"}
_OWN_TERMS = "The terms of the pictures that it was made from hold; faces are personal data."


def write(folder: Folder, manifest: dict) -> None:
    """Write _about/README.md, and its YAML as .huggingface.yaml, which loaders find in OUT."""
    front = yaml(manifest)
    folder.write(layout.HUGGING_FACE, front.encode())
    folder.write(layout.CARD, f"---\n{front}---\n{_text(manifest)}".encode())


def yaml(manifest: dict) -> str:
    """Return the card's YAML: configs, features, splits with their sizes."""
    splits = {
        name: {"rows": 0, "bytes": 0, "path": f"data/{name}-*.parquet"}
        for name in sorted(map(shards.split_name, manifest["summary"]["splits"]))
    }
    for split, rows in manifest["summary"]["splits"].items():
        splits[shards.split_name(split)]["rows"] += rows
        splits[shards.split_name(split)]["bytes"] += manifest["bytes"][split]
    total = sum(split["bytes"] for split in splits.values())
    lines = [
        f"pretty_name: {json.dumps(manifest['plan']['source'])}",
        "license: other",
        "license_name: as-the-source",
        "task_categories:",
        "- image-classification",
        "tags:",
        "- facial-expression",
        "- facial-landmarks",
        "configs:",
        "- config_name: default",
        "  data_files:",
    ]
    for name, split in splits.items():
        lines += [f"  - split: {name}", f"    path: {split['path']}"]
    lines += ["dataset_info:", "  config_name: default", "  features:"]
    for field in _schema(manifest):
        lines += _feature(field.name, field.type, manifest["labels"])
    lines += ["  splits:"]
    for name, split in splits.items():
        lines += [
            f"  - name: {name}",
            f"    num_bytes: {split['bytes']}",
            f"    num_examples: {split['rows']}",
        ]
    lines += [f"  download_size: {total}", f"  dataset_size: {total}"]
    return "\n".join(lines) + "\n"


def _schema(manifest: dict) -> pa.Schema:
    mesh = recipe_of(manifest).has_mesh
    return columns.schema(mesh=mesh, moved=reference_of(manifest) is not None)


def _feature(name: str, kind: pa.DataType, labels: list[str]) -> list[str]:
    if name == "label":
        names = (f"        '{place}': {json.dumps(label)}" for place, label in enumerate(labels))
        return ["  - name: label", "    dtype:", "      class_label:", "        names:"] + [
            f"  {line}" for line in names
        ]
    lines = [f"  - name: {name}"]
    if pa.types.is_struct(kind):
        return [*lines, "    dtype: image"]
    if pa.types.is_fixed_size_list(kind):
        lines.append(f"    length: {kind.list_size}")
    if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
        return [lines[0], f"    sequence: {columns.type_name(kind.value_type)}", *lines[1:]]
    return [*lines, f"    dtype: {columns.type_name(kind)}"]


def _text(manifest: dict) -> str:
    summary, plan = manifest["summary"], manifest["plan"]
    described = "\n".join(
        f"| `{field.name}` | {_name_of(field.type)} | {columns.MEANINGS[field.name]} |"
        for field in _schema(manifest)
    )
    splits = "\n".join(f"| {split} | {rows:,} |" for split, rows in summary["splits"].items())
    found = "\n".join(
        f"| {label} | {seen['found']:,} | {seen['fallback']:,} | {seen['failed']:,} |"
        for label, seen in summary["coverage"].items()
    )
    dealt = (
        f"\nThe source comes without a split: it was dealt by seed {plan['split_seed']}, people "
        "and look-alikes together (`_about/split.csv`).\n"
        if summary["dealt"]
        else ""
    )
    reference = reference_of(manifest)
    against = (
        "\nPoints and drawings are read against a reference, the mean face of "
        f"{_WHOSE[reference['by']]}, as `{reference['model']}` reads them (`moved` says how far). "
        "It is made of the faces of all splits, without their labels.\n"
        if reference
        else ""
    )
    return f"""
# {plan["source"]}: faces as landmarks

{summary["rows"]:,} faces of {summary["pictures"]:,} pictures, prepared by Facelines from
`{plan["source"]}` ({plan["format"]}), with {len(manifest["labels"])} labels:
{", ".join(manifest["labels"])}. A label says what a face was taken to show, not what someone felt.
{against}
| split | rows |
| --- | --- |
{splits}
{dealt}
| label | face detected | whole picture taken | failed |
| --- | --- | --- | --- |
{found}

## Columns

| column | type | meaning |
| --- | --- | --- |
{described}

## Terms

{_TERMS.get(plan["format"], _OWN_TERMS)}
dlib's landmark file, which found the points, was {LICENCE}.
Do not use it to decide about people at work, at school or at a border.
"""


def _name_of(kind: pa.DataType) -> str:
    if pa.types.is_struct(kind):
        return "image"
    if pa.types.is_fixed_size_list(kind):
        return f"{kind.list_size} x {columns.type_name(kind.value_type)}"
    if pa.types.is_list(kind):
        return f"list of {columns.type_name(kind.value_type)}"
    return columns.type_name(kind)
