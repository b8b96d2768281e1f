"""Exported programs: they run alone in a fresh process, and build what the stages built."""

import ast
import builtins
import dis
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seig_addon.engine.export import standalone
from seig_addon.engine.kit_reference import kit_reference

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.blender  # in processes of its own

# What a scene holds, as one line of JSON on the standard output.
DUMP = """
import bpy, json
bpy.context.view_layer.update()
depsgraph = bpy.context.evaluated_depsgraph_get()
scene = bpy.context.scene
print("SCENE", json.dumps([scene.name, scene.render.resolution_x, scene.camera and scene.camera.name] + sorted(
    [obj.name, obj.type, obj.parent and obj.parent.name, [round(x, 6) for row in obj.matrix_world for x in row],
     len(obj.evaluated_get(depsgraph).data.vertices) if obj.type == "MESH" else 0,
     [slot.material.name for slot in obj.material_slots]]
    for obj in scene.objects
)))
"""

# The stages as the studio runs them: each program's syntax tree as the body of a function.
DIRECT = """
import ast, json, sys
sys.path.insert(0, {root!r})
import seig_addon.kit
sys.modules["seig_kit"] = seig_addon.kit
seig_addon.kit.start_scene("Picture", 320, 240)
for program in json.loads({programs!r}):
    wrapped = ast.parse("def stage(): pass")
    wrapped.body[0].body = ast.parse(program).body or wrapped.body[0].body
    names = {{}}
    exec(compile(wrapped, "program", "exec"), names)
    names["stage"]()
"""


def export(programs):
    return standalone(programs, "Picture", 320, 240, "Made in a test")


def run(program, folder):
    path = folder / "program.py"
    path.write_text(program + DUMP, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", str(path)], capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    return [line for line in lines if line.startswith("SAID")], [line for line in lines if line.startswith("SCENE")]


STAGES = {
    "initialization": '''
"""A kitchen."""
import seig_kit as kit
from seig_kit import (
    box as crate,
    level_camera,
)

level_camera(height=1.2, horizon=0.4)
crate("Table", (2, 1, 0.7), kit.on_plane(0.5, 0.8))
def place(name: str, **more):
    def inner():
        return kit.sphere(name, 0.1, **more)
    return inner()
place("Apple")
''',
    "geometry": """import bpy
import math
import seig_kit
k = seig_kit

# A helper with the name of one of the kit's own.
def _place(obj, *rest):
    print("SAID my own", obj, rest)

def box(name, size):
    return k.rounded_box(name, size, radius=0.05)

_place("Cup", 1)
box("Table", (2, 1.2, 0.7))
table = bpy.data.objects["Table"]
k.put_on("Apple", table, at=table.location.xy)
k.extrude("Plate", [(math.sin(a), math.cos(a)) for a in range(6)], 0.1, (0, 0, 2), (90, 0, 0))
k.group("Set", [obj.name for obj in bpy.data.objects if obj.type == "MESH"])
""",
    "materials": "# nothing to do here\n   # at all",
    "composition": "",
    "lighting": "from seig_kit import sun, wood, world, assign\nworld('#8090a0')\nsun('Sun', 40, 200)\n"
    "assign('Set', wood('Oak', '#c09050', '#604020'))",
}


def test_the_export_builds_the_same_scene_as_the_stages(tmp_path):
    said, scene = run(export(STAGES), tmp_path)
    direct_said, direct_scene = run(DIRECT.format(root=str(ROOT), programs=json.dumps(list(STAGES.values()))), tmp_path)
    assert said == direct_said == ["SAID my own Cup (1,)"]
    assert scene == direct_scene
    assert [len(json.loads(scene[0].removeprefix("SCENE"))), "Oak" in scene[0]] == [9, True]


OTHERS = """
import bpy
red = bpy.data.materials.new("Red")
for number in range(2):
    bpy.ops.mesh.primitive_cube_add(location=(5, 5, number))
    bpy.context.object.name = "Box"
    bpy.context.object.data.materials.append(red)
bpy.context.scene.world = bpy.data.worlds.new("World")
"""
BY_NAME = """
import bpy
from seig_kit import box, material, world
box("Box", (1, 1, 1), material=material("Red", "#ff0000"))
bpy.data.objects["Box"].location.x = 2
bpy.context.scene.objects["Box"].scale.z = 3
bpy.data.materials["Red"].diffuse_color = (1, 0, 0, 1)
world("#000000", 0)
bpy.data.worlds["World"].color = (0, 1, 0)
raise KeyError("late")
"""
AFTERWARDS = """
import bpy
for scene in bpy.data.scenes:
    boxes = [(obj.name, *obj.location, obj.scale.z) for obj in scene.objects if "Box" in obj.name]
    print("SAID", scene.name, sorted(boxes), scene.world.name, scene.world.color[1] == 1)
print("SAID", [(each.name, each.diffuse_color[1] == 0) for each in bpy.data.materials if "Red" in each.name])
"""


@pytest.mark.parametrize("fails", [False, True], ids=["ends well", "raises at the end"])
def test_in_a_file_that_has_its_names_it_finds_its_own_things(tmp_path, fails):
    program = export({"geometry": BY_NAME if fails else BY_NAME.replace("raise", "# raise")})
    exported = f"try:\n    exec({program!r}, {{}})\nexcept KeyError as error:\n    assert 'late' in str(error)\n"
    said, _ = run(OTHERS + exported + AFTERWARDS, tmp_path)
    assert said == [
        "SAID Picture [('Box.002', 2.0, 0.0, 0.0, 3.0)] World.002 True",
        "SAID Scene [('Box', 5.0, 5.0, 0.0, 1.0), ('Box.001', 5.0, 5.0, 1.0, 1.0)] World.001 False",
        "SAID [('Red', False), ('Red.001', True)]",
    ]


WEIRD = {
    "text": 'text = """one\n  two\n\tthree\n"""\nprint("SAID", repr(text))',
    "format": "x = 3\nprint('SAID', repr(f'''a\n {x +\n1}\n  {x:>{\n5}}\nb'''))",
    "joined": "print('SAID', 'a'\n  'b' \\\n'c\\\n  d')",
    "nested": "print('SAID', f\"{'''x\n y'''}\")" if sys.version_info >= (3, 12) else "print('SAID x')",
    "tabs": "if True:\n\tfor i in range(2):\n\t\tprint('SAID', i)\n\tprint('SAID\t-')\n",
    "mixed": "if True:\n    \tprint('SAID 8')\n    \tif True:\n    \t    \tprint('SAID 16')\n",
    "windows": "if True:\r\n    print('SAID', '''\r\n''')\r\n",
    "pages": "\fdef f():\n    return 1\n\f\nprint('SAID', f())",
    "decorated": "import functools\n@functools.cache\n# why\ndef f(n):\n    return n\n\nprint('SAID', f(4))",
    "scopes": "n = [1]\nclass A:\n    m = [x for x in n]\nprint('SAID', A.m, [[n for n in n] for n in [n]])",
    "documented": '"""What\n  it does."""\nprint("SAID", "documented")\n\n\n',
    "shadows": "start_scene = _find = bpy = 1\nfrom seig_kit import box\ntypes = box('B', (1, 1, 1))\n"
    "print('SAID', types.name)",
    "early": "for i in range(9):\n    if i == 3:\n        print('SAID', i)\n        return\nprint('SAID never')",
    "unicode": "größe = '⌀ 3 m – “x”'\nprint('SAID', ascii(größe))",
}


def test_weird_programs_say_in_the_export_what_they_say_directly(tmp_path):
    said, scene = run(export(WEIRD), tmp_path)
    direct = run(DIRECT.format(root=str(ROOT), programs=json.dumps(list(WEIRD.values()))), tmp_path)
    assert (said, scene) == direct
    assert len(said) >= len(WEIRD)


def test_without_the_kit_only_the_start_comes_along():
    program = export({"geometry": "import bpy", "materials": "print('seig_kit')"})
    names = {node.name for node in ast.parse(program).body if isinstance(node, ast.FunctionDef)}
    assert names == {
        "start_scene",
        "start_stage",
        "_step_aside",
        "_step_back",
        "_light_world",
        "_new_nodes",
        "_number",
        "_is_startup_file",
        "geometry",
        "materials",
    }
    assert "sys.modules" not in program


@pytest.mark.parametrize(
    ("program", "comes", "stays"),
    [
        ("from seig_kit import point_light", {"point_light", "_light", "_aim", "_linear"}, {"sun", "_aim_at", "box"}),
        ("import seig_kit as k\nk.box; scene.world", {"box", "_solid", "_material"}, {"world", "material", "sphere"}),
        ("import seig_kit\nk = seig_kit\nk.plane; x.world", {"plane", "world", "_solid"}, {"material", "group"}),
        ("def f():\n    import seig_kit as k\n    return k.tube", {"tube", "_swept", "SEGMENTS"}, {"lathe"}),
    ],
)
def test_only_what_is_used_comes_along(program, comes, stays):
    tree = ast.parse(export({"geometry": program}))
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    names |= {ast.unparse(target) for node in tree.body if isinstance(node, ast.Assign) for target in node.targets}
    assert comes <= names
    assert not stays & names


KIT_NAMES = [line.split("`")[1].split("(")[0] for line in kit_reference().splitlines() if line.startswith("* ")]
fragments = st.sampled_from(
    [
        "x = '''\n  a\n\tb'''",
        "def f(a, *, b=1):\n\tif a:\n\t\treturn f'{a}'\n\n\treturn b",
        "y = [1,\n2,\n  3]",
        "# a comment",
        "",
        "z = (f'''\n{1 + 1}\n''' 'b'\n'c')",
        "class A:\n    '''Text\n    here.'''\n\n    b = 1",
        "with a as b, \\\nc:\n    pass",
        '"""\nfree text"""',
    ]
)
kit_calls = st.lists(st.sampled_from(KIT_NAMES), max_size=4).map(
    lambda names: "".join(f"from seig_kit import {name} as my_{name}\nmy_{name}()\n" for name in names).strip()
)
generated = st.lists(fragments | kit_calls, max_size=5).map("\n".join)


@settings(deadline=None, max_examples=150)
@given(st.lists(generated, min_size=1, max_size=4), st.sampled_from(["\n", "\r\n"]))
def test_each_stage_is_its_program_to_the_letter(programs, newline):
    stages = {f"stage_{i}": program.replace("\n", newline) for i, program in enumerate(programs)}
    exported = export(stages)
    compile(exported, "program.py", "exec")
    functions = {node.name: node for node in ast.parse(exported).body if isinstance(node, ast.FunctionDef)}
    for stage, program in zip(stages, programs, strict=True):
        wanted = ast.parse(program).body or [ast.Pass()]
        assert [ast.dump(node) for node in functions[stage].body] == [ast.dump(node) for node in wanted]
        assert {name for name in KIT_NAMES if f"my_{name}()" in program} <= set(functions)


def test_every_function_of_the_kit_carries_all_that_it_reads():
    for name in KIT_NAMES:
        module = ast.parse(export({"geometry": f"from seig_kit import {name}"}))
        bound = {node.name for node in module.body if isinstance(node, ast.FunctionDef)}
        for node in module.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                bound |= {alias.name for alias in node.names}
            elif isinstance(node, ast.Assign):
                bound |= {ast.unparse(target) for target in node.targets}
        code = compile(module, "program.py", "exec")
        pending, read = [code], set()
        while pending:
            part = pending.pop()
            pending += [constant for constant in part.co_consts if hasattr(constant, "co_names")]
            read |= _globals(part)
        assert read <= bound | set(dir(builtins)), name


def _globals(code):
    return {step.argval for step in dis.get_instructions(code) if step.opname in {"LOAD_GLOBAL", "LOAD_NAME"}}


def test_names_and_texts_cannot_break_the_program():
    program = standalone({"geometry": ""}, 'it\'s "a"\nb', 10, 20, "one\ntwo\\\n\n'''three")
    compile(program, "program.py", "exec")
    assert program.startswith("# one\n# two\\\n#\n# '''three\n")
    calls = [each for each in ast.walk(ast.parse(program)) if isinstance(each, ast.Call)]
    (start,) = [each for each in calls if ast.unparse(each.func) == "start_scene"]
    assert ast.literal_eval(start.args[0]) == 'it\'s "a"\nb'


def test_a_program_that_python_cannot_read_is_refused():
    with pytest.raises(SyntaxError):
        export({"geometry": "if True"})


def test_the_reference_names_every_function_briefly():
    text = kit_reference()
    assert "* `box(name, size, location=None, rotation=None, material=None, parent=None)` Box" in text
    assert "_solid" not in text
    assert "start_scene" not in text
    assert len(KIT_NAMES) == 36
    assert len(text.encode()) < 8_000
