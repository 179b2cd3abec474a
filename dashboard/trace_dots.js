// A click on a dot of Cold starts opens the trace of its invocation. Streamlit selects ranges by dragging in these charts, and
// reports no clicks beside that; Plotly keeps the point below the pointer, whose second value is the request ID.
(() => {
  if (window.soTraceDots) return;
  window.soTraceDots = true;
  const STILL_PX = 4;
  let pressed = null;
  // When the button is released, Plotly has laid a cover over the page, and the target is that.
  const press = (event) => {
    const chart = event.target.closest?.(".st-key-titled-dots .js-plotly-plot");
    const id = chart?._hoverdata?.[0]?.customdata?.[1];
    pressed = event.button === 0 && typeof id === "string" && id ? { id, x: event.clientX, y: event.clientY } : null;
  };
  const release = (event) => {
    const from = pressed;
    pressed = null;
    if (!from || Math.hypot(event.clientX - from.x, event.clientY - from.y) > STILL_PX) return;
    const query = new URLSearchParams(location.search);
    query.set("id", from.id);
    location.assign(`trace?${query}`);
  };
  document.addEventListener("mousedown", press, true);
  document.addEventListener("mouseup", release, true);
})();
