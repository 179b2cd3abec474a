// Reports once to the server that a preview, and that a chart is on the screen: the first chart, and the others are sent then.
(() => {
  const waiting = new Map([
    ["preview", () => [...document.querySelectorAll(".so-preview :is(img, s)")].some((drawn) => drawn.complete !== false)],
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
