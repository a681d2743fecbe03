const SVG = 'http://www.w3.org/2000/svg';

/** Two speech bubbles that meet: the same drawing as icon.svg. */
export function logo() {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 64 64');
  svg.setAttribute('class', 'logo');
  svg.setAttribute('aria-hidden', 'true');
  for (const [name, d] of [
    ['behind', 'M26 10h22a10 10 0 0 1 10 10v14a10 10 0 0 1-10 10v9l-10-9H26a10 10 0 0 1-10-10V20a10 10 0 0 1 10-10Z'],
    ['before', 'M14 20h20a8 8 0 0 1 8 8v10a8 8 0 0 1-8 8H22l-9 8v-8.1A8 8 0 0 1 6 38V28a8 8 0 0 1 8-8Z'],
  ]) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('class', /** @type {string} */ (name));
    path.setAttribute('d', /** @type {string} */ (d));
    svg.append(path);
  }
  return svg;
}
