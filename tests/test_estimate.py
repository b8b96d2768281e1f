"""What a run will take, as said before it starts. Whether questions are that long, test_recorded_runs checks."""

import dataclasses

import pytest

from seig_addon.engine.estimate import TYPICAL, estimate
from seig_addon.engine.records import Settings


@dataclasses.dataclass
class Price:
    input: float
    output: float


def test_the_least_and_the_most_that_the_default_budgets_can_ask():
    least_and_most = estimate(Settings(), None, None)
    assert (least_and_most.asks_low, least_and_most.asks_high) == (1 + 4 + 4 * 2, 1 + 4 + (5 + 3 + 3 + 2) * 2 + 5)
    assert (least_and_most.cost_low, least_and_most.cost_high) == (None, None)
    assert "$" not in least_and_most.words


def test_only_the_chosen_stages_count():
    settings = Settings(stages=["initialization", "materials"], rounds={"initialization": 2, "materials": 1})
    assert estimate(settings, None, None).asks_low == 1 + 2 + 1  # the only round is the last: no review
    assert estimate(settings, None, None).asks_high == 1 + 2 + 1 + 2


def test_reviews_are_priced_as_the_verifier_and_all_else_as_the_generator():
    settings = Settings()
    free, dear = Price(0.0, 0.0), Price(1.0, 1.0)
    reviews, others = estimate(settings, free, dear), estimate(settings, dear, free)
    review = TYPICAL["review"]
    assert reviews.cost_low == 4 * (review.question + review.reply)
    assert reviews.cost_low + others.cost_low == pytest.approx(reviews.tokens_low)
    assert reviews.cost_high + others.cost_high == pytest.approx(reviews.tokens_high)


@pytest.mark.parametrize("unknown", [(Price(1, 1), None), (None, Price(1, 1))])
def test_without_one_of_the_prices_there_is_no_cost(unknown):
    assert estimate(Settings(), *unknown).cost_high is None


def test_the_words_are_a_line_for_a_person():
    price = Price(3e-6, 15e-6)
    words = estimate(Settings(), price, price).words
    questions, tokens, cost = words.split(", ")
    assert questions == "13 to 36 questions"
    assert all(part.endswith("k") for part in tokens.removesuffix(" tokens").split(" to "))
    assert all(0.1 < float(part.removeprefix("$")) < 10 for part in cost.split(" to "))
