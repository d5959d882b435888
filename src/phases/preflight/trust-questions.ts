import type { HostPaths, Settings } from '../../config/config.ts';
import { authoritiesText } from '../../core/certificate.ts';
import { sha256 } from '../../core/hash.ts';
import { trustStoreQuestion } from '../../facts/authorities.ts';
import { hostnameOf } from '../../facts/name.ts';
import { runtimeTlsQuestion } from '../../facts/runtime-tls.ts';

/** The URLs of the backends with TLS. */
export function tlsBackends(backends: Settings['backends']): readonly string[] {
  return (backends ?? []).map(({ url }) => url).filter((url) => url.startsWith('https:'));
}

/** The place of a backend with TLS. */
export function placeOf(url: string): { readonly hostname: string; readonly port: number } {
  const { port } = new URL(url);
  return { hostname: hostnameOf(url), port: port === '' ? 443 : Number(port) };
}

/** The questions about authorities, and about connections of the installed runtime. */
export function trustQuestions(settings: Settings, paths: HostPaths) {
  const { authorities, backends } = settings;
  const servers = tlsBackends(backends)
    .map(placeOf)
    .map(({ hostname, port }) => [hostname, port] as const);
  const caSha256 = authorities === undefined ? '' : sha256(authoritiesText(authorities.certificates));
  return {
    trustStore: trustStoreQuestion(authorities !== undefined || servers.length > 0),
    runtimeTls: runtimeTlsQuestion({ ...settings, ...paths, caSha256 }, servers),
  };
}
