import type { Finding } from '../model.ts';

/** What cannot be covered: the plan stops, unless the topology accepts this code for this VM. */
export function refused(code: string, subject: string, message: string, hint: string): Finding {
  return { code: `vsphere.${code}`, severity: 'error', subject, message, hint };
}

export function doubtful(code: string, subject: string, message: string, hint: string): Finding {
  return { code: `vsphere.${code}`, severity: 'warning', subject, message, hint };
}
