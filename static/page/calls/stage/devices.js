import { openDialog } from '../../dialogs/dialog.js';
import { selectField } from '../../dialogs/fields.js';
import { h } from '../../drawing/dom.js';
import { openCallTest } from '../test.js';

/** @import { DeviceKind } from '../../../calls/media/devices.js' */
/** @import { Chat } from '../../chat.js' */

/** @type {[DeviceKind, string][]} */
const KINDS = [
  ['audioinput', 'Microphone'],
  ['videoinput', 'Camera'],
  ['audiooutput', 'Loudspeaker'],
];

/**
 * Choose what a call uses; a call that goes on changes to it at once.
 * @param {Chat} chat
 */
export function openDevices(chat) {
  const { devices } = chat.calls;
  const form = h('form', { class: 'call-devices' });
  const dialog = openDialog('Devices', form);
  const test = h('button', { type: 'button', class: 'link', onclick: () => openCallTest(chat.account) }, 'Test calls');
  const draw = () => {
    const focus = /** @type {HTMLElement | null} */ (document.activeElement)?.getAttribute('name');
    const fields = KINDS.filter(([kind]) => kind !== 'audiooutput' || devices.canChooseSpeaker).map(([kind, label]) =>
      field(devices, kind, label),
    );
    form.replaceChildren(...fields, test);
    if (focus) /** @type {HTMLElement | null} */ (form.elements.namedItem(focus))?.focus();
  };
  const end = devices.changed.listen(draw);
  form.addEventListener('submit', (event) => event.preventDefault());
  dialog.addEventListener('close', end);
  draw();
  form.querySelector('select')?.focus();
}

/**
 * @param {import('../../../calls/media/devices.js').Devices} devices
 * @param {DeviceKind} kind
 * @param {string} label
 */
function field(devices, kind, label) {
  const known = devices.of(kind).filter(({ deviceId }) => deviceId && deviceId !== 'default');
  /** @type {[string, string][]} */
  const choices = [['', 'What the browser chooses']];
  known.forEach((device, index) => choices.push([device.deviceId, device.label || `${label} ${index + 1}`]));
  const hint = known.length ? '' : 'There is none, or the browser tells of it once this page may use it.';
  const { input, box } = selectField(label, kind, choices, devices.chosen(kind), hint);
  input.addEventListener('change', () => devices.choose(kind, input.value));
  return box;
}
