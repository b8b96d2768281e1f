"""Properties that say nothing about the picture: interface state, results, what other values follow from.

Each set is for one kind of struct; a property that isn't named here counts as part of the scene. No bpy.
"""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Of any struct, beside those of all data-blocks (names, users, library links). Which material a spline or
# character has is read as assignment.
ANYWHERE = _names("""
    bake_directory bakes child_particles depsgraph edit_format error_location error_rotation
    execution_time grids has_data interface internal_links material_index matrix matrix_channel
    name node_warnings panel_states panels particles persistent_uid point_cache preview_render_type show_group_selector
    show_in_editmode show_manage_panel show_on_cage use_fast_edit use_pin_to_last use_preview_world
    warning_propagation
""")
ANYWHERE_PREFIXES = (
    "active",
    "bl_",
    "is_active",
    "open_",
    "paint_",
    "select",
    "show_expanded",
    "texspace_",
    "texture_paint",
)

# What an attribute of the same struct holds already.
BESIDE_ATTRIBUTES = _names("color_attributes curves normals points position_data strokes")

# Sockets and their links are read on their own; the rest is how the node looks.
NODE = _names("""
    color color_tag dimensions height hide inputs label location location_absolute outputs parent
    show_options show_preview show_texture use_custom_color width
""")

# Transforms, materials and data are read on their own; physics shows only in motion.
OBJECT = _names("""
    animation_visualization bound_box collision color data delta_location delta_rotation_euler
    delta_rotation_quaternion delta_scale dimensions display display_bounds_type display_type
    empty_display_size empty_display_type empty_image_depth empty_image_offset empty_image_side field
    hide_select image_user lineart location lock_location lock_rotation lock_rotation_w
    lock_rotations_4d lock_scale material_slots matrix_basis matrix_local matrix_parent_inverse
    matrix_world mode motion_path pass_index rigid_body rigid_body_constraint rotation_axis_angle
    rotation_euler rotation_mode rotation_quaternion scale show_all_edges show_axis show_bounds
    show_empty_image_only_axis_aligned show_empty_image_orthographic show_empty_image_perspective
    show_in_front show_name show_only_shape_key show_texture_space show_transparent show_wire soft_body
    use_dynamic_topology_sculpting use_empty_image_alpha use_mesh_mirror_x use_mesh_mirror_y
    use_mesh_mirror_z use_shape_key_edit_mode use_simulation_cache vertex_groups
""")

CAMERA = _names("""
    angle angle_x angle_y background_images composition_guide_color display_size lens_unit
    passepartout_alpha show_background_images show_composition_center show_composition_center_diagonal
    show_composition_golden show_composition_golden_tria_a show_composition_golden_tria_b
    show_composition_harmony_tri_a show_composition_harmony_tri_b show_composition_thirds show_limits
    show_mist show_name show_passepartout show_safe_areas show_safe_center show_sensor stereo
""")

CURVE = _names("materials texco_mesh texture_mesh")

# How pictures are written isn't part of the scene.
RENDER = _names("bake ffmpeg filepath fps fps_base image_settings threads threads_mode")

# Collections are read with the objects in them.
VIEW_LAYER = _names("freestyle_settings layer_collection objects")

# The second has no valid value in some versions, and reading it warns.
SHADING = _names("selected_studio_light wireframe_color_type")

# An image's pixels are hashed, or else its file counts.
IMAGE = _names("bindcode filepath filepath_raw packed_file packed_files pixels render_slots")
IMAGE_NOT_GENERATED = IMAGE | _names("generated_color generated_height generated_type generated_width")

# Built-in mesh attributes that mean nothing while they are all zero: whether they are stored is chance.
ZERO_IS_ABSENT = _names("""
    bevel_weight_edge bevel_weight_vert crease_edge crease_vert freestyle_edge freestyle_face sharp_edge
    sharp_face uv_seam
""")
