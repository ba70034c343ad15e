/**
 * Why a quiesced snapshot of a Linux guest may have frozen less than all of its file systems; undefined: nothing in
 * the configuration of VMware Tools allows that. With the null driver, which is on by default, Tools report success
 * also where they froze nothing (open-vm-tools, tools.conf, section vmbackup).
 */
export function mayFreezeLess(toolsConf: string): string | undefined {
  const vmbackup = sectionOf(toolsConf, 'vmbackup');
  if (isFalse(vmbackup.get('enablesyncdriver'))) return 'enableSyncDriver is false in its tools.conf';
  if (!isFalse(vmbackup.get('enablenulldriver'))) {
    return 'VMware Tools may report success without freezing anything; set enableNullDriver = false in [vmbackup] of its tools.conf';
  }
  const excluded = vmbackup.get('excludedfilesystems');
  if (excluded !== undefined && excluded !== '') return `excludedFileSystems in its tools.conf leaves out ${excluded}`;
  return isTrue(vmbackup.get('ignorefrozenfilesystems'))
    ? 'ignoreFrozenFileSystems is true in its tools.conf'
    : undefined;
}

/** Keys in lower case; of a key that stands twice, the last. */
function sectionOf(text: string, name: string): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  let here = false;
  for (const line of text.split(/\r?\n/)) {
    const section = /^\s*\[([^\]]*)\]/.exec(line)?.[1];
    if (section !== undefined) here = section.trim() === name;
    const [, key, value] = /^\s*([^#;=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (here && key !== undefined && value !== undefined) keys.set(key.toLowerCase(), value);
  }
  return keys;
}

function isFalse(value: string | undefined): boolean {
  return value !== undefined && /^(false|0)$/i.test(value);
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(true|1)$/i.test(value);
}
