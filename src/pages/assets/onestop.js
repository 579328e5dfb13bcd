// Pages are whole without this script; it only makes them quicker and safer to use.
"use strict";

// How long to wait before it is asked again whether a settlement happened, and how often. Unit: milliseconds.
const ASK_EVERY = 2000;
const ASK_TIMES = 300;

const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));

// What the server says of a settlement: its number, 0 for none, or nothing where it cannot be reached.
async function outcome(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" }, redirect: "error" });
    return answer.ok ? (await answer.json()).number : undefined;
  } catch {
    return undefined;
  }
}

// The connection was lost while something was settled: asks until it is known whether it was.
async function find_out(form, state) {
  state.className = "message note";
  state.textContent = state.dataset.asking;
  for (let times = 0; times < ASK_TIMES; times += 1) {
    const number = await outcome(form.dataset.outcome);
    if (number) {
      state.className = "message good";
      state.textContent = state.dataset.done;
      window.location.assign(`/counter/sheet/${number}`);
      return;
    }
    if (number === 0) {
      state.className = "message note";
      state.textContent = state.dataset.not;
      release(form);
      return;
    }
    state.className = "message bad";
    state.textContent = state.dataset.unknown;
    await pause(ASK_EVERY);
  }
  release(form);
}

function release(form) {
  delete form.dataset.sent;
  form.removeAttribute("aria-busy");
}

// Settles without leaving the page, so that a lost connection does not end on a browser's error page.
async function settle(form) {
  const state = document.getElementById("settle-state");
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { Accept: "application/json" },
      redirect: "error",
    });
    if (answer.ok) {
      const { number } = await answer.json();
      window.location.assign(`/counter/sheet/${number}`);
    } else if (answer.status < 500) {
      // The page that says why: the server refuses the same form again.
      form.submit();
    } else {
      await find_out(form, state);
    }
  } catch {
    await find_out(form, state);
  }
}

// A form is sent once; the server settles once anyway, since the request id is in the form.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  form.setAttribute("aria-busy", "true");
  const elsewhere = event.submitter && event.submitter.hasAttribute("formaction");
  if (form.id === "settle" && !elsewhere) {
    event.preventDefault();
    settle(form);
  }
});

// Whoever comes back to a page may send it again.
window.addEventListener("pageshow", () => {
  for (const form of document.forms) {
    release(form);
  }
});

// Work in the background: its progress, until the page can be had that shows what came of it.
async function follow(bar) {
  for (;;) {
    try {
      const answer = await fetch(bar.dataset.state, { headers: { Accept: "application/json" } });
      const { done, of, ended } = await answer.json();
      if (ended) {
        window.location.reload();
        return;
      }
      bar.max = Math.max(of, 1);
      bar.value = done;
    } catch {
      await pause(ASK_EVERY);
    }
  }
}

for (const bar of document.querySelectorAll("progress[data-state]")) {
  follow(bar);
}

// A button that prints: only where there is a script.
for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
