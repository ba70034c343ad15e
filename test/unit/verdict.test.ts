import { describe, expect, test } from 'vitest';
import type {
  DeviceKey,
  FireRecord,
  HoldRecord,
  Level,
  Plan,
  PlannedDisk,
  Volume,
  WindowRecord,
} from '../../src/model.ts';
import { levelText } from '../../src/model.ts';
import { verdict } from '../../src/window/verdict.ts';

/** mail01: boot on `bulk`, data on `fast`; held from 10 to 100, both arrays cut between 20 and 60. */
const boot = disk('scsi0:0', 'bulk', { free: 'boot disk' });
const data = disk('scsi0:1', 'fast');
const hold: HoldRecord = {
  vm: 'mail01',
  stage: 0,
  method: 'fsfreeze',
  leaseMs: 8000,
  sentAtMs: 0,
  heldAtMs: 10,
  gives: 'filesystem',
  covers: [data.ref],
  releaseSentAtMs: 100,
  releasedAtMs: 105,
  release: 'kept',
};
const fast: FireRecord = {
  array: 'fast',
  unit: 'fast-u',
  fenced: false,
  sentAtMs: 20,
  answeredAtMs: 40,
  outcome: 'cut',
};
const bulk: FireRecord = {
  array: 'bulk',
  unit: 'bulk-u',
  fenced: false,
  sentAtMs: 20,
  answeredAtMs: 60,
  outcome: 'cut',
};

describe('the verdict of a record', () => {
  test('held data and one free boot disk are one instant, and the exception is named', () => {
    const said = judge([boot, data], { holds: [hold], fires: [fast, bulk] });
    expect(levelText(said)).toBe('filesystem (boot disks: crash)');
    expect(said.because).toEqual([]);
  });

  test('a hold confirmed after the first fire was sent stills nothing', () => {
    expect(levelOf({ ...hold, heldAtMs: 21 })).toBe('unproven');
  });

  test('a hold whose release was sent before the last answer stills nothing', () => {
    expect(levelOf({ ...hold, releaseSentAtMs: 59 })).toBe('unproven');
  });

  test.each(['expired', 'unknown'] as const)('a release that came back %s stills nothing', (release) => {
    expect(levelOf({ ...hold, release })).toBe('unproven');
  });

  test('a disk that was written to while it was held is not still, whatever another stage of its guest says, and it is told', () => {
    const why = '8 sectors of sdb';
    expect(levelOf({ ...hold, release: 'written', why })).toBe('unproven');
    const said = judge([data], { holds: [hold, { ...hold, stage: 1, release: 'written', why }], fires: [fast] });
    expect(said).toMatchObject({ level: 'crash', disks: [{ level: 'crash' }] });
    expect(said.because).toEqual(['guest mail01 was written to while it was held (fsfreeze: 8 sectors of sdb)']);
  });

  test('a hold that was never confirmed, or never released, stills nothing', () => {
    const { heldAtMs: _held, ...unconfirmed } = hold;
    const { releaseSentAtMs: _sent, ...unreleased } = hold;
    expect(levelOf(unconfirmed)).toBe('unproven');
    expect(levelOf(unreleased)).toBe('unproven');
  });

  test('a hold of another disk, or of another guest, does not cover this one', () => {
    expect(levelOf({ ...hold, covers: [{ vm: 'mail01', disk: 'scsi0:9' }] })).toBe('unproven');
    expect(levelOf({ ...hold, vm: 'mail02' })).toBe('unproven');
  });

  test('one unit whose answer did not come in time leaves the whole set unproven, and is named', () => {
    const { answeredAtMs: _, ...late } = bulk;
    const said = judge([boot, data], { holds: [hold], fires: [fast, { ...late, outcome: 'unknown' }] });
    expect(said.level).toBe('unproven');
    expect(said.because[0]).toBe('array bulk did not say in time that it had taken its snapshot of bulk_lun');
  });

  test('a unit that was never fired leaves the set unproven', () => {
    expect(judge([boot, data], { holds: [hold], fires: [fast] }).level).toBe('unproven');
  });

  test('two free disks in one cut unit are one instant; in two they are not', () => {
    const other = { ...disk('scsi0:2', 'bulk', { free: 'accepted in the topology' }) };
    expect(levelText(judge([boot, data, other], { holds: [hold], fires: [fast, bulk] }))).toBe(
      'filesystem (boot disks: crash, accepted disks: crash)',
    );
    const third = disk('scsi0:2', 'third', { free: 'accepted in the topology' });
    const cut = { ...bulk, array: 'third', unit: 'third-u' };
    const said = judge([boot, data, third], { holds: [hold], fires: [fast, bulk, cut] });
    expect(said.level).toBe('unproven');
    expect(said.because[0]).toContain('no proved hold covers mail01 scsi0:0, mail01 scsi0:2');
  });

  test('a group that lies in one cut unit is one instant whatever was held, and crash at best without holds', () => {
    const free = { ...disk('scsi0:1', 'fast', { free: 'no hold for this VM' }) };
    expect(levelText(judge([free], { holds: [], fires: [fast] }))).toBe('crash');
  });

  test.each(['changed', 'unread'] as const)('a placement that is %s leaves the best record unproven', (placement) => {
    const said = verdict(planOf([boot, data]), record({ holds: [hold], fires: [fast, bulk] }), placement);
    expect(said.level).toBe('unproven');
    expect(said.disks.map(({ level, stilledBy }) => [level, stilledBy])).toEqual([
      ['crash', undefined],
      ['crash', undefined],
    ]);
  });

  test('an application that was paused all the while lends its level; one that went on does not', () => {
    const pause = {
      ...hold,
      method: 'script',
      stage: 0,
      covers: [],
      gives: 'application' as Level,
      sentAtMs: -10,
      heldAtMs: -5,
      releaseSentAtMs: 110,
    };
    const judged = (first: HoldRecord, lends: object): Level => {
      const plan = planOf([data]);
      const stages = [first, hold].map(({ method, gives, covers }) => ({
        method,
        gives,
        covers,
        watches: [],
        holds: [],
      }));
      const guests = plan.guests.map((guest) => ({
        ...guest,
        stages: stages.map((stage, index) => (index === 0 ? { ...stage, ...lends } : stage)),
      }));
      return verdict({ ...plan, guests }, record({ holds: [first, { ...hold, stage: 1 }], fires: [fast] }), 'same')
        .level;
    };
    expect(judged(pause, { lends: true })).toBe('application');
    expect(judged({ ...pause, release: 'expired' }, { lends: true })).toBe('filesystem');
    // It was to still disks, and turned out to still none.
    expect(judged(pause, {})).toBe('filesystem');
  });

  describe('with a fence on bulk', () => {
    const fenced = { ...boot, cover: 'fenced' as const };
    const third = disk('scsi0:2', 'third', { free: 'accepted in the topology' });
    const fires = [
      fast,
      { ...bulk, array: 'third', unit: 'third-u' },
      { ...bulk, fenced: true, sentAtMs: 60, answeredAtMs: 80 },
    ];
    const up = { array: 'bulk', sentAtMs: 11, upAtMs: 15 };

    test('its disks are still: a free disk elsewhere stays one instant with them', () => {
      expect(levelText(judge([fenced, data, third], { holds: [hold], fires, fences: [up] }))).toBe(
        'filesystem (boot disks: crash, accepted disks: crash)',
      );
    });

    test('that came up after the first fire, or not at all, they are not', () => {
      expect(judge([fenced, data, third], { holds: [hold], fires, fences: [{ ...up, upAtMs: 21 }] }).level).toBe(
        'unproven',
      );
      expect(judge([fenced, data, third], { holds: [hold], fires, fences: [] }).level).toBe('unproven');
    });

    test('whose commit was sent before the others were answered, they are not', () => {
      const early = fires.map((fire) => (fire.fenced ? { ...fire, sentAtMs: 59 } : fire));
      expect(judge([fenced, data, third], { holds: [hold], fires: early, fences: [up] }).level).toBe('unproven');
    });
  });

  describe('of an optional guest that was not held', () => {
    const plan = planOf(
      [boot, data, { ...disk('scsi0:0', 'third'), ref: { vm: 'web01', disk: 'scsi0:0' } }],
      ['web01'],
    );
    const fires = [fast, bulk, { ...bulk, array: 'third', unit: 'third-u' }];

    test('is its own, and the set keeps what it proved without it', () => {
      const said = verdict(plan, record({ holds: [hold], fires }), 'same');
      expect(levelText(said)).toBe('filesystem (boot disks: crash)');
      expect(said.vms.find(({ vm }) => vm === 'web01')).toEqual({ vm: 'web01', level: 'crash', aside: true });
    });

    test('is its own also where a fence stills its disks: that quiesces nothing, and must not weaken the others', () => {
      const commit = { array: 'third', unit: 'third-u', fenced: true, sentAtMs: 60, answeredAtMs: 80 };
      const up = { array: 'third', sentAtMs: 11, upAtMs: 15 };
      const said = verdict(
        plan,
        record({ holds: [hold], fires: [fast, bulk, { ...bulk, ...commit }], fences: [up] }),
        'same',
      );
      expect(said.level).toBe('filesystem');
      expect(said.vms.find(({ vm }) => vm === 'web01')).toMatchObject({ level: 'crash', aside: true });
    });
  });
});

function levelOf(changed: HoldRecord): Level {
  return judge([boot, data], { holds: [changed], fires: [fast, bulk] }).level;
}

function judge(disks: readonly PlannedDisk[], facts: Partial<WindowRecord>) {
  return verdict(planOf(disks), record(facts), 'same');
}

function record(facts: Partial<WindowRecord>): WindowRecord {
  return { startedAt: '', openedAtMs: 0, closedAtMs: 110, holds: [], fences: [], fires: [], ...facts };
}

function disk(address: string, array: string, { free }: { free?: string } = {}): PlannedDisk {
  return {
    ref: { vm: 'mail01', disk: address },
    kind: 'rdm-physical',
    sizeBytes: 1n,
    where: 'physical RDM',
    data: [`naa.6${array}` as DeviceKey],
    volumes: [volume(array)],
    units: [`${array}-u`],
    cover: free === undefined ? 'held' : 'free',
    boot: free === 'boot disk',
    ...(free === undefined ? {} : { because: free }),
  };
}

function volume(array: string): Volume {
  return { array, id: `${array}-v`, name: `${array}_lun`, sizeBytes: 1n, container: `${array}_lun` };
}

function planOf(disks: readonly PlannedDisk[], optional: readonly string[] = []): Plan {
  const arrays = [...new Set(disks.flatMap((one) => one.volumes.map(({ array }) => array)))];
  return {
    group: 'mail',
    require: 'filesystem',
    best: 'filesystem',
    timing: { windowMs: 8000, reserveMs: 1200, releaseMs: 5000 },
    guests: [...new Set(disks.map(({ ref }) => ref.vm))].map((vm) => ({
      vm,
      ref: vm,
      instanceUuid: vm,
      optional: optional.includes(vm),
      after: [],
      stages: [],
      atBest: 'application' as const,
      excluded: [],
    })),
    disks,
    arrays: arrays.map((array) => ({
      array,
      make: 'simulated',
      units: [{ array, id: `${array}-u`, volumes: [volume(array)], alsoCaptures: [] }],
      fence: false,
      forecastMs: 20,
      answersCut: true,
    })),
    alsoCaptured: [],
    placement: { takenAt: '', source: '', vms: [], datastores: [], findings: [] },
    findings: [],
  };
}
