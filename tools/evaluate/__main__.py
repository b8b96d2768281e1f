"""Compare models and variants over pictures: `python -m tools.evaluate`, see --help."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable
from pathlib import Path

from seig_addon.cli.access import permitted
from seig_addon.errors import SeigError
from seig_addon.models.access import Access

from . import learned
from .folder import write
from .plan import Cell, Done, cells, check_variants, done, pictures
from .plan import write as write_cell
from .rows import Row, order
from .variants import VARIANTS
from .workers import in_processes, in_ray

_EXAMPLES = f"""\
variants:
  {chr(10).join(f"{name:16}{variant.words}" for name, variant in VARIANTS.items()).replace(chr(10), chr(10) + "  ")}

examples:
  %(prog)s pictures/ --variants staged,one-shot,no-solving --output runs/evaluation
  %(prog)s desk.jpg --models anthropic/claude-opus-5-5,ollama/qwen3-vl:8b --variants staged,free-loop
  %(prog)s --runs staged=runs/desk free-loop=runs/desk-loop --known known/    only measures what is there

A stopped evaluation goes on with the same command, which also tries again what failed.
"""


def main() -> int:
    """Do what is left of the evaluation and write its folder; the exit code is 1 if a cell failed, 2 if none began."""
    options = _options()
    try:
        check_variants(options.variants)
        if not pictures(options.pictures) and not options.runs:
            raise SeigError("There is nothing to evaluate: name pictures, folders of pictures, or --runs.")
        wanted = cells(options)
        makes = [cell.settings for cell in wanted if cell.given is None]
        asked = order(name for each in makes for name in each.models)
        options.agree = sorted(permitted(asked, options).agreed)  # before anything is made or asked
        rows = _evaluate(wanted, options)
    except SeigError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. What is done is kept; the same command goes on.", file=sys.stderr)
        return 130
    return 1 if any(row.failed for row in rows) else 0


def _evaluate(wanted: list[Cell], options: Namespace) -> list[Row]:
    left = [cell for cell in wanted if done(cell) is None]
    print(f"{len(wanted)} cells, {len(wanted) - len(left)} of them done", flush=True)
    for cell in left:
        cell.agreed = options.agree
        (cell.folder / "done.json").unlink(missing_ok=True)
        write_cell(cell)
        if cell.settings.model == "manual" and cell.given is None:
            print(f"{cell.title}: its questions come in {cell.run / 'questions'}", flush=True)
    if left and options.engine == "ray":
        in_ray(left, _teller(len(left)))
    else:
        in_processes(left, options.jobs, _teller(len(left)))
    rows = [row for cell in wanted for row in _rows(cell)]
    learned.measure(rows, options.download_weights)
    write(rows, options.output)
    print(f"Page     {options.output / 'index.html'}\nTable    {options.output / 'results.csv'}")
    return rows


def _rows(cell: Cell) -> list[Row]:
    """What the cell's process left, or why it left nothing."""
    path = cell.folder / "done.json"
    if path.is_file():
        return Done.model_validate_json(path.read_text(encoding="utf-8")).rows
    return [cell.row(failed=f"its process ended before it was done; see {cell.folder / 'log.txt'}")]


def _teller(count: int) -> Callable[[Cell, int], None]:
    ended = 0

    def tell(cell: Cell, code: int) -> None:
        nonlocal ended
        ended += 1
        rows = _rows(cell)
        what = rows[0].failed.splitlines()[0] if rows[0].failed else f"{rows[0].shown('psnr')} dB"
        print(f"{ended}/{count}  {cell.title}: {what}", flush=True)

    return tell


def _options() -> Namespace:
    parser = ArgumentParser(
        prog="python -m tools.evaluate",
        description="Compare models and variants of the method over pictures, in a table, plots and strips.",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("pictures", type=Path, nargs="*", metavar="PICTURE_OR_FOLDER")
    add("--models", type=_names, default=["offline"], metavar="M,…", help="as --model of reconstruct takes them")
    add("--verifier", default="", metavar="M", help="who reviews, if another model")
    add("--variants", type=_names, default=["staged", "one-shot"], metavar="V,…", help="see below")
    add("--runs", nargs="+", default=[], metavar="[VARIANT=]RUN", help="run folders to measure as well, as they are")
    add("--known", type=Path, metavar="FOLDER", help="truths: NAME.json and NAME.blend for a picture called NAME")
    add("--output", type=Path, default=Path("runs/evaluation"), metavar="DIR", help="default: runs/evaluation")
    add("--free-rounds", type=int, default=5, metavar="N", help="of the free loop, after its first program (5)")
    add("--working-size", type=int, default=384, metavar="PX", help="of renders on the way (384)")
    add("--final-size", type=int, default=512, metavar="PX", help="of the renders that are measured (512)")
    add("--jobs", type=int, default=1, metavar="N", help="cells at a time (1)")
    add("--engine", choices=["processes", "ray"], default="processes", help="ray: on many machines")
    add("--limit", type=float, metavar="USD", help="what one run may cost")
    add("--agree", action="append", default=[], metavar="PROVIDER", help="agree that pictures go to this provider")
    add("--download-weights", action="store_true", help="let LPIPS, DreamSim, DINO and CLIP fetch theirs")
    add("--blender", type=Path, metavar="FILE", help="a Blender to use (default: the bpy package)")
    options = parser.parse_args()
    options.access = Access()
    return options


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


if __name__ == "__main__":
    sys.exit(main())
