// Draws the front page's figures anew, so that nobody has to reload to see what happens.
const EVERY_MS = 10_000;
const front = document.querySelector("#console-front");

async function redraw() {
  if (document.hidden || front.contains(document.activeElement)) return; // nobody loses their place
  const answer = await fetch(front.dataset.source, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
  const drawn = new DOMParser().parseFromString(await answer.text(), "text/html");
  front.replaceChildren(...drawn.body.childNodes);
  delete front.dataset.stale;
}

setInterval(() => redraw().catch(() => { front.dataset.stale = "yes"; }), EVERY_MS);
