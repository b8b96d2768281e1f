"""Print what a run costs with each suggested model, as a Markdown table.

    python -m seig_addon replay tests/runs/bistro_table --output runs/costs
    python tools/costs.py runs/costs

The tokens are estimated from the questions, pictures and replies in the run's transcript, rather too high,
and nothing is taken off for what providers cache. Beside it stands the same for all budgets spent.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from seig_addon.engine import transcript
from seig_addon.engine.amounts import dollars, tokens
from seig_addon.engine.estimate import estimate
from seig_addon.engine.records import Settings
from seig_addon.models import Message, Picture
from seig_addon.models.remote.prices import price_of, tokens_of
from seig_addon.models.remote.providers import PROVIDERS


def main() -> None:
    """Print the table for the run folder that is named."""
    run = Path(sys.argv[1])
    exchanges = transcript.read(run)
    print(f"| model | this run, {len(exchanges)} questions | all budgets spent |\n|---|---|---|")
    for provider in PROVIDERS.values():
        for name in (f"{provider.id}/{model}" for model in provider.models):
            price = price_of(name)
            if price is None:
                continue
            asked = sum(tokens_of(_question(run, exchange), provider) for exchange in exchanges)
            answered = sum(tokens_of([Message("assistant", (exchange.text,))]) for exchange in exchanges)
            cost = dollars(asked * price.input + answered * price.output)
            most = dollars(estimate(Settings(model=name), price, price).cost_high)
            print(f"| `{name}` | {cost} ({tokens(asked)} + {tokens(answered)} tokens) | {most} |")


def _question(run: Path, exchange: transcript.Exchange) -> list[Message]:
    """The question as it was asked, with its pictures."""
    return [
        Message(message["role"], tuple(_part(run, part) for part in message["parts"])) for message in exchange.messages
    ]


def _part(run: Path, part: dict[str, str]) -> str | Picture:
    if "text" in part:
        return part["text"]
    return Picture(part["caption"], (run / "images" / part["image"]).read_bytes())


if __name__ == "__main__":
    main()
