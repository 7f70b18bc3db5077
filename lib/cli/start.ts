/** `drachtio-silo start`: the application itself; app.ts runs it. */
import { command } from './frame/command.ts';
import { EXIT } from './frame/exit.ts';

export const start = command({
  name: 'start',
  summary: 'the application: what is started without a command, too',
  about:
    'With DRACHTIO_HOST behind that drachtio-server; without, a small SIP front end of its own answers on SILO_SIP_LISTEN. It runs until SIGTERM or Ctrl-C. docs/operating.md has the rest.',
  args: {},
  options: {},
  examples: [
    ['drachtio-silo start', 'a first run: SQLite in ./silo.db, SIP on 127.0.0.1:5060'],
    [
      'SILO_STORE_FILE=/run/secrets/store DRACHTIO_HOST=127.0.0.1 drachtio-silo start',
      'beside a drachtio-server',
    ],
  ],
  exits: {
    [EXIT.done]: 'it was told to stop, and did',
    [EXIT.failed]:
      "it can't start, or did not stop within ten seconds: a sentence on standard error says why",
  },
  // The process around it has signals and a ready line of its own.
  run: () => Promise.reject(new Error('app.ts starts the application')),
});
