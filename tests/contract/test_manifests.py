"""The Kubernetes manifests agree with the services that they describe."""

import importlib
import os
from collections.abc import Iterator
from typing import Any

import pytest

from contact_runtime.settings import ServiceSettings
from deploy.local.manifests import FOLDER, problems, render
from deploy.local.parts import kustomize_command
from deploy.local.settings import PACKAGES, PROCESSES, WITHOUT_DATABASE

Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def manifests() -> list[Manifest]:
    command = kustomize_command()
    if command is None:
        assert not os.environ.get("CI"), "kubectl or kustomize is missing"
        pytest.skip("kubectl or kustomize is missing")
    return render(FOLDER / "base", command)


def of_kind(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    return {one["metadata"]["name"]: one for one in manifests if one["kind"] == kind}


def pod_of(manifests: list[Manifest], service: str) -> Manifest:
    pod: Manifest = of_kind(manifests, "Deployment")[service]["spec"]["template"]["spec"]
    return pod


def containers(pod: Manifest) -> Iterator[Manifest]:
    yield from pod.get("initContainers", [])
    yield from pod["containers"]


def told(manifests: list[Manifest], container: Manifest) -> dict[str, str]:
    """Return the environment of a container; what comes from a secret is "secret"."""
    maps = of_kind(manifests, "ConfigMap")
    found: dict[str, str] = {}
    for source in container["envFrom"]:
        found |= maps[source["configMapRef"]["name"]].get("data") or {}
    return found | {one["name"]: one.get("value", "secret") for one in container.get("env", [])}


def settings_of(service: str) -> type[ServiceSettings]:
    module = importlib.import_module(f"{PACKAGES[service]}.settings")
    found = [
        one
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, ServiceSettings)
    ]
    return max(found, key=lambda one: len(one.__mro__))


def test_there_is_one_deployment_and_one_service_for_each_process(
    manifests: list[Manifest],
) -> None:
    assert set(of_kind(manifests, "Deployment")) == set(PROCESSES)
    assert set(of_kind(manifests, "Service")) == set(PROCESSES)


@pytest.mark.parametrize("service", PROCESSES)
def test_every_setting_in_the_manifests_is_one_that_the_service_reads(
    manifests: list[Manifest], service: str
) -> None:
    known = {name.upper() for name in settings_of(service).model_fields}
    for container in containers(pod_of(manifests, service)):
        assert set(told(manifests, container)) - known == set()


@pytest.mark.parametrize("service", PROCESSES)
def test_every_setting_without_a_default_is_given(manifests: list[Manifest], service: str) -> None:
    fields = settings_of(service).model_fields
    needed = {name.upper() for name, one in fields.items() if one.is_required()}
    needed |= set() if service in WITHOUT_DATABASE else {"DATABASE_URL"}
    for container in containers(pod_of(manifests, service)):
        assert needed - set(told(manifests, container)) == set()


@pytest.mark.parametrize("service", PROCESSES)
def test_probes_services_and_settings_agree_on_the_ports(
    manifests: list[Manifest], service: str
) -> None:
    (container,) = pod_of(manifests, service)["containers"]
    ports = {one["name"]: one["containerPort"] for one in container["ports"]}
    environment = told(manifests, container)
    assert ports == {
        "http": int(environment["HTTP_PORT"]),
        "ops": int(environment["OPS_PORT"]),
    }
    probes = {name: container[name]["httpGet"] for name in container if name.endswith("Probe")}
    assert probes == {
        "startupProbe": {"path": "/startupz", "port": "ops"},
        "readinessProbe": {"path": "/readyz", "port": "ops"},
        "livenessProbe": {"path": "/livez", "port": "ops"},
    }
    offered = of_kind(manifests, "Service")[service]["spec"]
    assert {one["targetPort"] for one in offered["ports"]} == set(ports)
    pod_labels = of_kind(manifests, "Deployment")[service]["spec"]["template"]["metadata"]["labels"]
    assert offered["selector"].items() <= pod_labels.items()


@pytest.mark.parametrize("service", PROCESSES)
def test_every_container_is_restricted_and_bounded(manifests: list[Manifest], service: str) -> None:
    pod = pod_of(manifests, service)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    for container in containers(pod):
        limits = container["securityContext"]
        assert limits["allowPrivilegeEscalation"] is False
        assert limits["readOnlyRootFilesystem"] is True
        assert limits["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["requests"].keys() >= {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("service", PROCESSES)
def test_every_service_with_a_database_migrates_before_it_starts(
    manifests: list[Manifest], service: str
) -> None:
    started = [one["args"] for one in pod_of(manifests, service).get("initContainers", [])]
    assert started == ([] if service in WITHOUT_DATABASE else [["migrate"]])


@pytest.mark.parametrize("service", PROCESSES)
def test_every_volume_that_is_mounted_is_there(manifests: list[Manifest], service: str) -> None:
    pod = pod_of(manifests, service)
    volumes = {one["name"] for one in pod["volumes"]}
    for container in containers(pod):
        assert {one["name"] for one in container["volumeMounts"]} <= volumes


def test_no_manifest_says_what_kubernetes_does_not_know(manifests: list[Manifest]) -> None:
    assert list(problems(manifests)) == []


def test_a_field_that_kubernetes_does_not_know_is_found(manifests: list[Manifest]) -> None:
    deployment = of_kind(manifests, "Deployment")["router"]
    planted = {**deployment, "spec": {**deployment["spec"], "replica": 3}}
    (problem,) = problems([planted])
    assert problem.startswith("Deployment/router: ")
    assert "replica" in problem
