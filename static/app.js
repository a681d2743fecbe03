import { Account } from './account/account.js';
import { Chat } from './page/chat.js';
import { Entrance } from './page/entrance.js';

const root = /** @type {HTMLElement} */ (document.getElementById('app'));

/** @param {Account} account */
function chat(account) {
  const open = new Chat(account, root);
  account.ended.listen((reason) => {
    open.close();
    history.replaceState(null, '', location.pathname);
    entrance(reason);
  });
  open.open();
}

/** @param {string} reason */
function entrance(reason) {
  new Entrance(root, reason, chat);
}

async function start() {
  try {
    const account = await Account.restore();
    if (account) chat(account);
    else entrance('');
  } catch {
    entrance(
      'This browser keeps nothing for this page (private mode?), and Parley needs IndexedDB to keep messages safe.',
    );
  }
}

start();
