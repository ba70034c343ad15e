import { expect, test } from 'vitest';
import { pasted } from '../../../src/base/shell-word.ts';

test.each([
  [['fsfreeze', '--unfreeze', '/srv/mail'], 'fsfreeze --unfreeze /srv/mail'],
  [['fsfreeze', '--unfreeze', '/srv/$(reboot) it'], "fsfreeze --unfreeze '/srv/$(reboot) it'"],
  [['swapoff', "/it's; here"], "swapoff '/it'\\''s; here'"],
  [['a', ''], "a ''"],
  [['umount', '/mnt/a\n$(b)'], "umount /mnt/a?'$(b)'"],
  [['umount', '/\u001b[2J\u202ex'], "umount /?'[2J'?x"],
  [['umount', 'a\0b\ud800'], 'umount a?b?'],
])('%j is pasted as %s', (argv, line) => {
  expect(pasted(argv)).toBe(line);
});
