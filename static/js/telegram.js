/** Telegram's login page came back: what it signed stands behind "#", and goes on with the form. */
const form = document.querySelector("form[data-telegram]");
const behind = new URLSearchParams(window.location.hash.slice(1)).get("tgAuthResult");
if (behind) {
  form.elements.result.value = behind;
  history.replaceState(null, "", window.location.pathname);
}
if (form.elements.result.value) form.submit();
