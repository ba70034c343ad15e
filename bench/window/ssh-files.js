import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newSshKey } from '../../dist/demo/ssh-key.js';

export const HOST = '127.0.0.1';
export const USER = 'root';

/**
 * What both ways log in with.
 * @typedef {object} SshFiles
 * @property {string} key the file of the private key
 * @property {string} allowed the public key
 * @property {string} knownHosts the file, empty as yet
 */

/**
 * @param {string} folder
 * @returns {Promise<SshFiles>}
 */
export async function makeSshFiles(folder) {
  const pair = newSshKey();
  const key = join(folder, 'id');
  const knownHosts = join(folder, 'known_hosts');
  await writeFile(key, pair.private, { mode: 0o600 });
  return { key, allowed: pair.public, knownHosts };
}

/**
 * @param {SshFiles} files
 * @param {readonly import('./far.js').End[]} ends
 */
export async function trust({ knownHosts }, ends) {
  await writeFile(knownHosts, ends.map(({ port, hostKey }) => `[${HOST}]:${port} ${hostKey}\n`).join(''));
}
