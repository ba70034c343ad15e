import { pad, shorten, WIDTH, widthOf } from './text.ts';

export interface TableOptions {
  readonly indent?: string;
  readonly width?: number;
  /** Columns that may be cut where a line is too long, the first one first. What is not named here is never cut. */
  readonly shrink?: readonly number[];
}

const GAP = '  ';
const NARROWEST = 8;

/** Rows under one another, left-aligned, two spaces between, nothing at the end of a line. */
export function table(rows: readonly (readonly string[])[], options: TableOptions = {}): readonly string[] {
  const { indent = '', width = WIDTH, shrink = [] } = options;
  const widths = columnWidths(rows);
  for (const column of shrink) {
    const over = widthOf(indent) + widths.reduce((sum, each) => sum + each + GAP.length, -GAP.length) - width;
    const has = widths[column] ?? 0;
    if (over > 0) widths[column] = Math.max(Math.min(has, NARROWEST), has - over);
  }
  return rows.map((row) =>
    (
      indent + row.map((cell, column) => pad(shorten(cell, widths[column] ?? 0), widths[column] ?? 0)).join(GAP)
    ).trimEnd(),
  );
}

function columnWidths(rows: readonly (readonly string[])[]): number[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length: columns }, (_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ''))));
}
