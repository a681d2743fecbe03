import { Account } from './account/account.js';
import { openCallTest } from './page/calls/test.js';
import { Chat } from './page/chat.js';
import { Entrance } from './page/entrance/entrance.js';
import { restoreTheme } from './page/theme.js';
import { inWords } from './wire/refused.js';

/** @import { Facts, View } from './page/entrance/entrance.js' */

const root = /** @type {HTMLElement} */ (document.getElementById('app'));

/** A link out of a letter: what it carries opens something, and is not to stay in the address. */
const LETTER = /^#\/reset\/([\w-]+)$/;
/** What operators and callers are sent to: it tries which ways calls can take from this browser. */
const CALL_TEST = '#/call-test';
const RETURN = /^\/auth\/return\/([\w-]+)$/;

/**
 * @param {Account} account
 * @param {string} [news]  what to tell the person at once
 */
function chat(account, news) {
  const open = new Chat(account, root);
  account.ended.listen((reason) => {
    open.close();
    history.replaceState(null, '', '/');
    entrance('login', { reason });
  });
  open.open();
  if (news) open.toasts.show(news);
  const test = () => {
    if (location.hash !== CALL_TEST) return;
    history.replaceState(null, '', '/');
    openCallTest(account);
  };
  addEventListener('hashchange', test, { signal: open.closing });
  test();
}

/**
 * Somebody who is logged in comes back from a provider: it is to be linked to their account.
 * @param {Account} account
 * @param {string} provider
 * @param {Record<string, string>} answer
 * @returns {Promise<string>} what to tell them
 */
async function linked(account, provider, { code, state, iss }) {
  if (!code || !state) return 'Nothing was linked: the other side sent you back without an answer.';
  try {
    const path = `auth/identities/${encodeURIComponent(provider)}/finish`;
    await account.call('POST', path, { code, state, ...(iss && { iss }) });
    return 'It is linked: you can sign in with it from now on.';
  } catch (error) {
    return inWords(error);
  }
}

/**
 * @param {View} view
 * @param {Facts} facts
 */
function entrance(view, facts) {
  new Entrance(root, chat, view, facts);
  // What cannot be done now is tried again at the next visit.
  Account.finishLeaving().catch(() => undefined);
}

/** What the address asks for beside a room; it is taken out of the address at once. */
function errand() {
  const token = LETTER.exec(location.hash)?.[1];
  const provider = RETURN.exec(location.pathname)?.[1];
  const answer = Object.fromEntries(new URLSearchParams(location.search));
  if (token || provider) history.replaceState(null, '', '/');
  return { token, provider, answer };
}

async function start() {
  // The page has asked for its letters; browsers complain where they are not used soon. Without them others will do.
  document.fonts.load('1em Inter').catch(() => undefined);
  const { token, provider, answer } = errand();
  try {
    await restoreTheme();
    const account = await Account.restore();
    if (token) entrance('newPassword', { token });
    else if (account) chat(account, provider ? await linked(account, provider, answer) : '');
    else if (provider) entrance('elsewhereReturn', { provider, answer });
    else entrance('login', {});
  } catch {
    entrance('login', {
      reason:
        'This browser keeps nothing for this page (private mode?), and Parley needs IndexedDB to keep messages safe.',
    });
  }
}

addEventListener('hashchange', () => {
  if (LETTER.test(location.hash)) location.reload();
});

start();
