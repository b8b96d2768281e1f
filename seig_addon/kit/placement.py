"""The camera, and from pixels to places.

u, v are fractions of the picture: (0, 0) top left, (1, 1) bottom right. Depth is in metres along
the camera's axis. `obj` may be an object or its name.
"""

import math
from collections.abc import Sequence

import bpy
import numpy
from mathutils import Euler, Matrix, Vector

from .scene import _family, _find, _link, _number, _numbers, _object, _size, _update

FOOTPRINT_RAYS = 7  # rays per side of the grid that looks for the support's top under an object


def set_camera(
    location: Sequence[float],
    look_at: Sequence[float] | None = None,
    *,
    rotation: Sequence[float] | None = None,
    lens: float = 50.0,
    shift: Sequence[float] = (0.0, 0.0),
    ortho_scale: float | None = None,
) -> bpy.types.Object:
    """Set the scene's camera, looking at a point, or by rotation in degrees, or else level along +Y.

    lens in mm for 36 mm along the picture's longer side; shift in fractions of that side;
    ortho_scale = metres along it: makes the camera orthographic.
    """
    location = Vector(_numbers(location, 3, "location"))
    if look_at is not None and rotation is not None:
        raise ValueError("give either look_at or rotation, not both")
    if look_at is not None:
        euler = _aim(location, look_at, "look_at")
    else:
        degrees = (90.0, 0.0, 0.0) if rotation is None else rotation
        euler = Euler([math.radians(angle) for angle in _numbers(degrees, 3, "rotation")])
    lens = _number(lens, "lens (mm)", 1.0, 5000.0)
    shift = _numbers(shift, 2, "shift")
    ortho_scale = None if ortho_scale is None else _size(ortho_scale, "ortho_scale")

    scene = bpy.context.scene
    if scene.camera is None:
        scene.camera = _find("Camera", "CAMERA") or _link("Camera", bpy.data.cameras.new("Camera"))
    camera = scene.camera
    camera.parent = None
    camera.constraints.clear()
    camera.rotation_mode = "XYZ"
    camera.location, camera.rotation_euler, camera.scale = location, euler, (1.0, 1.0, 1.0)
    data = camera.data
    data.type = "PERSP" if ortho_scale is None else "ORTHO"
    data.sensor_fit, data.sensor_width = "AUTO", 36.0
    data.lens = lens
    data.shift_x, data.shift_y = shift
    if ortho_scale is not None:
        data.ortho_scale = ortho_scale
    data.clip_start, data.clip_end = 0.01, 1000.0
    return camera


def level_camera(
    height: float = 1.6, horizon: float = 0.5, lens: float = 50.0, location: Sequence[float] = (0.0, -6.0)
) -> bpy.types.Object:
    """Set a level camera at (x, y) and height above z=0, looking along +Y: verticals stay vertical.

    A vertical shift puts the horizon at row v=horizon.
    """
    x, y = _numbers(location, 2, "location (x, y)")
    horizon = _number(horizon, "horizon (row v of the picture)", -10.0, 10.0)
    render = bpy.context.scene.render
    longer_side = max(render.resolution_x, render.resolution_y)
    shift = (horizon - 0.5) * render.resolution_y / longer_side
    return set_camera((x, y, _number(height, "height")), lens=lens, shift=(0.0, shift))


def tilted_camera(
    height: float = 1.6, horizon: float = 0.1, lens: float = 50.0, location: Sequence[float] = (0.0, -6.0)
) -> bpy.types.Object:
    """Set a camera at (x, y) and height above z=0, tilted so far down that the horizon is at row v=horizon."""
    x, y = _numbers(location, 2, "location (x, y)")
    horizon = _number(horizon, "horizon (row v of the picture, negative above it)", -10.0, 10.0)
    lens = _number(lens, "lens (mm)", 1.0, 5000.0)
    render = bpy.context.scene.render
    rows = (0.5 - horizon) * render.resolution_y / max(render.resolution_x, render.resolution_y)
    tilt = math.degrees(math.atan(rows * 36.0 / lens))
    return set_camera((x, y, _number(height, "height")), rotation=(90.0 - tilt, 0.0, 0.0), lens=lens)


def at_depth(u: float, v: float, depth: float) -> Vector:
    """World position seen at pixel (u, v) at this depth."""
    origin, direction = _ray(u, v)
    return origin + _size(depth, "depth") * direction


def on_plane(u: float, v: float, z: float = 0.0) -> Vector:
    """World position where the pixel meets the horizontal plane z; ValueError above its horizon."""
    origin, direction = _ray(u, v)
    z = _number(z, "z")
    depth = (z - origin.z) / direction.z if abs(direction.z) > 1e-9 else math.inf
    if not 0.0 < depth < 1e5:
        raise ValueError(
            f"the pixel ({u:g}, {v:g}) never meets the plane z={z:g}: its ray goes {_way(direction)} from "
            f"z={origin.z:.3g}{_horizon(u)}; take a pixel on the other side of the horizon, or use at_depth"
        )
    return origin + depth * direction


def on_object(u: float, v: float, obj: bpy.types.Object | str) -> Vector:
    """World position where the pixel's ray first meets obj (or its children); ValueError if it misses."""
    obj = _object(obj)
    origin, direction = _ray(u, v)
    hits = _hits(_family(obj), origin, direction)
    if not hits:
        raise ValueError(f"the ray through pixel ({u:g}, {v:g}) does not meet {obj.name!r}{_where(obj)}")
    return min(hits, key=lambda hit: (hit - origin).dot(direction))


def project(point: Sequence[float]) -> tuple[float, float, float]:
    """(u, v, depth) of a world position; ValueError behind the camera."""
    camera = _camera()
    matrix, (left, right, bottom, top) = _frame(camera)
    x, y, z = matrix.inverted() @ Vector(_numbers(point, 3, "point"))
    depth = -z
    if depth < 1e-6:
        raise ValueError(f"the point {tuple(point)!r} lies behind the camera, so no pixel shows it")
    if camera.data.type != "ORTHO":
        x, y = x / depth, y / depth
    return (x - left) / (right - left), (top - y) / (top - bottom), depth


def width_at(depth: float) -> float:
    """Metres that the picture's whole width spans at this depth."""
    camera = _camera()
    left, right, _, _ = _frame(camera)[1]
    return (right - left) * (1.0 if camera.data.type == "ORTHO" else _size(depth, "depth"))


def height_at(depth: float) -> float:
    """Metres that the picture's whole height spans at this depth."""
    camera = _camera()
    _, _, bottom, top = _frame(camera)[1]
    return (top - bottom) * (1.0 if camera.data.type == "ORTHO" else _size(depth, "depth"))


def height_to_row(v: float, base: Sequence[float]) -> float:
    """Height in metres of a thing that stands at world position base and whose top is seen at row v.

    ValueError where nothing upright there can reach that row.
    """
    v = _number(v, "v (fraction of the picture's height, not pixels)", -10.0, 10.0)
    camera = _camera()
    matrix, (_, _, bottom, top) = _frame(camera)
    _, y, z = matrix.inverted() @ Vector(_numbers(base, 3, "base (x, y, z)"))
    _, up_y, up_z = matrix.inverted().to_3x3() @ Vector((0.0, 0.0, 1.0))
    row = top + v * (bottom - top)
    if camera.data.type == "ORTHO":
        gap, rise = row - y, up_y
    else:  # y + h up_y = -row (z + h up_z)
        gap, rise = -row * z - y, up_y + row * up_z
    height = gap / rise if abs(rise) > 1e-6 else math.inf
    if not 0.0 < height < 1e4 or (camera.data.type != "ORTHO" and z + height * up_z >= 0.0):
        _, foot, _ = project(base)
        raise ValueError(f"nothing upright at {tuple(base)!r} reaches row v={v:g}: its foot is at row v={foot:.3f}")
    return height


def put_on_ground(obj: bpy.types.Object | str, z: float = 0.0) -> bpy.types.Object:
    """Move obj (with children) up or down until its lowest point is at height z."""
    obj = _object(obj)
    low, _ = _bounds(_family(obj))
    _move(obj, Vector((0.0, 0.0, _number(z, "z") - low.z)))
    return obj


def put_on(
    obj: bpy.types.Object | str, support: bpy.types.Object | str, at: Sequence[float] | None = None
) -> bpy.types.Object:
    """Set obj (with children) down on support's top: under where it is, or with its origin at world (x, y).

    ValueError if it is beside the support.
    """
    obj, support = _object(obj), _object(support)
    family = _family(obj)
    below = [other for other in _family(support) if other not in family]
    if support in family:
        raise ValueError(f"{obj.name!r} cannot be put on {support.name!r}, which is itself or a part of it")
    if at is not None:
        x, y = _numbers(at, 2, "at (x, y)")
        _update()
        _move(obj, Vector((x, y, 0.0)) - Vector((*obj.matrix_world.translation.xy, 0.0)))
    low, high = _bounds(family)
    bottom, top = _bounds(below)
    if low.x > top.x or high.x < bottom.x or low.y > top.y or high.y < bottom.y:
        raise ValueError(
            f"{obj.name!r} is beside {support.name!r}, not above it: give at=(x, y) with x from "
            f"{bottom.x:.3g} to {top.x:.3g} and y from {bottom.y:.3g} to {top.y:.3g}"
        )
    columns = [
        Vector((x, y, top.z + 1.0))
        for x in numpy.linspace(low.x, high.x, FOOTPRINT_RAYS)
        for y in numpy.linspace(low.y, high.y, FOOTPRINT_RAYS)
    ]
    hits = [hit.z for column in columns for hit in _hits(below, column, Vector((0.0, 0.0, -1.0)))]
    _move(obj, Vector((0.0, 0.0, max(hits, default=top.z) - low.z)))
    return obj


def _camera() -> bpy.types.Object:
    """Return the scene's camera; ValueError while there is none."""
    camera = bpy.context.scene.camera
    if camera is None:
        raise ValueError("the scene has no camera yet: call level_camera or set_camera first")
    return camera


def _frame(camera: bpy.types.Object) -> tuple[Matrix, tuple[float, float, float, float]]:
    """Return the camera's world matrix without scale, and the picture's left, right, bottom and top edges.

    In the camera's space (it looks along -Z), at depth 1 for perspective, at any depth for orthographic.
    """
    matrix = camera.matrix_basis
    if camera.parent is not None or camera.constraints:  # else spare the update: 3 ms among 300 objects
        _update()
        matrix = camera.matrix_world
    corners = camera.data.view_frame(scene=bpy.context.scene)
    if camera.data.type != "ORTHO":
        corners = [corner / -corner.z for corner in corners]
    xs, ys = [corner.x for corner in corners], [corner.y for corner in corners]
    return matrix.normalized(), (min(xs), max(xs), min(ys), max(ys))


def _ray(u: float, v: float) -> tuple[Vector, Vector]:
    """Return the world origin and direction of a pixel's ray; the direction's length is depth 1."""
    u = _number(u, "u (fraction of the picture's width, not pixels)", -1.0, 2.0)
    v = _number(v, "v (fraction of the picture's height, not pixels)", -1.0, 2.0)
    camera = _camera()
    matrix, (left, right, bottom, top) = _frame(camera)
    x, y = left + u * (right - left), top + v * (bottom - top)
    if camera.data.type == "ORTHO":
        return matrix @ Vector((x, y, 0.0)), matrix.to_3x3() @ Vector((0.0, 0.0, -1.0))
    return matrix.translation.copy(), matrix.to_3x3() @ Vector((x, y, -1.0))


def _aim(location: Vector, target: Sequence[float], what: str) -> Euler:
    """Return the rotation of a camera or light at location that looks at target."""
    direction = Vector(_numbers(target, 3, what)) - location
    if direction.length < 1e-6:
        raise ValueError(f"{what} must be another place than location, {tuple(location)!r}")
    return direction.to_track_quat("-Z", "Y").to_euler()


def _hits(objects: Sequence[bpy.types.Object], origin: Vector, direction: Vector) -> list[Vector]:
    """Return where a world ray first meets each of the objects that have faces and that it meets at all."""
    depsgraph = _update()
    places = []
    for obj in objects:
        if obj.type != "MESH":
            continue
        inverse = obj.matrix_world.inverted_safe()
        hit, place, _, _ = obj.evaluated_get(depsgraph).ray_cast(
            inverse @ origin, inverse.to_3x3() @ direction, depsgraph=depsgraph
        )
        if hit:
            places.append(obj.matrix_world @ place)
    return places


def _bounds(objects: Sequence[bpy.types.Object]) -> tuple[Vector, Vector]:
    """Return the lowest and highest world x, y, z of the objects' vertices, after modifiers."""
    depsgraph = _update()
    parts = []
    for obj in objects:
        evaluated = obj.evaluated_get(depsgraph)
        points = numpy.zeros((0, 3))
        if obj.type in {"MESH", "CURVE", "SURFACE", "FONT", "META"}:
            mesh = evaluated.to_mesh()
            points = numpy.empty(len(mesh.vertices) * 3)
            mesh.vertices.foreach_get("co", points)
            evaluated.to_mesh_clear()
        matrix = numpy.array(obj.matrix_world)
        parts.append(points.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3])
    points = numpy.concatenate(parts)
    if not len(points):  # only empties
        points = numpy.array([obj.matrix_world.translation for obj in objects])
    return Vector(points.min(axis=0)), Vector(points.max(axis=0))


def _move(obj: bpy.types.Object, world_offset: Vector) -> None:
    """Move an object in world space, whatever it is parented to."""
    to_world = obj.matrix_parent_inverse.to_3x3()
    if obj.parent is not None:
        to_world = obj.parent.matrix_world.to_3x3() @ to_world
    obj.location += to_world.inverted_safe() @ world_offset


def _way(direction: Vector) -> str:
    """Say whether a ray goes up, down or level."""
    if abs(direction.z) < 1e-4:
        return "level"
    return "up" if direction.z > 0 else "down"


def _horizon(u: float) -> str:
    """Say in which row of column u the horizon lies, if it does."""
    top, bottom = _ray(u, 0.0)[1].z, _ray(u, 1.0)[1].z
    return f" (horizon here at v={top / (top - bottom):.3f})" if abs(top - bottom) > 1e-6 else ""


def _where(obj: bpy.types.Object) -> str:
    """Say which part of the picture an object's bounding box covers, if it is in front of the camera."""
    low, high = _bounds(_family(obj))
    try:
        corners = [project((x, y, z)) for x in (low.x, high.x) for y in (low.y, high.y) for z in (low.z, high.z)]
    except ValueError:
        return ", part of which lies behind the camera"
    us, vs = [corner[0] for corner in corners], [corner[1] for corner in corners]
    return f", which lies within u {min(us):.3f} to {max(us):.3f}, v {min(vs):.3f} to {max(vs):.3f}"
