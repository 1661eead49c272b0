/** The equity curve. The drawing is hidden from assistive technology; a sentence beside it says the same. */
import { AreaSeries, ColorType, createChart } from "../vendor/lightweight-charts/lightweight-charts.js";
import { money, settingsOf } from "./format.js";

const DAY = 86400;
const settings = settingsOf(document);
const frame = document.querySelector("[data-equity-url]");
const summary = document.querySelector("[data-chart-summary]");

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const faded = (colour, share) => `${colour}${Math.round(share * 255).toString(16).padStart(2, "0")}`;

/** The chart knows no zones: shift each instant so that its "UTC" shows the person's clock. */
function shifted(seconds) {
  const local = new Intl.DateTimeFormat("sv-SE", {
    timeZone: settings.timezone, dateStyle: "short", timeStyle: "medium",
  }).format(seconds * 1000).replace(" ", "T");
  return Date.parse(`${local}Z`) / 1000;
}

function looks() {
  return {
    layout: {
      attributionLogo: false,
      background: { type: ColorType.Solid, color: token("surface") },
      textColor: token("muted"),
      fontFamily: token("sans"),
      fontSize: 12,
    },
    grid: { vertLines: { visible: false }, horzLines: { color: token("line") } },
    rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.12, bottom: 0.08 } },
    timeScale: { borderVisible: false, timeVisible: true, secondsVisible: false, fixLeftEdge: true, fixRightEdge: true },
    crosshair: { horzLine: { labelBackgroundColor: token("control") }, vertLine: { labelBackgroundColor: token("control") } },
    localization: { locale: document.documentElement.lang, priceFormatter: (value) => money(value.toFixed(2), settings) },
    handleScroll: false,
    handleScale: false,
    autoSize: true,
  };
}

function lineLooks(points) {
  const rising = points.length < 2 || points.at(-1).value >= points[0].value;
  const colour = token(rising ? "rise" : "fall");
  return { lineColor: colour, topColor: faded(colour, 0.28), bottomColor: faded(colour, 0.02), lineWidth: 2 };
}

/** Points must rise in time and be unique; of two with one instant the later stays. */
function ordered(raw) {
  const byTime = new Map(raw.map(([at, value]) => [shifted(at), String(value)]));
  return [...byTime].sort(([a], [b]) => a - b).map(([time, exact]) => ({ time, value: Number(exact), exact }));
}

function describe(points) {
  if (!points.length) return "";
  const low = points.reduce((best, point) => (point.value < best.value ? point : best));
  const high = points.reduce((best, point) => (point.value > best.value ? point : best));
  const parts = { first: points[0], last: points.at(-1), low, high };
  return settings.words.chart_summary.replace(/\{(\w+)\}/g, (_whole, name) => money(parts[name].exact, settings));
}

/** Points of the last `days` (0: all there are); the server thins, the browser cuts. */
async function fetched(days) {
  const address = new URL(frame.dataset.equityUrl, window.location.href);
  address.searchParams.set("range", days);
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`equity: ${answer.status}`);
  const all = ordered(await answer.json());
  const from = days ? (all.at(-1)?.time ?? 0) - days * DAY : 0;
  return all.filter(({ time }) => time >= from);
}

function draw(first) {
  frame.replaceChildren();
  const chart = createChart(frame, looks());
  const series = chart.addSeries(AreaSeries, lineLooks(first));
  let points = first;
  const update = () => {
    chart.applyOptions(looks());
    series.applyOptions(lineLooks(points));
    series.setData(points.map(({ time, value }) => ({ time, value })));
    chart.timeScale().fitContent();
    summary.textContent = describe(points);
  };
  update();
  document.addEventListener("mimic:appearance", update);
  for (const button of document.querySelectorAll("[data-range]")) {
    button.addEventListener("click", async () => {
      for (const other of document.querySelectorAll("[data-range]")) other.setAttribute("aria-pressed", String(other === button));
      try {
        points = await fetched(Number(button.dataset.range));
        update();
      } catch {
        summary.textContent = settings.words.no_chart; // the curve drawn before stays
      }
    });
  }
}

try {
  draw(await fetched(30));
} catch {
  frame.replaceChildren();
  summary.textContent = settings.words.no_chart;
}
