"""Knows the verb corpora."""

from dataclasses import dataclass

from einthoven import console


@dataclass(frozen=True)
class Corpora:
    """List the corpora: what they hold, under which licence, and how they are parted.

    Example: einthoven corpora
    """

    def run(self) -> int:
        """Print a table, and the protocols of each corpus."""
        from einthoven.corpora import CORPORA

        rows = [
            (
                c.name,
                f"{c.title} {c.version}",
                f"{c.n_records}",
                "not told" if c.n_patients is None else f"{c.n_patients}",
                "–" if c.n_beats is None else f"{c.n_beats:,}",
                f"{c.fs_hz:g}",
                c.licence,
            )
            for c in CORPORA.values()
        ]
        console.table(("corpus", "title", "records", "patients", "beats", "Hz", "licence"), rows)
        for corpus in CORPORA.values():
            prepared = corpus.preparation
            window = f"windows of {prepared.window_s:g} s" + " around heartbeats" * (not prepared.is_whole)
            console.say(f"{corpus.name}: leads {corpus.leads}; {corpus.address}")
            console.say(
                f"  prepared as {', '.join(prepared.leads)} at {prepared.fs_hz:g} Hz, "
                f"{window}, {prepared.signal.scaling} scaling"
            )
            for protocol in corpus.protocols.values():
                console.say(f"  protocol {protocol.name}: {protocol.summary}; {protocol.labels.name}")
                console.say(f"    {protocol.remark}")
            for name, labels in corpus.label_sets.items():
                console.say(f"  labels {name}: {labels.name}")
            console.say(f"  {corpus.citation}")
        return 0
