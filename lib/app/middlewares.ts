/** Small middlewares that only answer: what an application around the features needs. */
import { SiloError, textOf } from '../base/errors.ts';
import { isInDialog } from '../sip/read/dialog.ts';
import { notServed } from '../sip/read/recipient.ts';
import { checkUnderstood } from '../sip/read/understood.ts';
import type { Middleware, Port } from '../sip/drachtio/port.ts';

/** The end of a MESSAGE chain: nobody is responsible for its recipient, or for the dialog that it names. */
export function unserved(port: Port): Middleware {
  return port.middleware('unserved', (req, res) => {
    if (isInDialog(req)) {
      port.respond(res, 481);
      return;
    }
    checkUnderstood(req);
    throw notServed();
  });
}

/** The end of a failure route: the sender gets the status of the error. */
export function refuse(port: Port): Middleware {
  return port.failureMiddleware('refuse', (error, _, res) => {
    const status =
      typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : 500;
    port.respond(res, status >= 300 && status <= 699 ? status : 500, {
      reason: error instanceof SiloError ? error.message : status >= 300 ? textOf(error) : '',
    });
  });
}

export interface Gate {
  readonly middleware: Middleware;
  /** Before that nobody is served. */
  readonly open: () => void;
  /** Closes the gate, and waits at most `grace` ms for the requests that are inside. */
  readonly close: (grace: number) => Promise<void>;
}

/** A gate before everything: open, it lets all requests pass; closed (the node starts or stops), it answers 503. */
export function createGate(port: Port): Gate {
  let open = false;
  let inside = 0;
  let empty: (() => void) | undefined;
  return {
    middleware: port.middleware('gate', (_, res, next) => {
      if (!open) {
        port.respond(res, 503, { headers: { 'Retry-After': '5' } });
        return;
      }
      inside++;
      res.once('end', () => {
        inside--;
        if (inside === 0) empty?.();
      });
      next();
    }),
    open: () => (open = true),
    close: async (grace) => {
      open = false;
      if (inside === 0) return;
      const limit = setTimeout(() => empty?.(), grace);
      await new Promise<void>((resolve) => (empty = resolve));
      clearTimeout(limit);
    },
  };
}
