// Let a person correct the beats and the rhythm of a recording, with a pointer or with keys alone, and save them.

import { clock, download, element } from "./dom.js";
import { Marks } from "./marks.js";
import { decoded, draw } from "./signal.js";

const NUDGE_S = 0.02, MOST_LISTED = 200, SECONDS = [3, 5, 10, 20, 60];

export class Editor {
  constructor(trace, kept, refused) {
    this.trace = trace;
    this.kept = kept;
    this.refused = refused;
    this.marks = new Marks(trace.beats, trace.rhythms);
    this.leads = trace.leads.map(({ name, samples }) => ({ name, samples: decoded(samples) }));
    this.duration = trace.n_samples / trace.fs_hz;
    this.view = { start: 0, seconds: 10, cursor: 0, chosen: -1, lead: 0 };
    this.node = this.#built();
    new ResizeObserver(() => this.#fitted()).observe(this.paper);
    this.#choose(this.marks.beats.length ? 0 : -1);
  }

  #built() {
    const { trace } = this;
    this.paper = element("div", { className: "paper", tabIndex: 0, role: "application", "aria-label": `Beats of ${trace.name}. Left and right go from beat to beat; a letter names the beat.` });
    this.paper.addEventListener("keydown", (event) => this.#key(event));
    this.paper.addEventListener("pointerdown", (event) => this.#pointed(event));
    this.told = element("p", { role: "status" });
    this.where = element("input", { type: "range", className: "where", min: 0, max: Math.max(0, this.duration), step: "any", value: 0, "aria-label": "Position in the recording", oninput: () => this.#go(Number(this.where.value)) });
    this.lead = element("select", { onchange: () => { this.view.lead = this.lead.selectedIndex; this.#show(); } }, ...this.leads.map(({ name }) => element("option", {}, name)));
    this.span = element("select", { onchange: () => { this.view.seconds = Number(this.span.value); this.#choose(this.view.chosen); } }, ...SECONDS.map((each) => element("option", { value: each }, `${each} s`)));
    const names = Object.entries(trace.beat_names);
    this.classes = names.map(([symbol, told]) => element("button", { type: "button", "data-symbol": symbol, "aria-pressed": "false", onclick: () => this.#name(symbol) }, element("kbd", {}, symbol), ` ${told}`));
    this.removing = element("button", { type: "button", onclick: () => this.#remove() }, "Remove the beat");
    this.undoing = element("button", { type: "button", onclick: () => this.#undo() }, "Undo");
    this.saving = element("button", { type: "button", className: "main", onclick: () => this.#save() }, "Save annotations (.atr)");
    this.state = element("span", { role: "status", className: "soft" });
    this.rhythm = element("select", { "aria-label": "Rhythm from the cursor on" }, ...this.#rhythmOptions());
    this.rhythms = element("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": "Changes of rhythm" });
    return element("div", {},
      element("h3", {}, "Correct beats and rhythm"),
      element("p", { className: "soft hint" }, element("kbd", {}, "←"), " ", element("kbd", {}, "→"), " beat by beat, with ", element("kbd", {}, "Shift"), " the cursor alone; a letter such as ", element("kbd", {}, "V"), " names the beat; ", element("kbd", {}, "Delete"), " removes it; ", element("kbd", {}, "Enter"), " adds one at the cursor; ", element("kbd", {}, "Ctrl Z"), " undoes."),
      element("p", { className: "buttons" }, element("label", {}, "Lead ", this.lead), element("label", {}, "Shown ", this.span),
        element("button", { type: "button", onclick: () => this.#go(this.view.start - this.view.seconds) }, "Earlier"),
        element("button", { type: "button", onclick: () => this.#go(this.view.start + this.view.seconds) }, "Later")),
      this.paper, this.where, this.told,
      element("div", { className: "buttons classes", role: "group", "aria-label": "Class of the beat" }, ...this.classes),
      element("p", { className: "buttons" }, element("button", { type: "button", onclick: () => this.#add() }, "Add a beat at the cursor"), this.removing, this.undoing),
      element("p", { className: "buttons" }, element("label", {}, "Rhythm from the cursor on ", this.rhythm), element("button", { type: "button", onclick: () => this.#setRhythm() }, "Set the rhythm")),
      this.rhythms,
      element("p", { className: "buttons" }, this.saving, this.state));
  }

  #rhythmOptions(chosen = "") {
    return Object.entries(this.trace.rhythm_names).map(([name, told]) => element("option", { value: name, selected: name === chosen }, `${name} ${told}`));
  }

  #fitted() {
    if (!this.sized && this.paper.clientWidth) {
      this.sized = true;
      const most = Math.min(10, Math.max(3, Math.round(this.paper.clientWidth / 100)));
      this.view.seconds = SECONDS.findLast((each) => each <= most) ?? 3;
      this.span.value = this.view.seconds;
    }
    this.#show();
  }

  #go(start) {
    this.view.start = Math.min(Math.max(0, start), Math.max(0, this.duration - this.view.seconds));
    this.#show();
  }

  #choose(at) {
    this.view.chosen = Math.min(at, this.marks.beats.length - 1);
    if (this.view.chosen >= 0) this.#moveCursor(this.marks.beats[this.view.chosen].sample);
    else this.#show();
  }

  #moveCursor(sample) {
    this.view.cursor = Math.min(Math.max(0, Math.round(sample)), this.trace.n_samples - 1);
    const at = this.view.cursor / this.trace.fs_hz, { start, seconds } = this.view;
    if (at < start + 0.05 * seconds || at > start + 0.95 * seconds) this.#go(at - seconds / 2); else this.#show();
  }

  #show() {
    const { view, marks, trace } = this;
    if (this.paper.clientWidth) draw(this.paper, trace, this.leads[view.lead].samples, marks, { ...view, leadName: this.leads[view.lead].name });
    const beat = marks.beats[view.chosen], at = clock(view.cursor / trace.fs_hz, 2);
    const told = beat ? `Beat ${(view.chosen + 1).toLocaleString("en")} of ${marks.beats.length.toLocaleString("en")}, at ${at}: ${beat.symbol}, ${trace.beat_names[beat.symbol]}` : `Cursor at ${at}; no beat is chosen`;
    if (this.told.textContent !== told) this.told.textContent = told;
    this.where.value = view.start;
    this.where.setAttribute("aria-valuetext", clock(view.start));
    for (const button of this.classes) {
      button.disabled = !beat;
      button.setAttribute("aria-pressed", String(beat?.symbol === button.dataset.symbol));
    }
    this.removing.disabled = !beat;
    this.undoing.disabled = !marks.changes;
    const n = marks.changes;
    this.state.textContent = !n ? "no changes" : marks.isSaved ? "saved" : `${n} change${n === 1 ? "" : "s"}, not saved`;
    if (this.shownRhythms !== marks.rhythms) this.#showRhythms();
  }

  #showRhythms() {
    const { marks, trace } = this;
    this.shownRhythms = marks.rhythms;
    if (!marks.rhythms.length) { this.rhythms.replaceChildren(element("p", { className: "soft" }, "The rhythm is not assessed.")); return; }
    const rows = marks.rhythms.slice(0, MOST_LISTED).map((one, at) => {
      const from = clock(one.sample / trace.fs_hz);
      const name = element("select", { "aria-label": `Rhythm from ${from} on`, onchange: () => { marks.setRhythm(one.sample, name.value); this.#show(); } }, ...this.#rhythmOptions(one.name));
      const show = element("button", { type: "button", onclick: () => { this.view.chosen = -1; this.#moveCursor(one.sample); } }, from);
      const remove = element("button", { type: "button", "aria-label": `Remove the change at ${from}`, onclick: () => { marks.removeRhythm(at); this.#show(); } }, "Remove");
      return element("tr", {}, element("td", {}, show), element("td", {}, name), element("td", {}, remove));
    });
    this.rhythms.replaceChildren(element("table", {}, element("thead", {}, element("tr", {}, ...["from", "rhythm", ""].map((head) => element(head ? "th" : "td", {}, head)))), element("tbody", {}, ...rows)));
    if (marks.rhythms.length > MOST_LISTED) this.rhythms.append(element("p", { className: "soft" }, `${marks.rhythms.length - MOST_LISTED} later changes are on the trace.`));
  }

  #name(symbol) { if (this.view.chosen >= 0) { this.marks.name(this.view.chosen, symbol); this.#show(); } }

  #remove() {
    if (this.view.chosen < 0) return;
    this.marks.remove(this.view.chosen);
    this.#choose(this.view.chosen);
  }

  #add() { this.#choose(this.marks.add(this.view.cursor, "N")); }

  #setRhythm() { this.marks.setRhythm(this.view.cursor, this.rhythm.value); this.#show(); }

  #undo() { this.marks.undo(); this.#choose(this.marks.nearest(this.view.cursor)); }

  #pointed(event) {
    const box = this.paper.getBoundingClientRect(), perPixel = this.view.seconds / box.width;
    const sample = (this.view.start + (event.clientX - box.left) * perPixel) * this.trace.fs_hz;
    const at = this.marks.nearest(sample);
    const isNear = at >= 0 && Math.abs(this.marks.beats[at].sample - sample) <= 14 * perPixel * this.trace.fs_hz;
    this.paper.focus({ preventScroll: true });
    if (isNear) this.#choose(at); else { this.view.chosen = -1; this.#moveCursor(sample); }
  }

  #key(event) {
    const { marks, view, trace } = this;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const symbol = [event.key, event.key.toUpperCase()].find((each) => each in trace.beat_names);
    if (step && event.shiftKey) { view.chosen = -1; this.#moveCursor(view.cursor + step * NUDGE_S * trace.fs_hz); }
    else if (step && view.chosen >= 0) this.#choose(Math.max(0, view.chosen + step));
    else if (step) this.#choose(step > 0 ? marks.firstFrom(view.cursor) : Math.max(0, marks.firstFrom(view.cursor) - 1));
    else if (event.key === "PageUp") this.#go(view.start - view.seconds);
    else if (event.key === "PageDown") this.#go(view.start + view.seconds);
    else if (event.key === "Home") this.#choose(0);
    else if (event.key === "End") this.#choose(marks.beats.length - 1);
    else if (event.key === "Delete" || event.key === "Backspace") this.#remove();
    else if (event.key === "Enter") this.#add();
    else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") this.#undo();
    else if (symbol && !event.ctrlKey && !event.metaKey && !event.altKey) this.#name(symbol);
    else return;
    event.preventDefault();
  }

  async #save() {
    const { trace, marks, kept } = this, { last } = marks;
    const body = { name: trace.name, fs_hz: trace.fs_hz, n_samples: trace.n_samples, ...marks.plain(), ...(kept ? { kept } : {}) };
    try {
      const answer = await fetch("/annotations", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
      if (!answer.ok) { this.refused(await answer.json()); return; }
      const name = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "")?.[1] ?? "recording.atr";
      download(name, await answer.arrayBuffer(), "application/octet-stream");
      marks.keep(last);
      this.#show();
    } catch (error) { this.refused(error); }
  }
}
