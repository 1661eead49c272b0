/**
 * One socket a page. Messages carry {channel, epoch, seq}; a gap or a new epoch means something was
 * missed, and the server's own HTML is fetched again. Silence is shown before it can mislead.
 */
import { refreshDeadlines } from "./deadlines.js";
import { refreshAges, remove, summarise, upsert } from "./rows.js";
import { toast, words } from "./page.js";

const STALE_MS = 4000;
const DEAD_MS = 10000;
const BACKOFF_MS = [500, 30000];
const RESYNC_JITTER_MS = 3000;
const SOON_MS = 500;
const SIGNED_OUT = 4401;

const channels = document.body.dataset.channels.split(/\s+/).filter(Boolean);
const badge = document.querySelector("[data-connection-badge] [data-text]");
const events = {
  "positions/upsert": (data) => upsert("positions", data),
  "positions/remove": (data) => remove("positions", data.id),
  "receipts/upsert": (data) => upsert("receipts", data),
  "approvals/upsert": (data) => {
    upsert("approvals", data);
    refreshDeadlines();
    toast(words.approval_asked.replace("{symbol}", data.symbol ?? ""), "warn");
  },
  "approvals/remove": (data) => remove("approvals", data.id),
  "summary/update": summarise,
  "signals/new": (data) => {
    upsert("signals", data);
    toast(words.new_signal.replace("{symbol}", data.symbol ?? ""));
  },
};

let socket = null;
let attempts = 0;
let lastBeat = 0; // that the server heard from the others, too
let lastHeard = 0;
let retryTimer = 0;
let resyncTimer = 0;
let positions = new Map(); // channel → {epoch, seq} last seen on this socket
let wasLive = false;

function show(state, text) {
  const { connection } = document.body.dataset;
  if (badge && badge.textContent !== text) badge.textContent = text;
  if (connection === state) return;
  document.body.dataset.connection = state;
  for (const button of document.querySelectorAll("[data-needs-live]")) button.disabled = state !== "live";
  if (state === "offline" && wasLive) toast(words.lost, "warn");
  if (state === "live" && connection === "offline" && wasLive) toast(words.back_live);
  wasLive ||= state === "live";
}

/** Fetch the live sections again, one request an address; the jitter keeps a thousand browsers from asking at once. */
function resync(jitter = RESYNC_JITTER_MS) {
  if (resyncTimer) return;
  resyncTimer = setTimeout(() => {
    resyncTimer = 0;
    const sections = [...document.querySelectorAll("[data-live][data-resync-url]")];
    for (const url of new Set(sections.map(({ dataset }) => dataset.resyncUrl))) {
      const [first, ...others] = sections.filter(({ dataset }) => dataset.resyncUrl === url);
      window.htmx.ajax("GET", url, {
        target: first, select: `#${first.id}`, swap: "outerHTML", selectOOB: others.map(({ id }) => `#${id}`).join(","),
      });
    }
  }, Math.random() * jitter);
}

function inOrder({ channel, epoch, seq }) {
  const last = positions.get(channel);
  positions.set(channel, { epoch, seq });
  return last === undefined || (last.epoch === epoch && last.seq + 1 === seq);
}

function beat() {
  lastBeat = performance.now();
  show("live", words.live);
}

/** A server that is cut off from the news says so: the page is stale then, but the socket is good. */
function heartbeat({ live }) {
  if (live) beat();
}

function receive(event) {
  const message = JSON.parse(event.data);
  lastHeard = performance.now();
  if (message.channel === undefined) { // an answer to a request of ours
    if ((message.op ?? message.type) === "ack") beat();
    return undefined;
  }
  if (message.channel === "system") return message.type === "heartbeat" ? heartbeat(message.data) : undefined;
  if (!inOrder(message)) resync();
  if (document.querySelector(`[data-redraws="${message.channel}"]`)) return resync(SOON_MS);
  events[`${message.channel}/${message.type}`]?.(message.data);
  return undefined;
}

function connect() {
  clearTimeout(retryTimer);
  retryTimer = 0;
  const address = new URL("/ws/", window.location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const opened = new WebSocket(address);
  socket = opened;
  lastBeat = performance.now();
  lastHeard = lastBeat;
  opened.addEventListener("open", () => {
    positions = new Map();
    // One request a channel: a server that does not know one refuses that one alone. The page was
    // just drawn and is fetched again below, so it needs no snapshot.
    for (const channel of channels) {
      opened.send(JSON.stringify({ op: "subscribe", channels: [channel], snapshot: false }));
    }
    attempts = 0;
    resync(); // what happened between the drawing of the page, or the last socket, and this one
  });
  opened.addEventListener("message", (event) => { if (socket === opened) receive(event); });
  opened.addEventListener("close", ({ code }) => {
    if (code === SIGNED_OUT) window.location.reload();
    else if (socket === opened) lose();
  });
}

/** Give the socket up and try again later: full jitter under a doubling ceiling. */
function lose() {
  const gone = socket;
  socket = null;
  gone?.close();
  show("offline", words.offline);
  const ceiling = Math.min(BACKOFF_MS[1], BACKOFF_MS[0] * 2 ** attempts);
  attempts += 1;
  clearTimeout(retryTimer);
  retryTimer = setTimeout(connect, BACKOFF_MS[0] + Math.random() * (ceiling - BACKOFF_MS[0]));
}

function watch() {
  refreshAges();
  refreshDeadlines();
  if (!socket) return;
  const silence = performance.now() - lastBeat;
  if (performance.now() - lastHeard > DEAD_MS) lose();
  else if (silence > STALE_MS && wasLive) {
    show("stale", words.stale.replace("{seconds}", Math.floor(silence / 1000)));
  }
}

function wake() {
  if (document.visibilityState !== "visible") return;
  if (!socket) connect();
  resync(SOON_MS);
}

document.addEventListener("visibilitychange", wake);
window.addEventListener("online", wake);
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.xhr.responseURL && !detail.xhr.responseURL.endsWith(detail.pathInfo.finalRequestPath)) {
    detail.shouldSwap = false; // signed out meanwhile: the answer is another page
    window.location.reload();
  }
});
document.addEventListener("htmx:afterSwap", () => {
  const live = document.body.dataset.connection === "live";
  for (const button of document.querySelectorAll("[data-needs-live]")) button.disabled = !live;
});
/** Prices move without a message: such a page asks for itself again while somebody looks at it. */
const paced = document.querySelector("[data-refreshes-s]");
if (paced) {
  setInterval(() => { if (document.visibilityState === "visible") resync(SOON_MS); }, paced.dataset.refreshesS * 1000);
}
if (channels.length) {
  show("connecting", words.connecting);
  connect();
  setInterval(watch, 1000);
}
