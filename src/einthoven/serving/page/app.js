// Take what is dropped, let the server interpret it, and show each answer or refusal where the file was dropped.

import { download, element } from "./dom.js";
import { Editor } from "./editor.js";
import { dropped, groups } from "./groups.js";

const AT_ONCE = 2, AGAIN_MS = 3000;
const nonce = document.querySelector("script[nonce]").nonce;
const zone = document.getElementById("drop"), list = document.getElementById("recordings"), progress = document.getElementById("progress");
const form = document.querySelector("#statements form"), statements = document.getElementById("statements");
const mostBytes = 1e6 * Number(document.body.dataset.mostMb);
const suffixes = document.body.dataset.suffixes.split(" ");
const waiting = [], editors = new Set();
let working = 0, all = 0, done = 0;

for (const [button, input] of [["choose-files", "files"], ["choose-folder", "folder"]]) {
  const chooser = document.getElementById(input);
  document.getElementById(button).addEventListener("click", () => chooser.click());
  chooser.addEventListener("change", () => {
    take([...chooser.files].map((file) => ({ path: file.webkitRelativePath || file.name, file })));
    chooser.value = "";
  });
}
for (const kind of ["dragover", "dragenter"]) document.addEventListener(kind, (event) => { event.preventDefault(); zone.classList.add("over"); });
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) zone.classList.remove("over"); });
document.addEventListener("drop", async (event) => {
  event.preventDefault();
  zone.classList.remove("over");
  take(await dropped(event.dataTransfer));
});
form.addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("beforeunload", (event) => { if ([...editors].some((editor) => !editor.marks.isSaved)) event.preventDefault(); });

async function take(files) {
  const found = await groups(files, suffixes);
  if (!found.length) { progress.textContent = "There is no file in what was dropped."; return; }
  for (const group of found) group.isAlone = found.length === 1;
  for (const group of found) group.node = element("article", { "aria-busy": "true" }, element("h2", {}, group.name), element("p", { className: "soft" }, "waiting"));
  list.prepend(...found.map(({ node }) => node)); // what was dropped last is nearest to where it was dropped
  found.forEach(enqueue);
}

function enqueue(group) {
  all += 1;
  waiting.push(group);
  next();
}

function next() {
  progress.textContent = done < all ? `${done} of ${all} recordings interpreted` : all ? `All recordings are done: ${all}.` : "";
  while (working < AT_ONCE && waiting.length) {
    working += 1;
    work(waiting.shift()).finally(() => { working -= 1; done += 1; next(); });
  }
}

async function work(group) {
  group.node.lastChild.textContent = "interpreting …";
  const n = group.files.reduce((sum, { file }) => sum + file.size, 0);
  if (n > mostBytes) {
    refuse(group, { message: "The upload is too large.", found: `${n.toLocaleString("en")} bytes`, expected: `at most ${mostBytes.toLocaleString("en")} bytes in one upload`, remedy: `einthoven serve --limits.upload-mb ${Math.ceil(n / 1e6)}` });
    return;
  }
  try {
    const answer = await sent(group);
    const plain = await answer.json();
    if (answer.ok) show(group, plain, answer.headers.get("x-einthoven-kept")); else refuse(group, plain);
  } catch (error) { refuse(group, unreachable(error)); }
}

async function sent(group) {
  for (;;) {
    const body = new FormData();
    for (const { path, file } of group.files) body.append("files", file, path);
    for (const [name, value] of new FormData(form)) if (value) body.append(name, value === "on" ? "true" : value);
    const answer = await fetch("/review", { method: "POST", body });
    if (answer.status !== 503) return answer;
    await new Promise((go) => setTimeout(go, AGAIN_MS));
  }
}

const unreachable = (error) => ({ message: "The server did not answer.", found: String(error.message ?? error), expected: "a server that runs", remedy: "einthoven serve" });

function reason(plain) {
  const rows = ["found", "expected", "remedy"].flatMap((name) => [element("dt", {}, name), element("dd", { className: name }, plain[name] ?? "")]);
  return [element("p", {}, element("b", {}, plain.message ?? "The request failed.")), element("dl", {}, ...rows)];
}

function refuse(group, plain) {
  const again = element("button", { type: "button", onclick: () => {
    group.node.className = "";
    group.node.setAttribute("aria-busy", "true");
    group.node.replaceChildren(element("h2", {}, group.name), element("p", { className: "soft" }, "waiting"));
    enqueue(group);
  } }, "Try again");
  const isMissing = /--(fs|leads|unit|gain|zero|partial)/.test(`${plain.remedy} ${plain.expected}`);
  const stating = isMissing ? [element("button", { type: "button", onclick: () => { statements.open = true; form.elements.fs.focus(); } }, "State it")] : [];
  group.node.className = "refused";
  group.node.removeAttribute("aria-busy");
  group.node.replaceChildren(element("h2", {}, `${group.name}: not interpreted`), element("div", { role: "alert" }, ...reason(plain)), element("p", { className: "buttons" }, ...stating, again));
}

function show(group, plain, kept) {
  group.node.removeAttribute("aria-busy");
  group.node.replaceChildren(...plain.records.flatMap((one) => section(one, kept, group.isAlone && plain.records.length === 1)));
  for (const failed of plain.failed) group.node.append(element("h2", {}, `${failed.file}: not interpreted`), ...reason(failed));
  for (const one of group.node.querySelectorAll("details[open]")) one.dispatchEvent(new Event("toggle"));
}

function section({ interpretation, page, trace }, kept, isOpen) {
  const name = trace.name;
  const said = interpretation.statements.map(({ code, text }) => element("li", { className: code === "not_assessed" ? "rest" : "" }, text));
  const findings = interpretation.findings.map(({ text }) => element("p", { className: "remark" }, `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`));
  const problem = element("div", { role: "alert" });
  const correcting = lazily("Correct beats and rhythm", isOpen, () => {
    const editor = new Editor(trace, kept, (plain) => problem.replaceChildren(...reason(plain.message && plain.found ? plain : unreachable(plain))));
    editors.add(editor);
    return [editor.node, problem];
  });
  const reading = lazily("Report", isOpen, () => [report(page, name)]);
  return [
    element("h2", {}, name),
    element("ul", { className: "said" }, ...said),
    ...findings,
    element("p", { className: "buttons" },
      element("button", { type: "button", onclick: () => download(`${name}.html`, page, "text/html") }, "Save the report (HTML)"),
      element("button", { type: "button", onclick: () => download(`${name}.json`, JSON.stringify(interpretation, null, 1), "application/json") }, "Save the numbers (JSON)")),
    correcting, reading,
  ];
}

function lazily(title, isOpen, made) {
  const node = element("details", { open: isOpen }, element("summary", {}, title));
  let isMade = false;
  node.addEventListener("toggle", () => { if (node.open && !isMade) { isMade = true; node.append(...made()); } });
  return node;
}

// The report runs in a frame of its own, which can neither reach this page nor the server.
function report(page, name) {
  const frame = element("iframe", { title: `Report of ${name}` });
  frame.setAttribute("sandbox", "allow-scripts");
  frame.srcdoc = page.replace(/<(style|script)(?=[\s>])/g, `<$1 nonce="${nonce}"`);
  return frame;
}
