"""The lists behind the guard: what programs may import, reach and call.

Data and a few small look-ups, no syntax trees. The same rules are applied twice, to the tree before a
program runs and to the modules it gets while it runs (see guard). Never imports bpy.
"""

import builtins
import re
from collections.abc import Mapping


class Refused(Exception):
    """A program, or something it did, is not allowed. The message is written for the model.

    `message` has one line per refusal; `line` is the program's first refused line, 1-based, or None
    if it concerns the program as a whole.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


def words(text: str) -> list[str]:
    """Split a list that is easier to read, and to compare with Blender's manual, as running text."""
    return text.split()


def _no(unwelcome: str, shape: str = r"\w+") -> re.Pattern[str]:
    """Make a pattern for names of the shape in which none of the unwelcome patterns occurs."""
    return re.compile(rf"(?!.*(?:{'|'.join(words(unwelcome))})){shape}")


MAX_CHARACTERS = 200_000
"""Longer sources are refused. The longest real program so far has 17,000 characters."""

DATA = """actions armatures batch_remove cameras collections curves fonts grease_pencils hair_curves images
    lattices lightprobes lights materials meshes metaballs node_groups objects orphans_purge particles
    pointclouds shape_keys textures version worlds"""

CONTEXT = """active_bone active_object collection edit_object editable_objects engine evaluated_depsgraph_get
    layer_collection mode object objects_in_mode scene selectable_objects selected_editable_objects
    selected_objects temp_override tool_settings view_layer visible_objects"""

OPERATORS = words("""collection constraint curve curves geometry lattice material mball mesh object surface
    transform uv""")

TYPING = """Any Callable ClassVar Collection DefaultDict Deque Dict Final FrozenSet Generator Generic Hashable
    Iterable Iterator List Literal Mapping MutableMapping MutableSequence NamedTuple NoReturn Optional
    Sequence Set Sized Tuple Type TypeAlias TypeVar TYPE_CHECKING Union cast"""

# A namespace is a module, or one of bpy's own tables. Of most, only the listed names can be reached;
# of those with PUBLIC, every name that passes attribute_reason and is not a module.
PUBLIC = None
Names = frozenset[str] | re.Pattern[str] | None

NAMESPACES: Mapping[str, Names] = {
    "bpy": frozenset({"app", "context", "data", "ops", "types"}),
    "bpy.app": frozenset({"background", "version", "version_string"}),
    "bpy.context": frozenset(words(CONTEXT)),
    "bpy.data": frozenset(words(DATA)),
    "bpy.ops": frozenset({*OPERATORS, "outliner", "world"}),
    # inside these modules, not what touches files, assets, caches or the clipboard, or runs node tools
    **dict.fromkeys(
        (f"bpy.ops.{name}" for name in OPERATORS),
        _no("asset bake cache execute export external image import override paste"),
    ),
    "bpy.ops.outliner": frozenset({"orphans_purge"}),
    "bpy.ops.world": frozenset({"new"}),
    # data types, to compare and annotate with; not what extends the application or its windows
    "bpy.types": _no(
        """AddonPreferences AssetShelf FileHandler Gizmo Header$ Hook$ KeyingSet Macro Menu$ Operator Panel$
        PropertyGroup RenderEngine UIList WorkSpaceTool""",
        shape="[A-Z][A-Za-z0-9]*",
    ),
    "bpy_extras": frozenset({"object_utils"}),
    "bpy_extras.object_utils": frozenset({"world_to_camera_view"}),
    **dict.fromkeys(words("bmesh bmesh.geometry bmesh.ops bmesh.types bmesh.utils"), PUBLIC),
    **dict.fromkeys(words("mathutils mathutils.bvhtree mathutils.geometry mathutils.interpolate"), PUBLIC),
    **dict.fromkeys(words("mathutils.kdtree mathutils.noise"), PUBLIC),
    # not files, other modules by name, raw memory, and settings that would outlive the program
    "numpy": _no(
        r"""^add_ ^bmat$ DataSource ^deprecate ^from(file|regex)$ ^genfrom ^get_(array_wrap|include) ^info$
        ^load ^lookfor$ memmap ^recfrom ^safe_eval$ ^save ^set_ ^seterr(call|obj) ^show_ ^source$ ^test$ ^who$
        ^(char|core|ctypeslib|distutils|emath|f2py|fft|lib|ma|polynomial|rec|strings|testing)$"""
    ),
    "numpy.linalg": _no("^test$"),
    "numpy.random": _no("^test$ bit_generator"),
    "collections": frozenset(words("ChainMap Counter OrderedDict abc defaultdict deque namedtuple")),
    "collections.abc": frozenset(words(TYPING)),
    "copy": frozenset({"copy", "deepcopy"}),
    "dataclasses": frozenset({"asdict", "astuple", "dataclass", "field", "replace"}),
    "functools": frozenset({"cache", "cached_property", "cmp_to_key", "lru_cache", "partial", "reduce"}),
    "random": _no("SystemRandom"),
    "typing": frozenset(words(TYPING)),
    **dict.fromkeys(("colorsys", "itertools", "math", "seig_kit"), PUBLIC),
}

IMPORTABLE = frozenset(
    name
    for name in NAMESPACES
    if not name.startswith("bpy.") or name in ("bpy.ops", "bpy.types")  # the others are no modules in Blender
)

# What makes an attribute unwelcome on whatever object it stands: it reaches files, code, the running
# application or Python's own machinery. Blender's names were taken from the API of 4.5, 5.0 and 5.2.
_FILES = "programs can't read or write files; SEIG renders, saves and exports the scene itself"
_CODE = "programs can't leave code behind (scripts, drivers, handlers, timers); set plain values instead"
_APPLICATION = "programs work on the scene alone, not on windows, preferences or libraries"
_MACHINERY = "programs can't look into Python's or Blender's machinery; use plain attributes and isinstance"
ATTRIBUTES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile("|".join(words(patterns))), reason)
    for patterns, reason in (
        (
            r"""(\w+_)?file_?(path|name)s?(_\w+)? (\w+_)?directory (\w+_)?output_path base_path proxy_dir
            full_(library_)?path relative_path (gl_|re|un)?load(_\w+)? save(z|_\w+)? (un)?pack packed_files?
            write(_\w+)? tofile fromfile memmap loadtxt genfromtxt savetxt dumps? cache_files? use_disk_cache
            use_external exporters importers sequence_editor\w* debug_(relations|stats)_\w+ screenshot
            alembic_export file_slots file_output_items""",
            _FILES,
        ),
        (
            r"""drivers? driver_\w+ (\w+_)?scripts?(_\w+)? texts bytecode\w* handlers timers msgbus
            draw_handler\w* register_\w+ shading_system""",
            _CODE,
        ),
        (
            r"""(user_)?preferences window_managers? wm workspaces blend_data libraries temp_data
            app_template\w* keyconfigs""",
            _APPLICATION,
        ),
        (
            r"""bl_rna\w* (get_)?rna_type as_pointer path_resolve ctypes cffi bit_generator mro format_map
            with_traceback (gi|cr|ag)_(await|code|frame|yieldfrom) tb_(frame|next) func_(code|globals)
            f_(back|builtins|code|globals|locals|trace) attrgetter methodcaller""",
            _MACHINERY,
        ),
    )
)

# Nodes that read or write files, or run code: refused by name, where the name is written out.
NODES = re.compile(r"ShaderNodeScript|GeometryNodeImport\w+|CompositorNodeOutputFile")

METHODS = frozenset(
    f"__{name}__"
    for name in words("""init post_init repr str format bool len iter next contains getitem setitem delitem
        call eq ne lt le gt ge hash add radd iadd sub rsub isub mul rmul imul matmul rmatmul truediv rtruediv
        itruediv floordiv mod pow and or neg pos abs invert round int float index""")
)
"""What classes may define. Not __enter__, __exit__ and __del__, which could swallow the time limit's
exception, nor what replaces attribute access, copying or class creation."""

REFLECTION = frozenset({"delattr", "getattr", "hasattr", "setattr"})
"""Builtins that programs get in a form that checks the name (see guard_modules)."""

BUILTINS = frozenset(
    words("""abs all any ascii bin bool bytearray bytes callable chr classmethod complex dict divmod enumerate
        filter float format frozenset hash hex id int isinstance issubclass iter len list map max min next
        object oct ord pow print property range repr reversed round set slice sorted staticmethod str sum
        super tuple zip Ellipsis NotImplemented""")
) | {
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, Exception)  # BaseException would catch the time limit
}

_NO_FILES = "programs have no files and nobody to ask; put the data into the program"
_HINTS = {
    "BaseException": "catch Exception or the error you expect; this would catch the time limit",
    "type": "use isinstance(x, …), or x.type for Blender's data",
    "dir": "name the attribute you need, or ask hasattr(x, 'name')",
    **dict.fromkeys(("globals", "locals", "vars"), "keep values in variables or in a dict"),
    **dict.fromkeys(("exec", "eval", "compile"), "write the statements out"),
    **dict.fromkeys(("exit", "quit", "SystemExit", "KeyboardInterrupt"), "let the program run to its end"),
    **dict.fromkeys(("open", "input"), _NO_FILES),
}


def import_reason(name: str) -> str | None:
    """Say why a module (dotted name) can't be imported, or None if it can."""
    if name in IMPORTABLE:
        return None
    if name == "__future__":
        return "is not needed and can't stand inside SEIG's programs; leave the line out"
    return (
        "is not available; programs may import bpy, bmesh, mathutils, math, random, colorsys, numpy and "
        "seig_kit; also bpy_extras.object_utils, collections, copy, dataclasses, functools, itertools and "
        "typing. There are no files, processes or network"
    )


def attribute_reason(name: str) -> str | None:
    """Say why no object's attribute of that name can be used, or None if it can."""
    if name.startswith("_"):
        return "names that start with an underscore are internals; use public attributes"
    return next((reason for pattern, reason in ATTRIBUTES if pattern.fullmatch(name)), None)


def text_reason(name: str) -> str | None:
    """Say why an attribute can't be used by a name in a text, as in getattr, or None if it can."""
    return "write an f-string" if name == "format" else attribute_reason(name)


def member_reason(namespace: str, name: str) -> str | None:
    """Say why a name of a namespace (a key of NAMESPACES) can't be used, or None if it can."""
    if name.startswith("_"):
        return attribute_reason(name)
    names = NAMESPACES[namespace]
    if names is PUBLIC:
        return attribute_reason(name)
    if isinstance(names, re.Pattern):
        if names.fullmatch(name):
            return None
        reason = attribute_reason(name) or "it is not for modelling, or reaches outside of the scene"
    elif name in names:
        return None
    elif namespace == "bpy.data" and name == "scenes":
        reason = "other scenes belong to the artist; build in bpy.context.scene"
    else:
        reason = f"of {namespace}, programs may use {', '.join(sorted(names))}"
    if namespace.startswith("bpy.ops"):
        reason += "; SEIG renders, saves and exports the scene itself, so leave that out"
    return reason


def builtin_reason(name: str) -> str | None:
    """Say why a builtin can't be used, or None if it can, or if the name is no public builtin's."""
    if name in BUILTINS | REFLECTION or name.startswith("_") or name not in vars(builtins):
        return None
    return _HINTS.get(name, "programs build a scene with bpy and seig_kit; do without it")
