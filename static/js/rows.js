/** Rows made from <template> elements; every value arrives as text, never as HTML. */
import * as format from "./format.js";

const KEEP = 20;
const ZERO_ID = "00000000-0000-0000-0000-000000000000";
const settings = format.settingsOf(document);
const { words } = settings;

function element(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function sideText(data) {
  const leverage = data.leverage ? ` ${format.quantity(data.leverage, settings)}x` : "";
  return (words[data.side] ?? data.side ?? "") + leverage;
}

/** Replace the text and, for badges, the tone of a node; the icon inside stays. */
function badge(node, text, tone) {
  node.dataset.tone = tone;
  (node.querySelector("[data-text]") ?? node).textContent = text;
}

const writers = {
  pnl(node, value) {
    const shown = element("span", "", { class: "pnl", "data-direction": format.direction(value) });
    shown.append(
      element("span", format.tickOf(value), { class: "tick", "aria-hidden": "true" }),
      format.signedMoney(value, settings),
    );
    node.replaceChildren(shown);
  },
  pnlPercent(node, value, data) {
    node.dataset.direction = format.direction(data.pnl);
    node.textContent = `(${format.signedPercent(value, settings)})`;
  },
  price(node, value, data) {
    node.textContent = format.price(value, settings, data.price_digits);
  },
  levels(node, value) {
    const [first, ...others] = value ?? [];
    const shown = format.quantity(first, settings);
    node.textContent = others.length ? `${shown} +${others.length}` : shown;
  },
  moment(node, value) {
    const { text, title } = format.moment(value, settings);
    node.replaceChildren(element("time", text, { datetime: value ?? "", title }));
  },
  age(node, value) {
    node.dataset.age = value ?? "";
    node.textContent = format.age(value, settings);
  },
  side(node, _value, data) {
    const short = data.side === "short";
    badge(node, sideText(data), short ? "fall" : "rise");
    const use = node.querySelector("use");
    const icon = short ? "arrow-down-right" : "arrow-up-right";
    use?.setAttribute("href", use.getAttribute("href").replace(/#.*$/, `#${icon}`));
  },
  value(node, value) {
    node.value = value ?? "";
  },
  countdown(node, value) {
    node.dataset.deadline = value ?? "";
  },
  timeLeft(node, value, data) {
    node.dataset.deadline = value ?? "";
    node.dataset.from = data.received_at;
  },
  sideText(node, _value, data) {
    node.textContent = sideText(data);
  },
  outcome(node, value) {
    badge(node, words[`outcome_${value}`] ?? value, format.toneOf(value));
  },
};

function write(node, name, data) {
  const { format: kind, only } = node.dataset;
  const value = data[name];
  if (only) node.hidden = value !== only;
  else if (kind in writers) writers[kind](node, value, data);
  else if (kind) node.textContent = format[kind](value, settings);
  else node.textContent = value ?? "";
}

/** Write the fields that a message carries; a field it leaves out keeps what it shows. */
function fill(row, data) {
  for (const node of row.querySelectorAll("[data-field]")) {
    if (node.dataset.field in data) write(node, node.dataset.field, data);
  }
}

function rowOf(list, id) {
  return list.querySelector(`:scope > [data-row="${CSS.escape(id)}"]`);
}

function make(kind, id) {
  const template = document.querySelector(`template[data-row-for="${kind}"]`);
  const row = template.content.firstElementChild.cloneNode(true);
  row.dataset.row = id;
  for (const link of row.querySelectorAll("[data-link]")) {
    link.setAttribute("href", link.getAttribute("href").replace(ZERO_ID, encodeURIComponent(id)));
  }
  return row;
}

function count(kind, list) {
  for (const node of document.querySelectorAll(`[data-count="${kind}"]`)) {
    node.textContent = list.childElementCount;
  }
}

/** Update a row in place, or put a new one on top and drop the oldest beyond KEEP. */
export function upsert(kind, data) {
  const list = document.querySelector(`[data-rows="${kind}"]`);
  if (!list) return;
  const id = String(data.public_id ?? data.id);
  const known = rowOf(list, id);
  const row = known ?? make(kind, id);
  fill(row, data);
  if (known) return;
  row.classList.add("is-new");
  list.prepend(row);
  while (list.childElementCount > KEEP) list.lastElementChild.remove();
  count(kind, list);
}

export function remove(kind, id) {
  const list = document.querySelector(`[data-rows="${kind}"]`);
  if (!list) return;
  rowOf(list, String(id))?.remove();
  count(kind, list);
}

export function summarise(data) {
  for (const node of document.querySelectorAll("[data-summary]")) {
    if (node.dataset.summary in data) write(node, node.dataset.summary, data);
  }
}

export function refreshAges() {
  for (const node of document.querySelectorAll("[data-age]:not([data-age=''])")) {
    node.textContent = format.age(node.dataset.age, settings);
    const row = node.closest("[data-stale-after]");
    row?.toggleAttribute("data-stale", Date.now() - Date.parse(node.dataset.age) > row.dataset.staleAfter * 1000);
  }
}
