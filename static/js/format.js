/**
 * Numbers and times exactly as mimic/web/templatetags/figures.py writes them.
 * Decimal strings are handled as text and BigInt: no figure ever passes through a float.
 */
const MINUS = "\u2212";
const NOTHING = "\u2014";
const TICKS = { up: "▲", down: "▼", flat: "" };
const TONES = { executed: "up", pending: "info", refused: "warn", failed: "down", unknown: "warn" };

/** Marks and zone from <html>, words from the JSON block; tests pass their own. */
export function settingsOf(document) {
  const root = document.documentElement.dataset;
  const block = document.getElementById("words");
  return {
    decimal: root.decimal ?? ".",
    group: root.group ?? ",",
    timezone: root.timezone || "UTC",
    words: block ? JSON.parse(block.textContent) : {},
  };
}

/** "-12.5e-1" → { negative, units: 125n, scale: 2 }, or null when it is not a number. */
function parse(value) {
  const match = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(String(value ?? "").trim());
  if (!match || (match[2] === "" && match[3] === "")) return null;
  const exponent = Number(match[4] ?? 0);
  let digits = match[2] + match[3];
  let scale = match[3].length - exponent;
  if (scale < 0) {
    digits += "0".repeat(-scale);
    scale = 0;
  }
  return { negative: match[1] === "-", units: BigInt(digits), scale };
}

/** Units at `decimals`, rounded half away from zero. */
function rounded({ units, scale }, decimals) {
  if (scale <= decimals) return units * 10n ** BigInt(decimals - scale);
  const step = 10n ** BigInt(scale - decimals);
  return (units + step / 2n) / step;
}

function digits(number, least, most, settings, signed = false) {
  const units = rounded(number, most);
  const text = units.toString().padStart(most + 1, "0");
  const whole = text.slice(0, text.length - most);
  const fraction = text.slice(text.length - most);
  const kept = fraction.slice(0, least) + fraction.slice(least).replace(/0+$/, "");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, settings.group);
  const shown = kept ? grouped + settings.decimal + kept : grouped;
  if (units === 0n) return shown;
  if (number.negative) return MINUS + shown;
  return signed ? `+${shown}` : shown;
}

const number = (least, most, suffix = "", signed = false) => (value, settings) => {
  const parsed = parse(value);
  return parsed === null ? NOTHING : digits(parsed, least, most, settings, signed) + suffix;
};

export const money = number(2, 2);
export const quantity = number(0, 8);
export const percent = number(0, 2, "%");
export const ratio = number(1, 1);
export const signedMoney = number(2, 2, "", true);
export const signedPercent = number(2, 2, "%", true);

export function price(value, settings, tick) {
  const parsed = parse(value);
  if (parsed === null) return NOTHING;
  if (Number.isInteger(tick)) return digits(parsed, tick, tick, settings);
  const whole = parsed.units / 10n ** BigInt(parsed.scale);
  if (whole >= 1000n) return digits(parsed, 2, 2, settings);
  return digits(parsed, 2, whole >= 1n ? 4 : 8, settings);
}

export function direction(value) {
  const parsed = parse(value);
  if (parsed === null || rounded(parsed, 2) === 0n) return "flat";
  return parsed.negative ? "down" : "up";
}

export const tickOf = (value) => TICKS[direction(value)];
export const toneOf = (outcome) => TONES[outcome] ?? "neutral";

export function milliseconds(value, settings) {
  const parsed = parse(value);
  if (parsed === null) return NOTHING;
  const whole = parsed.units / 10n ** BigInt(parsed.scale);
  if (whole < 10000n) return `${digits(parsed, 0, 0, settings)} ${settings.words.ms}`;
  return `${digits({ ...parsed, scale: parsed.scale + 3 }, 1, 1, settings)} ${settings.words.s}`;
}

export function age(value, settings, now = Date.now()) {
  const then = Date.parse(value);
  if (Number.isNaN(then)) return NOTHING;
  const seconds = Math.max(0, Math.floor((now - then) / 1000));
  for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
    if (seconds >= size) return `${Math.floor(seconds / size)} ${settings.words[unit]}`;
  }
  return `${seconds} ${settings.words.s}`;
}

/** Parts of an instant in a zone: { day: "2026-11-20", clock: "22:15:03" }. */
export function zoned(instant, timezone) {
  const parts = new Intl.DateTimeFormat("sv-SE", {
    timeZone: timezone, dateStyle: "short", timeStyle: "medium",
  }).format(instant).split(" ");
  return { day: parts[0], clock: parts[1] };
}

/** { text, title } of a moment: the clock today, else with the date; UTC in the title. */
export function moment(value, settings, now = Date.now()) {
  const then = Date.parse(value);
  if (Number.isNaN(then)) return { text: NOTHING, title: "" };
  const local = zoned(then, settings.timezone);
  const today = zoned(now, settings.timezone).day;
  const utc = zoned(then, "UTC");
  return {
    text: local.day === today ? local.clock : `${local.day} ${local.clock.slice(0, 5)}`,
    title: `${utc.day} ${utc.clock} UTC`,
  };
}
