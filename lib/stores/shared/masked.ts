/** What may be repeated of a URL that can't be read: all of it, where no part can be a password. */
export function masked(url: unknown): string {
  const text = String(url);
  if (/^[a-z][a-z0-9+.-]*:\/\/[^:@]*$/i.test(text)) return text.slice(0, 200);
  const [scheme = ''] = /^(?:sqlite|mysql|mariadb):|^[a-z][a-z0-9+.-]*:(?=\/\/)/i.exec(text) ?? [];
  return `${scheme}***`;
}
