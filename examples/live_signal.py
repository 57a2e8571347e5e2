"""Classify a signal while it arrives, here a recording cut into quarters of a second: `python live_signal.py FILE`."""

import sys

import einthoven


def main(file: str) -> None:
    """Print each beat, and each mark such as a lead that is off, as soon as it is known."""
    record = einthoven.read(file)
    model = einthoven.load("mitbih-cnn-lstm-mlii")
    stream = einthoven.Stream(model, fs_hz=record.fs_hz, leads=record.leads)
    size = round(0.25 * record.fs_hz)
    for start in range(0, record.n_samples, size):
        chunk_mv = record.signal_mv[:, start : start + size]  # [leads, samples]; NaN where a sample is missing
        for answer in stream.feed(chunk_mv):
            show(answer)
    for answer in stream.end():
        show(answer)


def show(answer: "einthoven.StreamAnswer | einthoven.Mark") -> None:
    """Print an answer, or a mark, in one line."""
    found = answer.to_dict()
    print(found["kind"], {name: found[name] for name in ("start_s", "predicted", "doubt") if name in found})


if __name__ == "__main__":
    main(sys.argv[1])
