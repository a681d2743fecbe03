import { Signal } from '../signal.js';
import { backoff } from './backoff.js';
import { closingWords, verdict } from './closing.js';
import { Operations } from './operations.js';
import { Refused } from './refused.js';

/** @import { EventFrame, Hello } from '../types.js' */

const GREETING_MS = 10_000;
const SILENCE_MS = 20_000;
const PROBE_MS = 5_000;
/** How soon to look again whether everything is answered, before leaving a node that goes away. */
const LEAVE_MS = 50;
/** A connection that lived this long was a good one: the next loss starts the back-off anew. */
const STEADY_MS = 10_000;

/**
 * off: not started · connecting: a token, a socket · greeting: hello is out, or the missed events come in ·
 * live · waiting: for the next try · stopped: something has to be fixed first
 * @typedef {'off' | 'connecting' | 'greeting' | 'live' | 'waiting' | 'stopped'} Phase
 */

/**
 * A websocket that comes back by itself, resumes, and knows when it is dead.
 *
 * It holds no state of rooms: `cursors` is asked at each hello, and what comes in goes out through the signals, in
 * the order of the wire.
 */
export class Connection {
  /** @type {Phase} */
  phase = 'off';
  /** Why it is stopped, for people. */
  why = '';
  /** The session has ended: nobody may come back with it. @type {Signal<string>} */
  over = new Signal();
  /** @type {Signal<Phase>} */
  changed = new Signal();
  /** @type {Signal<Hello>} */
  greeted = new Signal();
  /** @type {Signal<EventFrame>} */
  event = new Signal();
  /** Whether something is lost by coming back late. */
  isUrgent = () => false;

  /** @type {WebSocket | null} */
  #socket = null;
  #operations = new Operations((text) => this.#socket?.send(text));
  #attempt = 0;
  /** How often in a row the server did not take our token. */
  #refusals = 0;
  #turn = 0;
  #heard = 0;
  #liveSince = 0;
  #heartbeat = 25_000;
  /** @type {string | undefined} */
  #token;
  #isStale = false;
  /** When to come back, by the clock, where the server has said that its node goes away. @type {number | null} */
  #due = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #leaving;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #watch;

  /**
   * @param {object} parts
   * @param {string} parts.url
   * @param {(stale?: string) => Promise<string>} parts.token  an access token, other than the stale one
   * @param {() => {epoch?: string, cursors?: Record<string, number>}} parts.cursors
   */
  constructor({ url, token, cursors }) {
    this.url = url;
    this.getToken = token;
    this.getCursors = cursors;
  }

  get isLive() {
    return this.phase === 'live';
  }

  start() {
    if (this.phase === 'off' || this.phase === 'stopped') this.#connect();
  }

  /** @param {string} [why] */
  stop(why = '') {
    this.#turn++;
    this.#release(1000);
    this.why = why;
    this.#become(why ? 'stopped' : 'off');
  }

  /** @param {string} why */
  #end(why) {
    this.stop(why);
    this.over.fire(why);
  }

  /** Something happened (a lid opened, a cable was put in): come back now, or make sure that we are connected. */
  hurry() {
    if (this.phase === 'waiting' && this.#due === null) this.#connect();
    else if (this.phase === 'live') this.#probe(PROBE_MS);
  }

  /**
   * Ask `op`.
   * @param {string} op
   * @param {object} d
   * @returns {Promise<any>}
   * @throws {Refused}
   */
  async request(op, d) {
    if (this.phase !== 'live') throw new Refused('offline', 'not connected');
    return this.#operations.ask(op, d);
  }

  /**
   * Extend the live session with a renewed access token.
   * @param {string} token
   */
  extend(token) {
    this.#token = token;
    // Where it fails the server closes with 4009, and we come back with this token.
    if (this.isLive) this.#operations.ask('auth.refresh', { token }, { first: true }).catch(() => undefined);
  }

  /** @param {Phase} phase */
  #become(phase) {
    if (this.phase === phase) return;
    this.phase = phase;
    if (phase === 'live') this.#liveSince = Date.now();
    this.changed.fire(phase);
  }

  async #connect() {
    const turn = ++this.#turn;
    clearTimeout(this.#timer);
    this.#due = null;
    this.#become('connecting');
    try {
      this.#token = await this.getToken(this.#isStale ? this.#token : undefined);
      this.#isStale = false;
    } catch (error) {
      if (turn !== this.#turn) return;
      const refused = error instanceof Refused ? error : new Refused('offline', String(error));
      if (refused.status === 401) this.#end('You are logged out.');
      else this.#later((refused.retryAfter ?? 0) * 1000);
      return;
    }
    if (turn === this.#turn) this.#open();
  }

  #open() {
    const socket = new WebSocket(this.url, 'parley.v1');
    this.#socket = socket;
    this.#watch = setTimeout(() => this.#gone(4001), GREETING_MS);
    socket.onopen = () => {
      if (socket === this.#socket) this.#greet();
    };
    socket.onmessage = ({ data }) => {
      if (socket === this.#socket) this.#receive(data);
    };
    socket.onclose = ({ code }) => {
      if (socket === this.#socket) this.#gone(code);
    };
  }

  #greet() {
    this.#become('greeting');
    const hello = { token: this.#token, ...this.getCursors() };
    this.#operations.ask('hello', hello, { timeout: GREETING_MS, first: true }).then(
      () => undefined,
      (refused) => {
        if (refused.code !== 'lost') this.#gone(4001);
      },
    );
  }

  /** @param {string} data */
  #receive(data) {
    this.#heard = Date.now();
    const frame = JSON.parse(data);
    if (frame.re !== undefined) {
      // The answer to hello must be applied before the events behind it, not a microtask later.
      if (this.phase === 'greeting' && frame.ok?.rooms && frame.ok.epoch) this.#welcome(frame.ok);
      this.#operations.answered(frame);
    } else if (frame.ev === 'live') {
      this.#become('live');
    } else if (frame.ev === 'goaway') {
      this.#sentAway(Number(frame.d?.after) || 0, Number(frame.d?.spread) || 0);
    } else if (frame.ev) {
      this.event.fire(frame);
    }
  }

  /**
   * The node goes away and will close this socket. Whoever leaves it first, each at a time of its own, is hardly away:
   * the next node is asked at once, not after a close that came unawares.
   * @param {number} after milliseconds
   * @param {number} spread milliseconds
   */
  #sentAway(after, spread) {
    const pause = after + Math.random() * spread;
    this.#due = Date.now() + pause;
    clearTimeout(this.#leaving);
    this.#leaving = setTimeout(() => this.#leave(), pause);
  }

  #leave() {
    // What was asked is answered here still; where it takes too long the node closes, and we come back at once.
    if (this.#operations.isBusy) {
      this.#leaving = setTimeout(() => this.#leave(), LEAVE_MS);
    } else {
      this.#release(1000);
      this.#connect();
    }
  }

  /** @param {Hello} hello */
  #welcome(hello) {
    this.#heartbeat = (hello.heartbeat || 25) * 1000;
    this.#refusals = 0;
    this.#listen();
    this.greeted.fire(hello);
  }

  /** A browser does not show pings: after `heartbeat` of silence ask, and give up after 20 s without a sign. */
  #listen() {
    clearTimeout(this.#watch);
    const quiet = Date.now() - this.#heard;
    if (quiet >= this.#heartbeat) this.#probe(SILENCE_MS);
    else this.#watch = setTimeout(() => this.#listen(), this.#heartbeat - quiet);
  }

  /** @param {number} patience */
  #probe(patience) {
    clearTimeout(this.#watch);
    const since = Date.now();
    this.#operations.ask('ping', {}, { timeout: patience + 1000, first: true }).catch(() => undefined);
    this.#watch = setTimeout(() => {
      if (this.#heard >= since) this.#listen();
      else this.#gone(4001);
    }, patience);
  }

  /**
   * Drop the socket without waiting for it: one that is dead would take minutes to say so.
   * @param {number} code
   */
  #release(code) {
    if (this.phase === 'live' && Date.now() - this.#liveSince > STEADY_MS) this.#attempt = 0;
    clearTimeout(this.#timer);
    clearTimeout(this.#watch);
    clearTimeout(this.#leaving);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(code);
    this.#operations.lost();
  }

  /** @param {number} code */
  #gone(code) {
    this.#turn++;
    this.#release(1000);
    const next = verdict(code);
    if (next === 'ended') return this.#end(closingWords(code));
    if (next === 'stop') return this.stop(closingWords(code));
    if (next === 'refresh') {
      this.#isStale = true;
      if (code === 4501 && ++this.#refusals > 1) return this.stop(closingWords(code));
    }
    this.#later(0);
  }

  /** @param {number} atLeast milliseconds */
  #later(atLeast) {
    const pause = this.#due === null ? backoff(this.#attempt++, this.isUrgent()) : this.#due - Date.now();
    this.#become('waiting');
    this.#timer = setTimeout(() => this.#connect(), Math.max(atLeast, pause));
  }
}
