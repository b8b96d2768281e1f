"""What each light brings to the picture is shown in the lighting stage, and only there."""

import numpy as np
import pytest
from PIL import Image

from seig_addon.engine import lamps, renders
from seig_addon.engine.measured import measured
from seig_addon.engine.scene_graph import Node, SceneGraph
from seig_addon.engine.stages import COMPOSITION, LIGHTING
from seig_addon.engine.views import views
from seig_addon.engine.views.luminance import each_light
from tests.test_views import look_at

SCENE = """
from seig_kit import area_light, box, level_camera, material, plane, world
level_camera(height=1.5, horizon=0.3, lens=50, location=(0, -5))
plane("Ground", (20, 20), material=material("Grey", "#808080"))
box("Screen", (0.6, 0.1, 0.5), (0.8, 0, 0), material=material("Screen", "#4080ff", emission=2))
area_light("Left lamp", (-3, -1, 1), (0, 0, 0), 0.5, 150, "#ffffff")
area_light("Dark lamp", (0, -2, 3), (0, 0, 0), 0.5, 0.001, "#ffffff")
world("#ffffff", 0.2)
"""
GRAPH = SceneGraph(nodes=[Node(name="Screen", build="box", box=(0.5, 0.2, 0.8, 0.6))])


@pytest.fixture
def lit(studio):
    studio.new("lit", 96, 64)
    assert studio.run(SCENE).failure is None


def test_each_light_is_shown_alone_by_name_and_share(studio, lit, tmp_path):
    found = renders.of_stage(LIGHTING, studio, GRAPH, studio.describe(), tmp_path)
    names = {title.rsplit(" ", 1)[0]: (title, shown) for title, shown in found.items()}
    assert set(names) == {"Left lamp", "world", "glow of Screen"}  # the dark one can't be seen
    shares = [int(title.rsplit(" ", 1)[1].removesuffix("%")) for title in found]
    assert shares == sorted(shares, reverse=True)
    assert 97 <= sum(shares) <= 102
    lamp, glow = (np.asarray(names[name][1], float) for name in ("Left lamp", "glow of Screen"))
    assert lamp[40:, :32].mean() > lamp[40:, 64:].mean() + 10  # it falls from the left
    assert glow[..., 2].mean() > glow[..., 0].mean()
    assert not list(tmp_path.iterdir())


def test_other_stages_render_no_lights(studio, lit, tmp_path):
    assert renders.of_stage(COMPOSITION, studio, GRAPH, studio.describe(), tmp_path) == {}


def test_the_strongest_eight_fit_a_sheet_and_are_named_in_the_measures():
    found = {f"Lamp {number} {20 - number}%": Image.new("RGB", (192, 128)) for number in range(8)}
    sheet = each_light(found)
    assert max(sheet.size) <= 1000
    reference, graph, look = look_at(96, 64, 1, longest=96)
    look.renders.update(found)
    assert [caption for caption, _ in views(LIGHTING, graph, look, reference)][-1] == "Each light"
    lines = measured(LIGHTING, graph, look, reference)
    assert lines[-1].startswith("each light's share of the render's light: Lamp 0 20%, Lamp 1 19%")
    assert lamps._MOST == 8
