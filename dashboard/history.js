// One step back in the browser for one act of the reader. Streamlit adds an entry to the history for each part of the address
// that changes: two for a stack and its queue, four for a dragged range. What follows without an act replaces the entry.
(() => {
  if (window.soHistory) return;
  window.soHistory = true;
  let acted = false; // at the start the address is only corrected
  const act = () => (acted = true);
  for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, act, { capture: true });
  const push = history.pushState;
  history.pushState = function (...entry) {
    (acted ? push : history.replaceState).apply(history, entry);
    acted = false;
  };
})();
