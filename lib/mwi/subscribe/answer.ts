/** Answers to a SUBSCRIBE. */
import { ALLOW_EVENTS } from '../request/event-package.ts';
import { limitsOf, type Asked, type SubscribeContext } from './context.ts';

/** What the 200 says of the subscription. */
export interface Granted {
  readonly lifetime: number;
  /** Our Contact, as a header value. */
  readonly contact: string;
  /** Our tag, so that the row can be committed before the answer; undefined in a dialog, whose tag the request has. */
  readonly toTag?: string;
}

/** 200, never 202 (RFC 6665 8.3.1). Resolves when it went out, or could not. */
export function grant(
  { port }: SubscribeContext,
  { res }: Asked,
  { lifetime, contact, toTag }: Granted,
): Promise<boolean> {
  return new Promise<boolean>((resolve) => {
    port.respond(res, 200, {
      headers: { Expires: String(lifetime), Contact: contact, ...ALLOW_EVENTS },
      ...(toTag === undefined ? {} : { toTag }),
      onSent: resolve,
    });
  });
}

/** 423: the time that is asked for is too short. */
export function refuseBrief(context: SubscribeContext, { res }: Asked): void {
  context.port.respond(res, 423, { headers: { 'Min-Expires': String(limitsOf(context).min) } });
}
