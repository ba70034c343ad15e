const COLUMNS = [
  'guests',
  'arrays',
  'window',
  'least',
  'ratio',
  'hold',
  'fire',
  'release',
  'skew',
  'cpu',
  'far cpu',
  'script',
  'skew',
];
const WIDTH = 8;

export function heading() {
  return `${row(COLUMNS)}   (ms, medians)`;
}

/** @param {import('./cell.js').Row} cell */
export function line(cell) {
  const { hold, fire, release } = cell.phasesMs;
  const { scriptWindowMs, scriptFireSkewMs } = cell;
  return row([
    cell.guests,
    cell.arrays,
    cell.windowMs,
    cell.unavoidableMs,
    cell.ratio,
    hold,
    fire,
    release,
    cell.fireSkewMs,
    cell.cpuMs,
    cell.farCpuMs,
    scriptWindowMs ?? '-',
    scriptFireSkewMs ?? '-',
  ]);
}

/** @param {readonly (string | number)[]} cells */
function row(cells) {
  return cells.map((one) => String(one).padStart(WIDTH)).join('');
}
