import type { Certificate } from '../../core/certificate.ts';
import type { TlsAnswer } from '../../core/host.ts';

/** A backend with TLS, as this machine saw it through the host. */
export interface BackendTls {
  /** Judged by the authorities that the gateway will have: those of Node, of the host and of litellm_ca_file. */
  readonly byGateway: TlsAnswer;
  /** Judged by the authorities of the host alone; `undefined` where the host has no list of them. */
  readonly byHost: TlsAnswer | undefined;
  readonly certificates: readonly Certificate[];
}

/** The backends with TLS by URL; a text is the reason why there was no handshake. */
export type TrustSeen = ReadonlyMap<string, BackendTls | string>;
