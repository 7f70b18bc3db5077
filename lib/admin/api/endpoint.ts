/**
 * One thing that can be asked by the API: how it is asked, what it answers, and what is done. The checks, the routes and the OpenAPI document
 * all follow from this.
 */
import { z } from 'zod';
import { Refusal } from '../http/problem.ts';

type Method = 'get' | 'put' | 'post' | 'delete';

/** What a request brings. */
export interface Asked {
  /** Of the path, by their names in braces. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** The header Idempotency-Key. */
  readonly idempotencyKey: string | undefined;
}

/** What is said about it. */
interface Described {
  readonly method: Method;
  /** Behind `/api`, with names in braces: `/boxes/{aor}`. */
  readonly path: string;
  /** The part of the document that it stands in. */
  readonly tag: string;
  readonly summary: string;
  /** It changes something. */
  readonly changes?: boolean;
  /** Its body has a password. */
  readonly secret?: boolean;
  /** Status of a success; default: 200. */
  readonly status?: number;
}

export interface Endpoint extends Described {
  readonly query: z.ZodObject;
  /** Undefined: it has none. */
  readonly body: z.ZodType | undefined;
  readonly answer: z.ZodType;
  /** Does it show what is in a message? */
  readonly shows: (asked: Asked) => boolean;
  /** @throws Refusal, SiloError */
  readonly handle: (asked: Asked) => Promise<unknown>;
}

interface Parts<
  Query extends z.ZodObject,
  Body extends z.ZodType,
  Answer extends z.ZodType,
> extends Described {
  readonly query?: Query;
  readonly body?: Body;
  readonly answer: Answer;
  readonly shows?: (query: z.output<Query>) => boolean;
  readonly run: (
    given: Pick<Asked, 'params' | 'idempotencyKey'> & {
      readonly query: z.output<Query>;
      readonly body: z.output<Body>;
    },
  ) => Promise<z.input<Answer>>;
}

export function endpoint<
  Answer extends z.ZodType,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType = z.ZodUndefined,
>(parts: Parts<Query, Body, Answer>): Endpoint {
  const { run, shows = () => false, ...described } = parts;
  const query = parts.query ?? z.strictObject({});
  const body: z.ZodType | undefined = parts.body;
  const queryOf = (asked: Asked) => checked(query, asked.query, 'query') as z.output<Query>;
  return {
    ...described,
    query,
    body,
    shows: (asked) => shows(queryOf(asked)),
    handle: async (asked) => {
      const { params, idempotencyKey } = asked;
      const given = { params, idempotencyKey, query: queryOf(asked) };
      const said = body === undefined ? undefined : checked(body, asked.body, 'body');
      // What is not in the document does not leave.
      return parts.answer.parse(await run({ ...given, body: said as z.output<Body> }));
    },
  };
}

/** @throws Refusal that says what is wrong where */
function checked(schema: z.ZodType, value: unknown, where: 'query' | 'body'): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.map(({ path, message }) => ({
    path: [where, ...path.map(String)].join('.'),
    detail: message,
  }));
  const detail = errors.map((error) => `${error.path}: ${error.detail}`).join('; ');
  throw new Refusal({ status: 400, detail: `It can't be read: ${detail}.`, errors });
}
