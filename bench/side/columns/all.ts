/** Everything that is measured side by side, in the order of the table. */
import type { Column } from '../model.ts';
import { bare } from './bare.ts';
import { kamailio } from './kamailio.ts';
import { ours } from './ours.ts';

export const COLUMNS: readonly Column[] = [
  ours({ id: 'drachtio-mariadb', title: 'drachtio, MariaDB', behind: 'drachtio', store: 'mariadb' }),
  ours({ id: 'embedded-mariadb', title: 'embedded, MariaDB', behind: 'embedded', store: 'mariadb' }),
  ours({ id: 'embedded-sqlite', title: 'embedded, SQLite', behind: 'embedded', store: 'sqlite' }),
  bare({ id: 'ceiling-drachtio', title: 'bare app, drachtio', behind: 'drachtio' }),
  bare({ id: 'ceiling-embedded', title: 'bare app, embedded', behind: 'embedded' }),
  kamailio,
];
