/** The admin port: apps connect, authenticate, ask for verbs and exchange SIP. */
import { createServer, type Server } from 'node:net';
import { SiloError, textOf, traceOf } from '../base/errors.ts';
import { logger } from '../base/log.ts';
import { bracketed, type Address } from './text/address.ts';
import { App } from './app.ts';
import type { Core } from './core.ts';
import { cut } from './cuts.ts';
import { sendInDialog } from './in-dialog.ts';
import { sendNew } from './outbound.ts';
import { respond } from './respond.ts';
import { hasControl } from './text/token.ts';
import type { AppFrame } from './wire.ts';

const log = logger('embedded');
/** drachtio-srf wants a version of at least v0.8.2 to ping. */
const VERSION = 'v0.9.10-embedded';
const MAX_APPS = 1_000;

export class AdminPort {
  readonly #server: Server;
  readonly #apps = new Set<App>();

  private constructor(server: Server) {
    this.#server = server;
    server.maxConnections = MAX_APPS;
  }

  /** Listens; `core` is asked for at each frame, because a restart replaces it. */
  static open(address: Address, secret: string, core: () => Core): Promise<AdminPort> {
    const server = createServer();
    const port = new AdminPort(server);
    server.on('connection', (socket) => {
      const { faults } = core();
      const app: App = new App(
        socket,
        faults,
        (from, frame) => {
          // What an app hands over may stem from the network or a database.
          try {
            serve(core(), from, frame, secret);
          } catch (error) {
            log.error(`a frame of the app could not be served: ${traceOf(error)}`);
            from.reply(frame.tokens[0] ?? '', 'NOK', 'Unknown server error');
          }
        },
        () => {
          port.#apps.delete(app);
          core().routes.remove(app);
        },
      );
      port.#apps.add(app);
    });
    return new Promise((resolve, reject) => {
      server.once('error', (cause) =>
        reject(
          new SiloError(
            'SILO_CONFIG',
            `The admin address ${bracketed(address.host)}:${address.port} can't be used (${textOf(cause)}); ` +
              'wanted a free address of this machine; stop what holds it, or choose another.',
            { cause },
          ),
        ),
      );
      server.listen(address.port, address.host, () => resolve(port));
    });
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  drop(): void {
    for (const app of [...this.#apps]) app.drop();
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.drop();
    await closed;
  }
}

function serve(core: Core, app: App, whole: AppFrame, secret: string): void {
  const frame = core.faults.cuts ? cut(whole) : whole;
  const [id = '', type, first = ''] = frame.tokens;
  const refuse = (text: string) => {
    app.reply(id, 'NO', text);
    app.end();
  };
  switch (type) {
    case 'ping':
      app.reply(id, 'OK', 'pong');
      return;
    case 'authenticate':
      if (first === secret) app.reply(id, 'OK', greeting(core));
      else refuse('incorrect secret');
      return;
    case 'route':
      core.routes.add(first, app);
      app.reply(id, 'OK');
      return;
    case 'remove_route':
      core.routes.remove(app);
      app.reply(id, 'OK');
      return;
    case 'sip':
      serveSip(core, app, frame, refuse);
      return;
    case 'proxy':
      // A MESSAGE must not be proxied anyway: the app gets to know it.
      app.reply(id, 'NOK', 'proxying is not supported by the embedded front end');
      return;
    case undefined:
      refuse('Invalid message format');
      return;
    default:
      refuse('Unknown message type');
  }
}

function serveSip(core: Core, app: App, frame: AppFrame, refuse: (text: string) => void): void {
  const [id = '', , transactionId = '', dialogId] = frame.tokens;
  if (dialogId === undefined) refuse('Invalid message format');
  else if (hasControl(frame.startLine)) app.reply(id, 'NOK', 'a control character in the start line');
  else if (frame.startLine.startsWith('SIP/')) {
    if (transactionId === '') refuse('transaction id missing');
    else respond(core, app, frame);
  } else if (dialogId !== '') sendInDialog(core, app, frame);
  else if (transactionId !== '')
    app.reply(id, 'NOK', `unable to cancel unknown transaction id: ${transactionId}`);
  else sendNew(core, app, frame);
}

function greeting(core: Core): string {
  const all = core.faults.noHostports
    ? []
    : core.endpoints.locals.flatMap(({ host, port }) => [
        `tcp/${bracketed(host)}:${port}`,
        `udp/${bracketed(host)}:${port}`,
      ]);
  const list = all.join(',');
  return `${list}|${VERSION}|${list}`;
}
