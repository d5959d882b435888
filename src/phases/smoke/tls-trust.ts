import { checkServerIdentity, rootCertificates, type ConnectionOptions, type PeerCertificate } from 'node:tls';
import type { SmokeTarget } from './target.ts';

/** The authorities that a target's certificate may be signed by; none: those of Node and of its environment. */
export function trustedAuthorities(tls: SmokeTarget['tls']): Pick<ConnectionOptions, 'ca'> {
  return tls === undefined ? {} : { ca: [...rootCertificates, ...tls.authorities] };
}

/** How connections judge the certificate of a target. */
export function tlsOptions(tls: SmokeTarget['tls']): Pick<ConnectionOptions, 'ca' | 'checkServerIdentity'> {
  if (tls === undefined) return {};
  const isFor = (name: string, certificate: PeerCertificate): boolean =>
    checkServerIdentity(name, certificate) === undefined;
  return {
    ...trustedAuthorities(tls),
    checkServerIdentity: (hostname, certificate) =>
      tls.names.some((name) => isFor(name, certificate)) ? undefined : checkServerIdentity(hostname, certificate),
  };
}
