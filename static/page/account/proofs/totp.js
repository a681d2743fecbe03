import { onSubmit, openDialog } from '../../dialogs/dialog.js';
import { codeField } from '../../dialogs/fields.js';
import { h } from '../../drawing/dom.js';
import { showBackupCodes } from './second.js';

/** @import { Desk } from '../desk.js' */

/**
 * Take an authenticator app into use: show the secret, and have a code of it typed.
 * @param {Desk} desk
 */
export async function setUpTotp(desk) {
  const { secret, uri, qr } = await desk.ask('POST', 'auth/totp');
  const code = codeField('Code', 'As the app shows it now.');
  const picture = qrPicture(qr);
  const form = h(
    'form',
    { class: 'totp' },
    h('p', {}, 'Scan this with your app, then enter the code that it shows.'),
    picture,
    h(
      'details',
      {},
      h('summary', {}, 'It cannot be scanned?'),
      h('p', {}, 'Type this key into your app, ', h('a', { href: otpauth(uri) }, 'or open it on this device'), ':'),
      h('p', { class: 'secret' }, spaced(secret)),
    ),
    code.box,
    h('p', { class: 'problem', role: 'alert' }),
    h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'primary' }, 'Turn on')),
  );
  onSubmit(form, async () => {
    const { backup_codes: codes } = await desk.ask('POST', 'auth/totp/finish', { code: code.read() });
    dialog.close();
    desk.redraw();
    if (codes?.length) showBackupCodes(codes);
  });
  const dialog = openDialog('Set up an app', form);
  dialog.classList.add('small');
  dialog.addEventListener('close', () => URL.revokeObjectURL(picture.src));
  code.input.focus();
}

/**
 * The drawing as a picture: as an element of this page it could hold more than lines.
 * @param {string} qr  SVG
 */
function qrPicture(qr) {
  const src = qr.startsWith('data:') ? qr : URL.createObjectURL(new Blob([qr], { type: 'image/svg+xml' }));
  return h('img', { class: 'qr', src, alt: 'QR code with the key of your account', width: 220, height: 220 });
}

/** @param {string} uri */
function otpauth(uri) {
  return uri.startsWith('otpauth://') ? uri : '#';
}

/**
 * In groups of four, as people read it.
 * @param {string} secret
 */
function spaced(secret) {
  return secret.match(/.{1,4}/g)?.join(' ') ?? secret;
}
