import { EXIT, Fault } from '../base/fault.ts';
import type { Finding } from '../model.ts';
import { excerpt } from '../topology/excerpt.ts';
import { findingLines } from '../ui/findings.ts';
import type { Session } from './session.ts';

const LOOKED = 'It is looked for as -t FILE, else as $STILLPOINT_TOPOLOGY, else as ./stillpoint.yaml.';

/** What is wrong with a topology: all of it, each with its place. */
export class TopologyFault extends Fault {
  readonly findings: readonly Finding[];

  constructor(file: string, findings: readonly Finding[]) {
    const errors = findings.filter(({ severity }) => severity === 'error').length;
    super({
      code: 'topology.invalid',
      message: `${file} cannot be used: ${errors === 1 ? 'one error' : `${errors} errors`}; nothing was touched`,
      ...(findings.some(({ code }) => code === 'topology.not-there') ? { hint: LOOKED } : {}),
      exit: EXIT.usage,
    });
    this.findings = findings;
  }
}

/** Findings as people read them, on standard error; a machine gets them as objects. */
export function tellFindings({ output, flags, paint }: Session, findings: readonly Finding[]): void {
  if (flags.json === true) for (const finding of findings) output.emit({ type: 'finding', finding });
  else if (findings.length > 0) output.note(findingLines(findings, excerpt, paint));
}
