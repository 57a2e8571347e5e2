"""Compare the predicted class of each annotated beat with its annotation: `python check_annotations.py FILE`.

FILE is a WFDB record with an annotation file `.atr`. This is a look at one recording. `einthoven evaluate` gives scores
with intervals over patients.
"""

import sys
from collections import Counter

import numpy as np

import einthoven

AAMI = {"N": "NLRej", "S": "AaJS", "V": "VE", "F": "F"}
"""Classes of ANSI/AAMI EC57 by the symbols of WFDB."""


def main(file: str) -> None:
    """Print how often each annotated class was predicted as each class."""
    record = einthoven.read(file, annotator="atr")
    known = {symbol: name for name, symbols in AAMI.items() for symbol in symbols}
    marks = zip(record.annotations.samples, record.annotations.symbols, strict=True)
    beats = [(at, known[symbol]) for at, symbol in marks if symbol in known]
    model = einthoven.load("mitbih-cnn-lstm-mlii")
    answer = model(record, beats=np.array([at for at, _ in beats]))
    predicted = ["/".join(labels) or "no class" for labels in answer.labels]
    pairs = Counter(zip((name for _, name in beats), predicted, strict=True))
    for (annotated, label), n in sorted(pairs.items()):
        print(f"annotated {annotated}, predicted {label}: {n}")


if __name__ == "__main__":
    main(sys.argv[1])
