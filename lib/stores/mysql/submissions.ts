/** What programs have asked to be sent, in MySQL: each statement is about one row, by its primary key. */
import type { SubmissionStore } from '../contract/submissions.ts';
import {
  DROP_SUBMISSION,
  END_SUBMISSION,
  SUBMISSION,
  TAKE_SUBMISSION,
  fromSubmitting,
  toSubmission,
} from '../shared/submission-rows.ts';
import { deleteInSlices } from './link/slices.ts';
import type { Mysql } from './link/transactions.ts';

export function mysqlSubmissions(db: Mysql): SubmissionStore {
  return {
    // Done twice, the second time it finds its own row: open, and of this very process.
    beginSubmission: async (submitting) => {
      const taken = await db.run(
        'insert ignore into silo_submission (name, content, owner, since) values (?)',
        [fromSubmitting(submitting)],
        'repeatable',
      );
      if (taken > 0) return undefined;
      const [row] = await db.all(SUBMISSION, [submitting.name]);
      return row && toSubmission(row);
    },

    takeSubmission: async ({ name, owner, since }, to) =>
      (await db.run(TAKE_SUBMISSION, [to.owner, to.since, name, owner, since])) > 0,

    endSubmission: async (name, { outcome, id }) => {
      await db.run(END_SUBMISSION, [outcome, id, name], 'repeatable');
    },

    dropSubmission: async (name, owner) => {
      await db.run(DROP_SUBMISSION, [name, owner], 'repeatable');
    },

    forgetSubmissions: (before, limit) =>
      deleteInSlices(db, { table: 'silo_submission', where: 'since < ?', values: [before] }, limit),
  };
}
