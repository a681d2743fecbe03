import { audioContext, used } from './gesture.js';

/** @typedef {'ring' | 'ringback'} Tone */

/**
 * What is played: the notes (Hz), how long they sound and how long the whole takes before it begins anew (seconds).
 * @type {Record<Tone, {notes: [number, number][], length: number, loudness: number}>}
 */
const TONES = {
  ring: { notes: [[587, 0.22], [740, 0.22], [880, 0.4]], length: 2.4, loudness: 0.18 }, // prettier-ignore
  ringback: { notes: [[440, 1]], length: 4, loudness: 0.05 }, // prettier-ignore
};
/** Over this time a note comes and goes, so that it does not click. */
const EDGE_S = 0.02;

/** The sound of a call that rings. One tab of a browser makes it, and it ends at once. */
export class Ringtone {
  /** @type {Tone | null} */
  #tone = null;
  /** Ends the tone that is played. */
  #stop = new AbortController();
  #unlisten = used.listen(() => this.#begin());
  #isPlaying = false;

  /** @param {Tone | null} tone */
  play(tone) {
    if (tone === this.#tone) return;
    this.#silence();
    this.#tone = tone;
    this.#begin();
  }

  close() {
    this.play(null);
    this.#unlisten();
  }

  #silence() {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#isPlaying = false;
  }

  /** Begin as soon as the page may be heard. */
  async #begin() {
    const context = this.#tone && !this.#isPlaying ? audioContext() : null;
    if (!context || !this.#tone) return;
    this.#isPlaying = true;
    const tone = TONES[this.#tone];
    const { signal } = this.#stop;
    const play = () => ring(context, tone, signal);
    try {
      if (navigator.locks) await navigator.locks.request('parley:ringtone', { signal }, play);
      else await play();
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

/**
 * @param {AudioContext} context
 * @param {typeof TONES.ring} tone
 * @param {AbortSignal} signal
 * @returns {Promise<void>} once it was ended
 */
function ring(context, { notes, length, loudness }, signal) {
  const volume = context.createGain();
  volume.gain.value = loudness;
  volume.connect(context.destination);
  const round = () => {
    let at = context.currentTime;
    for (const [pitch, seconds] of notes) {
      note(context, volume, { pitch, at, seconds });
      at += seconds;
    }
  };
  round();
  const timer = setInterval(round, length * 1000);
  return new Promise((resolve) => {
    const end = () => {
      clearInterval(timer);
      volume.disconnect();
      resolve();
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

/**
 * @param {AudioContext} context
 * @param {AudioNode} out
 * @param {{pitch: number, at: number, seconds: number}} what
 */
function note(context, out, { pitch, at, seconds }) {
  const voice = context.createOscillator();
  const edge = context.createGain();
  voice.type = 'triangle';
  voice.frequency.value = pitch;
  edge.gain.setValueAtTime(0, at);
  edge.gain.linearRampToValueAtTime(1, at + EDGE_S);
  edge.gain.setValueAtTime(1, at + seconds - EDGE_S);
  edge.gain.linearRampToValueAtTime(0, at + seconds);
  voice.connect(edge).connect(out);
  voice.start(at);
  voice.stop(at + seconds);
}
