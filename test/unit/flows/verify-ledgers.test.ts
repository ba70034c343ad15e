import { describe, expect, test } from 'vitest';
import { judgeLedgers, type LedgerFile } from '../../../src/flows/verify/ledgers.ts';
import type { Manifest } from '../../../src/model.ts';
import { BEGUN_AT_MS, ledgerHistory } from '../../fixtures/ledger.ts';
import { manifestOf } from '../../fixtures/sets.ts';

const OURS = ledgerHistory({ volumes: 2, slots: 16 }, 100);
const THEIRS = ledgerHistory({ volumes: 2, slots: 16, ledger: 'fedcba9876543210' }, 100);
const TAKEN: Manifest = { ...manifestOf(), takenAt: new Date(BEGUN_AT_MS + 1000).toISOString() };

function files(copies: readonly { readonly volume: string; readonly text: string }[]): readonly LedgerFile[] {
  return copies.map(({ volume, text }) => ({ subject: `fast: ${volume}`, file: { kind: 'read', text } }));
}

function claiming(verdict: Partial<Manifest['verdict']>): Manifest {
  return { ...TAKEN, verdict: { ...TAKEN.verdict, ...verdict } };
}

describe('the ledgers in the snapshots of a set', () => {
  test('one that is whole says so, with its number', () => {
    expect(judgeLedgers(TAKEN, files(OURS.cut(40, 40)))).toEqual([
      {
        subject: 'ledger 0123456789abcdef',
        is: 'as-recorded',
        code: 'verify.ledger-one-instant',
        message: expect.stringContaining('records on 2 volumes, none missing'),
      },
    ]);
  });

  test('one with a gap contradicts a set that claims to be one instant', () => {
    const [line] = judgeLedgers(TAKEN, files(OURS.cut(40, 20)));
    expect(line).toMatchObject({ is: 'wrong', code: 'verify.ledger-violated', hint: expect.any(String) });
    expect(line?.message).toContain('fast: /mnt/2 lacks 9 records');
  });

  test('and tells only what was known already where the set claims less', () => {
    const torn = files(OURS.cut(40, 20));
    expect(judgeLedgers(claiming({ oneInstant: false }), torn)).toMatchObject([{ is: 'worth-knowing' }]);
    const aside = claiming({ vms: TAKEN.verdict.vms.map((vm) => ({ ...vm, aside: true })) });
    expect(judgeLedgers(aside, torn)).toMatchObject([{ is: 'worth-knowing' }]);
  });

  test('those of two guests are judged each for itself', () => {
    const both = [...files(OURS.cut(40, 40)), ...files(THEIRS.cut(40, 20))];
    expect(judgeLedgers(TAKEN, both).map(({ subject, is }) => [subject, is])).toEqual([
      ['ledger 0123456789abcdef', 'as-recorded'],
      ['ledger fedcba9876543210', 'wrong'],
    ]);
  });

  test('one of which a volume cannot be read, or whose writer had ended long before, says nothing', () => {
    const [first] = files(OURS.cut(40, 40));
    const half: readonly LedgerFile[] = [
      ...(first === undefined ? [] : [first]),
      { subject: 'bulk: boot', file: { kind: 'unread', why: 'ext4 would have to be recovered first' } },
    ];
    expect(judgeLedgers(TAKEN, half)).toMatchObject([
      { is: 'not-looked-at', message: 'Cannot be judged: volume 2 of 2 is missing' },
    ]);
    const old: Manifest = { ...TAKEN, takenAt: new Date(BEGUN_AT_MS + 3_600_000).toISOString() };
    expect(judgeLedgers(old, files(OURS.cut(40, 40)))).toMatchObject([{ is: 'not-looked-at' }]);
  });

  test('no file system with one: no line', () => {
    expect(judgeLedgers(TAKEN, [{ subject: 'fast: mail_db', file: { kind: 'absent' } }])).toEqual([]);
  });
});
