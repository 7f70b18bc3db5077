/** What programs have asked to be sent, in SQLite. */
import type { SubmissionStore } from '../contract/submissions.ts';
import {
  DROP_SUBMISSION,
  END_SUBMISSION,
  SUBMISSION,
  TAKE_SUBMISSION,
  fromSubmitting,
  toSubmission,
} from '../shared/submission-rows.ts';
import type { Sqlite } from './inside/database.ts';
import type { Part } from './inside/sweeps.ts';

export function sqliteSubmissions(db: Sqlite): Part<SubmissionStore> {
  return {
    beginSubmission: (submitting) => {
      const [row] = db.sql(SUBMISSION).all(submitting.name);
      if (row !== undefined) return toSubmission(row);
      db.sql('insert into silo_submission (name, content, owner, since) values (?, ?, ?, ?)').run(
        ...fromSubmitting(submitting),
      );
      return undefined;
    },

    takeSubmission: ({ name, owner, since }, to) =>
      db.sql(TAKE_SUBMISSION).run(to.owner, to.since, name, owner, since).changes > 0,

    endSubmission: (name, { outcome, id }) => {
      db.sql(END_SUBMISSION).run(outcome, id, name);
    },

    dropSubmission: (name, owner) => {
      db.sql(DROP_SUBMISSION).run(name, owner);
    },
  };
}
