/** What may be repeated of a URL that can't be read: any part of it may be a password. */
export function masked(url: unknown): string {
  const scheme = /^(?:sqlite|mysql|mariadb):|^[a-z][a-z0-9+.-]*:(?=\/\/)/i.exec(String(url))?.[0] ?? '';
  return `${scheme}***`;
}
