/** The box of an out-of-dialog MESSAGE that we are responsible for. */
import type { SipRequest } from '../../sip/drachtio/messages.ts';
import { isInDialog } from '../../sip/read/dialog.ts';
import { recipientOf, served } from '../../sip/read/recipient.ts';
import { checkUnderstood } from '../../sip/read/understood.ts';
import type { SiloSettings } from '../state/options.ts';

/**
 * Undefined for what is none: the request is handed on.
 * @throws SiloError 416, 420
 */
export function boxOf(
  req: SipRequest,
  settings: Pick<SiloSettings, 'domains' | 'telDomain'>,
): string | undefined {
  if (req.method !== 'MESSAGE') return undefined;
  if (isInDialog(req)) return undefined;
  const box = recipientOf(req, settings);
  if (box === undefined || !served(box, settings.domains)) return undefined;
  checkUnderstood(req);
  return box;
}
