// Hold the beats and rhythms of a recording while a person corrects them; every change can be undone.

export class Marks {
  constructor(beats, rhythms) {
    this.beats = beats.map(([sample, symbol]) => ({ sample, symbol }));
    this.rhythms = rhythms.map(([sample, name]) => ({ sample, name }));
    this.past = [];
    this.saved = undefined;
  }

  // The last change says what is saved: the number of changes may be the same after others.
  get isSaved() { return this.saved === this.past.at(-1); }

  keep(last) { this.saved = last; }

  get last() { return this.past.at(-1); }

  get changes() { return this.past.length; }

  // Number of the beat nearest to a sample; -1 without beats.
  nearest(sample) {
    const after = this.firstFrom(sample);
    if (after === 0) return this.beats.length ? 0 : -1;
    if (after === this.beats.length) return after - 1;
    return this.beats[after].sample - sample < sample - this.beats[after - 1].sample ? after : after - 1;
  }

  firstFrom(sample) {
    let low = 0, high = this.beats.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.beats[middle].sample < sample) low = middle + 1; else high = middle;
    }
    return low;
  }

  name(at, symbol) {
    const beat = this.beats[at], before = beat.symbol;
    if (before === symbol) return;
    this.#done(() => { beat.symbol = before; });
    beat.symbol = symbol;
  }

  add(sample, symbol) {
    const at = this.firstFrom(sample);
    if (this.beats[at]?.sample === sample) return at;
    const beat = { sample, symbol };
    this.beats.splice(at, 0, beat);
    this.#done(() => this.beats.splice(this.beats.indexOf(beat), 1));
    return at;
  }

  remove(at) {
    const [beat] = this.beats.splice(at, 1);
    this.#done(() => this.beats.splice(this.firstFrom(beat.sample), 0, beat));
  }

  // The change of rhythm that holds at a sample; -1 before the first.
  rhythmAt(sample) { return this.rhythms.findLastIndex((one) => one.sample <= sample); }

  setRhythm(sample, name) {
    const before = this.rhythms;
    const others = before.filter((one) => one.sample !== sample);
    this.rhythms = [...others, { sample, name }].sort((one, other) => one.sample - other.sample);
    this.#done(() => { this.rhythms = before; });
  }

  removeRhythm(at) {
    const before = this.rhythms;
    this.rhythms = before.filter((_, each) => each !== at);
    this.#done(() => { this.rhythms = before; });
  }

  undo() { this.past.pop()?.(); }

  #done(back) { this.past.push(back); }

  plain() {
    return {
      beats: this.beats.map(({ sample, symbol }) => [sample, symbol]),
      rhythms: this.rhythms.map(({ sample, name }) => [sample, name]),
    };
  }
}
