"""Asking the artist before anything leaves the machine: who gets what. What was wanted goes on after the answer."""

from __future__ import annotations

import json

import bpy
from bpy.props import StringProperty

from ...errors import SeigError
from ...models.consent import lacking, statement
from ...models.remote.providers import PROVIDERS
from .. import consent, inquiry, preferences
from ..panels.text import sentence
from .base import Base

_WIDTH = 420  # px of the dialog at normal scale


class Asking(Base):
    """An operator that has models asked: invoked, it first has the artist agree to their providers."""

    def models(self, context: bpy.types.Context) -> list[str]:
        """Name the models that it would ask. Raises SeigError."""
        raise NotImplementedError

    def given(self) -> dict[str, object]:
        """Its properties, for going on after the artist agreed."""
        return {}

    def begin(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Do it, or ask for more first."""
        return self.execute(context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask whether the providers may have it, where nobody agreed to them yet."""
        try:
            providers = lacking(self.models(context), preferences.access(context))
        except SeigError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if not providers:
            return self.begin(context, event)
        names = ",".join(each.id for each in providers)
        then = self.bl_idname.removeprefix("SEIG_OT_")  # what Blender made of "seig.…"
        bpy.ops.seig.agree("INVOKE_DEFAULT", providers=names, then=then, given=json.dumps(self.given()))
        return {"FINISHED"}


class SEIG_OT_agree(Base, bpy.types.Operator):
    """Let this provider have the picture and the renders of what is rebuilt from it; you can take it back in the preferences"""  # noqa: E501 a tooltip has no line breaks of its own

    bl_idname = "seig.agree"
    bl_label = "Agree"
    bl_options = {"INTERNAL"}  # noqa: RUF012, Blender's own form

    providers: StringProperty(options={"HIDDEN", "SKIP_SAVE"})
    then: StringProperty(options={"HIDDEN", "SKIP_SAVE"})
    given: StringProperty(options={"HIDDEN", "SKIP_SAVE"}, default="{}")

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Say what goes where."""
        names = " and ".join(each.name for each in self._asked_for())
        title = f"Send the picture to {names}?"
        return context.window_manager.invoke_props_dialog(self, width=_WIDTH, title=title, confirm_text="Agree")

    def draw(self, context: bpy.types.Context) -> None:
        """Draw what goes to each of them."""
        access = preferences.access(context)
        for provider in self._asked_for():
            sentence(self.layout, context, statement(provider, access), icon="INTERNET", width=_WIDTH)
        text = "Nothing was sent so far. You can revoke this at any time in the add-on's preferences."
        sentence(self.layout, context, text, icon="BLANK1", width=_WIDTH)

    def work(self, context: bpy.types.Context) -> None:
        """Remember it, and go on with what was wanted."""
        access = preferences.access(context)
        for provider in self._asked_for():
            consent.agree(context, preferences.get(context), access, provider.id)
        if self.then:
            getattr(bpy.ops.seig, self.then)("INVOKE_DEFAULT", **json.loads(self.given))

    def _asked_for(self) -> list:
        return [PROVIDERS[name] for name in self.providers.split(",") if name in PROVIDERS]


class SEIG_OT_revoke(Base, bpy.types.Operator):
    """Take back that this provider may have pictures; a run would ask you anew"""

    bl_idname = "seig.revoke"
    bl_label = "Revoke"
    bl_options = {"INTERNAL"}  # noqa: RUF012, Blender's own form

    provider: StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def work(self, context: bpy.types.Context) -> None:
        """Take it back."""
        consent.revoke(context, preferences.get(context), self.provider)
        inquiry.redraw()


CLASSES = (SEIG_OT_agree, SEIG_OT_revoke)
