import type { CommandResult, Dialogue, Shell } from '../../src/ports.ts';
import type { JumpingClock } from './array-clock.ts';
import type { LabFault } from './array-lab.ts';

/** What goes wrong between us and a real array. */
export interface Trouble {
  /** Nothing is answered any more. */
  stalled: boolean;
  /** By the number of the job. */
  readonly jobs: Map<number, { readonly fault: LabFault; readonly late: () => Promise<unknown> }>;
}

export function noTrouble(): Trouble {
  return { stalled: false, jobs: new Map() };
}

/** A real shell whose words and answers can get lost. */
export function troubled(shell: Shell, trouble: Trouble, clock: JumpingClock): Shell {
  return {
    where: shell.where,
    run: (argv, options): Promise<CommandResult> => shell.run(trouble.stalled ? ['sleep', '60'] : argv, options),
    async start(argv, deadline) {
      if (trouble.stalled) return troubledLine(await shell.start(['sleep', '60'], deadline), trouble, clock);
      return troubledLine(await shell.start(argv, deadline), trouble, clock);
    },
    close: () => shell.close(),
  };
}

function troubledLine(line: Dialogue, trouble: Trouble, clock: JumpingClock): Dialogue {
  const deaf = new Set<string>();
  return {
    ...line,
    send(word) {
      if (trouble.stalled) return;
      const befalls = trouble.jobs.get(Number(word));
      if (befalls === undefined) return line.send(word);
      trouble.jobs.delete(Number(word));
      deaf.add(word);
      if (befalls.fault === 'lost-after') line.send(word);
      if (befalls.fault === 'late') clock.after(30_000, () => void befalls.late());
    },
    onLine(receive) {
      line.onLine((text) => {
        if (!deaf.has(text.split(' ')[0] ?? '')) receive(text);
      });
    },
  };
}
