/** The title of a web page, in one line; undefined where this is none, or it has none. */
export function titleOf(page: string): string | undefined {
  const title = /<title[^>]*>([^<]{1,80})/i.exec(page)?.[1]?.replace(/\s+/g, ' ').trim();
  return title === '' ? undefined : title;
}

/** Where a redirect leads, without user, password and query: a login page's address may carry what must not be printed. */
export function placeOf(location: string, from: URL): string {
  if (!URL.canParse(location, from.href)) return 'another address';
  const target = new URL(location, from.href);
  return `${target.protocol}//${target.host}${target.pathname}`;
}
