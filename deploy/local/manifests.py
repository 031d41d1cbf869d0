"""The Kubernetes manifests: rendered as a cluster would get them, and held to its schemas."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml

from deploy.local.parts import KUSTOMIZE, install_command, kustomize_command
from deploy.local.state import REPOSITORY

KUBERNETES = "1.37"
FOLDER = REPOSITORY / "deploy" / "k8s"


class NotRendered(Exception):
    """kustomize refused a folder; the message is its own."""


def kustomizations() -> list[Path]:
    """Return the folders that a cluster may be given: base and every overlay."""
    found = [path.parent for path in FOLDER.rglob("kustomization.yaml")]
    return sorted(folder for folder in found if "components" not in folder.parts)


def render(folder: Path, command: list[str]) -> list[dict[str, Any]]:
    """Return the manifests of a kustomization.

    Raises:
        NotRendered: it cannot be rendered.
    """
    told = subprocess.run([*command, str(folder)], capture_output=True, text=True, check=False)
    if told.returncode:
        raise NotRendered(f"{folder.relative_to(REPOSITORY)}: {told.stderr.strip()}")
    return [manifest for manifest in yaml.safe_load_all(told.stdout) if manifest]


def problems(manifests: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what the schemas of Kubernetes say against the manifests, unknown fields included."""
    for manifest in manifests:
        name = f"{manifest.get('kind')}/{manifest.get('metadata', {}).get('name')}"
        try:
            kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
        except (
            kubernetes_validate.ValidationError,
            kubernetes_validate.SchemaNotFoundError,
        ) as wrong:
            yield f"{name}: {wrong.message}"


def main() -> int:
    """Check every kustomization; return 1 if something is wrong, each on a line of its own."""
    command = kustomize_command()
    if command is None:
        print(f"missing: {KUSTOMIZE.name}; {install_command([KUSTOMIZE])}")
        return int(os.environ.get("CI", "") not in ("", "0", "false"))
    wrong: list[str] = []
    for folder in kustomizations():
        try:
            manifests = render(folder, command)
            wrong += problems(manifests)
            print(f"{folder.relative_to(REPOSITORY)}: {len(manifests)} manifests")
        except NotRendered as refusal:
            wrong.append(str(refusal))
    for problem in wrong:
        print(problem)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
