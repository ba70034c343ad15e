import { Fault } from '../../base/fault.ts';

export interface Page<T> {
  readonly items: readonly T[];
  /** What the next request has to say to get the next page; absent: this was the last. */
  readonly next?: string | undefined;
}

/** 10,000 pages are ten million objects where a page has a thousand. */
const MOST_PAGES = 10_000;

/**
 * Everything in a list that comes in pages.
 *
 * @param read the page that `next` of the one before names; undefined: the first
 * @param what the list, for a fault: 'pure-a.example: GET /api/2.26/volumes'
 * @throws Fault `array.endless-list`, and what `read` throws
 */
export async function pages<T>(read: (next: string | undefined) => Promise<Page<T>>, what: string): Promise<T[]> {
  const items: T[] = [];
  const seen = new Set<string>();
  for (let next: string | undefined; ; ) {
    const page = await read(next);
    for (const item of page.items) items.push(item);
    next = page.next;
    if (next === undefined || next === '') return items;
    if (seen.has(next) || seen.size >= MOST_PAGES) throw endless(what, seen.size);
    seen.add(next);
  }
}

function endless(what: string, count: number): Fault {
  return new Fault({
    code: 'array.endless-list',
    message: `${what}: the list does not end: after ${count} pages the array names a page that it has already given, or one too many`,
    hint: 'Report this to the vendor of the array.',
  });
}
