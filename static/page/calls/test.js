import { tryWays } from '../../calls/peers/trying.js';
import { inWords } from '../../wire/refused.js';
import { openDialog } from '../dialogs/dialog.js';
import { h, hidden, put } from '../drawing/dom.js';

/** @import { Account } from '../../account/account.js' */
/** @import { Way } from '../../calls/peers/trying.js' */

/** @typedef {{name: string, works: boolean, words: string}} Line */

const TRANSPORTS = { udp: 'UDP', tcp: 'TCP' };

/**
 * Try which ways calls can take from this browser, and say what is wrong with those that do not work.
 * @param {Account} account
 */
export function openCallTest(account) {
  const verdict = h('p', { role: 'status', class: 'verdict' });
  const lines = h('ul', { class: 'ways', 'aria-label': 'Ways' });
  const again = h('button', { type: 'button', class: 'plain', onclick: () => run() }, 'Test again');
  const run = async () => {
    again.disabled = true;
    verdict.textContent = 'Trying every way, for half a minute at most…';
    lines.replaceChildren();
    try {
      const found = await tryWays(await account.call('GET', 'calls/ice'));
      verdict.textContent = verdictOf(found);
      put(lines, ...linesOf(found).map(row));
    } catch (error) {
      verdict.textContent = inWords(error);
    } finally {
      again.disabled = false;
    }
  };
  const dialog = openDialog('Test calls', h('div', { class: 'call-test' }, verdict, lines, again));
  dialog.dataset.test = 'calls';
  run();
}

/** @param {Line} line */
function row({ name, works, words }) {
  return h(
    'li',
    { 'data-works': works ? 'yes' : 'no' },
    h('strong', {}, name),
    hidden(works ? ' works. ' : ' does not work. '),
    h('span', { class: 'hint' }, words),
  );
}

/**
 * @param {{ways: Way[], loop: number | null}} found
 */
export function verdictOf({ ways, loop }) {
  const relays = ways.filter(({ kind }) => kind === 'turn');
  if (loop !== null) return 'Calls work from here, also where two devices do not reach each other.';
  if (!relays.length) return 'Calls work only where two devices reach each other by themselves: there is no relay.';
  if (relays.some(({ works }) => works)) return 'A relay begins, but carries nothing. Calls that need one fail.';
  const hides = ways.some((way) => way.hidden) ? ' This browser hides its own addresses, too (mDNS).' : '';
  return `No relay works. Calls reach others only where nothing stands between the devices.${hides}`;
}

/**
 * @param {{ways: Way[], loop: number | null}} found
 * @returns {Line[]}
 */
function linesOf({ ways, loop }) {
  const lines = ways.map((way) => ({ name: nameOf(way), works: way.works, words: wordsOf(way) }));
  const relays = ways.filter(({ kind }) => kind === 'turn');
  if (!relays.length) {
    const words =
      'This server knows no TURN server. Some devices will not reach each other, and strangers see where you are. Whoever runs it gives it one with --calls.';
    lines.push({ name: 'Relay', works: false, words });
  } else if (relays.some(({ works }) => works)) {
    const words =
      loop === null
        ? 'Nothing comes back. The TURN server refuses to relay to its own address, or a firewall is closed at its relay ports (UDP, 49152 to 65535).'
        : `What is sent comes back, in ${Math.round(loop)} ms.`;
    lines.push({ name: 'Through relays alone', works: loop !== null, words });
  }
  return lines;
}

/** @param {Way} way */
function nameOf({ kind, url }) {
  if (kind === 'host') return 'This device';
  const [, scheme, host, transport] = /^(\w+):([^?]*)(?:\?transport=(\w+))?$/.exec(url) ?? [];
  if (kind === 'stun') return `STUN at ${host}`;
  const by = scheme === 'turns' ? 'TLS' : (TRANSPORTS[/** @type {'udp' | 'tcp'} */ (transport)] ?? 'UDP');
  return `Relay by ${by} at ${host}`;
}

/** @param {Way} way */
function wordsOf({ kind, works, code, hidden }) {
  if (kind === 'host') {
    if (!works) return 'The browser tells no address: there is no network, or a setting forbids calls.';
    return hidden
      ? 'The browser hides its addresses (mDNS) until it may use the microphone.'
      : 'It tells its addresses to those in the call.';
  }
  if (works) return kind === 'stun' ? 'It answers.' : 'A relay begins.';
  if (code === 401)
    return 'The TURN server does not take our password (401): its secret is another one than Parley has, or a clock is wrong.';
  if (code === 486) return 'The TURN server has no relay left for you (486): its quota is used up.';
  if (code === 701) return 'Nothing answers there: the port is blocked on the way, or the server does not run.';
  return `The server refuses (${code}).`;
}
