"""Watches, inside the page, whether a refresh takes anything away or moves it."""

WATCH = """(() => {
  const all = what => [...document.querySelectorAll(what)].filter(e => e.getClientRects().length);
  const count = () => all('.so-head, .so-finding, .so-card, .so-node').length;
  const box = (e, from) => {
    const r = e.getBoundingClientRect();
    return [r.x, r.y - from, r.width, r.height].map(v => Math.round(v * 64) / 64);
  };
  const look = () => {
    const opening = document.querySelector('.st-key-opening'), r = opening?.getBoundingClientRect();
    return {
      top: opening && box(opening, 0),
      finding: opening?.innerText,
      words: document.querySelector('.st-key-pipeline')?.innerText.replace(/[\\d.,]+[kM]?/g, '#'),
      cards: all('.so-card').map(e => box(e, r?.bottom)),
      nodes: all('.so-node').map(e => box(e, r?.bottom)),
    };
  };
  const watch = {frames: 0, lost: 0, sketched: 0, seen: [look()]};
  let most = count(), last = JSON.stringify(watch.seen[0]);
  const check = () => {
    const now = count();
    if (now < most) watch.lost++;
    most = Math.max(most, now);
    watch.sketched += all('[data-testid=stSkeleton]').length;
  };
  new MutationObserver(check).observe(document.body, {childList: true, subtree: true});
  const frame = () => {
    check();
    const seen = look(), spelled = JSON.stringify(seen);
    if (spelled !== last) watch.seen.push(seen);
    last = spelled;
    watch.frames++;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  return watch;
})()"""
"""An expression whose value goes on watching.

``lost`` counts how often less was there than before (heading, finding, cards, boxes of the path): after each batch of
changes, which is before it is painted, and at each frame. HTML that is replaced by other HTML within one batch is no
loss, for no one can see it. ``seen`` are the different looks that were painted: boxes are x, y, width and height in
pixels, to the 64th that Chromium has, ``top`` that of the finding; the others' y counts from its end, for the
sentence may be longer than it was. ``words`` are those of the path without its numbers. ``sketched`` counts
placeholders.
"""
