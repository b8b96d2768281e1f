"""SEIG: from a single picture to an editable Blender scene, written as a program by a model.

Importing this package must never import bpy: the engine, the models and the studio's client run
in plain Python.
"""

__version__ = "0.1.0"
