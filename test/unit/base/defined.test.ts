import { expect, expectTypeOf, test } from 'vitest';
import { defined } from '../../../src/base/defined.ts';

test('what is undefined is not there; everything else is, in its order', () => {
  const hint: string | undefined = ['try again'][1];
  const parts = { code: 'x', ...defined({ exit: 0, hint, cause: null, list: [] }) };
  expect(Object.entries(parts)).toEqual([
    ['code', 'x'],
    ['exit', 0],
    ['cause', null],
    ['list', []],
  ]);
});

test('a member that may be undefined may be absent, and is never undefined', () => {
  const given: { readonly hint?: string; readonly exit: number | undefined; readonly code: string } = {
    exit: undefined,
    code: 'x',
  };
  expectTypeOf(defined(given)).toExtend<{ hint?: string; exit?: number; code: string }>();
  // @ts-expect-error: as an optional spread, it may be absent.
  const exit: number = defined(given).exit;
  expect(exit).toBeUndefined();
});
