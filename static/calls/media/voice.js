import { audioContext, used } from './gesture.js';

const LOOK_MS = 100;
/** How loud (root mean square of samples within ±1) one has to be to have begun to speak, and to go on. */
const BEGIN = 0.03;
const GO_ON = 0.012;
/** Between words people are silent: for so long they still speak. */
const BREATH_MS = 500;
/** It is told no more often than four times a second. */
const SOONEST_MS = 250;

/** Listens to my microphone, and tells when I begin to speak and when I have stopped. */
export class Voice {
  isSpeaking = false;
  /** @type {MediaStreamTrack | null} */
  #track = null;
  /** @type {{source: MediaStreamAudioSourceNode, analyser: AnalyserNode} | null} */
  #ear = null;
  #samples = new Float32Array(1024);
  #heard = 0;
  #told = 0;
  #timer;
  #unlisten = used.listen(() => this.#connect());

  /** @param {(isSpeaking: boolean) => void} tell */
  constructor(tell) {
    this.tell = tell;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /**
   * Listen to this one from now on.
   * @param {MediaStreamTrack | null} track
   */
  take(track) {
    if (track === this.#track) return;
    this.#disconnect();
    this.#track = track;
    this.#connect();
  }

  close() {
    clearInterval(this.#timer);
    this.#unlisten();
    this.#disconnect();
  }

  #disconnect() {
    this.#ear?.source.disconnect();
    this.#ear = null;
  }

  #connect() {
    const context = this.#track && !this.#ear ? audioContext() : null;
    if (!context || !this.#track) return;
    const source = context.createMediaStreamSource(new MediaStream([this.#track]));
    const analyser = context.createAnalyser();
    analyser.fftSize = this.#samples.length;
    source.connect(analyser);
    this.#ear = { source, analyser };
  }

  #look() {
    const now = performance.now();
    if (this.#loudness() >= (this.isSpeaking ? GO_ON : BEGIN)) this.#heard = now;
    const isSpeaking = this.#heard > 0 && now - this.#heard < BREATH_MS;
    if (isSpeaking === this.isSpeaking || now - this.#told < SOONEST_MS) return;
    this.isSpeaking = isSpeaking;
    this.#told = now;
    this.tell(isSpeaking);
  }

  #loudness() {
    // What is muted has silence in it.
    if (!this.#ear || !this.#track?.enabled) return 0;
    this.#ear.analyser.getFloatTimeDomainData(this.#samples);
    let sum = 0;
    for (const sample of this.#samples) sum += sample * sample;
    return Math.sqrt(sum / this.#samples.length);
  }
}
