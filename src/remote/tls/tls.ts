import type { Duplex } from 'node:stream';
import { errorMessage } from '../../core/error.ts';
import type { CallOptions, TlsAnswer, TlsRequest } from '../../core/host.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import { converse } from './converse.ts';

/** Opens a stream of bytes to a port as a host reaches it. Rejects with the reason. */
export type OpenStream = (hostname: string, port: number, signal: AbortSignal) => Promise<Duplex>;

/** Speaks TLS to a server through a stream of the host. */
export async function speakTls(
  host: string,
  open: OpenStream,
  request: TlsRequest,
  options: CallOptions,
): Promise<Result<TlsAnswer>> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]);
  const { hostname, port } = request;
  try {
    return ok(await converse(await open(hostname, port, signal), request, signal));
  } catch (error) {
    return fail({
      code: 'tls.failed',
      summary: reasonOf(error, options),
      detail: `Expected a server with TLS at ${hostname}:${String(port)}, found: ${reasonOf(error, options)}.`,
      fix: `ssh ${host} getent ahosts ${hostname}`,
      where: { host },
    });
  }
}

function reasonOf(error: unknown, { timeoutMs }: CallOptions): string {
  const message = errorMessage(error);
  if (message === 'no answer in time') return `no answer within ${String(timeoutMs / 1000)} s`;
  // OpenSSL's errors have numbers and files of its source around the reason: `…:SSL routines:ssl3_get_record:wrong version number:…`.
  if (/wrong version number|packet length too long|http request/i.test(message)) return 'it does not speak TLS';
  return message.replace(/^\(SSH\) Channel open failure: /, '').replace(/^[0-9A-F]{8,}:error:[0-9A-F]*:/, '');
}
