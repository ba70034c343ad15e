import { isHarmlessKey } from './harmless.ts';
import type { Path } from './spot.ts';

/** A finding before it is placed: every stage of the reader gives these, and `read` puts the lines to them. */
export interface Problem {
  /** 'topology.…' */
  readonly code: string;
  readonly severity: 'error' | 'warning';
  /** 'group mail', 'array fast'; 'topology' for the file as a whole. */
  readonly subject: string;
  readonly message: string;
  readonly hint?: string;
  /** Offset in the text; absent: about the file, not a place in it. */
  readonly offset?: number;
}

export function problem(parts: Omit<Problem, 'severity'> & { readonly severity?: 'warning' }): Problem {
  return { severity: 'error', ...parts };
}

/** 'group mail' for ['groups', 'mail', …]: what a finding at this path is about. */
export function subjectOf(path: Path): string {
  const [section, name] = path;
  if (name === undefined) return 'topology';
  const noun = NOUNS[String(section)];
  return noun === undefined ? said(path, 0) : `${noun} ${said(path, 1)}`;
}

/** The keys inside the subject, as people write them: `ssh.port`, `exclude[0].disk`. */
export function keyOf(path: Path): string {
  if (path.length === 1) return said(path, 0);
  const above = NOUNS[String(path[0])] === undefined ? 1 : 2;
  return path
    .slice(above)
    .map((step, index) =>
      typeof step === 'number' ? `[${step + 1}]` : `${index === 0 ? '' : '.'}${said(path, above + index)}`,
    )
    .join('');
}

/** A step as it may be repeated: what stands where a key should may be the secret itself. */
function said(path: Path, index: number): string {
  return isHarmlessKey(path.slice(0, index + 1)) ? String(path[index]) : '***';
}

const NOUNS: Readonly<Record<string, string>> = {
  arrays: 'array',
  tiers: 'tier',
  volumes: 'volume',
  vms: 'vm',
  groups: 'group',
};
