"""Tokens and money in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seig_addon.engine.amounts import dollars, tokens


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0"), (999, "999"), (1000, "1.0k"), (2749, "2.7k"), (9960, "10k"), (183_400, "183k"), (1_449_000, "1.4M")],
)
def test_tokens_are_rounded_to_what_a_person_needs(count, words):
    assert tokens(count) == words


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (None, "–"),
        (0, "$0.00"),
        (12.3, "$12.30"),
        (0.84, "$0.84"),
        (0.0996, "$0.10"),
        (0.0312, "$0.031"),
        (2e-5, "$0.000020"),
    ],
)
def test_small_amounts_keep_two_digits(amount, words):
    assert dollars(amount) == words


@given(st.floats(1e-7, 1e4))
def test_no_amount_is_shown_as_nothing_or_more_than_a_tenth_off(amount):
    assert float(dollars(amount).removeprefix("$")) == pytest.approx(amount, rel=0.1)
