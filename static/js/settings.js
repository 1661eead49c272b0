/** Settings: what the clock says in the zone chosen, and this device's own zone one click away. */
import { zoned } from "./format.js";

const select = document.getElementById("id_time_zone");
const clock = document.querySelector("[data-clock]");
const button = document.querySelector("[data-device-zone]");
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Browsers may not know a zone that the server knows; the clock drawn before stays. */
function show() {
  try {
    const { day, clock: time } = zoned(Date.now(), select.value);
    const utc = zoned(Date.now(), "UTC");
    clock.textContent = `${day} ${time}`;
    clock.title = `${utc.day} ${utc.clock} UTC`;
  } catch { /* see above */ }
  button.hidden = select.value === here || !select.querySelector(`option[value="${CSS.escape(here)}"]`);
}

button.querySelector("[data-text]").textContent = here;
button.addEventListener("click", () => {
  select.value = here;
  show();
  select.focus();
});
select.addEventListener("change", show);
setInterval(show, 1000);
show();
