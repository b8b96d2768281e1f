"""How a scene is drawn so that a viewport and a render by Workbench give the same picture, in any Blender.

Solid, in the materials' viewport colours, by a light that comes with Blender: the light called Default is the
artist's to change. Imports nothing.
"""

SHADING = {
    "light": "STUDIO",
    "studio_light": "studio.sl",
    "use_world_space_lighting": False,
    "color_type": "MATERIAL",
    "background_type": "WORLD",
    "show_xray": False,
    "show_shadows": False,
    "show_cavity": False,
    "show_object_outline": False,
    "show_specular_highlight": True,
    "show_backface_culling": False,
    "use_dof": False,
}
"""For View3DShading, of a viewport or of a scene's display; `studio_light` is valid once `light` is set."""

VIEW = {"view_transform": "Standard", "look": "None", "exposure": 0.0, "gamma": 1.0, "use_curve_mapping": False}
"""For a scene's view settings: solid viewports pay no heed to them, renders do."""
