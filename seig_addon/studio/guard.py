"""The guard: looks at a generated program before it runs, and at what it reaches for while it runs.

A seat-belt, not a jail. It stops the ordinary harmful and accidental things (files, processes, the
network, code left behind, the artist's preferences and other scenes, handlers that swallow the time
limit), and tells the model how to do it right. It does not make hostile code safe: Python can't be
sealed from inside. What protects the person's keys is that programs are tried in a process that
holds none and gets a scrubbed environment.

Two halves share the lists of guard_rules. `check` is an allow-list over the syntax tree.
`builtins_for_programs` (guard_modules) then gives the program only harmless builtins, and modules that
show their allowed names alone, so that what a tree can't tell (a module passed to a function) meets the
same rules. Never imports bpy, and never runs any of a program.
"""

import ast
import inspect
import re
import string
from collections.abc import Iterator

from . import guard_rules as rules
from .guard_modules import builtins_for_programs
from .guard_names import Namespaces, bound_names, namespaces
from .guard_rules import Refused

__all__ = ["Refused", "as_function", "builtins_for_programs", "check"]

SHOWN = 8
"""Refusals listed in one message: enough to repair all at once, few enough to be read."""

# Left out: async code, `global`, `except*`, and whatever Python adds after 3.11.
_SYNTAX = tuple(
    getattr(ast, name)
    for name in rules.words("""Module FunctionDef ClassDef Return Delete Assign AugAssign AnnAssign For While
        If With Match Raise Try Assert Import ImportFrom Nonlocal Expr Pass Break Continue
        BoolOp NamedExpr BinOp UnaryOp Lambda IfExp Dict Set ListComp SetComp DictComp GeneratorExp Yield
        YieldFrom Compare Call FormattedValue JoinedStr Constant Attribute Subscript Starred Name List Tuple
        Slice expr_context boolop operator unaryop cmpop comprehension ExceptHandler arguments arg keyword
        alias withitem match_case pattern""")
)
_ADVICE = {
    "Global": "`global` doesn't work inside a function, where programs run: use `nonlocal`, or a list or dict",
    "TryStar": "`except*` is not available: use `except`",
}
_NOT_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)


def check(program: str) -> ast.Module:
    """Return the program's syntax tree if all of it is allowed, else raise Refused with all the reasons.

    Accepts any text. The tree is the program as written; run `as_function` of it with
    `builtins_for_programs()` as its `__builtins__`, which is the other half of the guard.
    """
    if len(program) > rules.MAX_CHARACTERS:
        raise Refused(
            f"The program has {len(program):,} characters; at most {rules.MAX_CHARACTERS:,} are allowed. "
            "Build repeated things with loops and functions."
        )
    try:
        tree = ast.parse(program, feature_version=(3, 11))
        refusals = sorted(set(_refusals(tree)))
        if not refusals:
            _compile(tree)
    except _NOT_PYTHON as error:
        raise _not_python(error) from None
    if not refusals:
        return tree
    lines = [f"Line {line}: {text}." for line, text in refusals[:SHOWN]]
    if len(refusals) > SHOWN:
        lines.append(f"And {len(refusals) - SHOWN} more of the kind.")
    raise Refused("\n".join(lines), refusals[0][0])


def as_function(tree: ast.Module, name: str = "program") -> ast.Module:
    """Return a module that defines one function without arguments, with the program as its body.

    Line numbers stay. The program's variables become locals, so nothing of it outlives the call.
    """
    module = ast.parse(f"def {name}(): pass")
    function = module.body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = tree.body or function.body
    return module


def _refusals(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield (line, reason) for everything in the tree that is not allowed."""
    bound = set(bound_names(tree))
    known = namespaces(tree)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    judged: set[int] = set()  # attributes that are part of a longer chain
    yield from _early_returns(tree)
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 1)
        yield from ((line, text) for text in _dunders(node))
        match node:
            case ast.Attribute() if id(node) not in judged:
                yield from ((line, text) for text in _attribute(node, known, judged))
            case ast.Name(id=name) if name in rules.REFLECTION - bound and id(node) not in called:
                yield line, f"`{name}` can only be called, as in {name}(x, 'width')"
            case ast.Name(id=name) if name not in bound and (reason := rules.builtin_reason(name)):
                yield line, f"`{name}` is not available: {reason}"
            case ast.Call(func=ast.Name(id=name)) if name in rules.REFLECTION - bound:
                yield from ((line, text) for text in _reflection(name, node.args, known))
            case ast.Import() | ast.ImportFrom():
                yield from ((line, text) for text in _import(node))
            case ast.Try():
                yield from ((line, text) for text in _try(node))
            case ast.ClassDef(keywords=[_, *_]):
                yield line, "keywords of a class (metaclass=…) are not available: use a plain class"
            case ast.comprehension(is_async=1):
                yield node.target.lineno, "`async for` is not available: use a plain loop"
            case ast.MatchClass():
                for name in node.kwd_attrs:
                    if reason := rules.text_reason(name):
                        yield line, f"the attribute `{name}` is not available: {reason}"
            case ast.Constant(value=str(text)) if rules.NODES.fullmatch(text):
                yield line, f"the node {text} is not available: it runs code or uses files"
            case _ if not isinstance(node, _SYNTAX):
                kind = type(node).__name__
                yield (
                    line,
                    _ADVICE.get(kind, f"`{kind}` syntax is not available: use plain functions and loops"),
                )


def _attribute(node: ast.Attribute, known: Namespaces, judged: set[int]) -> Iterator[str]:
    """Judge a chain of attributes from its root outwards, up to its first refusal."""
    chain = [node]
    while isinstance(root := chain[-1].value, ast.Attribute):
        judged.add(id(root))
        chain.append(root)
    paths = known.get(root.id, set()) if isinstance(root, ast.Name) else set()
    shown = root.id if isinstance(root, ast.Name) else "…"
    of_type = False
    for part in reversed(chain):
        shown += f".{part.attr}"
        reason: str | None
        if paths:
            reason = next(filter(None, (rules.member_reason(path, part.attr) for path in sorted(paths))), None)
            if not isinstance(part.ctx, ast.Load):
                reason = "modules can't be changed"
        elif of_type:
            reason = "bpy.types is only for comparing, as in isinstance(x, bpy.types.Mesh)"
        elif part.attr == "format":
            reason = _format(part.value)
        else:
            reason = None if _own(part) else rules.attribute_reason(part.attr)
        if reason:
            yield f"`{shown}` is not available: {reason}"
            return
        of_type = "bpy.types" in paths
        paths = {f"{path}.{part.attr}" for path in paths} & rules.NAMESPACES.keys()


def _own(node: ast.Attribute) -> bool:
    """Tell whether an underscored name is a class's own: self._name, or super().__init__ and its like."""
    match node.value:
        case ast.Name(id="self" | "cls"):
            return re.match("_[^_]", node.attr) is not None
        case ast.Call(func=ast.Name(id="super"), args=[]):
            return node.attr in rules.METHODS
    return False


def _format(text: ast.expr | str) -> str | None:
    """Say why str.format can't be used on a text: its fields may reach into objects."""
    if isinstance(text, ast.Constant) and isinstance(text.value, str):
        text = text.value
    if not isinstance(text, str):
        return "write an f-string, or call format on a literal text"
    try:
        fields = list(string.Formatter().parse(text))
    except ValueError:
        return "its text has single braces; write an f-string"
    for _, field, spec, _ in fields:
        if any(rules.text_reason(name) for name in re.split(r"[.\[\]]+", field or "")) or _format(spec or ""):
            return "its text reaches into objects; write an f-string"
    return None


def _reflection(call: str, arguments: list[ast.expr], known: Namespaces) -> Iterator[str]:
    """Judge a call of getattr or its like: the name must be a literal, and allowed."""
    match arguments:
        case [ast.Name(id=target), ast.Constant(value=str(name)), *_]:
            paths = sorted(known.get(target, ()))
        case [_, ast.Constant(value=str(name)), *_] if not isinstance(arguments[0], ast.Starred):
            paths = []
        case _:
            yield f"`{call}` needs a literal name, as in {call}(x, 'width'): write the attributes out"
            return
    reasons = [rules.text_reason(name), *(rules.member_reason(path, name) for path in paths)]
    if reason := next(filter(None, reasons), None):
        yield f"the attribute `{name}` is not available: {reason}"


def _import(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            if reason := rules.import_reason(alias.name):
                yield f"`import {alias.name}` {reason}"
        return
    module = "." * node.level + (node.module or "")
    if reason := rules.import_reason(module):
        yield f"`from {module} import …` {reason}"
        return
    for alias in node.names:
        if alias.name == "*":
            yield f"`from {module} import *` is not available: name what you import, as in `from {module} import a, b`"
        elif reason := rules.member_reason(module, alias.name):
            yield f"`from {module} import {alias.name}` is not available: {reason}"


def _try(node: ast.Try) -> Iterator[str]:
    """Judge what could swallow the exception of the time limit, which is no Exception."""
    if any(handler.type is None for handler in node.handlers):
        yield "a bare `except:` also catches the time limit: write `except Exception:` or name the error"
    # a try in there would double the compiled code, once per level of nesting
    unwelcome = (ast.Return, ast.Break, ast.Continue, ast.Try)
    if any(isinstance(inside, unwelcome) for statement in node.finalbody for inside in ast.walk(statement)):
        yield "`return`, `break`, `continue` and `try` inside `finally` swallow errors: move them out"


def _early_returns(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Judge `return` outside of functions: as the program runs in one, it would end it unseen."""
    todo: list[ast.AST] = [*tree.body]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Return):
            yield node.lineno, "`return` outside of a function: use if and else"
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.expr):
            todo += ast.iter_child_nodes(node)


def _dunders(node: ast.AST) -> Iterator[str]:
    """Judge identifiers of all kinds: none starts with two underscores, but for classes' usual methods."""
    if isinstance(node, ast.Attribute | ast.Constant | ast.ImportFrom):
        return  # judged elsewhere, or no identifiers
    for _, field in ast.iter_fields(node):
        for name in field if isinstance(field, list) else [field]:
            if not (isinstance(name, str) and name.startswith("__")):
                continue
            match node:
                case ast.FunctionDef() if name in rules.METHODS:
                    pass
                case ast.Name(id="__name__", ctx=ast.Load()):
                    pass
                case _:
                    yield f"`{name}` is not available: names with two underscores are Python's own"


def _compile(tree: ast.Module) -> None:
    """Find what only shows when compiling, and a `yield` that would keep the program from running."""
    code = compile(as_function(tree), "<program>", "exec")
    if any(inspect.iscode(const) and const.co_flags & inspect.CO_GENERATOR for const in code.co_consts):
        raise SyntaxError("'yield' outside function")


def _not_python(error: BaseException) -> Refused:
    if isinstance(error, RecursionError | MemoryError):
        return Refused("The program is nested too deeply; use more and shorter statements.")
    if isinstance(error, SyntaxError) and error.lineno:
        shown = f" in `{error.text.strip()[:200]}`" if error.text and error.text.strip() else ""
        return Refused(f"Line {error.lineno}: not valid Python 3.11: {error.msg}{shown}.", error.lineno)
    return Refused(f"The program is not valid Python: {error}.")
