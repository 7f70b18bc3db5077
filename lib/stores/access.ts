/** The way into a MySQL or MariaDB: its URL, and TLS by the options or by the URL, which is the more particular of both. */
import { SiloError } from '../base/errors.ts';
import { conceal } from '../base/secrets.ts';
import { readOptions } from '../options/check.ts';
import { tlsOf, type Tls } from './mysql/link/tls.ts';
import { parseMysqlUrl, type MysqlUrl } from './mysql/link/url.ts';
import { tlsOptions, type TlsOptions } from './options.ts';

export interface MysqlAccess extends MysqlUrl {
  /** Undefined: in the clear. */
  readonly tls: Tls | undefined;
}

/**
 * Undefined for what is no URL of such a database.
 *
 * @throws SiloError `SILO_STORE_URL` for a parameter that is none, `SILO_CONFIG` for TLS that contradicts itself
 */
export function accessOf(url: string, options: TlsOptions = {}): MysqlAccess | undefined {
  const mysql = parseMysqlUrl(url);
  if (!mysql) return undefined;
  conceal(mysql.account.password);
  const known = Object.keys(tlsOptions.options);
  const unknown = [...mysql.parameters.keys()].filter((parameter) => !known.includes(parameter));
  if (unknown.length > 0)
    throw new SiloError(
      'SILO_STORE_URL',
      `The URL of ${mysql.name} has the parameter ${unknown.join(', ')}: wanted are only ${known.join(', ')}.`,
    );
  const settings = readOptions(
    tlsOptions,
    { ...options, ...Object.fromEntries(mysql.parameters) },
    (name) => ({ name, where: ` of the store ${mysql.name}` }),
  );
  return { ...mysql, tls: tlsOf(settings) };
}
