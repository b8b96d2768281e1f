"""The providers' keys, and asking their servers: whether they answer, which models they have."""

from __future__ import annotations

import bpy
from bpy.props import StringProperty

from ...models.remote.providers import PROVIDERS
from .. import inquiry, keys, preferences, providers
from .base import Base
from .consent import Asking


class SEIG_OT_paste_key(Base, bpy.types.Operator):
    """Take the key from the clipboard, in full; it is kept until Blender ends, unless you have it stored"""

    bl_idname = "seig.paste_key"
    bl_label = "Paste Key"
    bl_options = {"INTERNAL"}  # noqa: RUF012, Blender's own form

    provider: StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def work(self, context: bpy.types.Context) -> None:
        """Take it, without what was copied around it."""
        key = keys.pasted(context.window_manager.clipboard)
        preferences.provider_settings(preferences.get(context), self.provider).key = key
        self.report({"INFO"}, f"The key for {PROVIDERS[self.provider].name} has {len(key)} characters")
        inquiry.redraw()


class SEIG_OT_forget_key(Base, bpy.types.Operator):
    """Forget the key that was pasted or stored; one in the environment stays where it is"""

    bl_idname = "seig.forget_key"
    bl_label = "Forget Key"
    bl_options = {"INTERNAL"}  # noqa: RUF012, Blender's own form

    provider: StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def work(self, context: bpy.types.Context) -> None:
        """Forget it; a stored one leaves the preferences' file when they are saved, so that is done at once."""
        group = preferences.provider_settings(preferences.get(context), self.provider)
        stored, group.stored_key = group.stored_key, ""
        keys.set_typed(PROVIDERS[self.provider], "")
        if stored:
            bpy.ops.wm.save_userpref()
        inquiry.redraw()


def _nothing_asked(context: bpy.types.Context) -> str:
    return "Something is being asked already; wait for it, or stop it." if inquiry.current() else ""


class SEIG_OT_test_connection(Asking, bpy.types.Operator):
    """Send this model one tiny picture, and say what came back, how long it took and what it cost"""

    bl_idname = "seig.test_connection"
    bl_label = "Test Connection"
    bl_options = {"INTERNAL"}  # noqa: RUF012, Blender's own form
    needs = (_nothing_asked,)

    model: StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def models(self, context: bpy.types.Context) -> list[str]:
        """The one."""
        return [self.model]

    def given(self) -> dict[str, object]:
        """It again."""
        return {"model": self.model}

    def work(self, context: bpy.types.Context) -> None:
        """Ask in a thread."""
        from ...models.remote.connection import test_connection

        name, access = self.model, preferences.access(context)
        inquiry.start(
            inquiry.Inquiry(
                name.partition("/")[0],
                "asking",
                lambda cancel: test_connection(name, access, cancel),
                lambda answer: answer,
            )
        )


class SEIG_OT_list_models(Asking, bpy.types.Operator):
    """Ask the server which models it has that see pictures"""

    bl_idname = "seig.list_models"
    bl_label = "Refresh Models"
    bl_options = {"INTERNAL"}  # noqa: RUF012, Blender's own form
    needs = (_nothing_asked,)

    provider: StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def models(self, context: bpy.types.Context) -> list[str]:
        """Any of that server."""
        return [f"{self.provider}/any"]

    def given(self) -> dict[str, object]:
        """The server again."""
        return {"provider": self.provider}

    def work(self, context: bpy.types.Context) -> None:
        """Ask in a thread; the model field suggests what there is."""
        from ...models.remote.servers import LocalModel, list_models

        provider, access = PROVIDERS[self.provider], preferences.access(context)
        group = preferences.provider_settings(preferences.get(context), self.provider)

        def take(answer: list[LocalModel]) -> str:
            models = providers.found[provider.id] = [each for each in answer if each.sees is not False]
            if not models:
                return f"{provider.name} has no model that sees pictures; fetch one first."
            if not group.model:
                group.model = models[0].id
            return f"{provider.name} has {', '.join(each.id for each in models)}."

        inquiry.start(inquiry.Inquiry(provider.id, "asking", lambda cancel: list_models(provider, access), take))


def _something_asked(context: bpy.types.Context) -> str:
    return "" if inquiry.current() else "Nothing is being asked."


class SEIG_OT_use_model(Base, bpy.types.Operator):
    """Take this model"""

    bl_idname = "seig.use_model"
    bl_label = "Use Model"
    bl_options = {"INTERNAL"}  # noqa: RUF012, Blender's own form

    provider: StringProperty(options={"HIDDEN", "SKIP_SAVE"})
    use: StringProperty(options={"HIDDEN", "SKIP_SAVE"})
    model: StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def work(self, context: bpy.types.Context) -> None:
        """Write its name into the field that it was chosen for."""
        chosen = preferences.get(context)
        owner = chosen if self.use == "verifier_model" else preferences.provider_settings(chosen, self.provider)
        setattr(owner, self.use, self.model)
        context.preferences.is_dirty = True


class SEIG_MT_models(bpy.types.Menu):
    """Models that see pictures; the field beside takes any other name as well"""

    bl_label = "Models"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the suggestions for the provider that the menu was opened at."""
        for model, what in providers.suggestions(PROVIDERS[context.seig_models_of]):
            use = self.layout.operator("seig.use_model", text=f"{model}   {what}".strip(), translate=False)
            use.provider, use.use, use.model = context.seig_models_of, context.seig_models_for, model


class SEIG_OT_stop_asking(Base, bpy.types.Operator):
    """Wait no longer for the server's answer"""

    bl_idname = "seig.stop_asking"
    bl_label = "Stop"
    bl_options = {"INTERNAL"}  # noqa: RUF012, Blender's own form
    needs = (_something_asked,)

    def work(self, context: bpy.types.Context) -> None:
        """Stop."""
        inquiry.stop()


CLASSES = (
    SEIG_OT_paste_key,
    SEIG_OT_forget_key,
    SEIG_OT_test_connection,
    SEIG_OT_list_models,
    SEIG_OT_use_model,
    SEIG_MT_models,
    SEIG_OT_stop_asking,
)
