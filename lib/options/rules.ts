/** Checks between the options of one definition, each of which is good in itself. */

/** What a rule may say. */
interface Ruling<Values> {
  readonly defaults: Values;
  /** What the user calls an option. */
  readonly nameOf: (option: keyof Values & string) => string;
  /** @throws SiloError */
  readonly refuse: (option: keyof Values & string, wanted: string) => never;
}

export interface Rule<Values> {
  /** Returns what it changes in the values. */
  readonly check: (values: Values, ruling: Ruling<Values>) => Readonly<Record<string, unknown>>;
}

type Times<Names extends string> = Readonly<Record<Names, number>>;

/** A shortest, a usual and a longest time. The usual one, unless it was given, gives way to the others. */
export function bounds<Names extends string>(least: Names, usual: Names, most: Names): Rule<Times<Names>> {
  return {
    check: (values, { defaults, nameOf, refuse }) => {
      const [low, time, high] = [values[least], values[usual], values[most]];
      const [from, to] = [`${low} (${nameOf(least)})`, `${high} (${nameOf(most)})`];
      if (low > high) refuse(least, `wanted is at most ${to}`);
      const within = Math.min(Math.max(time, low), high);
      if (within !== time && time !== defaults[usual]) refuse(usual, `wanted is from ${from} to ${to}`);
      return { [usual]: within };
    },
  };
}
