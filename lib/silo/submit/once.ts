/**
 * What has an idempotencyKey is done once, whoever asks how often, and whatever dies meanwhile:
 *
 *   free ──begin──► open ──the answer is known──► ended: whoever asks again gets that answer
 *    ▲               │ │
 *    └───refused─────┘ └──its process has died──► open, of another one: it goes by way of the box, whose ledger knows it
 */
import { SiloError, textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import type { SiloNode } from '../../node/node.ts';
import type { KnownSubmission, SubmissionEnd, SubmissionStore } from '../../stores/contract/submissions.ts';
import type { Names } from './as-request.ts';

const log = logger('silo:submit');

/** No attempt lasts longer, in seconds: a live delivery, and then the store. */
const LONGEST = 60;
/** Seconds after which an answer of the other process may be there. */
const SOON = 5;

export interface OnceContext {
  readonly store: Omit<SubmissionStore, 'forgetSubmissions'>;
  readonly node: Pick<SiloNode, 'name' | 'run' | 'all'>;
  readonly now: () => number;
}

export interface Done extends SubmissionEnd {
  /** It had been done before. */
  readonly repeated: boolean;
}

/** What is to be done, and how. */
export interface Work {
  /**
   * Does it for the first time. `ended` says what has become of it before anybody hears of it; it never rejects.
   * @throws SiloError when nothing came of it
   */
  readonly first: (ended: (end: SubmissionEnd) => Promise<void>) => Promise<Done>;
  /** Does what an attempt that was cut off may have done already. */
  readonly again: Work['first'];
}

export async function once(context: OnceContext, names: Names, { first, again }: Work): Promise<Done> {
  const { store, node, now } = context;
  const owner = `${node.name}/${node.run}`;
  const { name, content } = names;
  let told = false;
  const ended = async (end: SubmissionEnd) => {
    if (told) return;
    told = true;
    await store.endSubmission(name, end).catch((error: unknown) => {
      // The message is on its way all the same; asked for again, it is found in the ledger.
      log.warn(`the end of a submission could not be noted: ${textOf(error)}`);
    });
  };
  const orFree = async (work: Work['first']): Promise<Done> => {
    try {
      const end = await work(ended);
      await ended(end);
      return end;
    } catch (error) {
      // After any other failure it is in doubt what was done: whoever asks again finds the name open.
      if (error instanceof SiloError && error.code === 'SILO_REFUSED')
        await store.dropSubmission(name, owner).catch((failure: unknown) => log.warn(textOf(failure)));
      throw error;
    }
  };
  const known = await store.beginSubmission({ name, content, owner, since: now() });
  if (known === undefined) return orFree(first);
  if (known.content !== content) throw conflict();
  if (known.end) return { ...known.end, repeated: true };
  // Of our own nobody works on it just now: it could not be noted how it ended.
  if (known.owner !== owner) await takeOver(context, known, owner);
  return { ...(await orFree(again)), repeated: true };
}

/** @throws SiloError 503 when its process lives, or another one was faster */
async function takeOver(
  { store, node, now }: OnceContext,
  known: KnownSubmission,
  owner: string,
): Promise<void> {
  const works = known.since > now() - LONGEST && (await lives(node, known.owner));
  if (works || !(await store.takeSubmission(known, { owner, since: now() })))
    throw new SiloError(
      'SILO_REFUSED',
      `A message with this idempotencyKey is under way at node ${known.owner.replace(/\/.*/, '')}; ask again in ${SOON} s.`,
      { status: 503, retryAfter: SOON },
    );
  log.debug(`a submission that ${known.owner} has left is taken over`);
}

async function lives(node: OnceContext['node'], owner: string): Promise<boolean> {
  const at = owner.lastIndexOf('/');
  const [name, run] = [owner.slice(0, at), owner.slice(at + 1)];
  if (name === node.name) return false;
  return (await node.all()).some(
    (other) => other.node === name && other.run === run && other.state === 'alive',
  );
}

function conflict(): SiloError {
  return new SiloError(
    'SILO_CONFLICT',
    'Another message was sent with this idempotencyKey: one that is asked for again has the same content, a new one a key of its own.',
    { status: 400 },
  );
}
