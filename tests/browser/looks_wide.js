/* What sticks out of the window. The page itself is never wider: what is wide scrolls in a box of its own. */
() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width + 1) return [];
  const scrolls = (one) => { for (let up = one.parentElement; up && up !== document.body; up = up.parentElement) if (getComputedStyle(up).overflowX !== "visible") return true; return false; };
  const out = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > width + 1 && !scrolls(one) && one.checkVisibility());
  return out.slice(-3).map((one) => Math.round(one.getBoundingClientRect().right) + " of " + width + " <" + one.tagName.toLowerCase() + " class='" + (one.getAttribute("class") || "") + "'>").concat(out.length ? [] : ["wider than " + width]);
}
