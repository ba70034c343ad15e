import { describe, expect, test } from 'vitest';
import type { Evidence, Part } from '../../../src/evidence/evidence.ts';
import { judgeEvidence } from '../../../src/flows/verify/evidence.ts';
import { judgeSnapshots } from '../../../src/flows/verify/snapshots.ts';
import { judgeTimes } from '../../../src/flows/verify/times.ts';
import { exitOf, type Verified } from '../../../src/flows/verify/verified.ts';
import type { ArraySnapshot, Manifest } from '../../../src/model.ts';
import { labelOf, mailVerdict, mailWindow, manifestOf } from '../../fixtures/sets.ts';

const manifest = manifestOf();
const ofFast = manifest.snapshots.filter(({ array }) => array === 'fast');
const [mail, db] = [known(ofFast[0]), known(ofFast[1])];
const boot = known(manifest.snapshots.find(({ array }) => array === 'bulk'));

function known<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error('the fixture has it');
  return thing;
}

function wrongs(verified: readonly Verified[]): readonly string[] {
  return verified.filter(({ is }) => is === 'wrong').map(({ code }) => code);
}

/** What the array shows, with another first snapshot. */
function shown(change: Partial<ArraySnapshot>): readonly ArraySnapshot[] {
  return [{ ...mail, ...change }, ...ofFast.slice(1)];
}

describe('snapshots against the manifest', () => {
  test('the very same are as recorded, and say what of them was compared', () => {
    const { verified, present } = judgeSnapshots(manifest, 'fast', ofFast);
    expect(verified.map(({ is }) => is)).toEqual(['as-recorded', 'as-recorded', 'as-recorded']);
    expect(verified[0]?.message).toBe(`snapshot ${mail.name}: id, source, size and time as recorded`);
    expect(present).toEqual(ofFast);
    expect(judgeSnapshots(manifest, 'bulk', [boot]).verified[0]?.message).toMatch(/: id and source as recorded$/);
  });

  test.each([
    ['another id', { id: 'snap-9' }, 'verify.replaced'],
    ['another source', { source: { id: 'serial-9', name: 'mail_db' } }, 'verify.other-source'],
    ['another name', { name: `renamed.${mail.label}` }, 'verify.renamed'],
    ['another size', { sizeBytes: 1n }, 'verify.other-size'],
    ['another time', { createdAt: '2026-11-22T02:00:05.520Z' }, 'verify.other-time'],
    ['no use', { invalid: 'was dropped by the array: its reserve was full' }, 'verify.invalid'],
  ])('one of %s is wrong, and only that one', (_, change, code) => {
    const { verified } = judgeSnapshots(manifest, 'fast', shown(change));
    expect(wrongs(verified)).toEqual([code]);
    expect(verified).toHaveLength(3);
    expect(verified[0]?.message).toContain(mail.name);
    expect(verified[0]?.hint).toMatch(/\w/);
  });

  test('one that is not there is wrong, and is not looked into', () => {
    const { verified, present } = judgeSnapshots(manifest, 'fast', ofFast.slice(1));
    expect(wrongs(verified)).toEqual(['verify.gone']);
    expect(present).toEqual(ofFast.slice(1));
  });

  test('one in the place of another is not looked into', () => {
    expect(judgeSnapshots(manifest, 'fast', shown({ id: 'snap-9' })).present).toEqual(ofFast.slice(1));
    const source = { id: 'serial-9', name: mail.source.name };
    expect(judgeSnapshots(manifest, 'fast', shown({ source })).present).toEqual(ofFast.slice(1));
  });

  test('one more under the label is wrong: who restores by label could take it', () => {
    const { verified } = judgeSnapshots(manifest, 'fast', [
      ...ofFast,
      { ...mail, id: 'snap-9', name: `copy.${mail.label}` },
    ]);
    expect(wrongs(verified)).toEqual(['verify.extra']);
  });

  test('two whose ids were exchanged are both wrong', () => {
    const { verified } = judgeSnapshots(manifest, 'fast', [
      { ...mail, id: db.id },
      { ...db, id: mail.id },
      ...ofFast.slice(2),
    ]);
    expect(wrongs(verified)).toHaveLength(2);
  });
});

describe('times against the window', () => {
  const at = (...times: readonly string[]): readonly ArraySnapshot[] =>
    times.map((time, index) => ({ ...mail, name: `${labelOf(1)}-${index}`, createdAt: `2026-11-22T${time}Z` }));

  test('within it, and rounded to the second, there is nothing to say', () => {
    expect(judgeTimes(manifest, 'fast', at('02:00:04.500', '02:00:05.000', '02:00:06.000'))).toEqual([]);
    expect(judgeTimes(manifest, 'fast', [boot])).toEqual([]);
  });

  test('all of them off alike are a clock that is off, which is worth a word', () => {
    const [behind] = judgeTimes(manifest, 'fast', at('01:59:00.000', '01:59:00.100'));
    expect(behind).toMatchObject({
      is: 'worth-knowing',
      code: 'verify.clock',
      message: expect.stringContaining('64.5 s behind'),
    });
    const [ahead] = judgeTimes(manifest, 'fast', at('02:01:04.618'));
    expect(ahead).toMatchObject({ is: 'worth-knowing', message: expect.stringContaining('60 s ahead of') });
  });

  test('one that is further from the others than the window was long is wrong', () => {
    const judged = judgeTimes(manifest, 'fast', at('02:00:04.600', '02:00:04.700', '02:00:09.000'));
    expect(wrongs(judged)).toEqual(['verify.times-apart']);
  });
});

describe('bytes against what the manifest says of the disks', () => {
  const needed = (part: Part['recovery']): Partial<Part> => (part === undefined ? {} : { recovery: part });
  const still = needed({ needed: 'no', because: 'needs_recovery is not set' });
  const moving = needed({ needed: 'yes', because: 'needs_recovery is set' });
  const open = needed({ needed: 'unknown', because: 'xfsprogs is not on fast.example' });
  const sound: Partial<Part> = { check: { kind: 'sound', program: 'e2fsck -fn' } };

  function judged(snapshot: ArraySnapshot, part: Partial<Part>, of: Manifest = manifest, sizeBytes?: bigint): Verified {
    const size = sizeBytes ?? (snapshot.array === 'fast' ? 200n : 500n) * 1024n ** 3n;
    const evidence: Evidence = { sizeBytes: size, parts: [{ what: 'ext4', ...part }] };
    return known(judgeEvidence(of, snapshot, evidence)[0]);
  }

  test('a held one that needs no recovery is as recorded', () => {
    expect(judged(mail, { ...still, ...sound })).toMatchObject({
      subject: 'fast: mail_db',
      is: 'as-recorded',
      message:
        'ext4: needs no recovery (needs_recovery is not set), as mail01 scsi0:1 was held; e2fsck -fn finds nothing wrong',
    });
  });

  test('a held one that needs recovery contradicts the record', () => {
    expect(judged(mail, moving)).toMatchObject({ is: 'wrong', code: 'verify.needs-recovery' });
    const partition = { number: 2, offset: 0, sizeBytes: 1 };
    expect(judged(mail, { ...moving, partition }).message).toMatch(
      /^partition 2, ext4: needs recovery .* mail01 scsi0:1 was held/,
    );
  });

  test('a free one may need recovery, or not', () => {
    expect(judged(boot, moving).is).toBe('as-recorded');
    expect(judged(boot, still).is).toBe('as-recorded');
  });

  test.each([
    [
      'let go early',
      { ...mailWindow(), holds: mailWindow().holds.map((hold) => ({ ...hold, release: 'expired' as const })) },
    ],
    [
      'holds only an application',
      { ...mailWindow(), holds: mailWindow().holds.map((hold) => ({ ...hold, gives: 'application' as const })) },
    ],
    [
      'covers another disk',
      {
        ...mailWindow(),
        holds: mailWindow().holds.map((hold) => ({ ...hold, covers: [{ vm: 'mail01', disk: 'scsi0:9' }] })),
      },
    ],
  ])('a hold that %s promises nothing of the file system', (_, window) => {
    expect(judged(mail, moving, { ...manifest, window }).is).toBe('as-recorded');
  });

  test('of a guest that was held and lost its word it says that the hold is not confirmed, not that nobody held it', () => {
    const unheard = {
      ...mailWindow(),
      holds: mailWindow().holds.map((hold) => ({ ...hold, release: 'unknown' as const })),
    };
    const gone = { ...mailWindow(), holds: [], fires: [] };
    for (const window of [unheard, gone]) {
      const of = { ...manifest, window };
      expect(judged(mail, moving, of).message).toMatch(/, as may be: hold of mail01 scsi0:1 not confirmed$/);
      expect(judged(mail, still, of).message).toMatch(/, hold of mail01 scsi0:1 not confirmed$/);
    }
    expect(judged(boot, still).message).toMatch(/, and nobody held it$/);
  });

  test('a disk that the verdict does not call still promises nothing', () => {
    const verdict = { ...mailVerdict(), disks: [] };
    expect(judged(mail, moving, { ...manifest, verdict }).is).toBe('as-recorded');
  });

  test('an image of another size is wrong, whatever is in it', () => {
    expect(judged(mail, { ...still, ...sound }, manifest, 7n)).toMatchObject({
      is: 'wrong',
      code: 'verify.other-size',
    });
  });

  test('errors are wrong, doubts worth a word, and what nobody could look at is neither', () => {
    const check = (kind: 'errors' | 'doubts'): Partial<Part> => ({
      check: { kind, program: 'x -n', says: 'bad magic' },
    });
    expect(judged(mail, { ...still, ...check('errors') })).toMatchObject({
      is: 'wrong',
      code: 'verify.file-system-errors',
    });
    expect(judged(mail, { ...still, ...check('doubts') }).is).toBe('worth-knowing');
    expect(judged(mail, { ...still, note: 'the guest itself had found errors in it' }).is).toBe('worth-knowing');
    const notLooked: Partial<Part> = { check: { kind: 'not-looked-at', because: 'e2fsprogs is not on fast.example' } };
    expect(judged(mail, { ...still, ...notLooked })).toMatchObject({
      is: 'not-looked-at',
      message: expect.stringContaining('e2fsprogs is not on fast.example'),
    });
    expect(judged(mail, open).is).toBe('not-looked-at');
    expect(judged(mail, { what: 'LVM' })).toMatchObject({ is: 'not-looked-at', message: 'LVM: not looked into' });
  });

  test('zeros on a held disk contradict the record; on a free one, or in a partition, they may be', () => {
    expect(judged(mail, { what: 'nothing' })).toMatchObject({ is: 'wrong', code: 'verify.empty' });
    expect(judged(boot, { what: 'nothing' }).is).toBe('not-looked-at');
    expect(judged(mail, { what: 'nothing', partition: { number: 1, offset: 0, sizeBytes: 1 } }).is).toBe(
      'not-looked-at',
    );
  });

  test('a partition that ends behind the end of its disk is said', () => {
    const cut: Partial<Part> = { what: 'cut off', note: 'it ends behind the end of the disk' };
    expect(judged(mail, cut)).toMatchObject({
      is: 'worth-knowing',
      message: 'cut off: it ends behind the end of the disk',
    });
  });

  test('an empty table of partitions contradicts a hold, and is never passed over', () => {
    const evidence = { sizeBytes: 200n * 1024n ** 3n, parts: [] };
    expect(judgeEvidence(manifest, mail, evidence)).toMatchObject([{ is: 'wrong', code: 'verify.empty' }]);
    const volumes = manifest.plan.arrays.flatMap(({ units }) => units.flatMap((unit) => unit.volumes));
    const { sizeBytes } = known(volumes.find(({ id }) => id === boot.source.id));
    expect(judgeEvidence(manifest, boot, { sizeBytes, parts: [] })).toMatchObject([{ is: 'not-looked-at' }]);
  });

  test('a damaged table of partitions is said', () => {
    const evidence = { sizeBytes: 200n * 1024n ** 3n, parts: [], damaged: 'its GPT does not match its checksum' };
    expect(judgeEvidence(manifest, mail, evidence)).toMatchObject([
      { is: 'worth-knowing', code: 'verify.no-partitions' },
    ]);
  });
});

test('what is wrong outweighs what nobody answers, and that what is not looked at', () => {
  const line = (is: Verified['is']): Verified => ({ subject: 'x', is, code: 'x', message: 'x' });
  expect(exitOf([line('as-recorded'), line('worth-knowing'), line('not-looked-at')])).toBe(0);
  expect(exitOf([line('as-recorded'), line('unreachable')])).toBe(4);
  expect(exitOf([line('unreachable'), line('wrong')])).toBe(3);
});
