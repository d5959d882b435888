import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** The traffic that has passed a relay. */
export interface Traffic {
  readonly connections: number;
  /** Bytes from the clients to the target. */
  readonly sentBytes: number;
  /** Bytes from the target to the clients. */
  readonly receivedBytes: number;
  /** Round trips, one after the other, TCP's own included: see `speak`. */
  readonly roundTrips: number;
}

/** A relay that is listening. */
export interface DelayRelay extends AsyncDisposable {
  readonly port: number;
  /** All traffic since the start. */
  traffic(): Traffic;
}

/**
 * A TCP relay that delays every chunk by half of `rttMs` in each direction, and a connection by `rttMs` for TCP's own handshake. It stands
 * in for netem, which the machine's kernel does not have: the order of bytes is kept, there is no loss, and no limit of bandwidth.
 */
export async function startDelayRelay(
  target: { readonly host: string; readonly port: number },
  rttMs: number,
  now: () => number = () => performance.now(),
): Promise<DelayRelay> {
  const open = new Set<Socket>();
  const count = { connections: 0, sentBytes: 0, receivedBytes: 0, roundTrips: 0 };
  let [heard, begun, lastTripMs] = [true, false, -Infinity];
  // A client that has heard something since its last trip and speaks begins another. Data that it sends less than a round trip after the last
  // one waited for none of its answers, so both shared the network's time.
  const speak = (): void => {
    if (!heard || now() - lastTripMs < rttMs) return;
    [heard, begun, lastTripMs] = [false, true, now()];
  };
  // The farewell of a client has no answer, and is no round trip.
  const hear = (): void => {
    if (begun) count.roundTrips += 1;
    [heard, begun] = [true, false];
  };
  const later = (delayMs: number, act: () => void): void => {
    // A timer of 0 ms takes one.
    if (delayMs === 0) act();
    else setTimeout(act, delayMs);
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    open.add(client);
    client.pause();
    count.connections += 1;
    heard = true;
    speak();
    later(rttMs, () => {
      const upstream = connect({ ...target, allowHalfOpen: true });
      open.add(upstream);
      hear();
      client.on('data', ({ length }: Buffer) => {
        speak();
        count.sentBytes += length;
      });
      upstream.on('data', ({ length }: Buffer) => {
        count.receivedBytes += length;
        later(rttMs / 2, hear);
      });
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        from.setNoDelay(true);
        from.on('data', (chunk: Buffer) => later(rttMs / 2, () => to.write(chunk)));
        from.on('end', () => later(rttMs / 2, () => to.end()));
        from.on('error', () => to.destroy());
        from.on('close', () => open.delete(from));
        from.resume();
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the relay has no port');
  return {
    port: address.port,
    traffic: () => ({ ...count }),
    [Symbol.asyncDispose]: async () => {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, 'close');
    },
  };
}
