/**
 * Passkeys, as the browser makes and asks for them.
 * @module
 */

import { Refused } from '../wire/refused.js';

/** Whether this browser knows passkeys, and this page may ask for them: over TLS, or on this very machine. */
export const hasPasskeys =
  typeof PublicKeyCredential === 'function' && 'parseRequestOptionsFromJSON' in PublicKeyCredential;

/**
 * Have the person use one of their passkeys.
 * @param {any} options  as the server gives them
 * @returns {Promise<object>} what to send to the server
 * @throws {Refused}
 */
export async function usePasskey(options) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return plain(() => navigator.credentials.get({ publicKey }));
}

/**
 * Have the person make a passkey.
 * @param {any} options  as the server gives them
 * @returns {Promise<object>} what to send to the server
 * @throws {Refused}
 */
export async function makePasskey(options) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return plain(() => navigator.credentials.create({ publicKey }));
}

/**
 * @param {() => Promise<Credential | null>} ask
 * @returns {Promise<object>}
 */
async function plain(ask) {
  try {
    const credential = await ask();
    if (credential instanceof PublicKeyCredential) return credential.toJSON();
  } catch (error) {
    if (error instanceof DOMException && error.name === 'InvalidStateError')
      throw new Refused('passkey', 'This device has a passkey for this account already.');
    if (error instanceof DOMException && error.name === 'SecurityError')
      throw new Refused('passkey', 'Passkeys of this server cannot be used at this address.');
    // A browser does not tell why: to the page it is all one whether there is none, or somebody said no.
  }
  throw new Refused('passkey', 'No passkey was used. Please try again, or take another way.');
}
