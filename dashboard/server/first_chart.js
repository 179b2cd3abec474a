// Reports once to the server that a chart is on the screen: the other charts are sent then.
(() => {
  // Without a report the server waits for its longest time.
  const report = () => setTimeout(() => fetch("./first-chart/TOKEN", { method: "POST" }).catch(() => {}));
  const timer = setInterval(() => {
    if (!document.querySelector(".js-plotly-plot .main-svg")) return;
    clearInterval(timer);
    if (document.hidden) report(); // a hidden page has no frames
    else requestAnimationFrame(report); // after the frame that shows it
  }, 50);
})();
