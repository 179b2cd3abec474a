// Blocks of code that scroll can be reached and scrolled with the keyboard; and a link with ?show=ID leads to that heading,
// once it is drawn, and stays there while the rest is drawn above it, until the reader does something.
(() => {
  if (window.soScrolling) return;
  window.soScrolling = true;
  const mark = () => {
    for (const block of document.querySelectorAll("[data-testid=stCode] pre:not([tabindex])")) {
      block.tabIndex = 0;
      block.setAttribute("role", "region");
      block.setAttribute("aria-label", "Text");
    }
  };
  let shown = "", held = false;
  for (const act of ["wheel", "touchmove", "keydown", "pointerdown"])
    document.addEventListener(act, () => (held = false), { capture: true, passive: true });
  const jump = () => {
    const id = new URLSearchParams(location.search).get("show") ?? "";
    const heading = id && document.getElementById(id);
    if (heading && id !== shown) held = true;
    if (heading && held) heading.scrollIntoView();
    if (heading || !id) shown = id;
  };
  let waiting = false;
  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => {
      waiting = false;
      mark();
      jump();
    }, 200);
  }).observe(document.body, { childList: true, subtree: true });
  mark();
})();
