import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A relay that is listening. */
export interface DelayRelay extends AsyncDisposable {
  readonly port: number;
}

/**
 * A TCP relay that delays every chunk by half of `rttMs` in each direction, and a connection by `rttMs` for TCP's own handshake. It stands
 * in for netem, which the machine's kernel does not have: the order of bytes is kept, there is no loss, and no limit of bandwidth.
 */
export async function startDelayRelay(
  target: { readonly host: string; readonly port: number },
  rttMs: number,
): Promise<DelayRelay> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    open.add(client);
    client.pause();
    setTimeout(() => {
      const upstream = connect({ ...target, allowHalfOpen: true });
      open.add(upstream);
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        from.setNoDelay(true);
        const later = (act: () => void): void => void setTimeout(act, rttMs / 2);
        from.on('data', (chunk: Buffer) => later(() => to.write(chunk)));
        from.on('end', () => later(() => to.end()));
        from.on('error', () => to.destroy());
        from.on('close', () => open.delete(from));
        from.resume();
      }
    }, rttMs);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the relay has no port');
  return {
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, 'close');
    },
  };
}
