import { once } from 'node:events';
import { connect } from 'node:net';
import { until, type Running } from '../running.ts';

/** A connection of bytes to a gateway. */
export interface RawConnection {
  /** All bytes of the gateway until now. */
  readonly text: () => string;
  readonly closed: () => boolean;
  send(bytes: string | Buffer): void;
  /** Closes the client's half. */
  end(): void;
  /** Resets the connection. */
  reset(): void;
  /** Waits until the gateway has sent a text. */
  saw(text: string): Promise<void>;
  /** Waits until the gateway has closed the connection, and returns all of its bytes. */
  whole(): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Connects, and sends bytes. */
export async function rawConnection(gateway: Running, bytes: string | Buffer): Promise<RawConnection> {
  const socket = connect({ port: gateway.port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  let text = '';
  let closed = false;
  socket.setEncoding('latin1').on('data', (more: string) => {
    text += more;
  });
  socket.on('error', () => undefined).on('end', () => socket.end());
  socket.on('close', () => {
    closed = true;
  });
  socket.write(bytes);
  return {
    text: () => text,
    closed: () => closed,
    send: (more) => socket.write(more),
    end: () => socket.end(),
    reset: () => socket.resetAndDestroy(),
    saw: (wanted) => until(`${JSON.stringify(wanted)} after ${JSON.stringify(text)}`, () => text.includes(wanted)),
    whole: async () => {
      await until('the gateway closes the connection', () => closed);
      return text;
    },
    [Symbol.asyncDispose]: async () => {
      socket.destroy();
      await until('it is closed', () => closed);
    },
  };
}

/** The status codes of all responses in a text, in order. */
export function statusesIn(text: string): readonly number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
}
