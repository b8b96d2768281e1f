"""Compare ways to reconstruct: pictures × models × variants, measured, in a table, plots and strips of pictures.

    variants.py   what is compared, as settings of runs
    plan.py       which cells there are: a cell is one picture, one model, one variant
    cell.py       does one cell in a process of its own: reconstructs, measures, leaves its rows as the done-mark
    workers.py    does all cells that aren't done, in processes here, or through Ray on many machines
    measuring.py  a run's rows: pixels.py (PSNR, SSIM, FLIP), truth.py (known scenes), tokens.py
    learned.py    LPIPS, DreamSim, DINO, CLIP, where their packages and weights are there
    folder.py     writes the folder: results.csv, table.md, plots.py, strips.py, page.py

Never changes a run that it didn't make itself.
"""
