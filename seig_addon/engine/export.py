"""The whole scene as one program that plain Blender runs, without this add-on.

Works on source text only: never imports bpy, and never runs or reformats what it puts together.
"""

from __future__ import annotations

import ast
import io
import symtable
import sys
import tokenize
from functools import cache

from .kit_reference import KIT

# Each after those it stands on.
FILES = ("scene", "aside", "placement", "materials", "meshes", "shapes", "freeform", "lights", "tuning")
INDENT = " " * 4
HOW_TO_RUN = """
Runs in plain Blender 4.5 to 5.2, without any add-on: open it in the Text Editor and press Alt-P, or
start `blender --python` with it. In a file with objects it makes a scene of its own.
"""


def standalone(programs: dict[str, str], name: str, width: int, height: int, header: str) -> str:
    """Return one program that starts a scene and runs the stages' programs in their order.

    `programs` maps each stage's name to its program, which becomes the body of a function; `name`
    is the scene's, width and height the picture's in pixels, `header` the text of the comment on
    top. The kit's functions that the programs use come along as source text. SyntaxError if a
    program cannot be parsed.
    """
    programs = {stage.replace("-", "_"): _universal(program) for stage, program in programs.items()}
    trees = {stage: ast.parse(program) for stage, program in programs.items()}
    imports_kit = any(_kit_imports(tree) for tree in trees.values())
    always = {"start_scene", "start_stage", "_step_aside", "_step_back"}
    wanted = always.union(*(_kit_names(tree) for tree in trees.values()))
    parts = [
        _comment(header.strip() + "\n" + HOW_TO_RUN),
        _kit_source(wanted, ["import sys", "import types"] if imports_kit else []),
    ]
    if imports_kit:
        parts.append(
            "# The stages below import these functions as seig_kit, which only the add-on would have.\n"
            'seig_kit = types.ModuleType("seig_kit")\n'
            "vars(seig_kit).update(globals())\n"
            'sys.modules["seig_kit"] = seig_kit'
        )
    parts += [f"def {stage}():\n{_body(programs[stage], trees[stage])}" for stage in programs]
    calls = [f"start_scene({name!r}, {width}, {height})"]
    calls += [call for stage in programs for call in ("start_stage()", f"{stage}()")]
    body = "\n".join(INDENT + call for call in calls)
    parts.append(f"blocks = _step_aside()\ntry:\n{body}\nfinally:\n{INDENT}_step_back(blocks)")
    return "\n\n\n".join(parts) + "\n"


def _universal(program: str) -> str:
    """Return the text with the line ends that Python reads into it."""
    return program.replace("\r\n", "\n").replace("\r", "\n")


def _comment(text: str) -> str:
    """Return the text as comment lines."""
    return "\n".join(f"# {line}".rstrip() for line in text.strip().splitlines())


# ------------------------------------------------------------------------------------------------
# The stages' programs


def _body(program: str, tree: ast.Module) -> str:
    """Return the program indented as a function's body, with text that spans lines left as it is."""
    inside = _inside_strings(program)
    lines = [
        line if number in inside else _indented(line)
        for number, line in enumerate(program.rstrip("\n").split("\n"), start=1)
    ]
    if not tree.body:
        lines.append(f"{INDENT}pass")
    return "\n".join(lines).lstrip("\n")


def _indented(line: str) -> str:
    """Return the line one level deeper; tabs become the eight columns for which Python takes them."""
    code = line.lstrip(" \t\f")
    columns = line[: len(line) - len(code)].rpartition("\f")[2].expandtabs(8)
    return f"{INDENT}{columns}{code}" if code else ""


def _inside_strings(program: str) -> set[int]:
    """Return the numbers of the lines that begin inside a string, where a space would change its text."""
    inside: set[int] = set()
    starts: list[int] = []  # of the f-strings that are open, which are several tokens from Python 3.12 on
    for token in tokenize.generate_tokens(io.StringIO(program).readline):
        kind = tokenize.tok_name[token.type]
        if kind == "STRING":
            inside.update(range(token.start[0] + 1, token.end[0] + 1))
        elif kind.endswith("STRING_START"):
            starts.append(token.start[0])
        elif kind.endswith("STRING_END"):
            inside.update(range(starts.pop() + 1, token.end[0] + 1))
    return inside


def _kit_imports(tree: ast.AST) -> list[ast.Import | ast.ImportFrom]:
    """Return the statements that import from the kit."""
    return [
        node
        for node in ast.walk(tree)
        if (isinstance(node, ast.ImportFrom) and node.module == "seig_kit")
        or (isinstance(node, ast.Import) and any(alias.name == "seig_kit" for alias in node.names))
    ]


def _kit_names(tree: ast.Module) -> set[str]:
    """Return the names of the kit's functions that a program may call."""
    names: set[str] = set()
    modules: set[str] = set()  # what the program calls the kit as a whole
    for statement in _kit_imports(tree):
        if isinstance(statement, ast.ImportFrom):
            names.update(alias.name for alias in statement.names)
        else:
            modules.update(alias.asname or alias.name for alias in statement.names if alias.name == "seig_kit")
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    direct = [node for node in attributes if isinstance(node.value, ast.Name) and node.value.id in modules]
    uses = sum(isinstance(node, ast.Name) and node.id in modules for node in ast.walk(tree))
    # A kit that goes through another name (k = kit) can't be followed: then any attribute may be its.
    return names.union(node.attr for node in (direct if uses == len(direct) else attributes))


# ------------------------------------------------------------------------------------------------
# The kit's source


def _kit_source(wanted: set[str], imports: list[str]) -> str:
    """Return the definitions that the wanted names need, in the kit's order, below their imports."""
    definitions, kit_imports = _kit()
    needed: set[str] = set()
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name in definitions and name not in needed:
            needed.add(name)
            waiting += _references(definitions[name])
    used = {reference for name in needed for reference in _references(definitions[name])}
    lines = imports + [line for name, line in kit_imports.items() if name in used]
    sources = [source for name, source in definitions.items() if name in needed]
    return "\n\n\n".join([_merged(lines), *sources])


@cache
def _kit() -> tuple[dict[str, str], dict[str, str]]:
    """Return the kit's definitions by name, as source text, and the statement of each imported name."""
    definitions: dict[str, str] = {}
    imports: dict[str, str] = {}
    for file in FILES:
        source = (KIT / f"{file}.py").read_text(encoding="utf-8")
        lines = source.split("\n")
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef):
                definitions[node.name] = _with_comments(lines, node)
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    definitions[ast.unparse(target)] = _with_comments(lines, node)
            elif isinstance(node, ast.Import):
                imports.update({alias.asname or alias.name: f"import {alias.name}" for alias in node.names})
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                imports.update({alias.name: f"from {node.module} import {alias.name}" for alias in node.names})
    return definitions, imports


def _with_comments(lines: list[str], node: ast.stmt) -> str:
    """Return a definition's lines with the comment right above it."""
    first = node.lineno - 1
    while first > 0 and lines[first - 1].startswith("#"):
        first -= 1
    return "\n".join(lines[first : node.end_lineno])


@cache
def _references(source: str) -> frozenset[str]:
    """Return the global names that a definition's source reads."""
    tables = [symtable.symtable(source, "kit", "exec")]
    names = {symbol.get_name() for symbol in tables[0].get_symbols() if symbol.is_referenced()}
    while tables:
        table = tables.pop()
        names |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
        tables += table.get_children()
    return frozenset(names)


def _merged(imports: list[str]) -> str:
    """Return import lines in two blocks, Python's own and Blender's, with one line for each module."""
    modules: dict[str, set[str]] = {}
    for line in imports:
        module, _, name = line.partition(" import ")
        modules.setdefault(module, set()).add(name)
    blocks: tuple[list[str], list[str]] = ([], [])
    for module in sorted(modules, key=lambda module: (module != "import bpy", module.startswith("from"), module)):
        names = ", ".join(sorted(modules[module]))
        foreign = module.split()[1].partition(".")[0] not in sys.stdlib_module_names
        blocks[foreign].append(f"{module} import {names}" if names else module)
    return "\n\n".join("\n".join(block) for block in blocks if block)
