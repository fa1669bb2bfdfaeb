"""Write what Facelines depends on: a table of licences, an SBOM, a lock file with hashes.

    python .ci/dependencies.py                      docs/dependencies.md and docs/sbom.json
    python .ci/dependencies.py --lock REPORT.json   requirements.lock, of pip's report:
    pip install --dry-run --ignore-installed --report REPORT.json -r requirements-dev.txt

The table and the SBOM (CycloneDX 1.6) hold the installed versions of what serving needs, and all
that it needs in turn; the lock holds the set that the tests run with, for Linux on x86-64.
"""

import argparse
import json
import re
from importlib import metadata
from pathlib import Path

import tomllib

ROOT = Path(__file__).parents[1]
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_MAX_LICENCE = 60  # characters; some packages put the whole text there


def main() -> None:
    """Write the files that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lock", type=Path, metavar="REPORT")
    arguments = parser.parse_args()
    if arguments.lock:
        (ROOT / "requirements.lock").write_text(lock(json.loads(arguments.lock.read_text())))
        return
    needed = closure(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"])
    (ROOT / "docs" / "dependencies.md").write_text(table(needed))
    (ROOT / "docs" / "sbom.json").write_text(json.dumps(sbom(needed), indent=1) + "\n")


def closure(project: dict) -> list[metadata.Distribution]:
    """Return the installed packages that serving needs, directly or not, by name."""
    waiting, found = [_NAME.match(line)[0] for line in project["dependencies"]], {}
    while waiting:
        package = metadata.distribution(waiting.pop())
        if package.name.lower() not in found:
            found[package.name.lower()] = package
            lines = (line for line in package.requires or () if _applies(line))
            waiting += [_NAME.match(line)[0] for line in lines]
    return [found[name] for name in sorted(found)]


def _applies(requirement: str) -> bool:
    """Tell whether a requirement is for every install on Linux: of no extra, no other system."""
    _, _, marker = requirement.partition(";")
    return not re.search(r"extra|win32|Windows|Darwin|python_version *<|PyPy", marker)


def licence(package: metadata.Distribution) -> str:
    """Return a package's licence as its metadata names it."""
    fields = package.metadata
    named = fields.get("License-Expression") or fields.get("License") or ""
    if not named or len(named) > _MAX_LICENCE or "\n" in named:
        classifiers = fields.get_all("Classifier") or []
        kinds = [line.rpartition(" :: ")[2] for line in classifiers if line.startswith("License")]
        named = ", ".join(kinds) or "not named"
    return named


def table(packages: list[metadata.Distribution]) -> str:
    """Return docs/dependencies.md."""
    rows = [f"| {one.name} | {one.version} | {licence(one)} |" for one in packages]
    head = (
        "# What the serving install depends on\n\n"
        "Made by `python .ci/dependencies.py`; the same as CycloneDX is `sbom.json`. dlib's\n"
        "landmark file, which comes with face_recognition_models, excludes commercial use.\n\n"
        "| package | version | licence |\n| --- | --- | --- |\n"
    )
    return head + "\n".join(rows) + "\n"


def sbom(packages: list[metadata.Distribution]) -> dict:
    """Return a CycloneDX document."""
    components = [
        {
            "type": "library",
            "name": one.name,
            "version": one.version,
            "purl": f"pkg:pypi/{one.name.lower().replace('_', '-')}@{one.version}",
            "licenses": [{"license": {"name": licence(one)}}],
        }
        for one in packages
    ]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "facelines"}},
        "components": components,
    }


def lock(report: dict) -> str:
    """Return requirements.lock of a report of pip's: exact versions with their files' hashes."""
    lines = []
    for item in report["install"]:
        found, archive = item["metadata"], item["download_info"].get("archive_info", {})
        if digest := archive.get("hashes", {}).get("sha256"):
            lines.append(f"{found['name']}=={found['version']} --hash=sha256:{digest}")
    head = (
        "# The set that the tests run with: Linux on x86-64. Made by .ci/dependencies.py --lock.\n"
    )
    return head + "\n".join(sorted(lines, key=str.lower)) + "\n"


if __name__ == "__main__":
    main()
