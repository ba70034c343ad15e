import { expect, it } from 'vitest';
import { COMMANDS, GLOBAL_FLAGS } from '../../../src/cli/commands.ts';
import { expectGolden } from '../golden.ts';
import { reference } from './reference.ts';

it('the reference of the command line is what the program says', () => {
  expectGolden(reference(), new URL('../../../docs/reference/cli.md', import.meta.url));
});

it('every flag of every command says what it does', () => {
  const flags = [...GLOBAL_FLAGS, ...COMMANDS.flatMap((command) => command.flags ?? [])];
  expect(flags.filter(([, meaning]) => meaning.trim() === '')).toEqual([]);
});
