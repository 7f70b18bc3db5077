/** The command line: what is asked for, or a sentence why that can't be told. */
import { parseArgs } from 'node:util';
import { SiloError, textOf } from '../base/errors.ts';
import { COLUMN_PARAMETERS } from '../stores/source/silo-source.ts';

export interface ImportArguments {
  readonly url: string;
  readonly table: string;
  /** msilo's column parameters, e.g. `sc_from` -> `sender`. */
  readonly columns: ReadonlyMap<string, string>;
  readonly batch: number;
  readonly dryRun: boolean;
  /** A file for the whole report; '' for none. */
  readonly report: string;
}

const USER_ACTIONS = ['add', 'passwd', 'list', 'remove'] as const;

export interface UserArguments {
  readonly action: (typeof USER_ACTIONS)[number];
  /** `user@domain`; '' for `list`. */
  readonly user: string;
}

export type Command =
  | { readonly name: 'start' | 'help' | 'version' | 'encrypt' }
  | { readonly name: 'import'; readonly options: ImportArguments }
  | { readonly name: 'user'; readonly options: UserArguments };

const DEFAULT_BATCH = 1_000;
const LARGEST_BATCH = 10_000;

export const USAGE = `drachtio-silo                          start; options come from the environment (SILO_…, DRACHTIO_…)
drachtio-silo import <url> [options]   messages of a Kamailio or OpenSIPS (msilo) into the store named by SILO_STORE
    <url>                       mysql://user:password@host:port/database, sqlite:<path>, or file:<path> of a
                                file that holds such a URL (arguments can be read by all users of a host)
    --table <name>              msilo's db_table (silo)
    --columns <sc_…=name,…>     msilo's column names where they were changed, e.g. sc_from=sender,sc_body=text
    --dry-run                   say what would be done, and store nothing
    --report <file>             write all findings, row by row, as JSON
    --batch <rows>              rows read and stored at once (${DEFAULT_BATCH})
drachtio-silo user add <user@domain>   a new user of the store; the password comes from a prompt, or from standard input
drachtio-silo user passwd <user@domain>   another password for a user
drachtio-silo user list                all users
drachtio-silo user remove <user@domain>
drachtio-silo encrypt                  encrypt all bodies in the store with the first key of SILO_BODY_KEY
drachtio-silo --help
drachtio-silo --version
`;

/** @throws SiloError `SILO_USAGE` */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = parsed(args);
  if (values.help) return { name: 'help' };
  if (values.version) return { name: 'version' };
  const [name, url, ...more] = positionals;
  if (name === undefined) {
    const [option] = Object.keys(values);
    if (option !== undefined) throw usage(`--${option} needs a command`);
    return { name: 'start' };
  }
  if (name === 'user') return { name, options: userArguments([url, ...more], Object.keys(values)) };
  if (name === 'encrypt') {
    if (url !== undefined || Object.keys(values).length > 0) throw usage('encrypt takes nothing else');
    return { name };
  }
  if (name !== 'import') throw usage(`there is no command ${JSON.stringify(name)}`);
  if (url === undefined) throw usage('import needs the URL of the database to import from');
  if (more.length > 0) throw usage(`import takes one URL, there is also ${JSON.stringify(more.join(' '))}`);
  return {
    name: 'import',
    options: {
      url,
      table: values.table ?? 'silo',
      columns: columnsOf(values.columns ?? ''),
      batch: batchOf(values.batch ?? String(DEFAULT_BATCH)),
      dryRun: values['dry-run'] ?? false,
      report: values.report ?? '',
    },
  };
}

/** A password is never an argument: everybody on the machine reads those. */
function userArguments(
  [action, user, ...more]: readonly (string | undefined)[],
  options: readonly string[],
): UserArguments {
  const [option] = options;
  if (option !== undefined) throw usage(`user has no --${option}`);
  const known = USER_ACTIONS.find((word) => word === action);
  if (known === undefined)
    throw usage(`user needs one of ${USER_ACTIONS.join(', ')}, there is ${JSON.stringify(action ?? '')}`);
  const wanted = known === 'list' ? undefined : user;
  if (known !== 'list' && user === undefined)
    throw usage(`user ${known} needs a user such as bob@example.org`);
  if (more.length > 0 || (known === 'list' && user !== undefined))
    throw usage(
      `user ${known} takes ${known === 'list' ? 'no user' : 'one user and nothing else: a password is asked for, or read from standard input'}`,
    );
  return { action: known, user: wanted ?? '' };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean' },
        table: { type: 'string' },
        columns: { type: 'string' },
        batch: { type: 'string' },
        'dry-run': { type: 'boolean' },
        report: { type: 'string' },
      },
    });
  } catch (error) {
    // Node adds how to pass such a thing as a positional argument, which is no help here.
    throw usage(textOf(error).replace(/\. To specify a positional.*$/s, ''));
  }
}

function columnsOf(text: string): ReadonlyMap<string, string> {
  const columns = new Map<string, string>();
  for (const entry of text.split(',').filter((part) => part.trim() !== '')) {
    const [parameter = '', name = ''] = entry.split('=').map((part) => part.trim());
    if (!COLUMN_PARAMETERS.includes(parameter) || name === '')
      throw usage(
        `--columns has ${JSON.stringify(entry)}, wanted is <parameter>=<name of the column> with one of msilo's parameters ${COLUMN_PARAMETERS.join(', ')}`,
      );
    columns.set(parameter, name);
  }
  return columns;
}

function batchOf(text: string): number {
  const batch = Number(text);
  if (!/^\d+$/.test(text) || batch < 1 || batch > LARGEST_BATCH)
    throw usage(`--batch is ${JSON.stringify(text)}, wanted is a number from 1 to ${LARGEST_BATCH}`);
  return batch;
}

function usage(what: string): SiloError {
  return new SiloError('SILO_USAGE', `${what}.`);
}
