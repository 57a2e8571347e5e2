"use strict";
// Scroll through a recording: canvases, no library, no network. What it reads is described in einthoven/report/viewer.py.
(() => {
const MM = 96 / 25.4, NO_CLASS = 255, WIDEST_S = 3600, NARROWEST_S = 2, LETTERS = 22, BAND = 20, AXIS = 18;
const RHYTHMS = { N: "#dcdfe7", A: "#ecc0ae", AFL: "#e6d3a3" }, OTHER_RHYTHM = "#b3c7df", INK = "#1a202c";

function clock(s) {
  const whole = Math.floor(s + 1e-6), h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60, two = n => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(whole % 60)}` : `${m}:${two(whole % 60)}`;
}
function seconds(text) {
  const parts = text.trim().split(":").map(Number);
  return parts.length > 3 || parts.some(n => !(n >= 0)) ? NaN : parts.reduce((all, n) => 60 * all + n, 0);
}
async function inflated(line) {
  const raw = Uint8Array.from(atob(line), c => c.charCodeAt(0));
  const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
function samples(bytes) {
  const n = bytes.length / 2, out = new Int16Array(n);
  for (let i = 0, value = 0; i < n; i++) {
    const zigzag = bytes[i] | bytes[n + i] << 8;
    value += (zigzag >>> 1) ^ -(zigzag & 1);
    out[i] = value;
  }
  return out;
}
function firstFrom(sorted, value) {
  let low = 0, high = sorted.length;
  while (low < high) { const middle = (low + high) >> 1; if (sorted[middle] < value) low = middle + 1; else high = middle; }
  return low;
}

class Viewer {
  constructor(root) {
    this.root = root;
    this.one = name => root.querySelector(`[data-part="${name}"]`);
    this.about = JSON.parse(this.one("about").textContent);
    this.lines = this.one("lines").textContent.split("\n");
    this.canvas = this.one("canvas");
    this.pieces = new Map();
    this.times = new Float64Array(0);
    this.classes = new Uint8Array(0);
    this.start = 0;
    this.span = 0;
    this.event = -1;
    this.listen();
    this.resized();
    this.loadBeats();
  }
  get width() { return this.canvas.clientWidth; }
  get gain() { return Number(this.one("gain").value); }
  get rowHeight() { return Math.max(90, 4 * this.gain * MM * 0.75); }

  async loadBeats() {
    const bytes = await inflated(this.lines[this.lines.length - 1]), n = this.about.n_beats;
    this.times = Float64Array.from(new Uint32Array(bytes.buffer, 0, n), ms => ms / 1000);
    this.classes = bytes.subarray(4 * n);
    this.fillKinds();
    this.draw();
  }
  fillKinds() {
    this.events = new Map(Object.entries(this.about.events));
    this.about.classes.forEach((name, at) => {
      const rows = [];
      if (name !== "N") this.classes.forEach((found, n) => { if (found === at) rows.push([this.times[n], this.times[n], `beat of class ${name}`]); });
      if (rows.length) this.events.set(`beats of class ${name}`, rows);
    });
    const kinds = this.one("kind");
    for (const [name, rows] of this.events) kinds.add(new Option(`${name} (${rows.length})`, name));
    for (const part of ["kind", "previous", "next"]) this.one(part).disabled = !this.events.size;
  }
  piece(lead, at) {
    const key = at * this.about.leads.length + lead, found = this.pieces.get(key);
    if (found) return found.values;
    const made = { values: null };
    this.pieces.set(key, made);
    if (this.pieces.size > 60) this.pieces.delete(this.pieces.keys().next().value);
    inflated(this.lines[key]).then(bytes => { made.values = samples(bytes); this.draw(); });
    return null;
  }
  // Show a moment, and so many seconds if they are given.
  show(start, span = this.span) {
    this.span = Math.min(Math.max(span, NARROWEST_S), WIDEST_S, Math.max(NARROWEST_S, this.about.duration_s));
    this.start = Math.min(Math.max(0, start), Math.max(0, this.about.duration_s - this.span));
    this.draw();
  }
  zoom(factor) { this.show(this.start + this.span * (1 - factor) / 2, this.span * factor); }
  jump(at, end = at) { this.show(at - 0.2 * this.usual, Math.min(Math.max(this.usual, 1.4 * (end - at)), 60)); }
  get usual() { return this.width / (25 * MM); }
  step(by) {
    const rows = this.events.get(this.one("kind").value);
    if (!rows) return;
    this.event = (this.event + by + rows.length) % rows.length;
    if (this.event < 0) this.event = 0;
    const [start, end, words] = rows[this.event];
    this.one("event").textContent = `${this.event + 1} of ${rows.length}: ${words}, at ${clock(start)}`;
    this.jump(start, end);
  }
  resized() {
    const ratio = window.devicePixelRatio || 1, height = LETTERS + this.about.leads.length * this.rowHeight + BAND + AXIS;
    this.canvas.style.height = `${height}px`;
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.pen = this.canvas.getContext("2d");
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.height = height;
    this.show(this.start, this.span || this.usual);
  }
  draw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.drawNow(); });
  }
  drawNow() {
    const pen = this.pen, { width, height } = this, scale = width / this.span;
    pen.fillStyle = "#fff"; pen.fillRect(0, 0, width, height);
    this.drawPaper(scale);
    this.drawSpans(scale);
    this.about.leads.forEach((name, lead) => this.drawLead(name, lead, scale));
    const counts = this.drawBeats(scale);
    this.tell(counts);
    this.root.dataset.ready = "yes";
    this.root.dispatchEvent(new CustomEvent("shown", { detail: { start: this.start, end: this.start + this.span } }));
  }
  drawPaper(scale) {
    const pen = this.pen, bottom = this.height - BAND - AXIS;
    for (const [step, colour] of [[0.04, "#f6d5cd"], [0.2, "#e9a597"], [1, "#d98c7c"]]) {
      if (step * scale < 3.2) continue;
      pen.strokeStyle = colour; pen.lineWidth = step > 0.1 ? 0.8 : 0.5; pen.beginPath();
      for (let n = Math.ceil(this.start / step); n * step <= this.start + this.span; n++) {
        const x = (n * step - this.start) * scale; pen.moveTo(x, LETTERS); pen.lineTo(x, bottom);
      }
      const rise = step * 2.5 * this.gain * MM;
      if (step < 1) for (let y = LETTERS; y <= bottom; y += rise) { pen.moveTo(0, y); pen.lineTo(this.width, y); }
      pen.stroke();
    }
    const steps = [1, 2, 5, 10, 30, 60, 300, 600], step = steps.find(s => s * scale > 64) || 600;
    pen.fillStyle = INK; pen.font = "12px system-ui, sans-serif"; pen.textAlign = "left";
    for (let n = Math.ceil(this.start / step); n * step < this.start + this.span; n++) {
      const x = (n * step - this.start) * scale;
      pen.fillRect(x, this.height - AXIS - BAND, 1, 4); if (x < this.width - 50) pen.fillText(clock(n * step), x + 3, this.height - 4);
    }
  }
  drawSpans(scale) {
    const pen = this.pen, top = this.height - BAND - AXIS + 2;
    const within = rows => rows.filter(([a, b]) => b > this.start && a < this.start + this.span);
    for (const [a, b] of within(this.about.unreadable)) {
      pen.fillStyle = "rgba(86,96,116,.16)"; pen.fillRect((a - this.start) * scale, LETTERS, (b - a) * scale, top - LETTERS);
    }
    pen.font = "bold 12px system-ui, sans-serif"; pen.textAlign = "left";
    for (const [a, b, letter] of within(this.about.rhythms)) {
      const left = Math.max(0, (a - this.start) * scale), right = Math.min(this.width, (b - this.start) * scale);
      pen.fillStyle = RHYTHMS[letter] || OTHER_RHYTHM; pen.fillRect(left, top, right - left - 1, BAND - 4);
      pen.fillStyle = INK; if (right - left > 16) pen.fillText(letter, left + 4, top + BAND - 8);
    }
  }
  drawLead(name, lead, scale) {
    const { fs_hz: hz, step_mv: step, piece_s: length } = this.about, pen = this.pen, top = LETTERS + lead * this.rowHeight;
    const first = Math.floor(this.start / length), last = Math.floor(Math.min(this.start + this.span, this.about.duration_s - 1e-6) / length);
    const parts = [];
    for (let at = first; at <= last; at++) parts.push([at, this.piece(lead, at)]);
    const known = parts.filter(part => part[1]), some = [];
    for (const [at, values] of known) {
      const from = Math.max(0, Math.floor((this.start - at * length) * hz)), to = Math.min(values.length, Math.ceil((this.start + this.span - at * length) * hz));
      const stride = Math.max(1, Math.floor((to - from) / 500));
      for (let i = from; i < to; i += stride) some.push(values[i]);
    }
    const base = some.length ? some.sort((a, b) => a - b)[some.length >> 1] : 0;
    const zero = top + 0.55 * this.rowHeight, rise = step * this.gain * MM;
    pen.save(); pen.beginPath(); pen.rect(0, LETTERS, this.width, this.about.leads.length * this.rowHeight); pen.clip();
    pen.strokeStyle = INK; pen.lineWidth = 1.1; pen.lineJoin = "round"; pen.beginPath();
    const y = value => zero - (value - base) * rise, perPixel = hz / scale;
    for (const [at, values] of known) {
      const from = Math.max(0, Math.floor((this.start - at * length) * hz) - 1), to = Math.min(values.length, Math.ceil((this.start + this.span - at * length) * hz) + 1);
      let up = true, gap = 0;
      const gaps = this.about.gaps[lead], stride = perPixel > 3 ? Math.floor(perPixel) : 1;
      for (let i = from; i < to; i += stride) {
        const s = at * length + i / hz, x = (s - this.start) * scale;
        while (gap < gaps.length && gaps[gap][1] <= s) gap++;
        if (gap < gaps.length && gaps[gap][0] <= s) { up = true; continue; }
        let low = values[i], high = low;
        for (let k = i + 1; k < Math.min(i + stride, to); k++) { if (values[k] < low) low = values[k]; if (values[k] > high) high = values[k]; }
        if (up) pen.moveTo(x, y(high)); else pen.lineTo(x, y(high));
        if (low !== high) pen.lineTo(x, y(low));
        up = false;
      }
    }
    pen.stroke();
    pen.fillStyle = "rgba(255,255,255,.8)"; pen.font = "bold 13px system-ui, sans-serif"; pen.textAlign = "left";
    pen.fillRect(2, top + 2, pen.measureText(name).width + 6, 17);
    pen.fillStyle = INK; pen.fillText(name, 5, top + 15);
    pen.restore();
  }
  drawBeats(scale) {
    const pen = this.pen, counts = new Map(), from = firstFrom(this.times, this.start), to = firstFrom(this.times, this.start + this.span);
    const crowded = (to - from) * 12 > this.width;
    for (let n = from; n < to; n++) {
      const of = this.classes[n], name = of === NO_CLASS ? "·" : this.about.classes[of], x = (this.times[n] - this.start) * scale;
      counts.set(name, (counts.get(name) || 0) + 1);
      if (crowded && name === "N") continue;
      pen.fillStyle = of === NO_CLASS ? INK : this.about.colours[of];
      pen.font = name === "N" || name === "·" ? "12px system-ui, sans-serif" : "bold 14px system-ui, sans-serif"; pen.textAlign = "center";
      pen.fillText(name, x, 15);
      if (name !== "N" && name !== "·") pen.fillRect(x - 1, 18, 2, 6);
    }
    return counts;
  }
  tell(counts) {
    const end = Math.min(this.start + this.span, this.about.duration_s), all = [...counts.values()].reduce((a, b) => a + b, 0);
    const listed = [...counts].filter(([name]) => name !== "·").map(([name, n]) => `${n} ${name}`).join(", ");
    const words = `${clock(this.start)} to ${clock(end)}, ${all} beats${listed ? ` (${listed})` : ""}`;
    this.one("where").textContent = words;
    this.canvas.setAttribute("aria-label", `ECG from ${words}`);
    this.one("scale").textContent = `${(this.width / this.span / MM).toPrecision(2)} mm/s, ${this.gain} mm/mV on a screen of 96 dots an inch`;
  }
  listen() {
    const on = (part, type, act) => this.one(part).addEventListener(type, act);
    on("earlier", "click", () => this.show(this.start - 0.8 * this.span));
    on("later", "click", () => this.show(this.start + 0.8 * this.span));
    on("wider", "click", () => this.zoom(2));
    on("narrower", "click", () => this.zoom(0.5));
    on("previous", "click", () => this.step(-1));
    on("next", "click", () => this.step(1));
    on("kind", "change", () => { this.event = -1; this.step(1); });
    on("gain", "change", () => this.resized());
    on("time", "change", event => {
      const at = seconds(event.target.value), fits = at >= 0 && at <= this.about.duration_s;
      event.target.setAttribute("aria-invalid", String(!fits));
      if (fits) this.show(at);
    });
    this.canvas.addEventListener("keydown", event => this.key(event));
    this.canvas.addEventListener("wheel", event => {
      if (event.ctrlKey) this.zoom(event.deltaY > 0 ? 1.25 : 0.8);
      else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.show(this.start + (event.deltaX || event.deltaY) * this.span / this.width);
      else return;
      event.preventDefault();
    }, { passive: false });
    let held = null;
    this.canvas.addEventListener("pointerdown", event => { held = [event.clientX, this.start]; this.canvas.setPointerCapture(event.pointerId); });
    this.canvas.addEventListener("pointermove", event => { if (held) this.show(held[1] - (event.clientX - held[0]) * this.span / this.width); });
    for (const type of ["pointerup", "pointercancel"]) this.canvas.addEventListener(type, () => { held = null; });
    new ResizeObserver(() => { if (Math.round(this.width * (window.devicePixelRatio || 1)) !== this.canvas.width) { this.span = 0; this.resized(); } }).observe(this.canvas);
  }
  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const keys = {
      ArrowLeft: () => this.show(this.start - 0.2 * this.span), ArrowRight: () => this.show(this.start + 0.2 * this.span),
      PageUp: () => this.show(this.start - this.span), PageDown: () => this.show(this.start + this.span),
      Home: () => this.show(0), End: () => this.show(this.about.duration_s),
      "+": () => this.zoom(0.5), "=": () => this.zoom(0.5), "-": () => this.zoom(2), n: () => this.step(1), p: () => this.step(-1),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  }
}

const viewers = new Map();
for (const root of document.querySelectorAll("[data-viewer]")) {
  if (typeof DecompressionStream === "undefined") { root.querySelector('[data-part="where"]').textContent = "This browser is too old to unpack the signal."; continue; }
  root.hidden = false;
  viewers.set(root.id, new Viewer(root));
}
// Links to a moment of a viewer, and trends above it.
document.addEventListener("click", event => {
  const link = event.target.closest("a[data-at]"), viewer = link && viewers.get(link.getAttribute("href").slice(1));
  if (!viewer) return;
  event.preventDefault();
  viewer.jump(Number(link.dataset.at), Number(link.dataset.to || link.dataset.at));
  viewer.root.scrollIntoView({ block: "nearest" });
  viewer.canvas.focus({ preventScroll: true });
});
for (const trend of document.querySelectorAll("svg[data-of]")) {
  const viewer = viewers.get(trend.dataset.of), { left, right } = trend.dataset;
  if (!viewer) continue;
  const here = trend.querySelector(".here"), scale = (right - left) / viewer.about.duration_s;
  viewer.root.addEventListener("shown", event => {
    here.setAttribute("x", Number(left) + event.detail.start * scale);
    here.setAttribute("width", Math.max(2, (event.detail.end - event.detail.start) * scale));
  });
  trend.addEventListener("click", event => {
    const box = trend.getBoundingClientRect(), x = (event.clientX - box.left) / box.width * trend.viewBox.baseVal.width;
    viewer.show((x - left) / scale - viewer.span / 2);
  });
}
})();
