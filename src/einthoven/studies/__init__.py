"""STUDIES: every published study by name."""

from einthoven.studies.mitbih import MITBIH

STUDIES = {"mitbih": MITBIH}
