/** What `doctor` says of drachtio-server. */
import type { Config } from '../../config/config.ts';
import { isSecretKnown } from '../../auth/closed.ts';
import { textOf } from '../../base/errors.ts';
import { securedBy } from '../../sip/drachtio/connect.ts';
import { lookAtServer, type ServerFacts } from './server.ts';
import { notesOf, type Finding, type Notes } from './finding.ts';

/** How long it may take to answer, ms. */
const LIMIT = 5_000;
/** Its faults are known, one by one. */
const KNOWN = /^v?0\.9\.(\d+)/;
const EXAMINED = 10;

export async function drachtioFindings(drachtio: Config['drachtio']): Promise<readonly Finding[]> {
  const notes = notesOf('drachtio-server');
  if (drachtio.host === '') {
    notes.ok(
      'reachable',
      'none is named (DRACHTIO_HOST): the embedded SIP front end starts, which is not for production',
    );
    return notes.list;
  }
  const secured = securedBy(drachtio);
  let facts: ServerFacts;
  try {
    facts = await lookAtServer({ ...drachtio, secured }, LIMIT);
  } catch (error) {
    const why = textOf(error);
    if (why.includes('refused the secret'))
      notes.fail(
        'secret',
        `${drachtio.host}:${drachtio.port} refused it`,
        'Set DRACHTIO_SECRET to the one in its configuration (<admin secret=…>).',
      );
    else
      notes.fail(
        'reachable',
        why,
        secured
          ? 'Start it, mend DRACHTIO_HOST and DRACHTIO_PORT, or look at its tls-port and at DRACHTIO_CA (docs/tls.md).'
          : 'Start it, or mend DRACHTIO_HOST and DRACHTIO_PORT: wanted is its admin port, 9022, not a SIP port.',
      );
    return notes.list;
  }
  notes.ok('reachable', `${drachtio.host}:${drachtio.port}, SIP on ${facts.addresses.join(', ')}`);
  if (isSecretKnown(drachtio))
    notes.warn(
      'secret',
      'it is the one that everybody knows',
      'Give drachtio-server one of its own, here in DRACHTIO_SECRET.',
    );
  else notes.ok('secret', 'it is the right one');
  version(facts.version, notes);
  return notes.list;
}

function version(found: string, notes: Notes): void {
  const [, patch] = KNOWN.exec(found) ?? [];
  if (patch === undefined || Number(patch) < EXAMINED)
    notes.warn(
      'version',
      found === '' ? 'it says none' : found,
      `Faults of other versions than 0.9.${EXAMINED} are not known here, and older ones have more: update it (docs/drachtio-server.md).`,
    );
  else
    notes.ok(
      'version',
      `${found}: what may end it stands in docs/drachtio-server.md; let a supervisor start it again`,
    );
}
