/** What goes between the two threads. A message costs more than what is in it, so many calls go in one, and many answers. */
import { SiloError, textOf, type SiloErrorCode } from '../../../base/errors.ts';

/** `at`: when it was called by the caller's clock, epoch seconds. */
export interface Call {
  readonly id: number;
  readonly method: string;
  readonly at: number;
  readonly args: readonly unknown[];
}

export type Answer =
  { readonly id: number; readonly value: unknown } | { readonly id: number; readonly thrown: Thrown };

/** To the thread: calls, or that it ends when it has done those before. */
export type Request = readonly Call[] | 'close';

/** From the thread: first whether it could begin, then answers; at the end what went wrong with that. */
export type Report = 'ready' | { readonly failed: Thrown } | readonly Answer[];

/** An error on its way. Of a class of ours only what is written here would arrive. */
interface Thrown {
  readonly error: unknown;
  readonly ours?: {
    readonly code: SiloErrorCode;
    readonly message: string;
    readonly status: number | undefined;
    readonly retryAfter: number | undefined;
    readonly stack: string | undefined;
  };
}

export function packError(error: unknown): Thrown {
  if (!(error instanceof SiloError)) return { error };
  const { code, message, status, retryAfter, stack, cause } = error;
  return { error: cause, ours: { code, message, status, retryAfter, stack } };
}

export function unpackError({ error, ours }: Thrown): Error {
  if (!ours) return error instanceof Error ? error : new Error(textOf(error));
  const { code, message, stack, status, retryAfter } = ours;
  const unpacked = new SiloError(code, message, {
    ...(status === undefined ? {} : { status }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(error === undefined ? {} : { cause: error }),
  });
  if (stack !== undefined) unpacked.stack = stack;
  return unpacked;
}
