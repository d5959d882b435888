import type { Settings } from '../../../config/config.ts';
import { failed, notApplicable, pass, unknown, type Verdict } from '../../../core/verdict.ts';
import type { Certificate } from '../../../core/certificate.ts';
import type { RuntimeTls } from '../../../facts/runtime-tls.ts';
import type { BackendTls } from '../trust-seen.ts';
import { knowing, lineOn, type PreflightCheck, type PreflightSubject } from '../subject.ts';
import { placeOf, tlsBackends } from '../trust-questions.ts';
import { dayText, SOON_MS } from './trust-days.ts';

type Meta = Pick<PreflightCheck, 'title' | 'severity' | 'why' | 'remedy'>;

/** The checks of every `https://` backend, or one each that says that there is none. */
export function backendTrustChecks({ backends }: Settings): readonly PreflightCheck[] {
  const urls = tlsBackends(backends);
  return urls.length === 0 ? checksOf(undefined) : urls.flatMap(checksOf);
}

function checksOf(url: string | undefined): readonly PreflightCheck[] {
  const what = url ?? 'the backends';
  const key = url === undefined ? '' : `[${url}]`;
  const check = (
    claim: string,
    after: readonly string[],
    meta: Meta,
    judge: (seen: BackendTls, subject: PreflightSubject) => Verdict,
    asks: PreflightCheck['asks'] = ['trustStore'],
  ): PreflightCheck => ({
    id: `trust.${claim}${key}`,
    ...meta,
    asks: url === undefined ? [] : asks,
    after:
      url === undefined
        ? []
        : [
            'system.bash',
            `ollama.answers${key}`,
            ...after.map((id) => (id.endsWith('ca-installed') ? id : `${id}${key}`)),
          ],
    judge: (subject) => {
      if (url === undefined) return notApplicable('no backend has https://');
      if (!subject.seen.reached) return unknown(subject.seen.problem.summary);
      const seen = subject.seen.trust?.get(url);
      return seen === undefined || typeof seen === 'string'
        ? unknown(`no handshake: ${seen ?? 'it was not asked'}`)
        : judge(seen, subject);
    },
  });
  return [
    check(
      'chain',
      [],
      {
        title: `the gateway trusts the authority of ${what}`,
        severity: 'error',
        why: 'The gateway trusts the authorities that its Node brings along, those of the host, and those of litellm_ca_file. This machine speaks TLS through the host and judges the chain by the same three.',
        remedy: 'Set litellm_ca_file to the authority that signed the certificate of the backend, with its root.',
      },
      judgeChain,
    ),
    check(
      'name',
      [],
      {
        title: `the certificate of ${what} is for its name`,
        severity: 'error',
        why: 'The gateway compares the name or address in litellm_backends with the names in the certificate, and refuses the backend if none is the same.',
        remedy: 'Write a name of the certificate in litellm_backends, or get a certificate with this name.',
      },
      judgeName,
    ),
    check(
      'dates',
      [],
      {
        title: `the certificates of ${what} are valid today`,
        severity: 'error',
        why: 'The gateway refuses a backend if a certificate of its chain has expired or is not valid yet, by the clock of the host.',
        remedy: 'Renew the certificate; compare the clock of the host.',
      },
      judgeDates,
    ),
    check(
      'expiry',
      ['trust.dates'],
      {
        title: `the certificates of ${what} are valid for 14 more days`,
        severity: 'warning',
        why: 'After its last day the backend serves nobody; two weeks are time to renew it.',
        remedy: 'Renew the certificate.',
      },
      judgeExpiry,
    ),
    check(
      'host-chain',
      ['trust.chain', 'trust.ca-installed'],
      {
        title: `programs of the host trust the authority of ${what}`,
        severity: 'warning',
        why: 'curl and other programs on the host use its list of authorities alone. The gateway works without it if litellm_ca_file or Node has the authority.',
        remedy: 'Install the authority on the host.',
      },
      (seen, subject) => judgeHostChain(seen, subject),
    ),
    check(
      'runtime-connects',
      ['trust.chain', 'trust.name', 'trust.dates'],
      {
        title: `the runtime on the host connects to ${what} as the service’s user`,
        severity: 'error',
        why: 'The proof where the gateway runs: its own Node, with its flags, its authorities and its account, makes a connection.',
        remedy: 'Run hxllm enforce, which installs the runtime and litellm_ca_file.',
      },
      (_seen, subject) =>
        knowing(
          (facts) => facts.runtimeTls,
          (tls) => judgeRuntime(url ?? '', tls, subject),
        )(subject),
      ['trustStore', 'runtimeTls'],
    ),
  ];
}

const REASONS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it signed its certificate itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'the root of its chain is not trusted',
  UNABLE_TO_GET_ISSUER_CERT: 'the root of its chain is missing',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the issuer of its chain is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'the issuer of its certificate is not trusted, or the server leaves out one in between',
};

function chainText({ certificates }: BackendTls): string {
  const last = certificates.at(-1);
  const [own] = certificates;
  if (own === undefined || last === undefined) return 'no certificate';
  return `${own.subject}, issued by ${last.isSelfSigned ? last.subject : last.issuer}`;
}

function judgeChain(seen: BackendTls, { host: { settings } }: PreflightSubject): Verdict {
  const { chainError } = seen.byGateway;
  if (chainError === undefined) return pass(chainText(seen));
  return failed(
    settings.authorities === undefined
      ? 'an authority of Node or of the host'
      : `an authority of Node, of the host or of ${settings.authorities.file}`,
    `${chainText(seen)}: ${REASONS[chainError] ?? 'not trusted'} (${chainError})`,
    'write litellm_ca_file: PATH  # in group_vars; the PEM file of the authority, with the root',
  );
}

function judgeHostChain(seen: BackendTls, { host: { target, settings } }: PreflightSubject): Verdict {
  if (seen.byHost === undefined) return notApplicable('the host has no list of authorities; the gateway has its own');
  if (seen.byHost.chainError === undefined) return pass(chainText(seen));
  const file = settings.authorities?.file ?? 'CA.pem';
  return failed(
    'an authority that the host trusts',
    `${chainText(seen)}: ${REASONS[seen.byHost.chainError] ?? 'not trusted'} (${seen.byHost.chainError})`,
    `${lineOn(target, 'sudo tee /usr/local/share/ca-certificates/backend-ca.crt >/dev/null && sudo update-ca-certificates')} < ${file}`,
  );
}

function judgeName({ byGateway, certificates: [own] }: BackendTls): Verdict {
  return byGateway.nameError === undefined
    ? pass(own?.names ?? '')
    : failed(
        'a certificate for the name in litellm_backends',
        byGateway.nameError,
        `write a name of the certificate in litellm_backends: ${own?.names ?? 'none'}`,
      );
}

function judgeDates({ certificates }: BackendTls, { seen }: PreflightSubject): Verdict {
  const nowMs = seen.reached ? seen.askedMs.toMs : 0;
  const bad = certificates.filter(({ notBeforeMs, notAfterMs }) => nowMs < notBeforeMs || nowMs > notAfterMs);
  const text = ({ subject, notBeforeMs, notAfterMs }: Certificate): string =>
    nowMs > notAfterMs
      ? `${subject} expired on ${dayText(notAfterMs)}`
      : `${subject} is valid from ${dayText(notBeforeMs)} on`;
  return bad.length === 0
    ? pass(`until ${dayText(Math.min(...certificates.map(({ notAfterMs }) => notAfterMs)))}`)
    : failed(
        `certificates that are valid on ${dayText(nowMs)}`,
        bad.map(text).join('; '),
        'renew the certificate of the backend  # its authority signs a new one; the server must load it again',
      );
}

function judgeExpiry({ certificates }: BackendTls, { seen }: PreflightSubject): Verdict {
  const nowMs = seen.reached ? seen.askedMs.toMs : 0;
  const soon = certificates.filter(({ notAfterMs }) => notAfterMs - nowMs < SOON_MS);
  return soon.length === 0
    ? pass(`until ${dayText(Math.min(...certificates.map(({ notAfterMs }) => notAfterMs)))}`)
    : failed(
        'certificates that are valid for 14 more days',
        soon.map(({ subject, notAfterMs }) => `${subject} expires on ${dayText(notAfterMs)}`).join('; '),
        'renew the certificate of the backend',
      );
}

function judgeRuntime(url: string, tls: RuntimeTls, { host: { target, settings } }: PreflightSubject): Verdict {
  if (tls.state !== 'tried')
    return notApplicable(
      {
        'no-runtime': 'the runtime is not there yet; enforce ships it',
        'no-user': `the user ${settings.user} does not exist yet; enforce creates it`,
        'other-authorities': 'litellm_ca_file is not installed as it is now; enforce installs it',
      }[tls.state],
    );
  const { hostname, port } = placeOf(url);
  const failure = tls.failures.get(`${hostname} ${String(port)}`);
  if (failure === undefined) return unknown('the runtime gave no answer');
  return failure === ''
    ? pass(`connected as ${settings.user}`)
    : failed(
        `a connection with TLS as ${settings.user}`,
        failure,
        lineOn(target, 'sudo journalctl -u litellm -n 50', '-t'),
      );
}
