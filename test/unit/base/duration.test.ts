import { describe, expect, it } from 'vitest';
import { durationMs } from '../../../src/base/duration.ts';

describe('a duration', () => {
  it.each([
    ['500ms', 500],
    ['8s', 8000],
    ['8 s', 8000],
    ['1.5m', 90_000],
    ['26h', 93_600_000],
    ['7d', 604_800_000],
    ['0s', 0],
  ])('%s is %i milliseconds', (written, ms) => {
    expect(durationMs(written)).toBe(ms);
  });

  it.each(['8', '', 's', '-8s', '8S', '8 seconds', '1e3s', '0x8s', '8s ', '1m30s', '٨s'])('%s is none', (written) => {
    expect(durationMs(written)).toBeUndefined();
  });
});
