// Blocks of code that scroll can be reached and scrolled with the keyboard.
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
  let waiting = false;
  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => {
      waiting = false;
      mark();
    }, 200);
  }).observe(document.body, { childList: true, subtree: true });
  mark();
})();
