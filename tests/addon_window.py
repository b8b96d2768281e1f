"""The add-on's session in tests, where no timer ticks: pumped by hand. The fixtures for it are conftest's."""

import time

import bpy

from seig_addon.addon import session
from tests.scripted import ScriptedModel


def ended():
    """Whether the run is at its end."""
    return not session.current().busy


def until(condition, seconds=60.0):
    """Pump as Blender's timer does, until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, (session.current().state, session.current().status, session.current().message)
        session.current().pump()
        time.sleep(0.01)


def begin(run, replies, until_="end"):
    """Start a run with a scripted model, in its scene, which is made if need be."""
    if not any(scene.seig.run == str(run.path) for scene in bpy.data.scenes):
        session.new_scene(run)
    session.current().start(run, until_, ScriptedModel(replies))
    return session.current()
