"""What makes this folder a Blender extension, and its set-up one that works on any machine."""

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

import seig_addon

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "seig_addon").rglob("*.py"))
LOCKS = sorted((ROOT / "locks").glob("*.txt"))

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
# The only modules that may import bpy, because they run nowhere but inside a Blender.
IN_BLENDER = re.compile(PYPROJECT["tool"]["mypy"]["exclude"])

# Run outside the checkout. Imports the extension under a name as Blender gives it, so that an import
# that is not relative fails, and so does one of Blender's modules.
IMPORT_ALL = """
import importlib, importlib.util, sys

class NoBlender:
    def find_spec(self, name, path=None, target=None):
        if name in {"bpy", "bmesh", "mathutils", "gpu", "imbuf", "bpy_extras"}:
            raise ImportError(f"{name} is not there")

sys.meta_path.insert(0, NoBlender())
root, *names = sys.argv[1:]
spec = importlib.util.spec_from_file_location("seig", root + "/__init__.py")
sys.modules["seig"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["seig"])
for name in names:
    importlib.import_module("seig." + name)
"""


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def blender_ext(*arguments: str) -> subprocess.CompletedProcess:
    """Run Blender's own tool for extensions, which needs no running Blender."""
    (cli,) = Path(find_spec("bpy").origin).parent.glob("*/scripts/addons_core/bl_pkg/cli/blender_ext.py")
    return subprocess.run([sys.executable, cli, *arguments], cwd=ROOT, capture_output=True, text=True)


def project_files() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_blender_finds_the_manifest_valid():
    result = blender_ext("validate", str(ROOT))
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_extension_zip_holds_the_addon_and_nothing_for_development(tmp_path):
    result = blender_ext("build", "--source-dir", str(ROOT), "--output-dir", str(tmp_path))
    assert result.returncode == 0, result.stdout + result.stderr
    (built,) = tmp_path.glob("*.zip")
    names = zipfile.ZipFile(built).namelist()
    wanted = {"__init__.py", "blender_manifest.toml", "LICENSE", "README.md", "prompts", "seig_addon"}
    assert set(names) == {
        path.relative_to(ROOT).as_posix() for path in project_files() if path.relative_to(ROOT).parts[0] in wanted
    }


def test_only_modules_for_inside_blender_import_bpy(tmp_path):
    paths = [path for path in MODULES if not IN_BLENDER.match(path.relative_to(ROOT).as_posix())]
    # The first runs when imported; wire/ belongs to a process of its own, and imports litellm.
    paths = [path for path in paths if path.name != "__main__.py" and path.parent.name != "wire"]
    names = [module_name(path) for path in paths]
    assert {"seig_addon", "seig_addon.engine", "seig_addon.models", "seig_addon.studio.client"} <= set(names)
    result = subprocess.run(
        [sys.executable, "-I", "-c", IMPORT_ALL, str(ROOT), *names],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr


def test_only_the_asking_process_imports_litellm():
    imported = {
        path.relative_to(ROOT).as_posix()
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in _imported(node)
        if name.split(".")[0] == "litellm"
    }
    assert imported
    assert all(name.startswith("seig_addon/models/remote/wire/") for name in imported)


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [] if node.level else [node.module]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


# The bootstrap is a script of its own process, where the package goes by its plain name.
@pytest.mark.parametrize("path", [path for path in MODULES if path.name != "bootstrap.py"], ids=module_name)
def test_modules_import_each_other_relatively(path):
    absolute = [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if (isinstance(node, ast.Import) and any(a.name.split(".")[0] == "seig_addon" for a in node.names))
        or (isinstance(node, ast.ImportFrom) and not node.level and node.module.split(".")[0] == "seig_addon")
    ]
    assert not absolute


def test_the_version_is_the_same_everywhere():
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text("utf-8"))
    assert manifest["version"] == PYPROJECT["project"]["version"] == seig_addon.__version__


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_locks_pin_every_package_by_version_and_hash_and_name_no_place(path):
    text = path.read_text("utf-8")
    body = re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE)
    package = r"[a-z0-9-]+==[0-9][0-9a-z.]*( ; [^\\\n/]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+\n"
    assert re.fullmatch(f"({package})+", body)
    assert not re.search(r"://|--index|--extra|--find|/\w", text.replace("tools/lock", ""))


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_locks_hold_all_that_the_project_asks_for(path):
    held = {"bpy", "dev", "evaluate"} if path.stem.endswith("-evaluate") else {"bpy", "dev"}
    groups = [PYPROJECT["project"]["dependencies"], *(PYPROJECT["dependency-groups"][name] for name in held)]
    names = {re.match(r"[\w-]+", requirement)[0].lower() for group in groups for requirement in group}
    assert names <= set(re.findall(r"^([a-z0-9-]+)==", path.read_text("utf-8"), re.MULTILINE))


def test_no_text_file_names_a_home_folder():
    home = re.compile(rb"/(?:home|Users)/\w|/root/|[A-Z]:\\Users\\")
    texts = [(path, path.read_bytes()) for path in project_files()]
    named = [str(path) for path, content in texts if b"\0" not in content and home.search(content)]
    assert not [path for path in named if path != __file__]
