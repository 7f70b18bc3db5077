/** Why a MESSAGE was refused, in a word: reasons are sentences with numbers in them, and each would be a series of its own. */
const WORDS: Readonly<Record<number, string>> = {
  400: 'malformed',
  403: 'forbidden',
  404: 'unknown recipient',
  413: 'too large',
  415: 'content',
  416: 'address',
  420: 'extension',
  423: 'too brief',
  480: 'full',
  483: 'loop',
  488: 'content',
  500: 'fault',
  503: 'unavailable',
};

export function refusalWord(status: number): string {
  return WORDS[status] ?? 'other';
}

/** What a device answered, by its class; silence counts as 408. */
export function answerClass(status: number): string {
  return status === 408 ? 'silent' : `${Math.floor(status / 100)}xx`;
}

export const ANSWER_CLASSES = ['2xx', '3xx', '4xx', '5xx', '6xx', 'silent'] as const;
