"""Tokens and money in words for a person: short, and no more exact than they need to be."""

from __future__ import annotations

import math


def tokens(count: float) -> str:
    """Return a number of tokens as "850", "2.7k", "12k" or "1.4M"."""
    if count < 999.5:
        return f"{count:.0f}"
    if count < 9950:
        return f"{count / 1000:.1f}k"
    return f"{count / 1000:.0f}k" if count < 999_500 else f"{count / 1e6:.1f}M"


def dollars(amount: float | None) -> str:
    """Return US dollars as "$12.00", "$0.84" or "$0.0031"; "–" where no price is known."""
    if amount is None:
        return "–"
    decimals = 2
    if 0 < amount < 0.1:
        amount = float(f"{amount:.2g}")
        decimals = 1 - math.floor(math.log10(amount))
    return f"${amount:.{decimals}f}"
