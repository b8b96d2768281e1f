"""The verifier: judges what a round left by its stage's factor alone, after a closer look where it wants one.

Never imports bpy.
"""

from __future__ import annotations

from .conversation import Conversation
from .look import Look
from .questions import Questions
from .records import Round, StageRecord
from .review import FirstReview, Review
from .stages import Stage
from .trials import Trials


class Reviewer:
    """Asks for the reviews of one run."""

    def __init__(self, trials: Trials, conversation: Conversation, questions: Questions) -> None:
        """Put the collaborators together."""
        self._trials, self._conversation, self._questions = trials, conversation, questions

    def review(self, stage: Stage, record: StageRecord, played: Round, look: Look) -> Review:
        """Ask what a round left to do; raises UnreadableReply if no reply can be read."""
        say, number = self._trials.say, played.number
        look = self._trials.shown(stage, look)
        say("asking", "verifier", stage, number)
        question = self._questions.review(stage, number, look)
        first = self._conversation.ask_json(question, (record, played), FirstReview)
        if first.closer:
            say("asking", f"verifier, a closer look at {', '.join(first.closer)}", stage, number)
            views = self._trials.more_views(stage, number, look, first.closer)
            question = self._questions.review(stage, number, look, first.closer, *views)
            review = self._conversation.ask_json(question, (record, played), Review)
        else:
            review = Review(approved=first.approved, checklist=first.checklist, comment=first.comment)
        what = "approved" if review.approved else f"{len(review.checklist)} to do: {review.checklist[0]}"
        say("reviewed", what, stage, number)
        return review
