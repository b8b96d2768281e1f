"""The verifier's answer: a checklist for one stage's factor, or approval."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Review(BaseModel):
    """What a round still lacks, as concrete items for this stage's factor alone; none approves it."""

    model_config = ConfigDict(extra="forbid")

    approved: bool
    checklist: list[str] = Field(default_factory=list, max_length=12)
    comment: str = ""

    @model_validator(mode="after")
    def _approval_means_an_empty_checklist(self) -> Self:
        if self.approved and self.checklist:
            raise ValueError("approved must be false while the checklist has items")
        waits = isinstance(self, FirstReview) and self.closer
        if not self.approved and not self.checklist and not waits:
            raise ValueError("a review that does not approve must say what to change in its checklist")
        return self


class FirstReview(Review):
    """A review that may put off judging, once, to see more: objects enlarged or alone, or from other sides."""

    closer: list[str] = Field(
        default_factory=list,
        max_length=4,
        description="views to see before you judge: 'Cup' (enlarged in both pictures), 'Cup alone', "
        "'from left', 'from right', 'from back', 'from above'",
    )
