/**
 * Notices: the author of a message is told that it was stored (msilo's `from_address` and `offline_message`). Off by
 * default, few at a time, and never in answer to a machine: two that answer each other would never end.
 */
import { BoundedMap, forgetKeys } from '../../base/bounded-map.ts';
import { textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import { hasControl } from '../../sip/read/characters.ts';
import { aorOf } from '../../sip/read/uri.ts';
import type { NewMessage } from '../../stores/contract/message.ts';
import type { Stored } from '../receive/accept.ts';
import { NOTICE_HEADER, isAutomatic, isNotice } from '../receive/not-stored.ts';
import type { SiloEmitter } from '../state/events.ts';
import type { SiloSettings } from '../state/options.ts';
import { fill } from '../state/template.ts';
import type { NoteSender } from './send-once.ts';

const log = logger('silo:notice');

/** Pairs and authors that are remembered. */
const MEMORY = 100_000;

export interface Notices {
  /** The message was stored: tells its author, if the author may be told. */
  stored(stored: Stored): void;
}

export interface NoticeContext {
  readonly noteSender: NoteSender;
  readonly settings: SiloSettings;
  readonly now: () => number;
  readonly events: Pick<SiloEmitter, 'on'>;
}

export function createOfflineNotices({ noteSender, settings, now, events }: NoticeContext): Notices {
  /** Author and recipient -> when the last notice was sent. */
  const pairs = new BoundedMap<string, number>(MEMORY, 'notice-pairs');
  /** Author -> notices in this minute. */
  const authors = new BoundedMap<string, { readonly minute: number; readonly count: number }>(
    MEMORY,
    'notice-authors',
  );

  events.on('forget', ({ aor }) => {
    authors.delete(aor);
    forgetKeys(pairs, (pair) => pair.startsWith(`${aor} `) || pair.endsWith(` ${aor}`));
  });

  function isTooMany(author: string, box: string): boolean {
    const pair = `${author} ${box}`;
    const at = now();
    const minute = Math.floor(at / 60);
    const known = authors.get(author);
    const count = known?.minute === minute ? known.count : 0;
    const often = settings.noticeRate > 0 && count >= settings.noticeRate;
    if (often || at - (pairs.get(pair) ?? -Infinity) < settings.noticeInterval) return true;
    pairs.set(pair, at);
    authors.set(author, { minute, count: count + 1 });
    return false;
  }

  function bodyOf(message: NewMessage, id: number): string {
    const { noticeBody } = settings;
    return typeof noticeBody === 'string' ? fill(noticeBody, message, id) : (noticeBody(message, id) ?? '');
  }

  return {
    stored: ({ message, id, req, over }) => {
      const { noticeFrom, noticeType, noticeContact, noticeToContact } = settings;
      if (noticeFrom === '' || message.kind === 'receipt' || over.skipNotice === true) return;
      if (req === undefined || isNotice(req) || isAutomatic(req)) return;
      const author = aorOf(message.srcAddr, settings) ?? message.srcAddr;
      if (author === message.box) return;
      try {
        const body = bodyOf(message, id);
        if (body === '' || isTooMany(author, message.box)) return;
        const contact = fill(noticeContact, message, id);
        const note = {
          from: noticeFrom,
          to: message.srcAddr,
          headers: {
            'Content-Type': noticeType,
            [NOTICE_HEADER]: 'stored',
            // RFC 3834: another machine does not answer this.
            'Auto-Submitted': 'auto-replied',
            ...(contact === '' || hasControl(contact) ? {} : { Contact: contact }),
          },
          body,
        };
        void noteSender
          .send(note, noticeToContact ? req : undefined)
          .catch((error: unknown) => log.warn(`a notice could not be sent: ${textOf(error)}`));
      } catch (error) {
        log.error(`noticeBody failed: ${textOf(error)}`);
      }
    },
  };
}
