/**
 * Trying which ways media could take from this browser, without anybody else: what `Test calls` does.
 *
 * A way is tried by gathering candidates with one server alone, and a relay by sending through it to ourselves.
 * @module
 */

/** @import { IceAnswer } from '../../types.js' */

/** Longest that gathering with one server may take: a browser asks a silent TURN server for 10 s or so. */
const GATHER_MS = 12_000;
/** Longest that two ends here may take to reach each other. */
const REACH_MS = 15_000;
/** What browsers tell of a server that does not answer at all. */
const SILENT = 701;

/**
 * @typedef {object} Gathered
 * @property {RTCIceCandidate[]} candidates
 * @property {number} code  of the most telling error; 0 where there was none
 */

/**
 * @typedef {object} Way  one server by one transport, or this device itself
 * @property {'host' | 'stun' | 'turn'} kind
 * @property {string} url  empty for this device
 * @property {boolean} works
 * @property {number} code  what the server said instead, 701 for nothing at all; 0 where it said nothing wrong
 * @property {boolean} hidden  of this device: its addresses are hidden by names that mean nothing elsewhere
 */

/**
 * Try everything, the ways at once.
 * @param {IceAnswer} answer  of `call.servers`
 * @returns {Promise<{ways: Way[], loop: number | null}>}  `loop`: milliseconds to ourselves and back through relays
 *   alone; null where nothing came back
 */
export async function tryWays({ servers }) {
  const single = servers.flatMap((server) => [server.urls].flat().map((urls) => ({ ...server, urls })));
  const ways = await Promise.all([tryHost(), ...single.map(tryServer)]);
  const relays = single.filter((_, at) => ways[at + 1].kind === 'turn' && ways[at + 1].works);
  return { ways, loop: relays.length ? await reachOurselves(relays) : null };
}

/** @returns {Promise<Way>} */
async function tryHost() {
  const { candidates, code } = await gather({ iceServers: [] });
  const hosts = candidates.filter((candidate) => candidate.type === 'host');
  const hidden = hosts.length > 0 && hosts.every((candidate) => candidate.address?.endsWith('.local'));
  return { kind: 'host', url: '', works: hosts.length > 0, code, hidden };
}

/**
 * @param {RTCIceServer & {urls: string}} server
 * @returns {Promise<Way>}
 */
async function tryServer(server) {
  const isTurn = /^turns?:/.test(server.urls);
  const { candidates, code } = await gather({
    iceServers: [server],
    iceTransportPolicy: isTurn ? 'relay' : 'all',
  });
  const wanted = isTurn ? 'relay' : 'srflx';
  const found = candidates.some((candidate) => candidate.type === wanted);
  // Where the server sees the very address that this device has, browsers tell of no other one, and of no error.
  const works = found || (!isTurn && !code);
  return { kind: isTurn ? 'turn' : 'stun', url: server.urls, works, code: works ? 0 : code || SILENT, hidden: false };
}

/**
 * @param {RTCConfiguration} configuration
 * @returns {Promise<Gathered>}
 */
async function gather(configuration) {
  const pc = new RTCPeerConnection(configuration);
  /** @type {RTCIceCandidate[]} */
  const candidates = [];
  let code = 0;
  try {
    pc.addEventListener('icecandidate', ({ candidate }) => candidate?.candidate && candidates.push(candidate));
    pc.addEventListener('icecandidateerror', ({ errorCode }) => {
      // Each of this device's networks tells of itself: what a server said counts for more than that one is silent.
      if (!code || code === SILENT) code = errorCode;
    });
    const done = new Promise((resolve) => {
      pc.addEventListener('icegatheringstatechange', () => pc.iceGatheringState === 'complete' && resolve(true));
      setTimeout(() => resolve(false), GATHER_MS);
    });
    pc.createDataChannel('try');
    await pc.setLocalDescription();
    if (!(await done)) code ||= SILENT;
  } catch {
    code ||= SILENT; // an address that the browser cannot read
  } finally {
    pc.close();
  }
  return { candidates, code };
}

/**
 * Send a word through relays to ourselves and back.
 * @param {RTCIceServer[]} iceServers
 * @returns {Promise<number | null>} milliseconds, or null where it does not come back in time
 */
async function reachOurselves(iceServers) {
  const [one, two] = [0, 1].map(() => new RTCPeerConnection({ iceServers, iceTransportPolicy: 'relay' }));
  try {
    one.addEventListener('icecandidate', ({ candidate }) => pass(two, candidate));
    two.addEventListener('icecandidate', ({ candidate }) => pass(one, candidate));
    two.addEventListener('datachannel', ({ channel }) => {
      channel.addEventListener('message', ({ data }) => channel.send(data));
    });
    const channel = one.createDataChannel('try');
    /** @type {Promise<number | null>} */
    const back = new Promise((resolve) => {
      let sent = 0;
      channel.addEventListener('open', () => {
        sent = performance.now();
        channel.send('here');
      });
      channel.addEventListener('message', () => resolve(performance.now() - sent));
      setTimeout(() => resolve(null), REACH_MS);
    });
    await one.setLocalDescription();
    await two.setRemoteDescription(/** @type {RTCSessionDescription} */ (one.localDescription));
    await two.setLocalDescription();
    await one.setRemoteDescription(/** @type {RTCSessionDescription} */ (two.localDescription));
    return await back;
  } finally {
    one.close();
    two.close();
  }
}

/**
 * @param {RTCPeerConnection} to
 * @param {RTCIceCandidate | null} candidate
 */
function pass(to, candidate) {
  // What comes before the descriptions do stands in them.
  if (candidate && to.remoteDescription) to.addIceCandidate(candidate).catch(() => undefined);
}
