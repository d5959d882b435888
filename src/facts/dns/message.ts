import dnsPacket, { type Answer } from 'dns-packet';

/** The answer of a name server to one question. `code` is DNS’s own word: `NOERROR`, `NXDOMAIN`, `REFUSED`, `SERVFAIL` … */
export interface DnsMessage {
  readonly code: string;
  /** Addresses (A, AAAA), names (PTR), or `HOST:PORT` (SRV), in the order of the answer. */
  readonly values: readonly string[];
  /** The names that the name is another word for (CNAME). */
  readonly aliases: readonly string[];
}

/** Parses a DNS message (RFC 1035). Returns `undefined` for anything else. */
export function parseMessage(bytes: Buffer): DnsMessage | undefined {
  try {
    const message = dnsPacket.decode(bytes);
    if (message.type !== 'response') return undefined;
    // dns-packet keeps the code, which its types do not name.
    const { rcode } = message as { readonly rcode?: unknown };
    return {
      code: typeof rcode === 'string' ? rcode : 'NOERROR',
      values: (message.answers ?? []).flatMap(valueOf),
      aliases: (message.answers ?? []).flatMap((answer) => (answer.type === 'CNAME' ? [plainName(answer.data)] : [])),
    };
  } catch {
    return undefined;
  }
}

function valueOf(answer: Answer): readonly string[] {
  if (answer.type === 'A' || answer.type === 'AAAA') return [answer.data];
  if (answer.type === 'PTR') return [plainName(answer.data)];
  if (answer.type === 'SRV') return [`${plainName(answer.data.target)}:${String(answer.data.port)}`];
  return [];
}

/** A name without case and without the dot of the root. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
