/** The options of the lamps, as `lib/config/config.ts` reads them: `mwiCompose` is `SILO_MWI_COMPOSE`. */
import { z } from 'zod';
import { exactList, flag, whole } from './types.ts';
import { MWI_DEFAULTS, type MwiOptions } from '../mwi/request/options.ts';

export const mwiSchema = {
  mwiCompose: z
    .enum(['sum', 'latest', 'priority'])
    .default(MWI_DEFAULTS.compose)
    .describe('publications of several publishers: add them up, the latest, or the first of mwiPriority'),
  mwiPriority: exactList.default([]).describe('publishers (AoRs), the weightiest first'),
  mwiWaiting: z
    .enum(['either', 'counts', 'flags'])
    .default(MWI_DEFAULTS.waiting)
    .describe('what says `yes`: a new message, the word of a publisher, or one of both'),
  mwiShowSilo: z
    .enum(['pager', 'voice', 'both', 'off'])
    .default(MWI_DEFAULTS.showSilo)
    .describe('messages that wait count as Pager-Message, as Voice-Message, both, or not'),
  mwiAccount: z
    .string()
    .default(MWI_DEFAULTS.account)
    .describe('Message-Account, a URI with `{aor}`, `{user}`, `{domain}`; empty: none'),
  mwiBodies: z
    .enum(['strict', 'lenient', 'off'])
    .default(MWI_DEFAULTS.bodies)
    .describe('how strictly a published summary is read'),
  mwiReplacePublisher: flag
    .default(MWI_DEFAULTS.replacePublisher)
    .describe('a first PUBLISH replaces what the same From has published before'),
  mwiAliases: exactList
    .default([])
    .describe("users or AoRs that stand for the subscriber's own mailbox, such as `*97`"),
  mwiPublishers: exactList
    .default([...MWI_DEFAULTS.publishers])
    .describe('networks that may publish, a comma list of CIDRs'),
  mwiMinSubscription: whole(0)
    .default(MWI_DEFAULTS.minSubscription)
    .describe('shortest subscription, s (423 below)'),
  mwiMaxSubscription: whole(1).default(MWI_DEFAULTS.maxSubscription).describe('longest subscription, s'),
  mwiDefaultSubscription: whole(1)
    .default(MWI_DEFAULTS.defaultSubscription)
    .describe('subscription without Expires, s'),
  mwiMinPublication: whole(0)
    .default(MWI_DEFAULTS.minPublication)
    .describe('shortest publication, s (423 below)'),
  mwiMaxPublication: whole(1).default(MWI_DEFAULTS.maxPublication).describe('longest publication, s'),
  mwiDefaultPublication: whole(1)
    .default(MWI_DEFAULTS.defaultPublication)
    .describe('publication without Expires, s'),
  mwiNotifyInterval: whole(0)
    .default(MWI_DEFAULTS.notifyInterval)
    .describe('between two NOTIFYs to one phone, ms'),
  mwiSpread: whole(0)
    .default(MWI_DEFAULTS.spread)
    .describe('at a start or a stop, phones are told to come back over this time, ms'),
  mwiUnsolicited: z
    .enum(['off', 'terminated', 'active'])
    .default(MWI_DEFAULTS.unsolicited)
    .describe('NOTIFY without a subscription, with this Subscription-State'),
};

type MwiConfig = z.output<z.ZodObject<typeof mwiSchema>>;

/** The options of `createMwi` out of the application's. */
export function mwiOptionsOf(
  config: MwiConfig & {
    readonly domains: readonly string[];
    readonly telDomain: string;
    readonly node: string;
    readonly tailTime: number;
  },
): MwiOptions {
  return {
    domains: config.domains,
    telDomain: config.telDomain,
    node: config.node,
    tailTime: config.tailTime,
    compose: config.mwiCompose,
    priority: config.mwiPriority,
    waiting: config.mwiWaiting,
    showSilo: config.mwiShowSilo,
    account: config.mwiAccount,
    bodies: config.mwiBodies,
    replacePublisher: config.mwiReplacePublisher,
    aliases: config.mwiAliases,
    publishers: config.mwiPublishers,
    minSubscription: config.mwiMinSubscription,
    maxSubscription: config.mwiMaxSubscription,
    defaultSubscription: config.mwiDefaultSubscription,
    minPublication: config.mwiMinPublication,
    maxPublication: config.mwiMaxPublication,
    defaultPublication: config.mwiDefaultPublication,
    notifyInterval: config.mwiNotifyInterval,
    spread: config.mwiSpread,
    unsolicited: config.mwiUnsolicited,
  };
}
