/** Which app gets a new request: round robin per verb, where an app that asks twice counts twice. */
import type { App } from './app.ts';

/** More entries than this for one verb are not kept: the admin port has no access control. */
const MAX_PER_VERB = 10_000;
const MAX_VERBS = 1_000;

export class Routes {
  readonly #apps = new Map<string, App[]>();
  readonly #next = new Map<string, number>();

  add(verb: string, app: App): void {
    const apps = this.#apps.get(verb) ?? [];
    if (apps.length >= MAX_PER_VERB || (apps.length === 0 && this.#apps.size >= MAX_VERBS)) return;
    apps.push(app);
    this.#apps.set(verb, apps);
  }

  /** drachtio-server drops every verb of the app, whichever one is named. */
  remove(app: App): void {
    for (const [verb, apps] of this.#apps) {
      const rest = apps.filter((one) => one !== app);
      if (rest.length > 0) this.#apps.set(verb, rest);
      else {
        this.#apps.delete(verb);
        this.#next.delete(verb);
      }
    }
  }

  choose(method: string): App | undefined {
    const verb = method.toLowerCase();
    const apps = this.#apps.get(verb);
    if (!apps) return undefined;
    const wanted = this.#next.get(verb) ?? 0;
    const start = wanted < apps.length ? wanted : 0;
    this.#next.set(verb, start + 1);
    for (let turn = 0; turn < apps.length; turn += 1) {
      const app = apps[(start + turn) % apps.length];
      if (app?.alive) return app;
    }
    return undefined;
  }

  clear(): void {
    this.#apps.clear();
    this.#next.clear();
  }
}
