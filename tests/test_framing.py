"""Views of all things are framed by what stands together, not by the few that reach far beyond it."""

from seig_addon.engine.framing import framing
from seig_addon.engine.scene_graph import Node, SceneGraph
from tests.test_views import info


def framed(things, **rests):
    """Names that stay, of things given by their width in metres, all in one place."""
    nodes = [Node(name=name, build="box", box=(0, 0, 1, 1), rests_on=rests.get(name)) for name in things]
    objects = [info(name, (0, 0, 1, 1), ((-width / 2, 0, 0), (width / 2, 0.1, 0.1))) for name, width in things.items()]
    return [each.name for each in framing(SceneGraph(nodes=nodes), objects)]


def test_what_is_much_larger_than_all_else_is_left_out():
    assert framed({"Board": 8.0, "Cup": 0.1, "Cat": 0.4, "Chair": 0.5}) == ["Cup", "Cat", "Chair"]


def test_what_carries_a_thing_stays_however_large():
    things = {"Table": 8.0, "Cup": 0.1, "Cat": 0.4, "Chair": 0.5}
    assert framed(things, Cup="Table") == list(things)


def test_things_of_many_sizes_all_stay():
    things = {"Cup": 0.1, "Cat": 0.4, "Chair": 0.5, "Plant": 0.9, "Lamp": 1.6}
    assert framed(things) == list(things)


def test_several_large_things_are_left_out_together():
    things = {f"Cup {number}": 0.1 for number in range(8)}
    assert framed({**things, "Board": 8.0, "Window": 7.0}) == list(things)


def test_of_few_things_none_is_left_out():
    assert framed({"Board": 8.0, "Cup": 0.1}) == ["Board", "Cup"]
