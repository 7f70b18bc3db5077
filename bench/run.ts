/**
 * `npm run bench`: us, the ceiling of drachtio and Kamailio side by side, on one machine and one MariaDB (side/). The other measurements have a
 * word each: `--scale` what docs/scaling.md reckons with, on `--rows=N` (default 500,000) rows; `--stall` how long the event loop
 * stands still with a large database, on `--rows=N` (default 1,000,000); `--operations` the lists and counts of an operator, likewise;
 * `--lamps` SUBSCRIBE and PUBLISH for the same mailboxes on MariaDB (`--seconds=N`, default 15); `--auth` what asking for passwords costs, on
 * SQLite; `--memories` what each memory with a bound takes when it is full.
 */
import { parseArgs } from 'node:util';
import { auth } from './auth.ts';
import { lamps } from './lamps.ts';
import { memoriesFull } from './memories.ts';
import { operations } from './operations.ts';
import { scale } from './scale.ts';
import { SIDE_OPTIONS, sideArguments } from './side/arguments.ts';
import { sideBySide } from './side/side.ts';
import { stall } from './stall.ts';

const { values } = parseArgs({
  options: {
    ...SIDE_OPTIONS,
    seconds: { type: 'string' },
    auth: { type: 'boolean', default: false },
    lamps: { type: 'boolean', default: false },
    memories: { type: 'boolean', default: false },
    scale: { type: 'boolean', default: false },
    stall: { type: 'boolean', default: false },
    operations: { type: 'boolean', default: false },
    rows: { type: 'string' },
    on: { type: 'string', default: 'both' },
  },
});
const seconds = Number(values.seconds ?? (values.lamps ? 15 : 4));
if (!(seconds > 0)) throw new Error(`--seconds is ${values.seconds ?? ''}, wanted is a number above 0`);

if (values.memories) memoriesFull();
else if (values.scale) await scale(Number(values.rows ?? 500_000));
else if (values.auth) await auth(seconds);
else if (values.lamps) await lamps(seconds);
else if (values.operations) await operations(Number(values.rows ?? 1_000_000), values.on);
else if (values.stall) await stall(Number(values.rows ?? 1_000_000), values.on);
else await sideBySide(sideArguments(values));
