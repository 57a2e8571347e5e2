// Put the files that were dropped together to recordings: a header of WFDB with all that belongs to it, every other file alone.

const MOST_HEADER = 1 << 20;

export async function groups(files, suffixes) {
  const shown = files.filter(({ path }) => !path.split("/").some((part) => part.startsWith(".") || part === "__MACOSX"));
  const headers = shown.filter(({ path }) => /\.hea$/i.test(path));
  const owned = new Map(); // path of a file -> headers that it belongs to
  const parts = new Map();
  for (const header of headers) {
    const [folder, stem] = place(header.path);
    const beside = shown.filter((one) => one !== header && place(one.path)[0] === folder);
    const first = await firstWords(header.file);
    const segments = beside.filter((one) => /\.hea$/i.test(one.path) && first.has(place(one.path)[1]));
    const stems = [stem, ...segments.map((one) => place(one.path)[1])];
    const mine = beside.filter((one) => {
      const name = one.path.split("/").at(-1);
      return first.has(name) || stems.some((each) => name.startsWith(`${each}.`));
    });
    parts.set(header, mine);
    for (const one of mine) owned.set(one, header);
  }
  const found = shown.filter((one) => !owned.has(one));
  const surely = found.filter(({ path }) => suffixes.some((suffix) => path.toLowerCase().endsWith(suffix)));
  return (surely.length ? surely : found)
    .map((one) => ({ name: one.path, files: [one, ...(parts.get(one) ?? [])] }))
    .sort((one, other) => one.name.localeCompare(other.name, "en", { numeric: true }));
}

function place(path) {
  const names = path.split("/"), name = names.pop();
  return [names.join("/"), name.replace(/\.[^.]*$/, "")];
}

async function firstWords(file) {
  const lines = (await file.slice(0, MOST_HEADER).text()).split(/\r?\n/);
  return new Set(lines.map((line) => line.trim().split(/\s+/)[0]).filter(Boolean));
}

export async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => ({ path: file.name, file }));
  const found = [];
  for (const entry of entries) await collect(entry, found);
  return found;
}

async function collect(entry, found) {
  if (entry.isFile) {
    const file = await new Promise((done, failed) => entry.file(done, failed));
    found.push({ path: entry.fullPath.replace(/^\//, ""), file });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((done, failed) => reader.readEntries(done, failed)); // a hundred at most
    if (!some.length) return;
    for (const one of some) await collect(one, found);
  }
}
