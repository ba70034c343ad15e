import type { Finding } from '../model.ts';
import { type Paint, PLAIN } from './paint.ts';

/** One finding as people read it, its place in the file included: several lines. */
export type RenderFinding = (finding: Finding) => string;

const ORDER: readonly Finding['severity'][] = ['error', 'warning', 'note'];

/** All findings, worst first, in the order of the file within a severity; a blank line between those of several lines. */
export function findingLines(
  findings: readonly Finding[],
  render: RenderFinding,
  paint: Paint = PLAIN,
): readonly string[] {
  return worstFirst(findings).flatMap((finding, index) => {
    const lines = render(finding)
      .split('\n')
      .map((line, at) => (at === 0 ? painted(line, finding.severity, paint) : line));
    return index > 0 && lines.length > 1 ? ['', ...lines] : lines;
  });
}

function worstFirst(findings: readonly Finding[]): readonly Finding[] {
  return ORDER.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
}

function painted(line: string, severity: Finding['severity'], paint: Paint): string {
  if (severity === 'note') return line;
  return severity === 'error' ? paint.bad(line) : paint.warn(line);
}
