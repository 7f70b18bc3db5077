/** What a failed login has to do with TLS: servers say "Access denied" where they mean it, and OpenSSL speaks of itself. */
import { textOf } from '../../../base/errors.ts';
import { Unfit } from './errors.ts';
import type { Secure } from './tls.ts';

const DENIED = 1045;
/** ER_SECURE_TRANSPORT_REQUIRED of MySQL. */
const TLS_WANTED = 3159;
/** Of the server, when it has none. */
const NO_TLS = 'HANDSHAKE_NO_SSL_SUPPORT';

/** By what is in the text of the error, or is its code. */
const SENTENCES: readonly (readonly [RegExp, string])[] = [
  [
    /self[- ]signed certificate|unable to (?:get|verify)|UNABLE_TO_|SELF_SIGNED|certificate signature failure/i,
    'its certificate is not by a CA that is trusted here: set SILO_STORE_CA to the CA of the server',
  ],
  [
    /ERR_TLS_CERT_ALTNAME_INVALID|does not match certificate/i,
    'its certificate is for another host: name the host in SILO_STORE as its certificate does, or give it a certificate with this name',
  ],
  [/certificate has expired|CERT_HAS_EXPIRED/i, 'its certificate has expired: renew it on the server'],
  [/not yet valid/i, 'its certificate is not valid yet: check the clock of this host and the certificate'],
  [
    /alert (?:certificate required|handshake failure)/i,
    'it wants a certificate of ours, or nothing that both sides can do: set SILO_STORE_CERT and SILO_STORE_KEY, check SILO_STORE_TLS_MIN',
  ],
  [
    /alert (?:unknown ca|bad certificate|certificate (?:expired|revoked|unknown)|decrypt error)/i,
    'it refuses our certificate: check that SILO_STORE_CERT is by a CA that the server trusts, and not expired',
  ],
  [
    /protocol version|unsupported protocol|no protocols available/i,
    'it has no version of TLS that is new enough: update the server, or lower SILO_STORE_TLS_MIN',
  ],
  [
    /key values mismatch|bad decrypt|no start line|PEM|ASN1|DECODER|wrong tag/i,
    'SILO_STORE_CA, SILO_STORE_CERT or SILO_STORE_KEY is no PEM that can be used, or the key is that of another certificate',
  ],
];

/** The error of a login, with what TLS has to do with it; other errors as they are. */
export function explained(error: unknown, secure: Secure | undefined): unknown {
  if (error instanceof Unfit) return error;
  const { errno = 0, code = '' } = error as { errno?: number; code?: string };
  const text = textOf(error);
  if (errno === TLS_WANTED || (secure === undefined && /insecure transport|secure_transport/i.test(text)))
    return refusal(error, 'it wants TLS and we came in the clear: set SILO_STORE_TLS to verify');
  if (errno === DENIED)
    return Object.assign(new Error(`${text}; ${hintOf(secure)}`, { cause: error }), { errno });
  if (secure === undefined) return error;
  if (code === NO_TLS)
    return refusal(error, 'it has no TLS, and nothing is sent in the clear: set up TLS on the server');
  const [, sentence] = SENTENCES.find(([pattern]) => pattern.test(`${code} ${text}`)) ?? [];
  if (sentence !== undefined) return refusal(error, sentence);
  return /HANDSHAKE_SSL_ERROR|ERR_SSL|ERR_TLS/.test(code) ? refusal(error, 'the handshake failed') : error;
}

function refusal(error: unknown, sentence: string): Unfit {
  return new Unfit(`TLS: ${sentence} (${textOf(error).trim()})`, { cause: error });
}

function hintOf(secure: Secure | undefined): string {
  if (secure === undefined)
    return 'if user and password are right, server or user want TLS: set SILO_STORE_TLS to verify';
  if (secure.cert === undefined)
    return 'if user and password are right, the user wants a client certificate over TLS: set SILO_STORE_CERT and SILO_STORE_KEY';
  return 'if user and password are right, the user wants another client certificate than that of SILO_STORE_CERT over TLS';
}
