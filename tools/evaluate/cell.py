"""Does one cell, in a process of its own: `python -m tools.evaluate.cell FOLDER`, with cell.json in the folder.

Makes the run or goes on with it, measures it, and leaves done.json. When its standard input ends, so does
it, at the next moment at which a run may be stopped: so no cell outlives the evaluation that started it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from contextlib import closing
from pathlib import Path

from seig_addon.engine.events import Event
from seig_addon.engine.files import write_atomic
from seig_addon.engine.picture import load_reference
from seig_addon.engine.reconstruction import Reconstruction
from seig_addon.engine.run_folder import RunFolder
from seig_addon.errors import Cancelled, SeigError
from seig_addon.models.access import Access
from seig_addon.models.registry import open_model
from seig_addon.studio.client import Studio

from .measuring import measure
from .plan import Cell, Done, state_of


def do(cell: Cell, cancel: threading.Event) -> Done:
    """Do a cell; what fails becomes a row that says why. Raises Cancelled."""
    try:
        with Studio(cell.blender, log=cell.folder / "studio.log", cancel=cancel) as studio:
            if cell.given is None:
                _reconstruct(cell, studio, cancel)
            rows = measure(cell, studio)
    except Cancelled:
        raise
    except SeigError as error:
        rows = [cell.row(failed=str(error))]
    except Exception as error:  # noqa: BLE001 the process's boundary: one cell must not stop the others
        traceback.print_exc()
        rows = [cell.row(failed=f"{type(error).__name__}: {error}")]
    mark = Done(state=state_of(cell.run), rows=rows)
    write_atomic(cell.folder / "done.json", mark.model_dump_json(indent=1))
    return mark


def _reconstruct(cell: Cell, studio: Studio, cancel: threading.Event) -> None:
    assert cell.picture_file is not None, "a cell has a picture or a run"
    if (cell.run / "run.json").is_file():
        run = RunFolder.open(cell.run)
    else:
        run = RunFolder.create(cell.run, cell.picture, load_reference(cell.picture_file), cell.settings)
    with closing(run):
        # What may be spent is no part of what is compared.
        if run.record.settings.model_copy(update={"limit": None}) != cell.settings.model_copy(update={"limit": None}):
            raise SeigError(f"{cell.run} was begun with other settings; take another folder for the evaluation.")
        if run.record.settings.limit != cell.settings.limit:
            run.set_limit(cell.settings.limit)
        if run.next_stage() is None and run.record.final is not None:
            return
        access = Access(agreed=frozenset(cell.agreed))
        with closing(open_model(cell.settings.model, run.path, print, access=access)) as model:
            if not cell.settings.verifier:
                Reconstruction(run, model, studio, _tell, cancel).reconstruct()
                return
            with closing(open_model(cell.settings.verifier, run.path, print, access=access)) as verifier:
                Reconstruction(run, model, studio, _tell, cancel, verifier=verifier).reconstruct()


def _tell(event: Event) -> None:
    print(f"{event.stage} {event.round or ''} {event.kind} {event.text}".strip(), flush=True)


def _stop_with_parent(cancel: threading.Event) -> None:
    while os.read(0, 1024):  # not sys.stdin, which Python can't close at its end while a thread reads from it
        pass
    cancel.set()


def main(folder: Path) -> int:
    """Do the cell of a folder; the exit code is 1 if it failed, 2 if it was stopped."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the evaluation, which closes standard input
    cancel = threading.Event()
    threading.Thread(target=_stop_with_parent, args=(cancel,), daemon=True).start()
    cell = Cell.model_validate_json((folder / "cell.json").read_text(encoding="utf-8"))
    try:
        mark = do(cell, cancel)
    except Cancelled:
        return 2
    return 1 if any(row.failed for row in mark.rows) else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
