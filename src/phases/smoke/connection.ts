import { promises } from 'node:dns';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { ABORTED, behindForward, diagnose } from './diagnose.ts';
import type { Diagnosis } from './exchange.ts';
import type { SmokeTarget } from './target.ts';
import { trustedAuthorities } from './tls-trust.ts';

/** The time for each name, connection and handshake, ms. */
const STEP_MS = 10_000;
/** More addresses than a name should need. */
const MOST_ADDRESSES = 8;

/** A step of a connection: its result with its time, or the reason why it failed. */
export type Step<T> =
  | { readonly done: true; readonly value: T; readonly ms: number }
  | { readonly done: false; readonly trouble: Diagnosis };

/** The certificate of a server, as it was shown in a handshake. */
export interface ShownCertificate {
  readonly subject: string;
  readonly issuer: string;
  /** OpenSSL's code if the chain is not trusted, such as `SELF_SIGNED_CERT_IN_CHAIN`. */
  readonly untrusted: string | undefined;
  /** The reason if it is for none of the expected names. */
  readonly otherName: string | undefined;
  /** The first end of validity in the chain, and its owner. */
  readonly endsMs: number;
  readonly endsFor: string;
  readonly beginsMs: number;
  readonly protocol: string;
}

/** The way to a server, step by step; a step after one that failed is `undefined`. */
export interface ConnectionSteps {
  /** The addresses of the name; `undefined` if the URL has an address. */
  readonly dns: Step<readonly string[]> | undefined;
  /** A connection to each address. */
  readonly tcp: ReadonlyMap<string, Step<undefined>>;
  /** `undefined` for plain HTTP. */
  readonly tls: Step<ShownCertificate> | undefined;
  readonly nowMs: number;
}

/** Resolves the name, connects to each address and looks at the certificate. It sends no request and never throws. */
export async function walkConnection(
  url: URL,
  target: Pick<SmokeTarget, 'tls' | 'refusal'>,
  signal: AbortSignal,
  nowMs: () => number,
): Promise<ConnectionSteps> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = Number(url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port);
  const timed = <T>(work: (limit: AbortSignal) => Promise<T>): Promise<Step<T>> => oneStep(url, signal, nowMs, work);
  const dns = isIP(host) === 0 ? await timed((limit) => resolve(host, limit)) : undefined;
  const addresses = dns === undefined ? [host] : dns.done ? dns.value : [];
  const tcp = new Map<string, Step<undefined>>();
  for (const address of addresses.slice(0, MOST_ADDRESSES))
    tcp.set(address, await timed((limit) => openOnce(address, port, limit)));
  const open = addresses.find((address) => tcp.get(address)?.done === true);
  const tls =
    url.protocol !== 'https:' || open === undefined
      ? undefined
      : await timed((limit) => showCertificate({ address: open, port, host, target, limit, nowMs }));
  const shown = tls?.done === false ? { ...tls, trouble: behindForward(tls.trouble, target) } : tls;
  return { dns, tcp, tls: shown, nowMs: nowMs() };
}

async function oneStep<T>(
  url: URL,
  signal: AbortSignal,
  nowMs: () => number,
  work: (limit: AbortSignal) => Promise<T>,
): Promise<Step<T>> {
  const startedMs = nowMs();
  try {
    const value = await work(AbortSignal.any([signal, AbortSignal.timeout(STEP_MS)]));
    return { done: true, value, ms: nowMs() - startedMs };
  } catch (error) {
    const late = error instanceof Error && error.name === 'TimeoutError';
    const cause = late ? Object.assign(new Error('late'), { code: 'ETIMEDOUT' }) : error;
    return { done: false, trouble: signal.aborted ? ABORTED : diagnose(cause, url, nowMs() - startedMs) };
  }
}

// getaddrinfo cannot be interrupted; its answer is no longer waited for.
async function resolve(host: string, limit: AbortSignal): Promise<readonly string[]> {
  const late = Promise.withResolvers<never>();
  const give = (): void => {
    late.reject(reasonOf(limit));
  };
  limit.addEventListener('abort', give, { once: true });
  try {
    const found = await Promise.race([promises.lookup(host, { all: true }), late.promise]);
    return [...new Set(found.map(({ address }) => address))];
  } finally {
    limit.removeEventListener('abort', give);
  }
}

async function openOnce(address: string, port: number, limit: AbortSignal): Promise<undefined> {
  const socket = connectTcp({ host: address, port });
  await settled(socket, 'connect', limit);
}

/** A handshake with one address. */
interface Handshake {
  readonly address: string;
  readonly port: number;
  readonly host: string;
  readonly target: Pick<SmokeTarget, 'tls'>;
  readonly limit: AbortSignal;
  readonly nowMs: () => number;
}

async function showCertificate({ address, port, host, target, limit, nowMs }: Handshake): Promise<ShownCertificate> {
  const socket = connectTls({
    host: address,
    port,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...trustedAuthorities(target.tls),
    // Names are judged apart from the chain.
    checkServerIdentity: () => undefined,
    // The checks judge what is wrong with it, so the handshake must not end at the first fault.
    rejectUnauthorized: false,
  });
  let shown: ShownCertificate | undefined;
  await settled(socket, 'secureConnect', limit, () => {
    shown = readCertificate(socket, target.tls?.names ?? [host], host, nowMs());
  });
  if (shown === undefined) throw new Error('the server showed no certificate');
  return shown;
}

function readCertificate(
  socket: TLSSocket,
  names: readonly string[],
  host: string,
  atMs: number,
): ShownCertificate | undefined {
  const certificate = socket.getPeerCertificate(true);
  if (Object.keys(certificate).length === 0) return undefined;
  const { authorizationError: untrusted } = socket;
  // A server may send a root that has ended beside the one in use (cross-signing): it is not in a chain that is trusted.
  const isInUse = (one: DetailedPeerCertificate): boolean =>
    one === certificate || !socket.authorized || endOf(one) > atMs;
  const chain = chainOf(certificate).filter(isInUse);
  const first = chain.reduce((soonest, one) => (endOf(one) < endOf(soonest) ? one : soonest), certificate);
  const faults = [...new Set([...names, host])].map((name) => checkServerIdentity(name, certificate));
  return {
    subject: nameOf(certificate.subject.CN),
    issuer: nameOf(certificate.issuer.CN ?? certificate.issuer.O),
    untrusted: codeOf(untrusted),
    otherName: faults.includes(undefined) ? undefined : (certificate.subjectaltname ?? 'it names no host'),
    endsMs: endOf(first),
    endsFor: nameOf(first.subject.CN ?? first.subject.O),
    beginsMs: Math.max(...chain.map(({ valid_from: begins }) => Date.parse(begins))),
    protocol: socket.getProtocol() ?? 'TLS',
  };
}

// @types/node says Error; Node sets the code as a text (tls_wrap.js, onConnectSecure).
function codeOf(untrusted: unknown): string | undefined {
  if (untrusted === null || untrusted === undefined) return undefined;
  return typeof untrusted === 'string' ? untrusted : String(Reflect.get(Object(untrusted), 'code') ?? untrusted);
}

/** The leaf and its issuers. A root is its own issuer. */
function chainOf(leaf: DetailedPeerCertificate): readonly DetailedPeerCertificate[] {
  const chain: DetailedPeerCertificate[] = [];
  let next: DetailedPeerCertificate | undefined = leaf;
  while (next !== undefined && !chain.includes(next)) {
    chain.push(next);
    // A chain that is not complete ends without an issuer, which the types do not say.
    next = next.issuerCertificate as DetailedPeerCertificate | undefined;
  }
  return chain;
}

function endOf({ valid_to: ends }: DetailedPeerCertificate): number {
  return Date.parse(ends);
}

function nameOf(name: string | readonly string[] | undefined): string {
  return name === undefined ? 'no name' : [name].flat().join(', ');
}

/** Waits for an event of a socket, and closes it whatever comes. */
async function settled(socket: Socket, event: string, limit: AbortSignal, then?: () => void): Promise<void> {
  const { promise, resolve: done, reject } = Promise.withResolvers<undefined>();
  const stop = (): void => {
    reject(reasonOf(limit));
  };
  limit.addEventListener('abort', stop, { once: true });
  socket.on('error', reject);
  socket.once('close', () => {
    reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' }));
  });
  socket.once(event, () => {
    then?.();
    done(undefined);
  });
  try {
    if (limit.aborted) stop();
    await promise;
  } finally {
    limit.removeEventListener('abort', stop);
    socket.destroy();
  }
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error(String(reason));
}
