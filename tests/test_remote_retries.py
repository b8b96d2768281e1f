"""When a question is asked again, and how a reply that was cut off is put together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seig_addon.models.remote.retries import Patience, join

PROGRAM = "Here it is.\n\n```python\nfrom seig_kit import box\nbox('Cup', (1, 1, 1))\nbox('Plate', (2, 2, 1))\n```\n"


@pytest.mark.parametrize("cut", range(20, len(PROGRAM)))
@pytest.mark.parametrize(
    "begun_anew",
    [
        lambda rest, cut: rest,
        lambda rest, cut: f"```python\n{rest}",
        lambda rest, cut: f"Going on:\n```python\n{rest}",
        lambda rest, cut: f"```\n{rest}",
        lambda rest, cut: PROGRAM[max(0, cut - 40) : cut] + rest,
    ],
    ids=["exactly there", "fence", "talk and fence", "bare fence", "overlap"],
)
def test_a_program_cut_anywhere_inside_its_fence_is_whole_after_joining(cut, begun_anew):
    if not 24 <= cut < PROGRAM.rindex("```"):
        return
    assert join(PROGRAM[:cut], begun_anew(PROGRAM[cut:], cut)) == PROGRAM


def test_a_line_that_is_begun_anew_is_not_doubled():
    assert (
        join("```python\n    box('Cu", "    box('Cup', (1, 1, 1))\n```") == "```python\n    box('Cup', (1, 1, 1))\n```"
    )
    assert join("```python\n    box('Cu", "box('Cup', (1, 1, 1))\n```") == "```python\n    box('Cup', (1, 1, 1))\n```"


def test_a_fence_that_closes_the_program_stays():
    assert join("```python\nx = 1\n", "```\n") == "```python\nx = 1\n```\n"


def test_brackets_that_happen_to_repeat_are_no_overlap():
    assert join("((1, 2)", ")") == "((1, 2))"


@given(st.text(max_size=60), st.text(alphabet="abc \n", max_size=60))
def test_joining_only_ever_leaves_out_a_beginning(said, more):
    joined = join(said, more)
    assert joined.startswith(said)
    assert more.endswith(joined[len(said) :])


def test_waits_double_and_stay_under_the_longest():
    waits = [Patience(first=2.0, longest=20.0, chance=lambda: 0.5).wait(failed, None) for failed in range(1, 7)]
    assert waits == [2.0, 4.0, 8.0, 16.0, 20.0, 20.0]


def test_parallel_questions_do_not_wait_equally_long():
    assert len({Patience().wait(1, None) for _ in range(20)}) > 10


@given(st.floats(0, 1e6), st.integers(1, 6))
def test_a_providers_own_wish_is_kept_up_to_the_longest(wished, failed):
    wait = Patience().wait(failed, wished)
    assert min(wished, 120.0) <= wait <= 120.0
