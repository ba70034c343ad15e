import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../model.ts';

const HERE = 'stillpoint.yaml';

export interface Sought {
  /** Of -t. */
  readonly flag?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** The topology file as it is to be named: -t, else $STILLPOINT_TOPOLOGY, else ./stillpoint.yaml where there is one. */
export function findTopology({ flag, env, cwd }: Sought): { readonly file: string } | { readonly finding: Finding } {
  const variable = env.STILLPOINT_TOPOLOGY;
  if (flag !== undefined) return { file: flag };
  if (variable !== undefined && variable !== '') return { file: variable };
  if (existsSync(join(cwd, HERE))) return { file: HERE };
  return {
    finding: {
      code: 'topology.none',
      severity: 'error',
      subject: 'topology',
      message: `no topology: -t is not given, $STILLPOINT_TOPOLOGY is not set, and there is no ./${HERE} in ${cwd}`,
      hint: `A first one to fill in: stillpoint init > ${HERE}`,
    },
  };
}
