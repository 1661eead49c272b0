/** Ctrl+K, "/" and "?": pages out of the sidebar, copies and accounts from the server. */
const MOST = 50;
const SEQUENCE_MS = 1200;
const OFF = "mimic_single_keys_off";

const dialog = document.getElementById("palette");
const shortcuts = document.getElementById("shortcuts");
const input = dialog.querySelector("[role=combobox]");
const list = dialog.querySelector("[role=listbox]");
const status = dialog.querySelector("[data-status]");
const switchOfKeys = shortcuts.querySelector("[data-single-keys]");
const sprite = dialog.querySelector("use").getAttribute("href").split("#")[0];

const places = [...document.querySelectorAll(".nav__link")];
const pages = places.map((link) => ({
  label: link.textContent.trim(),
  note: "",
  url: link.getAttribute("href"),
  icon: link.querySelector("use").getAttribute("href").split("#")[1],
}));
let own = null; // copies and accounts, once they were loaded
let shown = [];
let active = 0;
let lastG = -Infinity;

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** How well an item answers, best first: its name begins so, a word of it does, it is in there; or -1. */
function fit(item, words) {
  const label = plain(item.label);
  const whole = ` ${label} ${plain(item.note)}`;
  if (!words.every((word) => whole.includes(word))) return -1;
  if (label.startsWith(words[0] ?? "")) return 0;
  return words.every((word) => whole.includes(` ${word}`)) ? 1 : 2;
}

function matching(items, text) {
  const words = plain(text).split(/\s+/).filter(Boolean);
  return items
    .map((item) => ({ item, rank: fit(item, words) }))
    .filter(({ rank }) => rank >= 0)
    .sort((one, other) => one.rank - other.rank)
    .slice(0, MOST)
    .map(({ item }) => item);
}

function iconOf(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

function optionOf(item, index) {
  const option = document.createElement("li");
  const note = document.createElement("span");
  option.id = `palette-${index}`;
  option.className = "palette__option";
  option.role = "option";
  option.dataset.index = index;
  note.className = "muted small";
  note.textContent = item.note;
  option.append(iconOf(item.icon), item.label, " ", note);
  return option;
}

function mark(index) {
  active = Math.max(0, Math.min(index, shown.length - 1));
  [...list.children].forEach((option, place) => option.setAttribute("aria-selected", String(place === active)));
  const chosen = list.children[active];
  if (!chosen) return input.removeAttribute("aria-activedescendant");
  input.setAttribute("aria-activedescendant", chosen.id);
  return chosen.scrollIntoView({ block: "nearest" });
}

/** What matches now; `keep` the choice where only more to choose from has arrived. */
function draw({ keep = false } = {}) {
  const { none, found, failed } = dialog.dataset;
  const chosen = shown[active];
  shown = matching([...pages, ...(own ?? [])], input.value);
  list.replaceChildren(...shown.map(optionOf));
  list.hidden = !shown.length;
  input.setAttribute("aria-expanded", String(shown.length > 0));
  const told = shown.length ? found.replace("{count}", shown.length) : none;
  status.textContent = dialog.dataset.broken ? `${told} · ${failed}` : told;
  mark(keep ? Math.max(0, shown.indexOf(chosen)) : 0);
}

async function load() {
  delete dialog.dataset.broken;
  try {
    const answer = await fetch(dialog.dataset.source, { headers: { Accept: "application/json" } });
    own = (await answer.json()).items;
  } catch {
    dialog.dataset.broken = "yes"; // asked again the next time it is opened
  }
  draw({ keep: true });
}

function open() {
  if (dialog.open) return dialog.close();
  if (document.querySelector("dialog[open]")) return undefined; // a question is being asked
  input.value = "";
  draw();
  dialog.showModal();
  input.focus();
  return own ?? load();
}

function go(apart) {
  const { url } = shown[active] ?? {};
  if (!url) return;
  if (apart) window.open(url, "_blank", "noopener");
  else window.location.assign(url);
}

const MOVES = {
  ArrowDown: () => mark(active + 1),
  ArrowUp: () => mark(active - 1),
  PageDown: () => mark(active + 8),
  PageUp: () => mark(active - 8),
};

input.addEventListener("input", () => draw());
input.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "Enter") go(event.ctrlKey || event.metaKey);
  else if (event.key in MOVES) MOVES[event.key]();
  else return;
  event.preventDefault();
});
list.addEventListener("click", (event) => {
  const option = event.target.closest("[data-index]");
  if (!option) return;
  mark(Number(option.dataset.index));
  go(event.ctrlKey || event.metaKey);
});

/** What a key means on a keyboard whose letters are not Latin: its place on the board. */
function letterOf({ key, code }) {
  return /^[\x20-\x7e]$/.test(key) ? key.toLowerCase() : code.replace(/^Key/, "").toLowerCase();
}

function searchOfPage() {
  const field = document.querySelector("main input[type=search]");
  if (!field) return open();
  return field.focus();
}

const SINGLE = { "/": searchOfPage, "?": () => shortcuts.showModal() };

function single(event) {
  const letter = letterOf(event);
  const follows = performance.now() - lastG < SEQUENCE_MS;
  lastG = letter === "g" && !follows ? performance.now() : -Infinity;
  const deed = SINGLE[event.key] ?? (follows ? () => places.find(({ dataset }) => dataset.letter === letter)?.click() : null);
  if (!deed) return;
  event.preventDefault();
  deed();
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && letterOf(event) === "k") {
    event.preventDefault();
    return void open();
  }
  const typing = event.target.closest?.("input, select, textarea, [contenteditable], dialog[open]");
  const chord = event.ctrlKey || event.metaKey || event.altKey || event.isComposing;
  if (!typing && !chord && switchOfKeys.checked) single(event);
});

/** Single keys can be switched off for those whose speech input or tremor presses them (WCAG 2.1.4). */
switchOfKeys.checked = localStorage.getItem(OFF) === null;
switchOfKeys.addEventListener("change", () => {
  if (switchOfKeys.checked) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "1");
});
for (const button of document.querySelectorAll("[data-palette]")) button.addEventListener("click", open);
