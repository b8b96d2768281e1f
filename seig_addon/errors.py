"""The errors that people get to see.

Each message is one sentence that says what happened, what was kept, and what to do.
Errors of generated programs are not here: they are data (see studio.client.Failure), because
they go back to the model.
"""


class SeigError(Exception):
    """Base of all errors that are shown to a person as they are."""


class PictureError(SeigError):
    """The reference can't be used as a picture."""


class RunFolderError(SeigError):
    """The run folder can't be created, read or written."""


class ModelError(SeigError):
    """The model couldn't be asked, or what it said can't be used."""


class LimitReached(SeigError):
    """The next question could cost more than the run's limit leaves."""


class StudioError(SeigError):
    """The background Blender couldn't be started, or stopped answering for good."""


class Cancelled(SeigError):
    """The person stopped the run."""
