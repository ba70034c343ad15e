import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { deadline } from '../../src/base/deadline.ts';
import { Secret } from '../../src/base/secret.ts';
import { startVcenter, type Vcenter } from '../../src/demo/vcenter.ts';
import { placementReader } from '../../src/inventory/reader.ts';
import { response } from '../../src/vsphere/soap.ts';
import { type ReaderOptions, xmlReader } from '../../src/vsphere/xml.ts';
import { refusedWorld } from '../fixtures/world-table.ts';
import { patient } from '../patience.ts';
import { type Meddler, startMeddler } from './kit/meddler.ts';
import { mutated, mutation } from './kit/mutated.ts';
import { runs, settles, survives } from './kit/survives.ts';

const TOKENS = [
  '<![CDATA[',
  ']]>',
  '<!--',
  '<!DOCTYPE a [<!ENTITY b "c">]>',
  '&b;',
  '&#0;',
  '<objects>',
  '</returnval>',
];

describe('whatever a vCenter answers', () => {
  let vcenter: Vcenter;
  let meddler: Meddler;
  beforeAll(async () => {
    vcenter = await startVcenter({ table: refusedWorld, username: 'reader', password: 'right', pageSize: 50 });
    meddler = await startMeddler(vcenter.url);
    await read();
  });
  afterAll(async () => {
    await meddler?.close();
    await vcenter?.close();
  });

  async function read(): Promise<unknown> {
    const limit = deadline(systemClock, patient(10_000), 'the test');
    const settings = { url: meddler.url, username: 'reader', password: new Secret('right'), tls: meddler.tls };
    try {
      const reader = await placementReader(settings, { clock: systemClock, environment: {} }, limit);
      try {
        const vms = refusedWorld.vms.map(({ name }) => ({ vm: name, wanted: name }));
        return await reader.read(vms, limit);
      } finally {
        await reader.close();
      }
    } finally {
      limit.done();
    }
  }

  test('is read or refused as XML, wherever it is broken', () => {
    fc.assert(
      fc.property(mutated(meddler.heard(), TOKENS), fc.integer({ min: 1, max: 4000 }), (body, chunk) => {
        const text = body.toString();
        const asked = { host: 'vc.test', username: 'reader', method: 'Some' };
        survives(() => response(whole(text, chunk, { take: 'objects', taken: () => {} }), asked));
      }),
      runs(120),
    );
  });

  test('one answer of a whole reading broken: a placement with findings, or a Fault', async () => {
    const turn = fc.nat(meddler.heard().length - 1);
    await fc.assert(
      fc.asyncProperty(turn, mutation(TOKENS), async (at, mutate) => {
        meddler.breakNext(at, mutate);
        await settles(read());
      }),
      runs(20),
    );
  });
});

describe('an answer that would fill the memory', () => {
  test.each([
    ['of elements', '<b/>', 'more than 1000000 elements'],
    ['of text in many elements', `<b>${'x'.repeat(900_000)}</b>`, 'more than 32000000 characters'],
    ['of comments', `<!--${'x'.repeat(60_000)}-->`, 'text of more than'],
  ])('%s is refused', (_, piece, why) => {
    const reader = xmlReader();
    const write = (): void => {
      reader.write('<a>');
      for (let count = 0; count < 1_100_000; count += 1) reader.write(piece);
    };
    expect(write).toThrow(why);
  });

  test('of entities within entities is refused at its document type', () => {
    const bomb = '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>';
    expect(() => whole(bomb, 7)).toThrow('document type');
  });
});

function whole(text: string, chunk: number, options?: ReaderOptions): ReturnType<ReturnType<typeof xmlReader>['end']> {
  const reader = xmlReader(options);
  for (let at = 0; at < text.length; at += chunk) reader.write(text.slice(at, at + chunk));
  return reader.end();
}
