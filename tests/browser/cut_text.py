"""What of a page's text is cut, as JavaScript: a list of sentences, empty where all can be read."""

from __future__ import annotations

CHARTS_DRAWN = "[...document.querySelectorAll('[data-testid=stPlotlyChart]')].every(e => e.querySelector('.main-svg .xtick, text'))"

CUT = """(() => {
  const cut = [], say = e => JSON.stringify(e.textContent.slice(0, 60));
  const main = document.querySelector('[data-testid=stMain]');
  if (main.scrollWidth > main.clientWidth) cut.push(`the page scrolls sideways by ${main.scrollWidth - main.clientWidth} px`);
  const edge = main.getBoundingClientRect().right;
  const texts = '.so-head h1, .so-head p, .so-chart h3, .so-chart span, .so-finding span, .so-value, .so-note, .so-line time, h3';
  for (const e of main.querySelectorAll(texts)) {
    if (e.title || !e.textContent) continue;
    if (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline') cut.push(`${say(e)} is wider than its box`);
    if (e.getBoundingClientRect().right > edge + 1) cut.push(`${say(e)} leaves the page`);
  }
  for (const chart of main.querySelectorAll('.js-plotly-plot')) {
    const box = chart.getBoundingClientRect();
    for (const e of chart.querySelectorAll('.main-svg text')) {
      const r = e.getBoundingClientRect();
      if (e.textContent && r.width && (r.left < box.left - 1 || r.right > box.right + 1)) cut.push(`${say(e)} leaves its chart`);
    }
  }
  return cut;
})()"""

OUTSIDE = """() => {
  const main = document.querySelector('[data-testid=stMain]');
  const scrolls = e => {
    for (let up = e.parentElement; up && up !== main; up = up.parentElement)
      if (getComputedStyle(up).overflowX !== 'visible') return true;
    return false;
  };
  const outside = [...main.querySelectorAll('*')].filter(e => {
    const box = e.getBoundingClientRect();
    return box.width && e.checkVisibility() && box.right > innerWidth + 1 && !scrolls(e);  // a closed expander has no width yet
  });
  const widths = [document.documentElement.scrollWidth, main.scrollWidth].filter(width => width > innerWidth);
  return [...widths, ...outside.map(e => `${e.tagName}.${e.className}: ${e.textContent.slice(0, 40)}`)];
}"""
"""What reaches beyond the page's right edge, outside of what scrolls by itself; a page that can be scrolled there."""
