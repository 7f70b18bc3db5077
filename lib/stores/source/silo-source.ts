/**
 * A `silo` table of another program (Kamailio's versions 6 to 8, OpenSIPS' version 6), to be read and never changed:
 * by id, in pages, with SELECTs that take no locks, while the other program writes on.
 */
import { resolve } from 'node:path';
import { SiloError } from '../../base/errors.ts';
import { openMysqlReader } from './mysql-reader.ts';
import { accessOf } from '../access.ts';
import { parseMysqlUrl } from '../mysql/link/url.ts';
import { masked } from '../shared/masked.ts';
import type { Reader, SourceColumn } from './reader.ts';
import { int, type Row, whole } from '../shared/values.ts';
import { openSqliteReader } from './sqlite-reader.ts';

/** Our name of a column -> msilo's parameter that names it. */
const PARAMETERS = {
  id: 'sc_mid',
  src_addr: 'sc_from',
  dst_addr: 'sc_to',
  username: 'sc_uri_user',
  domain: 'sc_uri_host',
  inc_time: 'sc_inc_time',
  exp_time: 'sc_exp_time',
  snd_time: 'sc_snd_time',
  ctype: 'sc_ctype',
  body: 'sc_body',
  extra_hdrs: 'sc_stored_hdrs',
  callid: 'sc_callid',
} as const;

type Column = keyof typeof PARAMETERS;
const COLUMNS = Object.keys(PARAMETERS) as readonly Column[];
/** Kamailio has them since 2011 and 2012, OpenSIPS has not. */
const OPTIONAL: ReadonlySet<Column> = new Set(['extra_hdrs', 'callid']);
const NUMBERS: ReadonlySet<Column> = new Set(['id', 'inc_time', 'exp_time', 'snd_time']);
/** The parameters that `--columns` knows. `sc_status` names a column that no msilo has ever used. */
export const COLUMN_PARAMETERS: readonly string[] = [...Object.values(PARAMETERS), 'sc_status'];

/** One column of text: undefined when it holds bytes that are no text. */
export interface SourceText {
  readonly text: string | undefined;
  /** It fills its column: longer text was cut here (a database that is not strict does so silently). */
  readonly full: boolean;
}

export interface SourceRow {
  readonly id: number;
  readonly srcAddr: SourceText;
  readonly dstAddr: SourceText;
  readonly username: SourceText;
  readonly domain: SourceText;
  readonly contentType: SourceText;
  readonly extraHeaders: SourceText;
  readonly callId: SourceText;
  readonly incTime: number;
  readonly expTime: number;
  readonly sendTime: number;
  readonly body: Buffer;
}

export interface SiloSource {
  /** The database without user and password. */
  readonly name: string;
  readonly table: string;
  /** Is the table drachtio-silo's own? Asked again, since a store that was opened meanwhile may have made it so. */
  isOurs(): Promise<boolean>;
  rows(): Promise<number>;
  lastId(): Promise<number>;
  /** Rows with an id above `after`, in order, at most `limit`. */
  page(after: number, limit: number): Promise<readonly SourceRow[]>;
  /** Ids above `after`, in order, at most `limit`. */
  ids(after: number, limit: number): Promise<readonly number[]>;
  /** These rows, in order; those that are gone are left out. */
  those(ids: readonly number[]): Promise<readonly SourceRow[]>;
  close(): Promise<void>;
}

export interface SourceOptions {
  /** msilo's `db_table`. */
  readonly table?: string;
  /** msilo's column parameters, e.g. `sc_from` -> `sender`. */
  readonly columns?: ReadonlyMap<string, string>;
}

/** @throws SiloError `SILO_SOURCE`: the URL, the table or a column is not there, or the database can't be used */
export async function openSource(url: string, options: SourceOptions = {}): Promise<SiloSource> {
  const { table = 'silo', columns = new Map<string, string>() } = options;
  const names = new Map(COLUMNS.map((column) => [column, columns.get(PARAMETERS[column]) ?? column]));
  const reader = await openReader(url);
  try {
    const found = await reader.columns(table);
    checkColumns(reader.name, { table, found, names, named: columns });
    return sourceOf(reader, table, found, names);
  } catch (error) {
    await reader.close();
    throw error;
  }
}

/** Is it the same database under the same name? Another name of its host goes unnoticed here. */
export function sameDatabase(url: string, other: string): boolean {
  const [left, right] = [parseMysqlUrl(url), parseMysqlUrl(other)];
  if (left && right) return left.name === right.name;
  if (left || right) return false;
  return resolve(url.replace(/^sqlite:/, '')) === resolve(other.replace(/^sqlite:/, ''));
}

function openReader(url: string): Promise<Reader> {
  // Kamailio writes sqlite:///var/db/kamailio.db.
  if (url.startsWith('sqlite:') && url.length > 'sqlite:'.length)
    return openSqliteReader(url.slice('sqlite:'.length).replace(/^\/{2,}/, '/'));
  const mysql = accessOf(url);
  if (mysql) return openMysqlReader(mysql);
  throw new SiloError(
    'SILO_SOURCE',
    `The source "${masked(url)}" can't be read: wanted is mysql://user:password@host:port/database or sqlite:<path>.`,
  );
}

type Found = ReadonlyMap<string, SourceColumn>;
type Names = ReadonlyMap<Column, string>;

/** The table of a source: the columns that it has, those that are wanted, and which of their names were given. */
interface Columns {
  readonly table: string;
  readonly found: Found;
  readonly names: Names;
  readonly named: ReadonlyMap<string, string>;
}

function checkColumns(name: string, { table, found, names, named }: Columns): void {
  if (found.size === 0)
    throw new SiloError(
      'SILO_SOURCE',
      `${name} has no table ${table} that this user may read: name it with --table, and give the user the right to SELECT from it.`,
    );
  const missing = [...names].filter(
    ([column, own]) => !found.has(own) && (!OPTIONAL.has(column) || named.has(PARAMETERS[column])),
  );
  if (missing.length > 0)
    throw new SiloError(
      'SILO_SOURCE',
      `The table ${table} of ${name} has no column ${missing.map(([, own]) => own).join(', ')}; it has ${[...found.keys()].join(', ')}. ` +
        `If they have other names, say so as in Kamailio's script: --columns ${missing.map(([column]) => `${PARAMETERS[column]}=…`).join(',')}.`,
    );
}

function sourceOf(reader: Reader, table: string, found: Found, names: Names): SiloSource {
  const present = COLUMNS.filter((column) => found.has(names.get(column) ?? column));
  const own = (column: Column) => reader.quoted(names.get(column) ?? column);
  const id = own('id');
  const from = reader.quoted(table);
  const inUtf8 = present.filter((column) => found.get(names.get(column) ?? column)?.charset !== undefined);
  const list = [
    ...present.map((column) =>
      NUMBERS.has(column) ? `${own(column)} as ${column}` : `${reader.bytes(own(column))} as ${column}`,
    ),
    ...inUtf8.map((column) => `${reader.utf8(own(column))} as ${column}_utf8`),
  ].join(', ');
  const toRow = (row: Row): SourceRow => {
    const columnOf = (column: Column) => found.get(names.get(column) ?? column);
    const bytes = (column: Column) =>
      asMeant(bytesOf(row[column]), bytesOf(row[`${column}_utf8`]), columnOf(column)?.charset);
    const text = (column: Column): SourceText => {
      const written = row[`${column}_utf8`] === undefined ? row[column] : row[`${column}_utf8`];
      const length = Array.from(bytesOf(written).toString('utf8')).length;
      const width = columnOf(column)?.width;
      return { text: utf8Of(bytes(column)), full: width !== undefined && length >= width };
    };
    return {
      id: int(row, 'id'),
      srcAddr: text('src_addr'),
      dstAddr: text('dst_addr'),
      username: text('username'),
      domain: text('domain'),
      contentType: text('ctype'),
      extraHeaders: text('extra_hdrs'),
      callId: text('callid'),
      incTime: int(row, 'inc_time'),
      expTime: int(row, 'exp_time'),
      sendTime: int(row, 'snd_time'),
      body: bytes('body'),
    };
  };
  const number = async (expression: string) =>
    int((await reader.all(`select ${expression} as n from ${from}`))[0] ?? {}, 'n');

  return {
    name: reader.name,
    table,
    isOurs: async () => (await reader.columns(table)).has('box'),
    rows: () => number('count(*)'),
    lastId: () => number(`coalesce(max(${id}), 0)`),
    page: async (after, limit) =>
      (
        await reader.all(
          `select ${list} from ${from} where ${id} > ${whole(after)} order by ${id} limit ${whole(limit)}`,
        )
      ).map(toRow),
    ids: async (after, limit) =>
      (
        await reader.all(
          `select ${id} as n from ${from} where ${id} > ${whole(after)} order by ${id} limit ${whole(limit)}`,
        )
      ).map((row) => int(row, 'n')),
    those: async (ids) =>
      ids.length === 0
        ? []
        : (
            await reader.all(
              `select ${list} from ${from} where ${id} in (${ids.map(whole).join(', ')}) order by ${id}`,
            )
          ).map(toRow),
    close: () => reader.close(),
  };
}

/**
 * The UTF-8 of a text as it was meant. Whoever wrote it may have used a connection of another character set than the column's: mostly
 * that puts UTF-8 into a latin1 column unchanged, so UTF-8 is tried first where that can be.
 */
function asMeant(bytes: Buffer, utf8: Buffer, charset: SourceColumn['charset']): Buffer {
  if (charset === undefined) return bytes;
  return charset === 'other' && utf8Of(bytes) !== undefined ? bytes : utf8;
}

function utf8Of(bytes: Buffer): string | undefined {
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : undefined;
}

function bytesOf(value: Row[string] | undefined): Buffer {
  if (value === null || value === undefined) return Buffer.alloc(0);
  if (typeof value === 'object') return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return Buffer.from(String(value), 'utf8');
}
