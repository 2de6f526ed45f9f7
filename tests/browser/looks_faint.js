/* Texts that are too faint, as ["3.85 Overview <a …>"]. WCAG 2: text at least 4.5:1 against what is behind it;
   large text (24 px, or bold 18.66 px) and icons 3:1. What cannot be used just now (disabled) is exempt there. */
() => {
  const still = document.createElement("style");
  still.textContent = "*, *::before, *::after { transition: none !important; animation: none !important }";
  document.head.append(still);
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const rgba = (colour) => {
    if (!known.has(colour)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      known.set(colour, [r, g, b, a / 255]);
    }
    return known.get(colour);
  };
  const over = ([r, g, b, a], back) => [r, g, b].map((value, place) => value * a + back[place] * (1 - a));
  const light = (colour) => {
    const [r, g, b] = colour.map((value) => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const seen = new Map(); // element -> what is behind its text, and how opaque it is
  const under = (element) => {
    if (!element) return { behind: [255, 255, 255], opacity: 1 };
    if (!seen.has(element)) {
      const parent = under(element.parentElement), style = getComputedStyle(element);
      const opacity = parent.opacity * Number(style.opacity), [r, g, b, a] = rgba(style.backgroundColor);
      seen.set(element, { behind: over([r, g, b, a * opacity], parent.behind), opacity });
    }
    return seen.get(element);
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || ["SCRIPT", "STYLE", "NOSCRIPT", "OPTION", "TITLE", "TEMPLATE"].includes(element.tagName)) continue;
    if (!element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) || element.closest(":disabled, .sr-only, [aria-hidden=true] canvas")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    if (![...range.getClientRects()].some((box) => box.width > 1 && box.height > 1)) continue;
    const { behind, opacity } = under(element);
    const style = getComputedStyle(element), ink = rgba(style.color);
    const shown = over([ink[0], ink[1], ink[2], ink[3] * opacity], behind);
    const [high, low] = [light(shown), light(behind)].sort((a, b) => b - a), ratio = (high + 0.05) / (low + 0.05);
    const size = parseFloat(style.fontSize), isLarge = size >= 24 || size >= 18.66 && Number(style.fontWeight) >= 700 || style.fontFamily.includes("Material Symbols");
    if (ratio < (isLarge ? 3 : 4.5)) faint.push(ratio.toFixed(2) + " " + node.data.trim().slice(0, 40) + " <" + element.tagName.toLowerCase() + " class='" + (element.getAttribute("class") || "").slice(0, 60) + "'>");
  }
  still.remove();
  return [...new Set(faint)];
}
