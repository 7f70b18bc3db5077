/** Rows of `silo_submission`, as both engines have them. */
import type { KnownSubmission, Submitting } from '../contract/submissions.ts';
import { int, text, type Row } from './values.ts';

export const SUBMISSION =
  'select name, content, owner, since, outcome, row_id from silo_submission where name = ?';
export const TAKE_SUBMISSION =
  "update silo_submission set owner = ?, since = ? where name = ? and owner = ? and since = ? and outcome = ''";
export const END_SUBMISSION =
  "update silo_submission set outcome = ?, row_id = ? where name = ? and outcome = ''";
export const DROP_SUBMISSION = "delete from silo_submission where name = ? and owner = ? and outcome = ''";

export function toSubmission(row: Row): KnownSubmission {
  const outcome = text(row, 'outcome');
  return {
    name: text(row, 'name'),
    content: text(row, 'content'),
    owner: text(row, 'owner'),
    since: int(row, 'since'),
    end: outcome === 'delivered' || outcome === 'stored' ? { outcome, id: int(row, 'row_id') } : undefined,
  };
}

/** In the order of `(name, content, owner, since)`. */
export function fromSubmitting({
  name,
  content,
  owner,
  since,
}: Submitting): [string, string, string, number] {
  return [name, content, owner, since];
}
