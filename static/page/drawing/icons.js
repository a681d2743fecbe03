const CAMERA =
  'M5 7h8.5A1.5 1.5 0 0 1 15 8.5v7a1.5 1.5 0 0 1-1.5 1.5H5a1.5 1.5 0 0 1-1.5-1.5v-7A1.5 1.5 0 0 1 5 7Z' +
  'M15 11l5.5-3v8L15 13';
const MICROPHONE =
  'M12 3.5a2.8 2.8 0 0 0-2.8 2.8v5a2.8 2.8 0 0 0 5.6 0v-5A2.8 2.8 0 0 0 12 3.5Z' +
  'M5.8 11.2a6.2 6.2 0 0 0 12.4 0M12 17.4v3.1M9 20.5h6';
const PHONE =
  'M5 4h4l1.8 4.6-2.3 1.6a12 12 0 0 0 5.3 5.3l1.6-2.3' +
  'L20 15v4a1.5 1.5 0 0 1-1.6 1.5C11 20 4 13 3.5 5.6A1.5 1.5 0 0 1 5 4Z';
/** What is off is struck out. */
const STRUCK = 'M4 3.5l16.5 17';

/** The drawings: paths of our own on a 24 × 24 grid, stroked in the text's colour. */
const PATHS = {
  add: 'M12 5v14M5 12h14',
  arrowDown: 'M12 5v14M6 13l6 6 6-6',
  back: 'M15 5l-7 7 7 7',
  ban: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM5.6 5.6l12.8 12.8',
  bell: 'M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15ZM10 20.5h4',
  bellOff: 'M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15ZM10 20.5h4' + STRUCK,
  camera: CAMERA,
  cameraOff: CAMERA + STRUCK,
  chat: 'M4 6.5A2.5 2.5 0 0 1 6.5 4h11A2.5 2.5 0 0 1 20 6.5v7a2.5 2.5 0 0 1-2.5 2.5H11l-4.5 4v-4A2.5 2.5 0 0 1 4 13.5Z',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  checks: 'M2.5 12.5L7 17l9-9.5M11.5 16l1 1 9-9.5',
  clock: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM12 7.5V12l3 2',
  close: 'M6 6l12 12M18 6L6 18',
  compass: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM15.5 8.5l-2 5-5 2 2-5Z',
  crown: 'M4 18h16M4.5 15L3.5 7l5 3.5L12 5l3.5 5.5 5-3.5-1 8Z',
  device: 'M4 5h16v10.5H4ZM9 19.5h6M12 15.5v4',
  door: 'M13 4H6v16h7M10 12h11M17.5 8l4 4-4 4',
  down: 'M12 19.5l7-8.5h-4V4.5H9V11H5Z',
  edit: 'M4 20l1-4.5L15.8 4.7a1.7 1.7 0 0 1 2.4 0l1.1 1.1a1.7 1.7 0 0 1 0 2.4L8.5 19Z',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z',
  feed: 'M4 5h16v5H4ZM4 14h16M4 18.5h10',
  flag: 'M5.5 21V4h12l-2.5 4 2.5 4h-12',
  fold: 'M6 15l6-6 6 6',
  floating:
    'M5 5h14a1.5 1.5 0 0 1 1.5 1.5v11A1.5 1.5 0 0 1 19 19H5a1.5 1.5 0 0 1-1.5-1.5v-11A1.5 1.5 0 0 1 5 5Z' +
    'M12.5 12h5v4h-5Z',
  globe:
    'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM3 12h18M12 3c3 3 3.5 6 3.5 9S15 18 12 21' +
    'M12 3C9 6 8.5 9 8.5 12S9 18 12 21',
  hand:
    'M7.5 12.5V6a1.4 1.4 0 0 1 2.8 0v5M10.3 10.5V4.4a1.4 1.4 0 0 1 2.8 0v6.1M13.1 10.8V5.6a1.4 1.4 0 0 1 2.8 0v6.4' +
    'M15.9 9.5a1.4 1.4 0 0 1 2.8 0v5.2a6 6 0 0 1-6 6h-.9a6 6 0 0 1-4.7-2.3L4 14.2a1.5 1.5 0 0 1 2.2-2l1.3 1.3',
  hangUp: 'M3 14.2a13.4 13.4 0 0 1 18 0l-2 3.3-4.2-1.4v-2.5a9.4 9.4 0 0 0-5.6 0v2.5L5 17.5Z',
  hash: 'M9.5 4l-2 16M16.5 4l-2 16M4.5 9h16M3.5 15h16',
  key: 'M8 8.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM11.5 10.5L20 4M16.5 6.7l2.5 3M7.5 13.5h.01',
  larger: 'M14.5 4.5h5v5M19.5 4.5l-6 6M9.5 19.5h-5v-5M4.5 19.5l6-6',
  link: 'M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-5.7-5.7l-1.3 1.3M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 5.7 5.7l1.3-1.3',
  lock: 'M7 10.5V8a5 5 0 0 1 10 0v2.5M5.5 10.5h13v9h-13Z',
  mail: 'M3.5 6h17v12h-17ZM3.5 7l8.5 6.5L20.5 7',
  mask:
    'M3.5 7.5c3 1.2 5.5 1.2 8.5 0 3 1.2 5.5 1.2 8.5 0 0 6-2 9.5-5 9.5-1.5 0-2.5-1-3.5-2' +
    '-1 1-2 2-3.5 2-3 0-5-3.5-5-9.5ZM7.5 11.5h2M14.5 11.5h2',
  microphone: MICROPHONE,
  microphoneOff: MICROPHONE + STRUCK,
  more: 'M5.5 11a1 1 0 1 0 0 2 1 1 0 0 0 0-2ZM12 11a1 1 0 1 0 0 2 1 1 0 0 0 0-2ZM18.5 11a1 1 0 1 0 0 2 1 1 0 0 0 0-2Z',
  personAdd: 'M10 11.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM2.5 20.5a7.5 7.5 0 0 1 12.5-5.5M18.5 14v6M15.5 17h6',
  people:
    'M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20a6.5 6.5 0 0 1 13 0' +
    'M16 4.8a3.5 3.5 0 0 1 0 6.4M18 14a6.5 6.5 0 0 1 3.5 6',
  person: 'M12 11.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5a7.5 7.5 0 0 1 15 0',
  phone: PHONE,
  phoneMissed: PHONE + 'M15 4l5 5M20 4l-5 5',
  phoneOut: PHONE + 'M15 9.5l5-5M15.5 4.5H20V9',
  reply: 'M9.5 6L4 11.5 9.5 17M4.5 11.5H14a6 6 0 0 1 6 6V19',
  retry: 'M19.5 12a7.5 7.5 0 1 1-2.2-5.3L20 9.3M20 4v5.3h-5.3',
  screen: 'M3.5 4.5h17v11.5h-17ZM8.5 20h7M12 16v4M12 13V7.5M9.5 10L12 7.5l2.5 2.5',
  search: 'M11 4.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM15.8 15.8l4.7 4.7',
  send: 'M4.5 12L3.5 4.5 21 12 3.5 19.5ZM4.5 12H12',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5v5M9 14.5v5',
  shield: 'M12 3.5l7 2.5v5.5c0 4.5-3 7.6-7 9-4-1.4-7-4.5-7-9V6Z',
  sliders: 'M5 4v6M5 14v6M12 4v2M12 10v10M19 4v9M19 17v3M3 12h4M10 8h4M17 15h4',
  smaller: 'M19.5 10.5h-6v-6M13.5 10.5l6-6M4.5 13.5h6v6M10.5 13.5l-6 6',
  smile: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM8.5 14.5a4.5 4.5 0 0 0 7 0M9 9.5h.01M15 9.5h.01',
  speaker: 'M4 9.5v5h3.5L12 18.5v-13L7.5 9.5ZM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a7.8 7.8 0 0 1 0 11',
  topics: 'M4.5 4.5h6v6h-6ZM13.5 4.5h6v6h-6ZM4.5 13.5h6v6h-6ZM13.5 16.5h6M16.5 13.5v6',
  unfold: 'M6 9l6 6 6-6',
  up: 'M12 4.5L5 13h4v6.5h6V13h4Z',
  trash: 'M4.5 7h15M9.5 7V4.5h5V7M6.5 7l1 13h9l1-13M10.5 11v5M13.5 11v5',
  warning: 'M12 4L2.8 19.5h18.4ZM12 10v4.5M12 17h.01',
};

/** @typedef {keyof typeof PATHS} Icon */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * A drawing; it says nothing to a screen reader, so whatever holds it needs words.
 * @param {Icon} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}
