const COLUMNS = [
  'guests',
  'arrays',
  'window',
  'best',
  'least',
  'ratio',
  'hold',
  'fire',
  'release',
  'skew',
  'cpu',
  'far cpu',
  'script',
  'best',
  'skew',
];
const WIDTH = 8;

export function heading() {
  return `${row(COLUMNS)}   (ms)`;
}

/** @param {import('./cell.js').Row} cell */
export function line(cell) {
  const { hold, fire, release } = cell.phasesMs;
  const { scriptWindowMs, scriptBestWindowMs, scriptFireSkewMs } = cell;
  return row([
    cell.guests,
    cell.arrays,
    cell.windowMs,
    cell.bestWindowMs,
    cell.unavoidableMs,
    cell.ratio,
    hold,
    fire,
    release,
    cell.fireSkewMs,
    cell.cpuMs,
    cell.farCpuMs,
    scriptWindowMs ?? '-',
    scriptBestWindowMs ?? '-',
    scriptFireSkewMs ?? '-',
  ]);
}

/** @param {readonly (string | number)[]} cells */
function row(cells) {
  return cells.map((one) => String(one).padStart(WIDTH)).join('');
}
