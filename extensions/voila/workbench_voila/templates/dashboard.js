(() => {
  "use strict";
  const trouble = (text) => {
    const place = document.getElementById("trouble");
    if (!place) return void document.addEventListener("DOMContentLoaded", () => trouble(text), { once: true });
    place.replaceChildren();
    place.hidden = !text;
    if (!text) return;
    const said = document.createElement("span");
    said.textContent = text;
    const again = document.createElement("button");
    again.textContent = "Reload";
    again.onclick = () => location.reload();
    place.append(said, again);
  };
  let broken = false;
  window.workbenchBroken = () => {
    broken = true;
    document.body.classList.add("broken");
    trouble("This dashboard cannot be shown at the moment.");
  };
  // What Voila's scripts call.
  window.voila_heartbeat = window.voila_process = () => {};
  window.voila_finish = window.display_cells = () => {};

  // The skeleton stays until the first figures stand.
  const drawn = new MutationObserver(() => {
    if (broken || !document.querySelector("#cells .wb-board .wb-kpis, #cells .wb-board svg, #cells .wb-board table"))
      if (!document.querySelector("#cells .jp-OutputArea-output:not(:has(.jupyter-widgets)) > *")) return;
    document.body.classList.add("shown");
    drawn.disconnect();
    window.dispatchEvent(new Event("resize"));
    performance.mark("workbench-shown");
  });
  drawn.observe(document.documentElement, { childList: true, subtree: true });

  // A list of choices closes like any other: by Escape, or by pressing elsewhere.
  const close = (but) => {
    for (const opened of document.querySelectorAll(".wb-choice-button.mod-active"))
      if (!opened.closest(".wb-choice").contains(but)) opened.click();
  };
  document.addEventListener("pointerdown", (event) => close(event.target));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(null); });

  // The kernel's socket closes when the server restarts, the network goes, or the page was left alone for long.
  let leaving = false;
  window.addEventListener("pagehide", () => { leaving = true; });
  let failed = 0;
  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...given) {
      super(...given);
      if (!String(given[0]).includes("/api/kernels/")) return;
      this.addEventListener("open", () => { failed = 0; if (!broken) trouble(""); });
      this.addEventListener("close", () => {
        if (leaving || broken) return;
        failed += 1;
        trouble(failed < 3 ? "The connection was lost. Trying again …" : "This page is no longer connected.");
      });
    }
  };
})();
