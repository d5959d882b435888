import type { Check } from '../../../core/check.ts';
import { failed, notApplicable, pass, unknown, type Verdict } from '../../../core/verdict.ts';
import type { ShownCertificate, Step } from '../connection.ts';
import { describeReply, isHtml, replyOf } from '../exchange.ts';
import { judgeMost, limitOf, measured } from '../limits.ts';
import { medianOf } from '../percentile.ts';
import type { ProbeResults } from '../probe-results.ts';
import { isOurs } from '../target.ts';
import { pathOf } from './access.ts';

const DAY_MS = 86_400_000;
const EXPIRED = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);

/** Does the name resolve, does the port connect, is the certificate good, and does HTTP answer? */
export const CONNECTION_CHECKS: readonly Check<ProbeResults>[] = [
  {
    id: 'http.resolves',
    title: 'the name of the gateway resolves',
    severity: 'error',
    judge: ({ connection: { dns } }) => {
      if (dns === undefined) return notApplicable('the URL has an address, which needs no name');
      return judgeStep(dns, 'an address', (addresses) => pass(addresses.join(', '), ms(dns)));
    },
  },
  {
    id: 'http.connects',
    title: 'its port accepts connections',
    severity: 'error',
    after: ['http.resolves'],
    judge: ({ connection: { tcp }, target }) => {
      if (target.refusal !== undefined)
        return notApplicable('the address leads through SSH; http.reachable tells whether the gateway takes it');
      const steps = [...tcp.values()];
      const open = [...tcp].filter(([, step]) => step.done).map(([address]) => address);
      const closed = steps.find((step) => !step.done);
      const [first] = steps;
      if (first === undefined) return unknown('no address was tried');
      if (open.length === 0) return judgeStep(first, `a connection to ${target.url}`, () => pass(''));
      const best = steps.find((step) => step.done);
      return pass(
        `${open.join(', ')}${closed === undefined ? '' : ` (${String(steps.length - open.length)} of ${String(steps.length)} addresses do not answer: ${closed.trouble.seen})`}`,
        best === undefined ? undefined : ms(best),
      );
    },
  },
  {
    id: 'http.handshake',
    title: 'its port speaks TLS',
    severity: 'error',
    after: ['http.connects'],
    judge: (seen) => judgeCertificate(seen, ({ protocol }, tls) => pass(protocol, ms(tls))),
  },
  {
    id: 'http.certificate-trusted',
    title: 'its certificate is signed by a trusted authority',
    severity: 'error',
    after: ['http.handshake'],
    judge: (seen) =>
      judgeCertificate(seen, ({ untrusted, issuer, subject }) => {
        if (untrusted === undefined) return pass(`${subject}, signed by ${issuer}`);
        if (EXPIRED.has(untrusted)) return notApplicable('not judged outside the validity of the certificate');
        return failed(
          'a chain to an authority of this machine, or of litellm_ca_file',
          `${untrusted}: ${subject}, signed by ${issuer}`,
          'NODE_EXTRA_CA_CERTS=/path/to/ca.pem, before the same command',
        );
      }),
  },
  {
    id: 'http.certificate-name',
    title: 'its certificate is for its name',
    severity: 'error',
    after: ['http.handshake'],
    judge: (seen) =>
      judgeCertificate(seen, ({ otherName, subject }) => {
        const names = seen.target.tls?.names ?? [new URL(seen.target.url).hostname];
        return otherName === undefined
          ? pass(names.join(' or '))
          : failed(names.join(' or '), `${subject}: ${otherName}`, fixOf(seen, 'for one of these names'));
      }),
  },
  {
    id: 'http.certificate-days',
    title: 'its certificate is valid for long enough',
    severity: 'error',
    after: ['http.handshake'],
    judge: (seen) => judgeCertificate(seen, (shown) => judgeDays(seen, shown)),
  },
  {
    id: 'http.reachable',
    title: 'the address answers over HTTP',
    severity: 'error',
    after: ['http.handshake', 'http.certificate-trusted', 'http.certificate-name', 'http.certificate-days'],
    judge: ({ health, target }) => {
      if (!health.outcome.answered) {
        const { seen, fix, kind } = health.outcome.trouble;
        return kind === 'aborted' ? unknown(seen, fix) : failed(`an HTTP server at ${target.url}`, seen, fix);
      }
      const { reply } = health.outcome;
      const location = reply.headers['location'];
      if (reply.status >= 300 && reply.status < 400)
        return failed(
          `an API at ${target.url}`,
          describeReply(reply),
          `the same command with the address of the redirection: ${location ?? 'none given'}`,
        );
      return pass(`${target.url} answered in ${String(reply.firstByteMs)} ms`, {
        value: reply.firstByteMs,
        unit: 'ms',
      });
    },
  },
  {
    id: 'http.latency',
    title: 'requests that need no model are answered quickly',
    severity: 'warning',
    after: ['http.reachable'],
    judge: ({ pings, target }) => {
      const times = pings.map(replyOf).flatMap((reply) => (reply === undefined ? [] : [reply.totalMs]));
      const median = medianOf(times);
      if (median === undefined) return unknown('none of them was answered');
      return judgeMost('latencyMs', median, target, {
        seen: `median ${String(median)} ms of ${String(times.length)} requests, ${String(Math.max(...times))} ms at most`,
        fix: `ping -c 5 ${new URL(target.url).hostname}`,
      });
    },
  },
  {
    id: 'health.alive',
    title: 'the gateway reports that it is alive',
    severity: 'error',
    after: ['http.reachable'],
    judge: ({ health, target }) => {
      const reply = replyOf(health);
      if (reply === undefined) return unknown('it was not asked');
      if (reply.status === 200 && !isHtml(reply))
        return pass(`${pathOf(health)} answers 200`, { value: reply.totalMs, unit: 'ms' });
      if (!isOurs(target) && !isHtml(reply))
        return notApplicable(`this server has no ${pathOf(health)} (${String(reply.status)})`);
      return failed(
        `200 from ${pathOf(health)}`,
        describeReply(reply),
        isHtml(reply)
          ? 'the same command with the port of the gateway (4000)'
          : 'sudo journalctl -u litellm -n 50  # on that host',
      );
    },
  },
];

function judgeCertificate(
  { connection: { tls }, target }: ProbeResults,
  judge: (shown: ShownCertificate, step: Step<ShownCertificate> & { readonly done: true }) => Verdict,
): Verdict {
  if (tls === undefined) return notApplicable('the address is plain HTTP');
  return judgeStep(tls, `a TLS handshake with ${target.url}`, (shown) => (tls.done ? judge(shown, tls) : pass('')));
}

function judgeDays(seen: ProbeResults, { endsMs, endsFor, beginsMs }: ShownCertificate): Verdict {
  const { connection, target } = seen;
  const days = Math.floor((endsMs - connection.nowMs) / DAY_MS);
  const limit = limitOf('certificateDays', target);
  const ends = new Date(endsMs).toISOString().slice(0, 10);
  if (beginsMs > connection.nowMs)
    return failed(
      'a certificate that is valid now',
      `it is valid from ${new Date(beginsMs).toISOString()} on`,
      'timedatectl  # here and on that host',
    );
  const number = measured('certificateDays', days, target);
  if (connection.nowMs >= endsMs || days < limit)
    return failed(
      `${String(limit)} days of validity or more (litellm_smoke_certificate_days)`,
      connection.nowMs >= endsMs
        ? `the certificate of ${endsFor} has expired on ${ends}`
        : `${String(days)} days: the certificate of ${endsFor} ends on ${ends}`,
      fixOf(seen, 'with later dates'),
      number,
    );
  return pass(`${String(days)} days, until ${ends}`, number);
}

function fixOf({ target }: ProbeResults, wanted: string): string {
  const { hostname, port } = new URL(target.url);
  const show = `openssl s_client -connect ${hostname}:${port === '' ? '443' : port} </dev/null | openssl x509 -noout -subject -ext subjectAltName -dates`;
  return isOurs(target) ? `hxllm enforce  # with a litellm_tls_cert ${wanted}` : show;
}

function judgeStep<T>(step: Step<T>, wanted: string, judge: (value: T) => Verdict): Verdict {
  if (step.done) return judge(step.value);
  const { kind, seen, fix } = step.trouble;
  return kind === 'aborted' ? unknown(seen, fix) : failed(wanted, seen, fix);
}

function ms(step: { readonly done: boolean; readonly ms?: number }): { value: number; unit: string } | undefined {
  return step.ms === undefined ? undefined : { value: step.ms, unit: 'ms' };
}
