/** '2026-11-22 03:00:03 +01:00': for people, in this machine's zone. Files and JSON carry UTC. */
export function localTime(date: Date): string {
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString();
  return `${local.slice(0, 10)} ${local.slice(11, 19)} ${offsetOf(date)}`;
}

/** '22 Nov 03:00 +01:00': beside a set's name, which has the year. */
export function shortLocalTime(date: Date): string {
  const day = `${twoDigits(date.getDate())} ${MONTHS[date.getMonth()]}`;
  return `${day} ${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())} ${offsetOf(date)}`;
}

/** '03:00:03 +01:00': of something that is minutes away at the most. */
export function clockTime(date: Date): string {
  return localTime(date).slice(11);
}

/** '2026-11-22T03:00:03.512+01:00': RFC 3339, for the lines of a log. */
export function localStamp(date: Date): string {
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString();
  return `${local.slice(0, -1)}${offsetOf(date)}`;
}

function offsetOf(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60] as const;
  return `${minutes < 0 ? '-' : '+'}${twoDigits(hours)}:${twoDigits(rest)}`;
}

function twoDigits(number: number): string {
  return number < 10 ? `0${number}` : `${number}`;
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
