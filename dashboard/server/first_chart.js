// Reports once to the server that a preview or a card's sparkline is on the screen, and that a chart is: the first chart is sent
// then, and the others.
(() => {
  const PREVIEWS = ".so-preview :is(img, s), .so-card img";
  const waiting = new Map([
    ["preview", () => [...document.querySelectorAll(PREVIEWS)].some((drawn) => drawn.complete !== false)],
    ["chart", () => document.querySelector(".js-plotly-plot .main-svg")],
  ]);
  // Without a report the server waits for its longest time.
  const report = (what) => setTimeout(() => fetch(`./first-chart/TOKEN/${what}`, { method: "POST" }).catch(() => {}));
  const timer = setInterval(() => {
    for (const [what, isThere] of waiting) {
      if (!isThere()) continue;
      waiting.delete(what);
      if (document.hidden) report(what); // a hidden page has no frames
      else requestAnimationFrame(() => report(what)); // after the frame that shows it
    }
    if (!waiting.has("chart")) clearInterval(timer);
  }, 25);
})();
