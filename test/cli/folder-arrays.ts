import { stringify } from 'yaml';

/** A topology whose arrays, fast and bulk, are folders beside it; a snapshot is a file VOLUME@NAME in one. */
export function folderTopology(folder: string, more: { readonly fast?: object } = {}): string {
  const array = (name: string) => ({
    driver: 'command',
    local: true,
    answers: 'cut',
    snapshot: { run: ['touch', `${folder}/${name}/<volume>@<snapshot>`] },
    find: { run: ['ls', '-i', `${folder}/${name}`], row: '^ *(?<id>\\d+) (?<volume>[^@]+)@(?<snapshot>\\S+)$' },
    remove: { run: ['rm', `${folder}/${name}/<volume>@<snapshot>`], gone: 'No such file' },
  });
  return stringify({
    version: 1,
    vsphere: { url: 'https://vc.example/sdk', username: 'ops', password: { env: 'PASSWORD' } },
    arrays: { fast: { ...array('fast'), ...more.fast }, bulk: array('bulk') },
    vms: { mail01: { ssh: { host: 'mail01.invalid' } } },
    groups: { mail: { vms: ['mail01'] } },
  });
}
