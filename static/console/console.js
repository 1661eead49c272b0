// Keeps the sidebar's badges live. Unfold draws none for a link whose badge is empty.
const EVERY_MS = 10_000;
const root = document.querySelector("#nav-sidebar-apps");

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch(new URL("/admin/badges/", location.origin), { headers: { Accept: "application/json" } });
  if (!answer.ok || answer.redirected) return;
  const badges = await answer.json();
  for (const link of root.querySelectorAll("a[href]")) {
    const text = badges[new URL(link.href).pathname] ?? "";
    let badge = link.querySelector(":scope > span.whitespace-nowrap, :scope > span.console-badge");
    if (!badge && text) {
      badge = link.appendChild(document.createElement("span"));
      badge.className = "console-badge";
    }
    if (badge) {
      badge.textContent = text;
      badge.hidden = text === "";
    }
  }
}

if (root) setInterval(() => refresh().catch(() => {}), EVERY_MS);
