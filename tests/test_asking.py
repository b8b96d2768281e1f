"""How a run asks: two models, several rollouts at once, accounts that add up, and a limit that holds."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seig_addon.engine import transcript
from seig_addon.engine.limit import affordable
from seig_addon.engine.reconstruction import Reconstruction
from seig_addon.engine.records import Round, RunRecord, Settings, StageRecord
from seig_addon.engine.run_folder import RunFolder, read_record
from seig_addon.engine.stages import INITIALIZATION, MATERIALS
from seig_addon.errors import Cancelled, LimitReached, ModelError
from seig_addon.models import Costless, Reply, Unanswered, title_of
from seig_addon.models.replay import ReplayModel
from tests.scripted import GRAPH, SCAFFOLD, USAGE, ScriptedModel, approve, demand, program

PAINT = program('from seig_kit import material\nmaterial("Red", "#b03a2c")')
ROLLOUTS = {"initialization": 3}
UNSOLVED = {"solving": False}  # no round that asks nobody
TWO_STAGES = {
    "stages": ["initialization", "materials"],
    "note": "Mend the colours.",
}  # a stage with a wish isn't skipped


class ByTitle(Costless):
    """Answers from several threads: `answers` gets a question's title, and returns a text or raises."""

    name = "by title"

    def __init__(self, answers, at_once=3, price=0.01):
        self.answers, self.at_once, self.price = answers, at_once, price
        self.titles, self.threads = [], set()

    def most(self, messages):
        return self.price

    def ask(self, messages, schema=None, cancel=None, at_most=None):
        self.titles.append(title_of(messages))
        self.threads.add(threading.get_ident())
        return Reply(self.answers(title_of(messages), cancel), USAGE, self.price)


def first_programs(rollout):
    """Answers that give a scene graph and scaffolds; `rollout` is called with a rollout's number."""

    def answer(title, cancel):
        if "scene graph" in title:
            return GRAPH
        return rollout(int(title.rsplit(": ", 1)[1]), cancel) or program(SCAFFOLD)

    return answer


def drive(run, studio, model, verifier=None, cancel=None, tell=lambda event: None):
    Reconstruction(run, model, studio, tell, cancel or threading.Event(), verifier=verifier).reconstruct()


def numbers(stage):
    return [each.number for each in stage.rounds]


# Two models


def test_the_verifier_answers_reviews_only_and_the_transcript_says_who_replied(new_run, studio):
    rounds = {"initialization": 1, "materials": 3}
    run = new_run(**TWO_STAGES, rounds=rounds, model="writer", verifier="critic")
    generator = ScriptedModel([GRAPH, program(SCAFFOLD), PAINT, PAINT.replace("2c", "2d")], "writer")
    verifier = ScriptedModel(["no JSON", demand("darker"), approve()], "critic")
    events = []
    drive(run, studio, generator, verifier, tell=events.append)
    assert generator.replies == verifier.replies == []
    assert {title.split(" · ")[1] for title in verifier.titles} == {"Task: review"}
    assert not any("review" in title for title in generator.titles)
    said = [(each.model, title) for each, title in zip(transcript.read(run.path), titles(run), strict=True)]
    assert [model for model, _ in said] == ["writer"] * 3 + ["critic"] * 2 + ["writer", "critic"]
    assert events[0].text == "box with writer, reviewed by critic"
    assert "writer, reviewed by critic" in (run.path / "report.html").read_text()


def titles(run):
    return [
        line.removeprefix("# ")
        for each in transcript.read(run.path)
        for line in each.messages[-1]["parts"][-1]["text"].splitlines()[:1]
    ]


def test_a_transcript_from_before_models_were_named_is_still_read(new_run):
    run = new_run()
    transcript.record(run.path, [], None, Reply("yes"), "critic")
    path = run.path / "transcript.jsonl"
    path.write_text(path.read_text().replace(',"model":"critic"', ""))
    assert [each.model for each in transcript.read(run.path)] == [""]


# Several rollouts at once


def test_rollouts_are_asked_at_once_and_tried_in_their_order(new_run, studio):
    run = new_run(stages=["initialization"], rounds={"initialization": 5}, method=UNSOLVED)
    together = threading.Barrier(3)

    def late_first(number, cancel):
        if number <= 3:
            together.wait(10)  # broken, and so an error, unless all three are asked at the same time
            time.sleep(0.1 * (3 - number))

    model = ByTitle(first_programs(late_first))
    events = []
    drive(run, studio, model, tell=events.append)
    stage = run.record.stage(INITIALIZATION)
    assert [each.ran for each in stage.rounds] == [True] * 5
    assert numbers(stage) == [1, 2, 3, 4, 5]
    assert len(model.threads - {threading.get_ident()}) == 3
    assert (stage.asks, stage.usage.input_tokens, stage.cost) == (6, 600, pytest.approx(0.06))
    assert [each.usage for each in stage.rounds] == [USAGE] * 5
    told = [(event.kind, event.text, event.round) for event in events if event.stage == "initialization"]
    asked = [each for each in told if each[0] in ("asking", "replied", "trying")]
    assert asked[2:9] == [
        ("asking", "generator, 3 at once", 1),
        *(("replied", f"{came} of 3", 1) for came in (1, 2, 3)),
        *(("trying", "running the program", number) for number in (1, 2, 3)),
    ]
    assert asked[9] == ("asking", "generator, 2 at once", 4)
    assert sorted(titles(run)[1:4]) == [f"Stage: initialization · Task: program · Rollout: {n}" for n in (1, 2, 3)]


def test_a_model_that_takes_one_question_at_a_time_gets_one_after_each_try(new_run, studio):
    run = new_run(stages=["initialization"], rounds=ROLLOUTS, method=UNSOLVED)
    kinds = []
    model = ScriptedModel([GRAPH, *[program(SCAFFOLD)] * 3])
    drive(run, studio, model, tell=lambda event: kinds.append(event.kind))
    first, last = kinds.index("trying"), len(kinds) - kinds[::-1].index("trying")
    assert [kind for kind in kinds[first:last] if kind in ("asking", "trying")] == ["trying", "asking"] * 2 + ["trying"]


def test_a_failed_ask_loses_no_other_reply_and_resuming_asks_only_for_the_failed_one(new_run, studio):
    run = new_run(stages=["initialization"], rounds=ROLLOUTS, method=UNSOLVED)

    def second_fails(number, cancel):
        if number == 2:
            raise ModelError("No credit is left.")
        time.sleep(0.1)

    with pytest.raises(ModelError, match="No credit"):
        drive(run, studio, ByTitle(first_programs(second_fails)))
    stage = run.record.stage(INITIALIZATION)
    assert numbers(stage) == [1, 3]
    assert (stage.asks, stage.cost) == (3, pytest.approx(0.03))
    assert len(transcript.read(run.path)) == 3

    run.close()
    resumed = RunFolder.open(run.path)
    model = ScriptedModel([program(SCAFFOLD)])
    drive(resumed, studio, model)
    assert model.titles == ["Stage: initialization · Task: program · Rollout: 2"]
    assert numbers(resumed.record.stage(INITIALIZATION)) == [1, 2, 3]
    resumed.close()


def test_a_rollout_asked_with_others_is_repaired_like_any_round(new_run, studio):
    run = new_run(stages=["initialization"], rounds=ROLLOUTS, method=UNSOLVED)

    def answers(title, cancel):
        if "scene graph" in title:
            return GRAPH
        return program("unknown") if title.endswith("Rollout: 2") else program(SCAFFOLD)

    model = ByTitle(answers)
    drive(run, studio, model)
    assert model.titles[-1] == "Stage: initialization · Task: program · Rollout: 2 · Repair: 1"
    assert [each.repairs for each in run.record.stage(INITIALIZATION).rounds] == [0, 1, 0]
    assert [each.asks for each in run.record.stage(INITIALIZATION).rounds] == [1, 2, 1]


def test_stop_ends_all_asks_at_once_and_keeps_what_had_come(new_run, studio):
    run = new_run(stages=["initialization"], rounds=ROLLOUTS)
    cancel = threading.Event()

    def only_the_first_replies(number, cancel):
        if number > 1:
            cancel.wait(20)
            raise Cancelled("Stopped.")

    def stop(event):
        if event.kind == "replied" and event.text == "1 of 3":
            cancel.set()

    since = time.monotonic()
    with pytest.raises(Cancelled):
        drive(run, studio, ByTitle(first_programs(only_the_first_replies)), cancel=cancel, tell=stop)
    assert time.monotonic() - since < 10
    record = read_record(run.path)
    assert (record.asks, record.cost) == (2, pytest.approx(0.02))
    assert len(transcript.read(run.path)) == 2
    model = ScriptedModel([program(SCAFFOLD)] * 2)
    drive(run, studio, model)
    assert [title.rsplit(": ", 1)[1] for title in model.titles] == ["2", "3"]
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("SEIG ask")] == []


def test_a_run_whose_rollouts_replied_in_any_order_can_be_replayed(new_run, studio):
    recorded = new_run("recorded", stages=["initialization"], rounds=ROLLOUTS)

    def last_first(number, cancel):
        time.sleep(0.15 * (3 - number))
        return program(SCAFFOLD.replace("strength=2.0", f"strength={number}.0"))

    drive(recorded, studio, ByTitle(first_programs(last_first)))
    assert titles(recorded)[1].endswith("Rollout: 3")
    again = new_run("again", stages=["initialization"], rounds=ROLLOUTS)
    drive(again, studio, ReplayModel(recorded.path))
    assert again.record.stages[0].rounds == recorded.record.stages[0].rounds
    assert (again.path / "program.py").read_text() == (recorded.path / "program.py").read_text()


# Accounts


def test_what_a_round_took_is_counted_with_its_repairs_and_review(new_run, studio):
    run = new_run(**TWO_STAGES, rounds={"initialization": 1, "materials": 2})
    drive(run, studio, ScriptedModel([GRAPH, program(SCAFFOLD), program("unknown"), PAINT, "?", approve()]))
    record = read_record(run.path)
    (played,) = record.stage(MATERIALS).rounds
    assert (played.asks, played.usage.output_tokens, played.cost) == (4, 40, pytest.approx(0.04))
    assert record.stage(MATERIALS).asks == 4
    assert (record.stage(INITIALIZATION).asks, record.stage(INITIALIZATION).rounds[0].asks) == (2, 1)
    assert (record.asks, record.cost) == (6, pytest.approx(0.06))
    page = " ".join((run.path / "report.html").read_text().split())
    assert "400 + 40 tokens · $0.040" in page
    assert '<td class="n">600</td><td class="n">0</td><td class="n">60</td><td class="n">$0.060</td>' in page


def test_a_model_without_a_price_costs_nothing_that_is_known(new_run, studio):
    run = new_run(stages=["initialization"], limit=0.001)
    drive(run, studio, ScriptedModel([GRAPH, program(SCAFFOLD)], price=None))
    assert (run.record.asks, run.record.cost) == (2, None)


# The limit


def test_a_run_stops_before_its_limit_is_passed_and_goes_on_with_a_higher_one(new_run, studio):
    run = new_run(**TWO_STAGES, rounds={"initialization": 1, "materials": 2}, limit=0.035)
    model = ScriptedModel([GRAPH, program(SCAFFOLD), PAINT, approve()])
    words = r"has cost \$0\.030, and the next question could cost up to \$0\.010, .* limit of \$0\.035; all .* is kept"
    with pytest.raises(LimitReached, match=words):
        drive(run, studio, model)
    assert len(model.questions) == 3
    assert (run.path / "report.html").exists()
    assert run.record.final is None
    run.close()

    resumed = RunFolder.open(run.path)
    resumed.set_limit(0.06)
    drive(resumed, studio, ScriptedModel([PAINT, approve()]))
    assert read_record(run.path).settings.limit == 0.06
    assert resumed.record.cost == pytest.approx(0.05)
    assert resumed.record.stage(MATERIALS).state == "approved"
    resumed.close()


class Thinker(ScriptedModel):
    """Takes all it may, and says nothing."""

    def ask(self, messages, schema=None, cancel=None, at_most=None):
        self.questions.append(at_most)
        failure = Unanswered("only thoughts")
        failure.took = Reply("", USAGE, at_most)
        raise failure


def test_a_question_may_take_what_the_limit_leaves_and_counts_though_it_stays_unanswered(new_run, studio):
    run = new_run(limit=0.5)
    model = Thinker([])
    with pytest.raises(Unanswered):
        drive(run, studio, model)
    assert model.questions == [0.5]
    assert (run.record.cost, run.record.usage) == (0.5, USAGE)


def test_a_limit_that_the_first_question_would_pass_asks_nothing(new_run, studio):
    run = new_run(limit=0.005)
    model = ScriptedModel([GRAPH])
    with pytest.raises(LimitReached, match=r"has cost \$0\.00, and the next question could cost up to \$0\.010"):
        drive(run, studio, model)
    assert model.questions == []


def test_only_as_many_are_asked_at_once_as_the_limit_leaves_room_for(new_run, studio):
    run = new_run(stages=["initialization"], rounds={"initialization": 4}, limit=0.045)
    together = threading.Barrier(3)

    def answer(number, cancel):
        if number <= 3:
            together.wait(10)

    model = ByTitle(first_programs(answer), at_once=4)
    with pytest.raises(LimitReached):
        drive(run, studio, model)
    assert len(model.titles) == 4  # the scene graph and three rollouts
    assert numbers(run.record.stage(INITIALIZATION)) == [1, 2, 3]
    assert run.record.cost == pytest.approx(0.04)


def test_the_verifiers_price_counts_for_the_limit_too(new_run, studio):
    run = new_run(**TWO_STAGES, rounds={"initialization": 1, "materials": 2}, limit=0.1)
    with pytest.raises(LimitReached, match=r"up to \$0\.50"):
        drive(
            run, studio, ScriptedModel([GRAPH, program(SCAFFOLD), PAINT]), ScriptedModel([approve()], "dear", price=0.5)
        )


@given(
    limit=st.floats(0, 10),
    spent=st.one_of(st.none(), st.floats(0, 10)),
    mosts=st.lists(st.one_of(st.none(), st.floats(0, 5)), max_size=6),
)
def test_what_is_affordable_never_passes_the_limit_and_one_more_would(limit, spent, mosts):
    record = RunRecord(name="x", width=1, height=1, settings=Settings(limit=limit))
    record.stages[2] = StageRecord(name="materials", cost=spent, rounds=[Round(number=1)])
    known = [most or 0.0 for most in mosts]
    before = spent or 0.0
    try:
        count = affordable(record, mosts)
    except LimitReached:
        assert before + known[0] > limit
        return
    assert before + sum(known[:count]) <= limit or count == 0
    assert count == len(mosts) or before + sum(known[: count + 1]) > limit


# Looking once


def test_a_scene_is_rendered_once_though_the_next_stage_starts_from_it(new_run, studio):
    run = new_run(**TWO_STAGES, rounds={"initialization": 1, "materials": 2}, method=UNSOLVED)
    rendered = []
    model = ScriptedModel([GRAPH, program(SCAFFOLD), PAINT, approve()])
    drive(run, studio, model, tell=lambda event: rendered.append(event.stage) if event.kind == "rendering" else None)
    assert rendered == ["initialization", "materials"]
    assert run.record.stage(MATERIALS).start == run.record.stage(INITIALIZATION).scores
