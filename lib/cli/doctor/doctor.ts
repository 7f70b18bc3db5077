/** `drachtio-silo doctor`: everything that the application needs, looked at once, with advice for what is wrong. */
import type { Config } from '../../config/config.ts';
import { SiloError } from '../../base/errors.ts';
import { command } from '../frame/command.ts';
import { EXIT } from '../frame/exit.ts';
import type { Output } from '../frame/output.ts';
import { secretFindings } from './files.ts';
import { notesOf, type Finding } from './finding.ts';

export const doctor = command({
  name: 'doctor',
  summary: 'look at everything that the application needs, and say what is wrong',
  about:
    'The database: reachable, rights, durability, version, schema, clock, TLS. drachtio-server: reachable, secret, version. This host: Node, limits, ports, disk, who can read secrets. HTTP: its address and its token. It changes nothing, and may be run while the application runs. Run it as the user of the application, with its environment.',
  args: {},
  options: {},
  examples: [
    ['drachtio-silo doctor', 'one line for each thing, and advice under what is not well'],
    ['drachtio-silo doctor --json', 'for a check by a program'],
  ],
  exits: {
    [EXIT.done]: 'nothing keeps the application from its work; there may be warnings',
    [EXIT.no]: 'something does: the lines that begin with "fail"',
  },
  run: async ({ out, config }) => {
    const findings = await all(config);
    out.answer({ well: !failed(findings), findings }, () =>
      findings.map((finding) => shown(finding, out)).join('\n'),
    );
    return failed(findings) ? EXIT.no : EXIT.done;
  },
});

async function all(config: () => Config): Promise<readonly Finding[]> {
  const notes = notesOf('configuration');
  let read: Config;
  try {
    read = config();
  } catch (error) {
    if (!(error instanceof SiloError)) throw error;
    notes.fail('options', error.message, 'Mend it: nothing else can be looked at before.');
    return notes.list;
  }
  notes.ok('options', 'all of them can be read');
  const { hostFindings } = await import('./host.ts');
  const { httpFindings } = await import('./http.ts');
  const { databaseFindings } = await import('./database.ts');
  const { drachtioFindings } = await import('./drachtio.ts');
  const [host, http, database, drachtio] = await Promise.all([
    hostFindings(read),
    httpFindings(read),
    databaseFindings(read.store),
    drachtioFindings(read.drachtio),
  ]);
  return [...notes.list, ...host, ...http, ...secretFindings(process.env, read), ...database, ...drachtio];
}

function failed(findings: readonly Finding[]): boolean {
  return findings.some(({ status }) => status === 'fail');
}

const COLOURS = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

function shown({ status, where, what, found, advice }: Finding, out: Output): string {
  const line = `${out.styled(COLOURS[status], status.padEnd(4))}  ${where}, ${what}: ${found}`;
  return advice === '' ? line : `${line}\n      ${advice}`;
}
