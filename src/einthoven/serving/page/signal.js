// Draw a stretch of a lead on ECG paper, with beats, rhythms and a cursor.

import { clock, drawn } from "./dom.js";

const TOP = 26, BOTTOM = 24, LEAST_MV = 3.6, MOST_MV = 8;
const NORMAL = new Set(["N"]), SINUS = new Set(["(N"]);

export function decoded(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Int16Array(bytes.buffer);
}

// Millivolts of paper that a stretch needs, about its middle.
function bounds(samples, step, missing) {
  let low = 0, high = 0;
  for (const value of samples) if (value !== missing) { if (value < low) low = value; if (value > high) high = value; }
  const half = Math.min(MOST_MV, Math.max(LEAST_MV, (high - low) * step + 0.6)) / 2;
  const middle = ((high + low) / 2) * step;
  return [middle - half, middle + half];
}

export function draw(paper, trace, lead, marks, view) {
  const width = Math.max(260, paper.clientWidth), perSecond = width / view.seconds, perMv = 0.4 * perSecond; // 25 mm/s, 10 mm/mV
  const from = Math.floor(view.start * trace.shown_hz), to = Math.ceil((view.start + view.seconds) * trace.shown_hz);
  const samples = lead.subarray(Math.max(0, from), to + 1);
  const [low, high] = bounds(samples, trace.step_uv / 1000, trace.missing);
  const height = Math.round(TOP + (high - low) * Math.max(perMv, 22) + BOTTOM), scale = (height - TOP - BOTTOM) / (high - low);
  const x = (seconds) => (seconds - view.start) * perSecond, y = (mv) => TOP + (high - mv) * scale;
  const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, height, "aria-hidden": "true" });
  svg.append(...grid(view, low, high, x, y, width, perSecond), path(samples, trace, Math.max(0, from), x, y));
  svg.append(...rhythmBand(marks, trace, view, x, height), ...beatLetters(marks, trace, view, x, height));
  const at = x(view.cursor / trace.fs_hz);
  svg.append(drawn("line", { class: "cursor", x1: at, x2: at, y1: 0, y2: height - BOTTOM }));
  svg.append(drawn("text", { x: 6, y: TOP + 14 }, view.leadName), drawn("text", { class: "named", x: width - 62, y: TOP + 14 }, clock(view.start)));
  paper.replaceChildren(svg);
}

function* grid(view, low, high, x, y, width, perSecond) {
  const steps = perSecond >= 90 ? [["fine", 0.04, 0.1], ["coarse", 0.2, 0.5]] : [["coarse", 0.2, 0.5]];
  for (const [kind, second, mv] of perSecond < 25 ? [["coarse", 1, 0.5]] : steps) {
    let lines = "";
    for (let at = Math.ceil(view.start / second); at * second <= view.start + view.seconds; at++) lines += `M${x(at * second).toFixed(1)} ${y(high)}V${y(low)}`;
    for (let at = Math.ceil(low / mv); at * mv <= high; at++) lines += `M0 ${y(at * mv).toFixed(1)}H${width}`;
    yield drawn("path", { class: kind, d: lines, fill: "none" });
  }
}

function path(samples, trace, first, x, y) {
  const step = trace.step_uv / 1000, perPixel = Math.max(1, Math.floor(samples.length / 4000));
  let line = "", isGap = true;
  for (let at = 0; at < samples.length; at += perPixel) {
    let low = 32767, high = -32768, isThere = false;
    for (let each = at; each < Math.min(at + perPixel, samples.length); each++) {
      const value = samples[each];
      if (value === trace.missing) continue;
      isThere = true;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (!isThere) { isGap = true; continue; }
    const at_x = x((first + at) / trace.shown_hz).toFixed(1);
    line += `${isGap ? "M" : "L"}${at_x} ${y(high * step).toFixed(1)}`;
    if (low !== high) line += `L${at_x} ${y(low * step).toFixed(1)}`;
    isGap = false;
  }
  return drawn("path", { class: "trace", d: line });
}

function* beatLetters(marks, trace, view, x, height) {
  const from = view.start * trace.fs_hz, to = (view.start + view.seconds) * trace.fs_hz;
  for (let at = marks.firstFrom(from); at < marks.beats.length && marks.beats[at].sample <= to; at++) {
    const beat = marks.beats[at], middle = x(beat.sample / trace.fs_hz), isChosen = at === view.chosen;
    yield drawn("line", { class: "tick", x1: middle, x2: middle, y1: TOP - 4, y2: height - BOTTOM });
    if (isChosen) yield drawn("rect", { class: "choice", x: middle - 11, y: 2, width: 22, height: 22, rx: 5 });
    const kind = `beat${NORMAL.has(beat.symbol) ? "" : " odd"}${isChosen ? " chosen" : ""}`;
    yield drawn("text", { class: kind, x: middle, y: 18, "data-beat": at }, beat.symbol);
  }
}

function* rhythmBand(marks, trace, view, x, height) {
  const end = view.start + view.seconds;
  for (let at = 0; at < marks.rhythms.length; at++) {
    const one = marks.rhythms[at], start = one.sample / trace.fs_hz;
    const stop = at + 1 < marks.rhythms.length ? marks.rhythms[at + 1].sample / trace.fs_hz : trace.n_samples / trace.fs_hz;
    if (stop <= view.start || start >= end) continue;
    const left = Math.max(0, x(start)), right = x(Math.min(stop, end));
    yield drawn("rect", { class: `rhythm${SINUS.has(one.name) ? "" : " odd"}`, x: left, y: height - 20, width: Math.max(1, right - left), height: 19 });
    yield drawn("text", { class: "named", x: left + 5, y: height - 6 }, `${one.name} ${trace.rhythm_names[one.name]}`);
  }
}
