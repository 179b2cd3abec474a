// One crosshair for all charts over time on a page: the pointer's moment in one chart is marked in the others.
(() => {
  if (window.soCrosshair) return;
  window.soCrosshair = true;
  const timeCharts = () =>
    [...document.querySelectorAll(".js-plotly-plot")].filter((chart) => chart._fullLayout?.xaxis?.type === "date");
  const lineOf = (chart) => {
    let line = chart.querySelector(":scope > .so-crosshair");
    if (!line) {
      line = document.createElement("div");
      line.className = "so-crosshair";
      line.setAttribute("aria-hidden", "true");
      chart.append(line);
    }
    return line;
  };
  const hideAll = () => document.querySelectorAll(".so-crosshair").forEach((line) => (line.hidden = true));
  const show = (event) => {
    const pointed = event.target.closest?.(".js-plotly-plot");
    if (!pointed || pointed._fullLayout?.xaxis?.type !== "date") return hideAll();
    const axis = pointed._fullLayout.xaxis;
    const x = event.clientX - pointed.getBoundingClientRect().left - axis._offset;
    if (x < 0 || x > axis._length) return hideAll();
    const moment = axis.p2d(x);
    for (const chart of timeCharts()) {
      const { xaxis, _size: plot } = chart._fullLayout;
      const at = xaxis.d2p(moment);
      const line = lineOf(chart);
      line.hidden = chart === pointed || !(at >= 0 && at <= xaxis._length);
      line.style.cssText = `left:${xaxis._offset + at}px;top:${plot.t}px;height:${plot.h}px`;
    }
  };
  let waiting = false;
  document.addEventListener("mousemove", (event) => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      show(event);
    });
  });
  document.addEventListener("mouseleave", hideAll);
})();
