// Points in time by the reader's clock; the server knows its own zone only.
const FORMAT = new Intl.DateTimeFormat(document.documentElement.lang || undefined, {
  dateStyle: "medium",
  timeStyle: "short",
});

export function localTimes(root) {
  for (const shown of root.querySelectorAll("time[data-moment]")) {
    const at = new Date(shown.dateTime);
    if (!Number.isNaN(at.getTime())) {
      shown.textContent = FORMAT.format(at);
    }
  }
}
