/** Options of a node, and what all features of one node share. */
import { hostname } from 'node:os';
import { LONGEST_TIME, interval, line, milliseconds, seconds } from '../options/kinds.ts';
import { defineOptions, option } from '../options/option.ts';

/** With a run behind it (a UUID and a slash) it must fit into the column of a lease's owner, 128 characters wide. */
const LONGEST_NAME = 90;
const name = line.refine(
  (text) => text.trim() !== '' && text.length <= LONGEST_NAME,
  `wanted is one line of 1 to ${LONGEST_NAME} characters`,
);

const node = option(
  name,
  hostname().slice(0, LONGEST_NAME) || 'node',
  'name of this node in the database; must differ between nodes',
  { shared: true, shown: 'the host name' },
);

const leaseTime = option(
  seconds(3, LONGEST_TIME),
  15,
  'other nodes take over the boxes and lamps of a dead one after this',
  { shared: true },
);

const tailTime = option(interval(), 1, 'between looks for rows of other nodes and due retries', {
  shared: true,
});

const stopGrace = option(
  milliseconds(0, 9_000),
  7_000,
  'a stop waits this long for messages in flight and for phones that are sent away',
  { shared: true },
);

export const shared = { node, leaseTime, tailTime, stopGrace };

export const nodeOptions = defineOptions('createNode', { node, leaseTime });
