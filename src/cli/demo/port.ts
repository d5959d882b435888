import { once } from 'node:events';
import { createServer } from 'node:net';
import { errorCode } from '../../core/error.ts';
import type { Problem } from '../../core/problem.ts';
import { describeListener } from './process-table.ts';

/** Whether nothing listens on a port of this machine's loopback, and we may. */
export async function isFree(port: number): Promise<boolean> {
  return (await tryPort(port)).error === undefined;
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const tried = await tryPort(0);
  if (tried.port === undefined) throw new Error(`no port is free: ${tried.error ?? ''}`);
  return tried.port;
}

/** What stands in the way of listening on a port; `undefined` where nothing does. `command` is how the demo was started. */
export async function obstacleOn(port: number, command: string): Promise<Problem | undefined> {
  const { error } = await tryPort(port);
  if (error === undefined) return undefined;
  const other = await freePort();
  if (error === 'EADDRINUSE') {
    return {
      code: 'demo.port-taken',
      summary: `port ${String(port)} is taken`,
      detail: `Wanted it for the gateway; seen that ${describeListener(port) ?? 'a process of another user'} listens there.`,
      fix: `${command} --port ${String(port + 1 < 65_536 && (await isFree(port + 1)) ? port + 1 : other)}`,
    };
  }
  return {
    code: 'demo.port-refused',
    summary: `port ${String(port)} cannot be used`,
    detail: `Wanted to listen there; seen ${error}.`,
    fix: `${command} --port ${String(other)}`,
  };
}

async function tryPort(port: number): Promise<{ readonly port?: number; readonly error?: string }> {
  const server = createServer();
  try {
    server.listen({ port, host: '127.0.0.1' });
    await once(server, 'listening');
    const address = server.address();
    const found = typeof address === 'object' && address !== null ? address.port : port;
    server.close();
    await once(server, 'close');
    return { port: found };
  } catch (error) {
    const code = errorCode(error);
    return { error: code === '' ? String(error) : code };
  }
}
