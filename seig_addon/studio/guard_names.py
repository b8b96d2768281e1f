"""What a program's names stand for, as far as its syntax tree tells. Part of the guard; never imports bpy."""

import ast
from collections import Counter
from collections.abc import Iterator

from . import guard_rules as rules

Namespaces = dict[str, set[str]]
"""The names of a program that stand for namespaces of the rules, as in {"D": {"bpy.data"}}."""


def bound_names(tree: ast.Module) -> Iterator[str]:
    """Yield each name as often as the program itself gives it a meaning, in whatever scope."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.MatchMapping(rest=str(name)):
                yield name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)):
                yield name
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name
            case ast.alias():
                yield node.asname or node.name.partition(".")[0]


def namespaces(tree: ast.Module) -> Namespaces:
    """Find the names that stand for namespaces: by imports, and by assignments such as D = bpy.data.

    Names that also mean something else somewhere are left to the modules' own checks at run time.
    """
    known: Namespaces = {}
    meanings = Counter(bound_names(tree))
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom | ast.Assign)]
    for node in sorted(nodes, key=lambda node: node.lineno):
        pairs: list[tuple[str, str]] = []
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                pairs.append((alias.asname, alias.name) if alias.asname else (root, root))
        elif isinstance(node, ast.ImportFrom):
            pairs += [(alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names]
        else:
            for target in node.targets:
                pairs += _aliases(target, node.value, known)
        for name, path in pairs:
            if path in rules.NAMESPACES:
                known.setdefault(name, set()).add(path)
                meanings[name] -= 1
    return {name: paths for name, paths in known.items() if not meanings[name]}


def _aliases(target: ast.expr, value: ast.expr, known: Namespaces) -> Iterator[tuple[str, str]]:
    """Yield (name, namespace) for an assignment's target, or its parts, that stand for a namespace."""
    if isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
        for part, its_value in zip(target.elts, value.elts, strict=False):
            yield from _aliases(part, its_value, known)
        return
    attributes: list[str] = []
    while isinstance(value, ast.Attribute):
        attributes.append(value.attr)
        value = value.value
    if isinstance(target, ast.Name) and isinstance(value, ast.Name):
        paths = [".".join([path, *reversed(attributes)]) for path in sorted(known.get(value.id, ()))]
        yield from ((target.id, path) for path in paths[:1])
