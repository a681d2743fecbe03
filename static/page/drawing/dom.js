/**
 * Elements without markup: what people wrote only ever becomes a text node.
 * @module
 */

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {string | number | boolean | null | undefined | ((event: any) => void)} Value */

/**
 * Make an element. Attributes are set as written; `true` sets an empty one, `false`, `null` and `undefined` none;
 * a function is a listener (`onclick`).
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, Value>} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value === true ? '' : String(value));
    }
  }
  put(element, ...children);
  return element;
}

/**
 * Append children; numbers and strings become text.
 * @param {Element} parent
 * @param {...Child} children
 */
export function put(parent, ...children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(typeof child === 'number' ? String(child) : child);
  }
}

/**
 * Text that only screen readers get.
 * @param {string} text
 */
export function hidden(text) {
  return h('span', { class: 'visually-hidden' }, text);
}

let counter = 0;

/** A fresh id, to tie labels to things. */
export function uniqueId() {
  return `p${++counter}`;
}

/** What a child showed when it was made. @type {WeakMap<Element, string>} */
const looks = new WeakMap();

/**
 * Make the children of `parent` those of `list`, in its order, touching as few as possible. What stays keeps its
 * focus and its state.
 * @template T
 * @param {Element} parent
 * @param {T[]} list
 * @param {object} how
 * @param {(item: T) => string} how.key
 * @param {(item: T) => string} how.look  changes when the child has to be made anew
 * @param {(item: T) => HTMLElement} how.make
 */
export function keyed(parent, list, { key, look, make }) {
  /** @type {Map<string, HTMLElement>} */
  const old = new Map();
  for (const child of /** @type {HTMLElement[]} */ ([...parent.children])) old.set(child.dataset.key ?? '', child);
  /** @type {HTMLElement[]} */
  const wanted = list.map((item) => {
    const id = key(item);
    const now = look(item);
    const held = old.get(id);
    if (held && looks.get(held) === now) {
      old.delete(id);
      return held;
    }
    const focus = held && focusIn(held);
    const made = make(item);
    made.dataset.key = id;
    looks.set(made, now);
    held?.replaceWith(made);
    if (focus) giveFocus(made, focus);
    old.delete(id);
    return made;
  });
  for (const child of old.values()) child.remove();
  wanted.forEach((child, index) => {
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
  });
}

/** The name of the focus on an element itself. */
const ITSELF = ' itself';

/**
 * What in `element` has the focus: by its `data-focus`, which is the same when it is drawn anew.
 * @param {HTMLElement} element
 * @returns {string | undefined}
 */
export function focusIn(element) {
  const focused = document.activeElement;
  if (focused === element) return ITSELF;
  return focused instanceof HTMLElement && element.contains(focused) ? (focused.dataset.focus ?? ITSELF) : undefined;
}

/**
 * Give the focus to what has that name in `element`.
 * @param {HTMLElement} element
 * @param {string} name  as `focusIn` gave it
 */
export function giveFocus(element, name) {
  const wanted = name === ITSELF ? element : element.querySelector(`[data-focus="${CSS.escape(name)}"]`);
  // What is gone leaves the focus to what it was in.
  /** @type {HTMLElement} */ (wanted ?? element).focus({ preventScroll: true });
}

/**
 * Call `draw` once in the next frame, however often it is asked for; a page in the background draws now and then.
 * @param {() => void} draw
 * @returns {() => void}
 */
export function once(draw) {
  let isPlanned = false;
  const run = () => {
    isPlanned = false;
    draw();
  };
  return () => {
    if (isPlanned) return;
    isPlanned = true;
    if (document.hidden) setTimeout(run, 250);
    else requestAnimationFrame(run);
  };
}

/**
 * Take all children away.
 * @param {Element} element
 */
export function empty(element) {
  element.replaceChildren();
}
