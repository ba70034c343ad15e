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
export function subjectOf(path: readonly PropertyKey[]): string {
  const [section, name] = path;
  if (name === undefined) return 'topology';
  const noun = NOUNS[String(section)];
  return noun === undefined ? String(section) : `${noun} ${String(name)}`;
}

/** The keys inside the subject, as people write them: `ssh.port`, `exclude[0].disk`. */
export function keyOf(path: readonly PropertyKey[]): string {
  if (path.length === 1) return String(path[0]);
  const inside = path.slice(NOUNS[String(path[0])] === undefined ? 1 : 2);
  return inside
    .map((step, index) => (typeof step === 'number' ? `[${step + 1}]` : `${index === 0 ? '' : '.'}${String(step)}`))
    .join('');
}

const NOUNS: Readonly<Record<string, string>> = {
  arrays: 'array',
  tiers: 'tier',
  volumes: 'volume',
  vms: 'vm',
  groups: 'group',
};
