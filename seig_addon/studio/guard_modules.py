"""What a program can reach while it runs: harmless builtins, and modules that show allowed names only.

The run-time half of the guard, by the same lists (guard_rules). Imports a module, bpy included, only
when a program does.
"""

import builtins
import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

from . import guard_rules as rules
from .guard_rules import Refused


def builtins_for_programs() -> dict[str, Any]:
    """Return a fresh `__builtins__` for one program: harmless builtins, checked ones, checked imports.

    To be put under the key `__builtins__` into the globals that the program is executed with. Modules
    come as read-only namespaces of their allowed names; anything else raises Refused (imports, names
    given to getattr and its like) or AttributeError (names of a namespace). seig_kit is the kit beside
    this package.
    """
    found: dict[str, Any] = {name: getattr(builtins, name) for name in rules.BUILTINS}
    found |= {name: _checked(getattr(builtins, name)) for name in rules.REFLECTION}
    found["__build_class__"] = builtins.__build_class__
    found["__import__"] = _importer()
    found["__name__"] = "__main__"  # for `if __name__ == "__main__":`, and as the module of classes
    return found


def _checked(builtin: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap getattr, hasattr, setattr or delattr so that it refuses what attribute syntax would."""

    def checked(target: object, name: str, *values: object) -> Any:
        if type(name) is not str:  # a subclass could change while it is looked at
            raise Refused("Attribute names are plain texts.")
        if reason := rules.text_reason(name):
            raise Refused(f"The attribute `{name}` is not available: {reason}.")
        return builtin(target, name, *values)

    return checked


def _importer() -> Callable[..., Any]:
    """Make the __import__ of one program, which gives out namespaces."""
    roots: dict[str, Any] = {}

    def checked_import(
        name: str, globals_: object = None, locals_: object = None, names: object = (), level: int = 0
    ) -> Any:
        # Import statements hand over a tuple or None. A list comes from C code that imports for itself
        # (numpy before it prints an array) and ignores what is returned.
        if isinstance(names, list):
            importlib.import_module(name)
            return None
        if reason := rules.import_reason("." * level + name):
            raise Refused(f"`import {name}` {reason}.")
        root, *rest = name.split(".")
        if root not in roots:
            kit = ("..kit", __package__)
            roots[root] = _namespace(root, importlib.import_module(*kit if root == "seig_kit" else (root,)))
        if rest:
            importlib.import_module(name)  # so that the root has it as an attribute
        found = roots[root]
        for part in rest if names else ():
            found = getattr(found, part)
        return found

    return checked_import


def _namespace(path: str, real: object) -> Any:
    """Make a read-only view of a module, or of one of bpy's tables, that shows only the allowed names.

    The real thing is kept in a closure: programs can't look into one, as they could into an instance.
    """

    class Namespace:
        def __getattr__(self, name: str) -> Any:
            if reason := rules.member_reason(path, name):
                raise AttributeError(f"`{path}.{name}` is not available: {reason}.")
            try:
                value = getattr(real, name)
            except AttributeError as error:  # raised anew, as an AttributeError hands out its object
                raise AttributeError(str(error)) from None
            if f"{path}.{name}" in rules.NAMESPACES:
                value = _namespace(f"{path}.{name}", value)
            elif isinstance(value, ModuleType):
                raise AttributeError(f"`{path}.{name}` is not available: it is another module.")
            if isinstance(real, ModuleType):  # its names keep their values; those of bpy.context don't
                vars(self)[name] = value
            return value

        def __setattr__(self, name: str, value: object) -> None:
            raise AttributeError(f"`{path}` can't be changed.")

        def __repr__(self) -> str:
            return f"<{path}>"

    return Namespace()
