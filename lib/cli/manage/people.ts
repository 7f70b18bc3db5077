/** `drachtio-silo person`, `device`, `binding` and `node`: what is stored about whom, and who works on the store. */
import { command, flag } from '../frame/command.ts';
import { EXIT } from '../frame/exit.ts';
import { withOperations } from './store.ts';
import { agoOf, AOR, timeOf, YES } from './words.ts';

export const personExport = command({
  name: 'person export',
  summary: 'everything that is stored about somebody, as lines of JSON',
  about: 'As recipient and as sender, bodies included, one record a line. Secrets of users are left out.',
  args: { aor: AOR },
  options: {},
  examples: [
    ['drachtio-silo person export bob@example.org > bob.jsonl', 'for whom asks what is known of him'],
  ],
  exits: { [EXIT.no]: 'nothing is stored about it' },
  run: ({ given, out, config }) =>
    withOperations(config(), out, async ({ persons }) => {
      let count = 0;
      for await (const record of persons.export(given.aor)) {
        count++;
        out.line(record, () => JSON.stringify(record));
      }
      out.note(`${count} records of ${given.aor}.`);
      return count === 0 ? EXIT.no : EXIT.done;
    }),
});

export const personErase = command({
  name: 'person erase',
  summary: 'erase everything that is stored about somebody',
  about:
    'Messages to and from, dead letters, ledger, bindings, devices, publications, subscriptions, the user. Watchers of the mailbox are told that it is gone. Refused while a node serves the box: try again; it may be repeated.',
  args: { aor: AOR },
  options: {
    yes: YES,
    compact: flag(
      '--compact',
      'rewrite an SQLite file, so that not even freed pages hold it; nothing is stored meanwhile',
    ),
  },
  examples: [
    ['drachtio-silo person erase bob@example.org', 'how many records it would be'],
    ['drachtio-silo person erase bob@example.org --yes', 'with a report by table'],
  ],
  exits: { [EXIT.no]: '--yes was not given' },
  run: ({ given, out, config }) =>
    withOperations(config(), out, async ({ persons }) => {
      if (!given.yes) {
        let count = 0;
        for await (const record of persons.export(given.aor)) count += record.table === '' ? 0 : 1;
        out.answer(
          { aor: given.aor, would: count },
          () => `${count} records of ${given.aor} would be erased for good: --yes does it.`,
        );
        return EXIT.no;
      }
      const report = await persons.erase(given.aor, { compact: given.compact });
      if (out.json) out.answer(report, () => '');
      else
        out.rows(
          report.erased,
          [
            { title: 'table', of: ({ table }) => table, whole: true },
            { title: 'rows', of: ({ rows }) => rows, right: true },
          ],
          [`${report.aor} was erased.`, ...report.left].join('\n'),
        );
      return EXIT.done;
    }),
});

export const deviceList = command({
  name: 'device list',
  summary: 'the devices of somebody: known, registered, and how they answered last',
  args: { aor: AOR },
  options: {},
  examples: [['drachtio-silo device list bob@example.org', "bob's phones"]],
  exits: { [EXIT.no]: 'there are none' },
  run: ({ given, out, config }) =>
    withOperations(config(), out, async ({ devices }) => {
      const found = await devices.list(given.aor);
      out.rows(
        found,
        [
          { title: 'device', of: ({ device }) => device, whole: true },
          { title: 'registered', of: ({ registered }) => (registered ? 'yes' : 'no') },
          { title: 'first seen', of: ({ firstSeen }) => timeOf(firstSeen) },
          { title: 'why no request gets to it', of: ({ unreachable = '' }) => unreachable },
        ],
        found.length === 0 ? 'There are none.' : '',
      );
      return found.length === 0 ? EXIT.no : EXIT.done;
    }),
});

export const bindingList = command({
  name: 'binding list',
  summary: 'where somebody is registered, as the registrar of the application knows it',
  args: { aor: AOR },
  options: {},
  examples: [['drachtio-silo binding list bob@example.org', "bob's contacts"]],
  exits: { [EXIT.no]: 'there are none' },
  run: ({ given, out, config }) =>
    withOperations(config(), out, async ({ bindings }) => {
      const found = await bindings.list(given.aor);
      out.rows(
        found,
        [
          { title: 'contact', of: ({ contact }) => contact, whole: true },
          {
            title: 'from',
            of: ({ source: { protocol, address, port } }) => `${protocol}/${address}:${port}`,
          },
          { title: 'expires', of: ({ expires }) => timeOf(expires) },
        ],
        found.length === 0 ? 'There are none.' : '',
      );
      return found.length === 0 ? EXIT.no : EXIT.done;
    }),
});

export const nodeList = command({
  name: 'node list',
  summary: 'the nodes that work on this store, which live, and what each serves just now',
  args: {},
  options: {},
  examples: [['drachtio-silo node list', 'is everybody there?']],
  run: ({ out, config }) =>
    withOperations(config(), out, async ({ nodes }) => {
      const found = await nodes.list();
      out.rows(
        found,
        [
          { title: 'node', of: ({ node }) => node, whole: true },
          { title: 'state', of: ({ state }) => state },
          { title: 'seen', of: ({ seen }) => `${agoOf(seen)} ago` },
          { title: 'version', of: ({ version }) => version },
          { title: 'server', of: ({ server }) => server },
          { title: 'boxes', of: ({ leases }) => leases.length, right: true },
        ],
        found.length === 0 ? 'There are none yet.' : '',
      );
      return EXIT.done;
    }),
});
