import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { checkServerIdentity, connect, rootCertificates, type TLSSocket } from 'node:tls';
import { asError } from '../../core/error.ts';
import type { TlsAnswer, TlsRequest } from '../../core/host.ts';
import { secureContextFor } from './secure-context.ts';

const RECEIVED_MAX = 4 * 1024 * 1024;

/** OpenSSL's codes about dates. It goes on after an error and keeps the last one, so one of these can hide an untrusted chain. */
const DATES: ReadonlySet<string> = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);

/** Speaks TLS on a stream of bytes. Rejects with the reason if there is no handshake; `signal` ends the conversation. */
export function converse(stream: Duplex, request: TlsRequest, signal: AbortSignal): Promise<TlsAnswer> {
  const { hostname, trusted, withOwn, send } = request;
  const socket = connect({
    socket: stream,
    ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
    secureContext: secureContextFor(trusted, withOwn),
    // The chain and the names are judged by the caller, each for itself.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
  return new Promise((resolve, reject) => {
    let seen: Omit<TlsAnswer, 'received'> | undefined;
    const chunks: Buffer[] = [];
    let size = 0;
    const end = (error?: Error): void => {
      if (seen === undefined) reject(error ?? new Error('it closed the connection before TLS was agreed on'));
      else resolve({ ...seen, received: Buffer.concat(chunks).toString() });
      socket.destroy();
      stream.destroy();
    };
    signal.addEventListener('abort', () => end(new Error('no answer in time')), { once: true });
    socket.on('error', end).on('close', () => end());
    stream.on('error', end);
    socket.once('secureConnect', () => {
      try {
        seen = serverOf(socket, request);
      } catch (error) {
        return end(asError(error));
      }
      if (send === undefined) return end();
      socket.write(send);
      socket.on('end', () => end());
      return socket.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > RECEIVED_MAX) end();
      });
    });
  });
}

function serverOf(socket: TLSSocket, { hostname, trusted, withOwn }: TlsRequest): Omit<TlsAnswer, 'received'> {
  const chain: X509Certificate[] = [];
  const seen = new Set<string>();
  const own = socket.getPeerCertificate(true);
  for (let at: typeof own | undefined = own; at?.raw !== undefined && !seen.has(at.fingerprint256);) {
    seen.add(at.fingerprint256);
    chain.push(new X509Certificate(at.raw));
    at = at.issuerCertificate;
  }
  // Node's types say Error; it is the code of OpenSSL, as text.
  const code = socket.authorized ? undefined : String(socket.authorizationError);
  const isAnchored = code !== undefined && DATES.has(code) && leadsTo(chain, trusted, withOwn);
  return {
    certificates: (socket.authorized ? pathOf(chain, trusted, withOwn) : chain).map(String),
    chainError: isAnchored
      ? undefined
      : code !== undefined && DATES.has(code)
        ? 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'
        : code,
    nameError: checkServerIdentity(hostname, own)?.message,
  };
}

/**
 * The part of an accepted chain that OpenSSL went: to the first trusted root that is valid. Behind it a server may send the same root signed by an
 * earlier authority, which has long expired and is of no matter.
 */
function pathOf(
  chain: readonly X509Certificate[],
  trusted: readonly string[],
  withOwn: boolean,
): readonly X509Certificate[] {
  const nowMs = Date.now();
  const roots = [...trusted, ...(withOwn ? rootCertificates : [])].map((pem) => new X509Certificate(pem));
  for (const [index, each] of chain.entries()) {
    const root = roots.find(
      (one) => each.issuer === one.subject && Date.parse(one.validTo) > nowMs && each.verify(one.publicKey),
    );
    if (root === undefined) continue;
    const path = chain.slice(0, index + 1);
    return root.fingerprint256 === each.fingerprint256 ? path : [...path, root];
  }
  return chain;
}

/** Whether each certificate is signed by the next, and the last one is trusted and signs itself. */
function leadsTo(chain: readonly X509Certificate[], trusted: readonly string[], withOwn: boolean): boolean {
  const last = chain.at(-1);
  const isSigned = chain.every((each, index) => {
    const issuer = chain[index + 1] ?? each;
    return each.checkIssued(issuer) && each.verify(issuer.publicKey);
  });
  if (last === undefined || !isSigned) return false;
  return [...trusted, ...(withOwn ? rootCertificates : [])].some(
    (pem) => new X509Certificate(pem).fingerprint256 === last.fingerprint256,
  );
}
