/**
 * `mysql://user:password@host1:3306,[2001:db8::2]:3306,host3/database?tls=verify`: one account, one database, any number of hosts, and how
 * the way there is secured.
 */
export interface Address {
  /** Name or IP address, IPv6 without its brackets. */
  readonly host: string;
  readonly port: number;
  /** As it is written in a URL: what logs and errors say. */
  readonly name: string;
}

export interface Account {
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export interface MysqlUrl {
  readonly hosts: readonly Address[];
  readonly account: Account;
  /** The URL without user, password and parameters. */
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const DEFAULT_PORT = 3306;

/** Undefined for what is not such a URL. The WHATWG URL class knows no lists of hosts. */
export function parseMysqlUrl(url: string): MysqlUrl | undefined {
  // A bare @ behind the host would be half of a password with a slash in it.
  const [, authority = '', database = '', query = ''] =
    /^(?:mysql|mariadb):\/\/([^/?#]+)\/([^/?#@]+)(?:\?([^?#@]*))?$/.exec(url) ?? [];
  const at = authority.lastIndexOf('@');
  const [user = '', ...password] = authority.slice(0, Math.max(at, 0)).split(':');
  const hosts = authority
    .slice(at + 1)
    .split(',')
    .map(parseAddress);
  try {
    const account = {
      user: decodeURIComponent(user),
      password: decodeURIComponent(password.join(':')),
      database: decodeURIComponent(database),
    };
    if (database === '' || !hosts.every((host) => host !== undefined)) return undefined;
    const name = `mysql://${hosts.map(({ name }) => name).join(',')}/${database}`;
    return { hosts, account, name, parameters: new Map(new URLSearchParams(query)) };
  } catch {
    // A percent sign that stands for nothing.
    return undefined;
  }
}

function parseAddress(text: string): Address | undefined {
  const [, six, other, digits = ''] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = six ?? other;
  const port = digits === '' ? DEFAULT_PORT : Number(digits);
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  return { host, port, name: `${six === undefined ? host : `[${host}]`}:${port}` };
}
