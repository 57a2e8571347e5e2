"""Names of patients in little room are the same names."""

import json

from hypothesis import given
from hypothesis import strategies as st

from einthoven import bundle


@given(
    st.lists(
        st.builds(
            lambda head, at: f"{head}{at}", st.sampled_from(["a/", "a/0", "b[", "c|", "ü"]), st.integers(0, 10**11)
        )
        | st.text(st.characters(categories=("L", "N", "P")), min_size=1).filter(lambda text: not text.startswith("[")),
        unique=True,
    )
)
def test_names_in_little_room_are_the_same_names(names):
    assert sorted(bundle.unpacked(bundle.packed(names))) == sorted(names)


def test_names_that_count_take_little_room():
    names = [f"challenge-2017/A{at:05}" for at in range(1, 8529) if at % 7]
    assert len(json.dumps(bundle.packed(names))) < 2000
    assert bundle.unpacked(names) == names
