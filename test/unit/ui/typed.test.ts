import { describe, expect, test } from 'vitest';
import { wrap } from '../../../src/ui/text.ts';
import { typedWith } from '../../../src/ui/typed.ts';

describe('what a message says to type', () => {
  test.each([
    ['and 3 more: stillpoint plan mail', 'and 3 more: stillpoint plan -t lab.yaml mail'],
    ['(stillpoint mend asks it)', '(stillpoint mend -t lab.yaml asks it)'],
    ['`stillpoint check`', '`stillpoint check -t lab.yaml`'],
    [
      'Run stillpoint show X, then stillpoint remove X',
      'Run stillpoint show -t lab.yaml X, then stillpoint remove -t lab.yaml X',
    ],
    ['stillpoint mend -t FILE', 'stillpoint mend -t FILE'],
    ['stillpoint mend --help', 'stillpoint mend --help'],
    ['stillpoint init mail01 > x', 'stillpoint init mail01 > x'],
    ['/etc/sudoers.d/stillpoint on db01', '/etc/sudoers.d/stillpoint on db01'],
  ])('%s carries the topology that was given', (text, typed) => {
    expect(typedWith({ topology: 'lab.yaml' })(text)).toBe(typed);
  });

  test('is quoted where a shell would read it otherwise, and carries the state folder too', () => {
    const typed = typedWith({ topology: "my lab's.yaml", state: '/srv/$x' });
    expect(typed('stillpoint mend')).toBe(`stillpoint mend -t 'my lab'\\''s.yaml' --state '/srv/$x'`);
  });

  test('is as it stands where no flag was given', () => {
    expect(typedWith({})('stillpoint mend')).toBe('stillpoint mend');
  });

  test('is never broken between the program and its verb', () => {
    for (let width = 12; width < 60; width += 1) {
      const lines = wrap('If that does not help, look with stillpoint show 1, and stillpoint mend after it.', width);
      expect(lines.filter((line) => line.endsWith('stillpoint'))).toEqual([]);
    }
  });
});
