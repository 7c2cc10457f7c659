// Finding a setting while typing; the form stays as it is behind the list.

const PAUSE_MS = 150;

export function searchWhileTyping(goToTarget) {
  const form = document.querySelector("[data-search]");
  const found = document.querySelector("[data-found]");
  const main = document.querySelector("[data-main]");
  if (!form || !found) {
    return;
  }
  const field = form.querySelector("input");
  let waiting = 0;
  let asking = null;

  const showList = (shown) => {
    found.hidden = !shown;
    main.hidden = shown;
  };
  const end = () => {
    clearTimeout(waiting);
    asking?.abort();
    field.value = "";
    showList(false);
  };
  const ask = async () => {
    asking?.abort();
    asking = new AbortController();
    const address = `${form.action}?q=${encodeURIComponent(field.value.trim())}`;
    try {
      const answer = await fetch(address, {
        headers: { "X-Requested-With": "fetch" },
        signal: asking.signal,
      });
      if (answer.ok && !answer.redirected) {
        found.innerHTML = await answer.text();
        showList(true);
      }
    } catch (error) {
      if (error.name !== "AbortError") {
        throw error;
      }
    }
  };

  field.addEventListener("input", () => {
    clearTimeout(waiting);
    if (field.value.trim()) {
      waiting = setTimeout(ask, PAUSE_MS);
    } else {
      end();
    }
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      end();
    } else if (event.key === "ArrowDown" && !found.hidden) {
      event.preventDefault();
      found.querySelector("a")?.focus();
    }
  });
  form.addEventListener("submit", (event) => {
    const first = found.hidden ? null : found.querySelector("a");
    if (first) {
      event.preventDefault();
      first.click();
    }
  });
  found.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      const links = Array.from(found.querySelectorAll("a"));
      const next = links[links.indexOf(event.target.closest("a")) + step];
      event.preventDefault();
      (next ?? field).focus();
    } else if (event.key === "Escape") {
      end();
      field.focus();
    }
  });
  found.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (link && link.pathname === location.pathname) {
      const again = link.hash === location.hash;
      end();
      if (again) {
        goToTarget();
      }
    }
  });
}
