"""Scenes for tests, made by programs in a studio and looked at there."""

from seig_addon.engine import picture


def run(studio, program):
    result = studio.run(program)
    assert result.failure is None, result.failure.message
    return result.changes


def shown(studio, path, samples):
    studio.render(path, size=96, samples=samples)
    return picture.open_render(path)


def scene_of(studio, path, *programs):
    """Save the scene that the programs make; returns what opens it."""
    studio.new("Room", 96, 64)
    for program in programs:
        run(studio, program)
    studio.save(path)
    return lambda: studio.open(path)
