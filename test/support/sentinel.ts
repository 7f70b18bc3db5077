/**
 * How a test proves that nothing comes: something is sent that must come after it. All that was set off before would have
 * been on the wire by then; a fixed time of quiet would prove less, and fail or lie on a machine with other work.
 */
import { randomBytes } from 'node:crypto';
import type { TestNode } from './node.ts';
import { Phone } from './phone.ts';
import { until } from './until.ts';

/** One roundtrip after the other: what began before the first one may need as many steps as one of them. */
const ROUNDS = 3;

/**
 * Messages that are sent to this registered phone now have come, and all that was on its way before. They are taken out of
 * its books again; returns what came beside them.
 */
export async function caughtUp(to: Phone): Promise<readonly string[]> {
  const { server, domain, password } = to;
  const sender = await Phone.start('sentinel', { server, domain, password });
  const before = to.messages.length;
  const sent: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const text = `sentinel ${randomBytes(6).toString('hex')}`;
    sent.push(text);
    const { status, start } = await sender.message(to.aor, text);
    if (status > 202) throw new Error(`a sentinel to ${to.aor} was refused: ${start}`);
    await to.until(
      () => to.texts.includes(text),
      () => 'a sentinel did not arrive',
    );
  }
  sender.close();
  const came = to.texts.slice(before).filter((text) => !sent.includes(text));
  to.forget(({ text }) => sent.includes(text));
  return came;
}

/** Nothing more comes to this registered phone. */
export async function nothingMore(to: Phone): Promise<void> {
  const came = await caughtUp(to);
  if (came.length > 0)
    throw new Error(`${to.name}: nothing was wanted, but this came: ${JSON.stringify(came)}`);
}

/**
 * The server has done for somebody else, from the beginning to the end, what it could have done for a phone that should
 * get nothing: mail was stored, a device came, the mail was sent.
 */
export async function othersServed(
  options: Pick<Phone, 'server' | 'domain'> & { readonly password?: string | undefined },
): Promise<void> {
  const { server, domain, password } = options;
  const sender = await Phone.start('sentinel', { server, domain, password });
  for (let round = 0; round < ROUNDS; round++) {
    const witness = await Phone.start(`witness-${randomBytes(6).toString('hex')}`, {
      server,
      domain,
      password,
    });
    const { status, start } = await sender.message(witness.aor, 'sentinel');
    if (status !== 202) throw new Error(`a sentinel to ${witness.aor} was not stored: ${start}`);
    await witness.register({ expires: 600 });
    await witness.received(1);
    await witness.unregister();
    witness.close();
  }
  sender.close();
}

/** The silo has done what this phone has set off so far: no box is served any more. */
export async function idle({ silo }: Pick<TestNode, 'silo'>, phone: Phone): Promise<void> {
  await phone.heard();
  await until(() => silo.statistics().lanes === 0);
}

/** The clock has looked, and no box is served any more. */
export async function atRest(node: Pick<TestNode, 'silo' | 'calls'>): Promise<void> {
  await looked(node);
  await until(() => node.silo.statistics().lanes === 0);
}

/** The clock of the silo has looked at the table, from the beginning to the end, since we asked. */
export async function looked({ calls }: Pick<TestNode, 'calls'>): Promise<void> {
  const looks = () => calls.get('due') ?? 0;
  const before = looks();
  await until(() => looks() > before + 1);
}
