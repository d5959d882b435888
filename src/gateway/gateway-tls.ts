import type { Server as NetServer } from 'node:net';
import type { Server } from 'node:http';
import { ok, type Problem, type Result } from '../core/problem.ts';
import type { TlsFiles } from '../schema/gateway-config.ts';
import type { Connections } from './http/connections.ts';
import { readTlsFiles, type TlsIdentity } from './http/tls-files.ts';
import { TlsListener } from './http/tls-listener.ts';
import { TlsWatch } from './http/tls-watch.ts';
import type { Log } from './log.ts';
import { LIMITS, type ConnectionLimits } from './http/connection-limits.ts';

/** TLS in front of a gateway's server. */
export interface GatewayTls {
  /** A server with TLS that does not listen yet. */
  readonly open: () => NetServer;
  /** Reads the files of another configuration. */
  read(files: TlsFiles): Promise<Result<TlsIdentity>>;
  /** Gives new connections another certificate, and watches its files. */
  renew(identity: TlsIdentity): Promise<void>;
  /** The certificate of new connections, for the log. */
  described(): Readonly<Record<string, string>>;
  /** The last moment of the certificate, ms since 1970. */
  endsMs(): number;
  close(): void;
}

/** The parts of a gateway that TLS stands before. */
interface TlsOptions {
  readonly server: Server;
  readonly connections: Connections;
  readonly log: Log;
  readonly limits: Partial<ConnectionLimits> | undefined;
}

/** Reads the files of `hxllm.tls` and watches them; `undefined` without them. */
export async function beginTls(
  files: TlsFiles | undefined,
  { server, connections, log, limits }: TlsOptions,
): Promise<Result<GatewayTls | undefined>> {
  if (files === undefined) return ok(undefined);
  const identity = await readTlsFiles(files);
  if (!identity.ok) return identity;
  const { handshakeMs, renewalLookMs } = { ...LIMITS, ...limits };
  const listener = new TlsListener(identity.value, handshakeMs);
  const use = (next: TlsIdentity): void => {
    const isNew = next.fingerprint !== listener.identity.fingerprint;
    listener.renew(next);
    if (isNew) log({ event: 'certificate', ...described(next) });
  };
  const watch = new TlsWatch(
    files,
    {
      onRenewed: use,
      onRefused: (problem) => {
        log({ event: 'certificate-refused', ...refusal(problem), used: listener.identity.fingerprint });
      },
    },
    renewalLookMs,
  );
  return ok({
    open: () =>
      listener.open(
        (socket) => server.emit('connection', socket),
        (socket) => connections.hold(socket),
      ),
    read: readTlsFiles,
    renew: async (next) => {
      use(next);
      await watch.watch(next.files);
    },
    described: () => described(listener.identity),
    endsMs: () => listener.identity.notAfterMs,
    close: () => {
      watch.close();
    },
  });
}

function described({ files, fingerprint, notAfterMs }: TlsIdentity): Readonly<Record<string, string>> {
  return { file: files.certFile, sha256: fingerprint, not_after: new Date(notAfterMs).toISOString() };
}

function refusal({ summary, detail, where }: Problem): Readonly<Record<string, string | undefined>> {
  return { file: where?.file, summary, detail };
}
