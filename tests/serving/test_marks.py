"""The codes that the page offers are WFDB's, and hold all that an interpretation can say."""

import einthoven
from einthoven.interpretation import annotated
from einthoven.records.annotation_file import CODES
from einthoven.serving.marks import BEATS, RHYTHMS
from einthoven.serving.trace import trace_of


def test_the_codes_are_those_of_wfdb_and_of_interpretations():
    assert set(BEATS) <= set(CODES) and all(name.startswith("(") for name in RHYTHMS)
    assert {*annotated._RHYTHMS.values(), *annotated._OF_SINUS.values(), annotated._UNKNOWN} <= set(RHYTHMS)


def test_the_page_begins_with_the_annotations_of_the_command_line(mitdb_like):
    found = einthoven.interpret(mitdb_like / "100.hea")
    trace = trace_of(found)
    assert [at for at, _ in trace["beats"]] == found.beats.tolist()
    assert {symbol for _, symbol in trace["beats"]} <= set(BEATS) and {name for _, name in trace["rhythms"]} <= set(
        RHYTHMS
    )
