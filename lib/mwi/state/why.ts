/** Why a mailbox says what it says, in sentences. */
import type { MailboxState } from '../../stores/contract/mwi.ts';
import type { MwiSettings } from '../request/options.ts';
import type { MailboxEntry, MailboxSource, MailboxWatcher } from './mailboxes.ts';

interface Shown {
  readonly said: Omit<MailboxEntry, 'seen'>;
  readonly state: MailboxState;
  readonly sources: readonly MailboxSource[];
  readonly watchers: readonly MailboxWatcher[];
}

type WhySettings = Pick<MwiSettings, 'compose' | 'waiting' | 'showSilo' | 'unsolicited'>;

export function whyOf(shown: Shown, settings: WhySettings): readonly string[] {
  const { said } = shown;
  return [
    said.waiting ? 'The lamp shines.' : 'The lamp is dark.',
    ofSilo(shown, settings),
    ...shown.sources
      .filter(({ kind }) => kind === 'publication')
      .map((source) => ofPublication(source, settings)),
    ...(shown.sources.length === 1 ? ['Nobody publishes for it.'] : []),
    ...(shown.watchers.length === 0
      ? ['Nobody watches it.']
      : shown.watchers.map((one) => ofWatcher(one, said))),
    ...(settings.unsolicited === 'off' || shown.watchers.some(({ kind }) => kind === 'unsolicited')
      ? []
      : [
          'Devices that are told without a subscription are known at the node at which they have registered.',
        ]),
  ];
}

function ofSilo({ state }: Shown, { showSilo }: WhySettings): string {
  const { messages, urgent } = state.waiting;
  const wait =
    messages === 0
      ? 'No message waits in its box'
      : `${messages} ${messages === 1 ? 'message waits' : 'messages wait'} in its box, ${urgent} of them urgent`;
  return showSilo === 'off' ? `${wait}; that does not count, since showSilo is off.` : `${wait}.`;
}

function ofPublication(source: MailboxSource, { compose, waiting }: WhySettings): string {
  const { name, counts, text = '', expires = 0, changed = 0 } = source;
  const [first = ''] = text.split('\r\n');
  const said = `${name} published "${first}" at ${timeOf(changed)}, until ${timeOf(expires)}`;
  if (!counts) return `${said}; that does not count, since ${notCounted(compose)}.`;
  return waiting === 'flags' ? `${said}.` : `${said}, and new messages in its counts light the lamp, too.`;
}

function notCounted(compose: WhySettings['compose']): string {
  return compose === 'latest'
    ? 'a later publication stands alone (compose = latest)'
    : 'a weightier publisher stands alone (compose = priority)';
}

function ofWatcher(one: MailboxWatcher, said: Shown['said']): string {
  const { kind, node, state, lastNotify } = one;
  const watcher = kind === 'subscription' ? one.watcher : `${one.contact}, which has not subscribed,`;
  if (state === undefined)
    return `${watcher} watches it at ${node === '' ? 'a node' : `the node ${node}`}, which knows what it was told.`;
  if (!lastNotify) return `${watcher} watches it (${state}) and was told nothing yet.`;
  const { at, status, reason, text } = lastNotify;
  const told = `${watcher} was told at ${timeOf(at)} and answered ${status} ${reason}`;
  if (status >= 300) return `${told}: it may show something else.`;
  return text === undefined || firstLine(text) === firstLine(said.text)
    ? `${told}.`
    : `${told}, and is to be told anew, since the summary has changed.`;
}

function firstLine(text: string): string {
  return text.split('\r\n')[0] ?? '';
}

function timeOf(time: number): string {
  return new Date(time * 1000).toISOString();
}
