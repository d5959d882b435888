import type { Settings } from '../../config/config.ts';
import { readPem } from '../../core/certificate.ts';
import type { CallOptions, Host } from '../../core/host.ts';
import { valueOf } from '../../facts/question.ts';
import { type HostFacts, type PreflightCheck } from './subject.ts';
import { placeOf, tlsBackends } from './trust-questions.ts';
import type { BackendTls, TrustSeen } from './trust-seen.ts';

const CONVERSATION_MS = 5000;

/** Speaks TLS with every `https://` backend through the host, at once, if one of the checks needs it. */
export async function askTrust(
  host: Host,
  settings: Settings,
  facts: HostFacts,
  checks: readonly PreflightCheck[],
  signal: AbortSignal,
): Promise<TrustSeen> {
  const urls = checks.some(({ id }) => id.startsWith('trust.')) ? tlsBackends(settings.backends) : [];
  const { trustStore }: Partial<HostFacts> = facts;
  const store = trustStore === undefined ? undefined : valueOf(trustStore);
  const ofHost = store?.certificates ?? [];
  // The gateway reads the host's authorities where their folder exists.
  const ofGateway = [
    ...(store?.isReadByNode === true ? [...ofHost, ...store.others] : []),
    ...(settings.authorities?.certificates ?? []).map(({ pem }) => pem),
  ];
  const options: CallOptions = { signal, timeoutMs: CONVERSATION_MS };
  const seen = urls.map(async (url): Promise<[string, BackendTls | string]> => {
    const place = placeOf(url);
    const [byGateway, byHost] = await Promise.all([
      host.tls({ ...place, trusted: ofGateway, withOwn: true }, options),
      store?.bundle === undefined ? undefined : host.tls({ ...place, trusted: ofHost, withOwn: false }, options),
    ]);
    if (!byGateway.ok) return [url, byGateway.problems[0].summary];
    const { certificates } = readPem(byGateway.value.certificates.join('\n'));
    return [url, { byGateway: byGateway.value, byHost: byHost?.ok === true ? byHost.value : undefined, certificates }];
  });
  return new Map(await Promise.all(seen));
}
