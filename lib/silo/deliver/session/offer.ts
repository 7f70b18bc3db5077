/** Offers one message to one contact of a device, and says what the answer means. */
import { span } from '../../../base/span.ts';
import { tagOf } from '../../../base/sha256.ts';
import type { Binding } from '../../../sip/read/binding.ts';
import type { Message } from '../../../stores/contract/message.ts';
import { verdictOf } from '../../state/outcome.ts';
import { attempt, type Failure, type Paused } from '../attempt.ts';
import { SAME_TYPE } from '../capabilities.ts';
import type { SessionContext } from './session.ts';
import { recordAttempt } from './settle.ts';

/** @param others could another contact take it? Then this one is not waited for as long. */
export function offer(
  context: SessionContext,
  message: Message,
  binding: Binding,
  others: boolean,
): Promise<Failure | 'gone' | Paused> {
  return span(
    'attempt',
    {
      kind: 'CLIENT',
      about: () => ({
        'silo.key': message.key,
        'silo.box': tagOf(message.box),
        'silo.attempt': message.attempts + 1,
      }),
      came: (tried) =>
        tried === 'gone' || 'paused' in tried
          ? { 'silo.verdict': tried === 'gone' ? 'gone' : 'paused' }
          : { 'silo.verdict': tried.verdict, 'sip.status': tried.answer.status },
    },
    () => offered(context, message, binding, others),
  );
}

async function offered(
  context: SessionContext,
  message: Message,
  binding: Binding,
  others: boolean,
): Promise<Failure | 'gone' | Paused> {
  const answer = context.capabilities.takesType(binding, message.contentType)
    ? await attempt(context, message, binding, others)
    : SAME_TYPE;
  if (answer === 'gone' || 'paused' in answer) return answer;
  const tried = { answer, verdict: verdictOf(answer, context.settings.outcomes) };
  recordAttempt(context, message, binding, tried);
  return tried;
}
