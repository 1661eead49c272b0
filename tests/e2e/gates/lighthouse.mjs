// Lighthouse on each page of a list, in one browser.
// stdin: {"chromium": path, "flags": [...], "cookies": [{name, value, url}], "pages": {name: url}}
// stdout: {name: {accessibility, "best-practices", performance, cls, faults: [...]}}, scores 0-100.
import { readFileSync } from "node:fs";
import lighthouse from "lighthouse";
import puppeteer from "puppeteer-core";

const { chromium, flags, cookies, pages } = JSON.parse(readFileSync(0, "utf8"));
const CATEGORIES = ["accessibility", "best-practices", "performance"];

const score = (value) => Math.round((value ?? 0) * 100);

/** Audits that count in the two categories with a bar and did not pass. */
function faultsOf({ categories, audits }) {
  return CATEGORIES.slice(0, 2).flatMap((name) => categories[name].auditRefs)
    .filter(({ id, weight }) => weight > 0 && audits[id].score !== null && audits[id].score < 1)
    .map(({ id }) => `${id}: ${audits[id].title}`);
}

/** On a busy machine Chromium's trace now and then misses its beginning; that says nothing of the page. */
async function measured(browser, url) {
  for (let tries = 3; ; tries -= 1) {
    const page = await browser.newPage();
    if (cookies.length) await page.setCookie(...cookies);
    const { lhr } = await lighthouse(url, { onlyCategories: CATEGORIES, disableStorageReset: true }, undefined, page);
    await page.close();
    if (!lhr.runtimeError || tries === 1) return lhr;
  }
}

const browser = await puppeteer.launch({ executablePath: chromium, args: flags });
const told = {};
try {
  for (const [name, url] of Object.entries(pages)) {
    const lhr = await measured(browser, url);
    told[name] = {
      ...Object.fromEntries(CATEGORIES.map((key) => [key, score(lhr.categories[key].score)])),
      cls: lhr.audits["cumulative-layout-shift"].numericValue ?? null,
      lcp_ms: Math.round(lhr.audits["largest-contentful-paint"].numericValue ?? 0),
      faults: lhr.runtimeError ? [lhr.runtimeError.message] : faultsOf(lhr),
    };
  }
} finally {
  await browser.close();
}
console.log(JSON.stringify(told));
