import { pad, shorten, WIDTH, widthOf } from './text.ts';

export interface TableOptions {
  readonly indent?: string;
  readonly width?: number;
  /** Columns that may be cut where a line is too long, the widest first. What is not named here is never cut. */
  readonly shrink?: readonly number[];
}

const GAP = '  ';
const NARROWEST = 8;

/** Rows under one another, left-aligned, two spaces between, nothing at the end of a line. */
export function table(rows: readonly (readonly string[])[], options: TableOptions = {}): readonly string[] {
  const { indent = '', width = WIDTH, shrink = [] } = options;
  const widths = columnWidths(rows);
  const gaps = widthOf(indent) + GAP.length * (widths.length - 1);
  let over = gaps + widths.reduce((sum, each) => sum + each, 0) - width;
  while (over > 0) {
    const column = widest(widths, shrink);
    const has = column === undefined ? 0 : (widths[column] ?? 0);
    if (column === undefined || has <= NARROWEST) break;
    widths[column] = has - 1;
    over -= 1;
  }
  return rows.map((row) => {
    const cells = row.map((cell, column) => fitted(cell, widths[column] ?? 0, column === row.length - 1));
    return (indent + cells.join(GAP)).trimEnd();
  });
}

function fitted(cell: string, width: number, isLast: boolean): string {
  const has = widthOf(cell);
  if (has > width) return pad(shorten(cell, width), width);
  return isLast ? cell : cell + ' '.repeat(width - has);
}

function widest(widths: readonly number[], columns: readonly number[]): number | undefined {
  const has = (column: number): number => widths[column] ?? 0;
  return columns.reduce<number | undefined>(
    (top, each) => (top === undefined || has(each) > has(top) ? each : top),
    undefined,
  );
}

function columnWidths(rows: readonly (readonly string[])[]): number[] {
  const columns = rows.reduce((most, row) => Math.max(most, row.length), 0);
  // One by one: a call takes no more than some ten thousand arguments.
  return Array.from({ length: columns }, (_, column) =>
    rows.reduce((widest, row) => Math.max(widest, widthOf(row[column] ?? '')), 0),
  );
}
