/** How far this page has come in one stream. */
class Cursor {
  /** @type {number | undefined} */
  rev;
  /** While changes are paged: the highest rev an event brought meanwhile. */
  live = 0;
  isPaging = false;
}

/**
 * How far this page has come in each stream: what `hello` is told.
 *
 * A cursor moves by events, and by `head` where nothing is known; never by an answer. While a stream is paged (it
 * was behind), events do not move it: the page does.
 */
export class Cursors {
  /** @type {string | undefined} */
  epoch;
  /** @type {Map<string, Cursor>} */
  #streams = new Map();

  /** For the hello. A connection was lost, so pages under way are too. */
  forHello() {
    /** @type {Record<string, number>} */
    const cursors = {};
    for (const [stream, cursor] of this.#streams) {
      cursor.isPaging = false;
      if (cursor.rev !== undefined) cursors[stream] = cursor.rev;
    }
    return this.epoch === undefined ? {} : { epoch: this.epoch, cursors };
  }

  /** @param {string} stream */
  of(stream) {
    return this.#streams.get(stream)?.rev;
  }

  get streams() {
    return [...this.#streams.keys()];
  }

  /**
   * Start at `rev`, forgetting where it was.
   * @param {string} stream
   * @param {number} rev
   */
  set(stream, rev) {
    const cursor = new Cursor();
    cursor.rev = rev;
    this.#streams.set(stream, cursor);
  }

  /**
   * An event of `rev` was applied.
   * @param {string} stream
   * @param {number} rev
   */
  move(stream, rev) {
    let cursor = this.#streams.get(stream);
    if (!cursor) this.#streams.set(stream, (cursor = new Cursor()));
    if (cursor.isPaging) cursor.live = Math.max(cursor.live, rev);
    else cursor.rev = Math.max(cursor.rev ?? 0, rev);
  }

  /** @param {string} stream */
  page(stream) {
    const cursor = this.#streams.get(stream);
    if (!cursor) return;
    cursor.isPaging = true;
    cursor.live = 0;
  }

  /** @param {string} stream */
  isPaging(stream) {
    return this.#streams.get(stream)?.isPaging ?? false;
  }

  /**
   * A page was applied up to `rev`.
   * @param {string} stream
   * @param {number} rev
   * @param {boolean} isComplete
   */
  paged(stream, rev, isComplete) {
    const cursor = this.#streams.get(stream);
    if (!cursor?.isPaging) return;
    cursor.rev = Math.max(cursor.rev ?? 0, rev, isComplete ? cursor.live : 0);
    cursor.isPaging = !isComplete;
  }

  /** @param {string} stream */
  drop(stream) {
    this.#streams.delete(stream);
  }
}
