"""What can be typed on the command line, and its help."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path

from pydantic import ValidationError

from .. import __version__
from ..engine.records import Settings
from ..engine.stages import STAGES
from ..errors import SeigError

_DESCRIPTION = """\
From a single picture to an editable Blender scene, written as a program by a
vision-language model, stage by stage."""

_EXAMPLES = """\
examples:
  %(prog)s reconstruct desk.jpg                     a block-out without AI, in runs/desk
  %(prog)s reconstruct desk.jpg --model manual      you carry the questions to any chat
  %(prog)s reconstruct desk.jpg --model anthropic/claude-opus-5-5 --limit 2
  %(prog)s redo runs/desk --stage materials --note "the cup is bamboo"
  %(prog)s resume runs/desk                         go on after Ctrl-C or a crash
"""


def parser(program: str) -> ArgumentParser:
    """Build the parser of all commands; `program` is what a person types before them."""
    top = ArgumentParser(
        prog=program, description=_DESCRIPTION, epilog=_EXAMPLES, formatter_class=RawDescriptionHelpFormatter
    )
    top.add_argument("--version", action="version", version=f"SEIG {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    reconstruct = commands.add_parser("reconstruct", help="rebuild a picture as a scene, all stages")
    reconstruct.add_argument("picture", type=Path, metavar="PICTURE", help="a JPEG, PNG or WebP file")
    _add_settings(reconstruct)

    step = commands.add_parser("step", help="do the next stage only, of a run or of a new picture")
    step.add_argument("target", type=Path, metavar="RUN_OR_PICTURE", help="a run folder, or a picture to begin with")
    _add_settings(step)

    redo = commands.add_parser("redo", help="do one stage again; later stages' programs are replayed on top")
    _add_run(redo)
    redo.add_argument("--stage", required=True, metavar="STAGE", help=f"one of {', '.join(s.name for s in STAGES)}")
    redo.add_argument("--note", default="", metavar="TEXT", help="what the model should do differently")
    _add_agree(redo)

    resume = commands.add_parser("resume", help="go on with a run that was stopped")
    _add_run(resume)
    _add_limit(resume, "a new limit for all that the run costs, in US dollars; 0 for none")
    _add_agree(resume)

    replay = commands.add_parser("replay", help="run again from a run's recorded answers, without a model")
    _add_run(replay)
    _add_output(replay)

    report = commands.add_parser("report", help="write a run's report anew and say where it is")
    _add_run(report)

    commands.add_parser("models", help="list the models there are")
    commands.add_parser("doctor", help="check that everything needed is there and works")

    for command in commands.choices.values():
        command.add_argument(
            "--blender", type=Path, metavar="FILE", help="a Blender to try programs in (default: this one, or bpy)"
        )
    return top


def _add_run(command: ArgumentParser) -> None:
    command.add_argument("run", type=Path, metavar="RUN", help="a run folder")


def _add_output(command: ArgumentParser) -> None:
    command.add_argument(
        "--output", type=Path, metavar="DIR", help="the run folder to make; new or empty (default: runs/NAME)"
    )


def _add_agree(command: ArgumentParser) -> None:
    command.add_argument(
        "--agree",
        action="append",
        default=[],
        metavar="PROVIDER",
        help="agree that the picture and renders go to this provider (else you are asked)",
    )


def _add_limit(command: ArgumentParser, what: str) -> None:
    command.add_argument("--limit", type=float, metavar="USD", help=what)


def _add_settings(command: ArgumentParser) -> None:
    command.add_argument("--model", metavar="M", help="who answers: see the command models (default: offline)")
    command.add_argument("--verifier", metavar="M", help="who reviews, if another model (default: the same)")
    _add_limit(command, "what the run may cost in US dollars; it stops before it would cost more (default: no limit)")
    _add_agree(command)
    _add_output(command)
    command.add_argument("--stages", metavar="A,B", help="only these stages, such as initialization,geometry")
    budgets = ",".join(f"{stage.name}={stage.rounds}" for stage in STAGES if not stage.solved)
    command.add_argument(
        "--rounds",
        metavar="STAGE=N,…",
        help=f"rounds a stage may take, rollouts for initialization (default: {budgets})",
    )
    command.add_argument("--note", metavar="TEXT", help="a note for the model, in every question")
    command.add_argument("--prompts", metavar="FOLDER", type=Path, help="folder of prompts that come before SEIG's")


def settings(options: Namespace) -> Settings:
    """Turn the options of a new run into settings; raises SeigError for names and numbers that can't be."""
    budgets = {}
    for item in (options.rounds or "").split(","):
        name, equals, number = item.partition("=")
        if item and not (equals and number.strip().isdecimal()):
            raise SeigError(f"--rounds takes STAGE=NUMBER, such as geometry=2,lighting=1, and got {item!r}.")
        if item:
            budgets[name.strip()] = int(number)
    chosen: dict[str, object] = {"rounds": budgets}
    chosen |= {name: given for name in ("model", "verifier", "limit", "note") if (given := getattr(options, name))}
    if options.prompts:
        chosen["prompts"] = str(options.prompts.resolve())
    if options.verifier == options.model:
        chosen.pop("verifier", None)
    if options.stages:
        chosen["stages"] = [name.strip() for name in options.stages.split(",")]
    try:
        return Settings.model_validate(chosen)
    except ValidationError as error:
        what = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise SeigError(f"{what[0].upper()}{what[1:]}; nothing was started.") from error
