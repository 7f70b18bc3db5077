/** `drachtio-silo migrate`: the schema of the store, as the application brings it about at its start. */
import type { Config } from '../config/config.ts';
import { migrateStore, readSchema, sqlOf, type SchemaState } from '../stores/operate/schema.ts';
import { command, flag, usage } from './frame/command.ts';
import { EXIT, type Exit } from './frame/exit.ts';
import type { Output } from './frame/output.ts';

export const migrateCommand = command({
  name: 'migrate',
  summary: 'bring the schema of the store up to date, or say what that would take',
  about:
    'The application does the same at its start, if its database user may. With --check and --print nothing is changed. Every step may be run again.',
  args: {},
  options: {
    check: flag('--check', 'only say which steps are missing'),
    print: flag('--print', 'print the SQL of the missing steps, for whoever keeps the database to run'),
    all: flag('--all', 'with --print: all steps, without a look at the database'),
  },
  examples: [
    ['drachtio-silo migrate', 'does what is missing'],
    ['drachtio-silo migrate --check', 'in a deployment, before the new version starts'],
    [
      'drachtio-silo migrate --print | mysql --user=root silo',
      'by hand, with rights that the application has not',
    ],
  ],
  exits: {
    [EXIT.done]: 'the schema is up to date',
    [EXIT.no]: 'with --check: steps are missing, or a newer version was here',
  },
  run: async ({ given, out, config }) => {
    if (given.check && given.print) throw usage('--check and --print are two questions: ask one of them');
    if (given.all && !given.print) throw usage('--all belongs to --print');
    const { store } = config();
    if (given.check) return check(await readSchema(store.url, store), out);
    if (given.print) return print(store, given.all, out);
    return doIt(store, out);
  },
});

function check(state: SchemaState, out: Output): Exit {
  const missing = missingOf(state);
  const isWell = missing.length === 0 && state.newer === undefined && state.lacks.length === 0;
  out.answer({ ...state, upToDate: isWell }, () => sentenceOf(state, missing));
  return isWell ? EXIT.done : EXIT.no;
}

function sentenceOf(
  { store, steps, newer, lacks, byHand }: SchemaState,
  missing: SchemaState['steps'],
): string {
  const last = steps.at(-1);
  if (newer !== undefined)
    return `${store} has schema step ${newer}, and this version knows steps up to ${last?.version ?? 0}: run the newer version, or restore a backup from before the upgrade.`;
  if (missing.length > 0)
    return `${store} lacks ${missing.length} of ${steps.length} steps: ${missing.map(({ version, name }) => `${version} ${name}`).join(', ')}. drachtio-silo migrate does them, drachtio-silo migrate --print prints them.`;
  if (lacks.length > 0)
    return `${store} knows every step, but lacks ${lacks.join(', ')}: a development version made it. Name another, empty database, or add by hand what is missing.`;
  return `${store} is up to date: step ${last?.version ?? 0} ${last?.name ?? ''}${byHand ? ', made by hand and not remembered' : ''}.`;
}

function missingOf({ steps, byHand }: SchemaState): SchemaState['steps'] {
  return byHand ? [] : steps.filter(({ applied }) => !applied);
}

async function print(store: Config['store'], all: boolean, out: Output): Promise<Exit> {
  let versions: ReadonlySet<number> | undefined;
  if (!all) {
    // Before anything is asked of a store for which there is nothing to print.
    sqlOf(store.url, new Set());
    const state = await readSchema(store.url, store);
    versions = new Set(missingOf(state).map(({ version }) => version));
    if (versions.size === 0) out.note(`${state.store} is up to date: there is nothing to run.`);
  }
  const sql = sqlOf(store.url, versions);
  if (out.json) out.answer({ sql }, () => sql);
  else process.stdout.write(sql);
  return EXIT.done;
}

async function doIt(store: Config['store'], out: Output): Promise<Exit> {
  const begin = performance.now();
  const done = await migrateStore(store.url, store, ({ version, name }, index, of) =>
    out.note(`step ${version} ${name} (${index + 1} of ${of}) …`),
  );
  const seconds = (performance.now() - begin) / 1000;
  const after = await readSchema(store.url, store);
  out.answer({ ...after, done, seconds }, () =>
    done.length === 0
      ? sentenceOf(after, missingOf(after))
      : `${done.length} steps in ${seconds.toFixed(1)} s. ${sentenceOf(after, missingOf(after))}`,
  );
  return EXIT.done;
}
