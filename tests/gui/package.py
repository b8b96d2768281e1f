"""Finds SEIG's modules, whatever it is called: an installed extension inside Blender, a checkout outside of it."""

import importlib
import sys


def seig(name=""):
    """Return a module of seig_addon, such as "models" or "addon.session"."""
    roots = [each for each in sys.modules if each.startswith("bl_ext.") and each.endswith(".seig.seig_addon")]
    return importlib.import_module(".".join(filter(None, [roots[0] if roots else "seig_addon", name])))
