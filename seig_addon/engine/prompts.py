"""Rendering the prompts of prompts/: Markdown with strict Jinja2, where an undefined name is an error.

A folder of the artist's own may hold templates of the same names, which come first; what it lacks is
taken from here.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError

from ..errors import SeigError

FOLDER = Path(__file__).resolve().parents[2] / "prompts"


@cache
def _environment(own: str) -> Environment:
    return Environment(
        loader=FileSystemLoader([own, FOLDER] if own else FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )


def render(template: str, own: str = "", **values: object) -> str:
    """Render a template by its name, such as "review.md"; `own` is the artist's folder, if there is one.

    Raises SeigError where a template of the artist's has a mistake.
    """
    try:
        return _environment(own).get_template(template).render(**values).strip() + "\n"
    except TemplateError as error:
        if not own:
            raise
        raise SeigError(
            f"A prompt in {own} has a mistake, at {template}: {error}. Mend or remove that file; the run is kept."
        ) from error


def version(own: str = "") -> str:
    """Identify the prompts' wording: a short hash over all templates, kept in each run."""
    digest = hashlib.sha256()
    for folder in (FOLDER, Path(own)) if own else (FOLDER,):
        for path in sorted(folder.rglob("*.md")):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
