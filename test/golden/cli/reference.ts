import { COMMANDS, GLOBAL_FLAGS } from '../../../src/cli/commands.ts';
import { EXIT_HELP } from '../../../src/cli/help.ts';

const INTRO = `# The command line

<!-- Made from the program: STILLPOINT_GOLDEN=write npx vitest run test/golden/cli -->

\`stillpoint COMMAND --help\` says the same. Standard output carries the answer, standard error everything else. SET is an
id, any unique beginning of one, \`latest\`, or \`latest:GROUP\` (the latest good one).
`;

/** docs/reference/cli.md, from the commands themselves. */
export function reference(): string {
  return [
    INTRO,
    ...COMMANDS.map(({ name, argument, summary, about, flags = [] }) =>
      [
        `## \`stillpoint ${name}${argument === undefined ? '' : ` ${argument}`}\``,
        '',
        paragraph(summary, about),
        table(flags),
      ].join('\n'),
    ),
    `## Everywhere\n\n${table(GLOBAL_FLAGS)}`,
    `## Exit codes, and what remains\n\n\`stillpoint help exit\`:\n\n\`\`\`text\n${EXIT_HELP}\`\`\`\n`,
  ].join('\n');
}

function paragraph(summary: string, about: string | undefined): string {
  const first = `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
  return `${about === undefined ? first : `${first} ${about.replaceAll('\n', ' ')}`}\n`;
}

function table(flags: readonly (readonly [flags: string, description: string])[]): string {
  if (flags.length === 0) return '';
  const rows = flags.map(([flag, meaning]) => `| \`${flag}\` | ${meaning.replaceAll('|', '\\|')} |`);
  return ['| flag | meaning |', '| --- | --- |', ...rows, ''].join('\n');
}
