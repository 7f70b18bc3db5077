/**
 * SUBSCRIBE dialogs (RFC 6665), as drachtio-server keeps them: made by a 2xx, ended only by a NOTIFY with
 * `terminated`, reached by the app under an id that anybody can foretell.
 */
import { BoundedMap } from '../base/bounded-map.ts';
import type { App } from './app.ts';
import { Expiring } from '../base/expiring.ts';
import type { Flow } from './network/flow.ts';

/** Owners of ended dialogs that are still remembered; drachtio-server remembers them all. */
const MAX_FORMER_OWNERS = 10_000;

export interface DialogFacts {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  /** From and To values of our own requests, with their tags. */
  readonly local: string;
  readonly remote: string;
  readonly routes: readonly string[];
  /** CSeq number of the last request sent. */
  readonly cseq: number;
  /** Contact of the SUBSCRIBE that made the dialog: a refresh with another one changes nothing. */
  readonly target: string | undefined;
  /** The flow over which the dialog was made. */
  readonly flow: Flow;
  /** Where our requests go when the peer sits behind a NAT (UDP only). */
  readonly natRoute: string | undefined;
  /** Contact to give where drachtio-server adds one. */
  readonly contact: string;
}

export class Dialog {
  readonly id: string;
  readonly facts: DialogFacts;
  readonly owner: App;
  /** Transactions of the peer that no app has answered yet. */
  readonly open = new Set<string>();
  #cseq: number;

  constructor(id: string, facts: DialogFacts, owner: App) {
    this.id = id;
    this.facts = facts;
    this.owner = owner;
    this.#cseq = facts.cseq;
  }

  nextCSeq(): number {
    this.#cseq += 1;
    return this.#cseq;
  }
}

/** The id of a dialog: the tag is the one of the side that began it. */
export function dialogId(callId: string, initiatorTag: string): string {
  return `${callId};from-tag=${initiatorTag}`;
}

export class Dialogs {
  readonly #byId: Expiring<Dialog>;
  readonly #byLeg = new Map<string, Dialog>();
  readonly #formerOwners = new BoundedMap<string, App>(MAX_FORMER_OWNERS, 'embedded-former-dialogs');
  readonly #onEnd: (dialog: Dialog) => void;

  /** `onEnd` is told of each dialog that ends. */
  constructor(life: number, onEnd: (dialog: Dialog) => void) {
    this.#byId = new Expiring({ life, onExpiry: (_, dialog) => this.#forget(dialog) });
    this.#onEnd = onEnd;
  }

  get size(): number {
    return this.#byId.size;
  }

  /**
   * Makes or takes up a dialog. The owner of an earlier dialog of the same id keeps the new one too:
   * drachtio-server never clears that entry.
   */
  add(id: string, facts: DialogFacts, app: App): Dialog {
    const owner = this.#byId.get(id)?.owner ?? this.#formerOwners.get(id) ?? app;
    const dialog = new Dialog(id, facts, owner);
    this.#byId.set(id, dialog);
    this.#byLeg.set(legOf(facts.callId, facts.remoteTag), dialog);
    return dialog;
  }

  /** By the app's id; each use starts the dialog's life again. */
  find(id: string): Dialog | undefined {
    const dialog = this.#byId.get(id);
    if (dialog) this.#byId.set(id, dialog);
    return dialog;
  }

  /** By what a request of the peer says; without a To tag it still belongs to the dialog, as in sofia-sip. */
  match(callId: string, toTag: string | undefined, fromTag: string | undefined): Dialog | undefined {
    const dialog = this.#byLeg.get(legOf(callId, fromTag ?? ''));
    if (!dialog || (toTag !== undefined && toTag !== dialog.facts.localTag)) return undefined;
    return this.find(dialog.id);
  }

  has(dialog: Dialog): boolean {
    return this.#byId.get(dialog.id) === dialog;
  }

  end(dialog: Dialog): void {
    if (!this.has(dialog)) return;
    this.#byId.delete(dialog.id);
    this.#forget(dialog);
  }

  clear(): void {
    this.#byId.clear();
    this.#byLeg.clear();
    this.#formerOwners.clear();
  }

  #forget(dialog: Dialog): void {
    const leg = legOf(dialog.facts.callId, dialog.facts.remoteTag);
    if (this.#byLeg.get(leg) === dialog) this.#byLeg.delete(leg);
    this.#formerOwners.set(dialog.id, dialog.owner);
    this.#onEnd(dialog);
  }
}

function legOf(callId: string, remoteTag: string): string {
  return `${callId}\n${remoteTag}`;
}
