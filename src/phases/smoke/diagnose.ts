import { errorMessage } from '../../core/error.ts';
import type { Diagnosis } from './exchange.ts';
import type { SmokeTarget } from './target.ts';

interface Pattern {
  readonly codes: RegExp;
  readonly kind: Diagnosis['kind'];
  readonly seen: (url: URL, code: string) => string;
  readonly fix: (url: URL) => string;
}

const hostOf = (url: URL): string => url.hostname;
const portOf = (url: URL): string => (url.port !== '' ? url.port : url.protocol === 'https:' ? '443' : '80');

// Error codes of Node's dns, net and tls, of OpenSSL, llhttp and undici.
const PATTERNS: readonly Pattern[] = [
  {
    codes: /^(?:ENOTFOUND|ENODATA|EAI_NONAME)$/,
    kind: 'dns',
    seen: (url) => `the name ${hostOf(url)} does not resolve on this machine`,
    fix: (url) => `getent hosts ${hostOf(url)}`,
  },
  {
    codes: /^EAI_/,
    kind: 'dns',
    seen: (url, code) => `no name server answered for ${hostOf(url)} (${code})`,
    fix: () => 'cat /etc/resolv.conf',
  },
  {
    codes: /^ECONNREFUSED$/,
    kind: 'refused',
    seen: (url) => `nothing listens on port ${portOf(url)} of ${hostOf(url)} (connection refused)`,
    fix: () => 'sudo systemctl status litellm  # on that host',
  },
  {
    codes: /^(?:EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$/,
    kind: 'unreachable',
    seen: (url, code) => `${hostOf(url)} has no route from this machine (${code})`,
    fix: (url) => `ip route get ${hostOf(url)}`,
  },
  {
    codes: /^(?:UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT)$/,
    kind: 'timeout',
    seen: (url) =>
      `no connection to port ${portOf(url)} of ${hostOf(url)} in time; a firewall that drops packets looks like this`,
    fix: () => 'hxllm smoke --through-ssh',
  },
  {
    codes: /^CERT_HAS_EXPIRED$/,
    kind: 'tls',
    seen: (url) => `the certificate of ${hostOf(url)} has expired`,
    fix: (url) => showCertificate(url),
  },
  {
    codes: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    kind: 'tls',
    seen: (url) => `the certificate is not for the name ${hostOf(url)}`,
    fix: (url) => showCertificate(url),
  },
  {
    codes:
      /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT(?:_LOCALLY)?|UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_[A-Z_]+)$/,
    kind: 'tls',
    seen: (url, code) => `the certificate of ${hostOf(url)} is not trusted here (${code})`,
    fix: () => 'NODE_EXTRA_CA_CERTS=/path/to/ca.pem, before the same command',
  },
  {
    codes: /^(?:EPROTO|ERR_SSL_.*|ERR_TLS_.*)$/,
    kind: 'tls',
    seen: (url, code) => `port ${portOf(url)} of ${hostOf(url)} does not speak TLS as expected (${code})`,
    fix: (url) => `the same command with http://${url.host}`,
  },
  {
    codes: /^HPE_/,
    kind: 'not-http',
    seen: (url, code) => `port ${portOf(url)} of ${hostOf(url)} does not speak HTTP (${code})`,
    fix: (url) => `the same command with https://${url.host}, or another port`,
  },
  {
    codes: /^(?:ECONNRESET|EPIPE|UND_ERR_SOCKET)$/,
    kind: 'closed',
    seen: (url) => `${url.host} closed the connection before it answered`,
    fix: () => 'sudo journalctl -u litellm -n 50  # on that host',
  },
];

/** The cause of a failed request, from its error's code. If several addresses were tried, the first error counts. */
export function diagnose(error: unknown, url: URL, waitedMs: number): Diagnosis {
  const code = codeOf(error);
  const pattern = PATTERNS.find(({ codes }) => codes.test(code));
  if (pattern !== undefined) return { kind: pattern.kind, seen: pattern.seen(url, code), fix: pattern.fix(url), code };
  if (error instanceof Error && error.name === 'TimeoutError') {
    return {
      kind: 'timeout',
      seen: `no complete answer within ${String(Math.round(waitedMs / 1000))} s`,
      fix: 'sudo journalctl -u litellm -n 50  # on that host',
    };
  }
  return {
    kind: 'other',
    seen: `${errorMessage(error)}${code === '' ? '' : ` (${code})`}`,
    fix: `curl -v ${url.href}`,
  };
}

/** The cause where the address leads through a connection to the host: a way that the host refuses looks like a closed connection. */
export function behindForward(diagnosis: Diagnosis, { refusal }: Pick<SmokeTarget, 'refusal'>): Diagnosis {
  const reason = diagnosis.kind === 'closed' ? refusal?.() : undefined;
  return reason === undefined
    ? diagnosis
    : { kind: 'refused', seen: `the host does not reach its own gateway: ${reason}`, fix: 'hxllm service status' };
}

/** The cause of a request that Ctrl-C interrupted. */
export const ABORTED: Diagnosis = { kind: 'aborted', seen: 'interrupted before the answer came', fix: 'hxllm smoke' };

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if (!(error instanceof Error)) return '';
  const code: unknown = Reflect.get(error, 'code');
  // undici's parser errors have llhttp's code or no code.
  if (error.name === 'HTTPParserError') return typeof code === 'string' ? code : 'HPE_INVALID';
  return typeof code === 'string' && code !== 'ABORT_ERR' ? code : codeOf(error.cause);
}

function showCertificate(url: URL): string {
  return `openssl s_client -connect ${hostOf(url)}:${portOf(url)} -servername ${hostOf(url)} </dev/null | openssl x509 -noout -subject -dates`;
}
