"""Signs of tables, as a listener hears them."""

from __future__ import annotations

import pytest

from fairplace.spoken import spoken_signs
from maps.words import english


@pytest.mark.parametrize(
    ("cell", "heard"),
    [
        ("[x]", "missing"),
        ("[c]", "hidden to protect people"),
        ("[z]", "does not apply"),
        ("[x]: modelled", "missing: modelled"),
        ("[x] no data held", " no data held"),
        ("5 [x] of <6>", "5 [x] of &lt;6&gt;"),
    ],
)
def test_a_sign_is_seen_and_its_meaning_is_heard(cell: str, heard: str) -> None:
    made = str(spoken_signs(cell, english()))
    hidden, shown = '<span aria-hidden="true">', '<span class="unseen">'
    if hidden in made:
        sign, made = made.removeprefix(hidden).split("</span>", 1)
        assert cell.startswith(sign)
    assert made.replace(shown, "").replace("</span>", "") == heard
