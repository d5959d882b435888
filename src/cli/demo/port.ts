import { once } from 'node:events';
import { createServer } from 'node:net';
import { errorCode } from '../../core/error.ts';
import type { Problem } from '../../core/problem.ts';
import { describeListener } from './process-table.ts';

/** Whether this user can listen on a port of the loopback. */
export async function isFree(port: number): Promise<boolean> {
  return (await tryPort(port)).error === undefined;
}

/** Returns a port that is free now. */
export async function freePort(): Promise<number> {
  const tried = await tryPort(0);
  if (tried.port === undefined) throw new Error(`no port is free: ${tried.error ?? ''}`);
  return tried.port;
}

/** The Problem that prevents listening on a port; `undefined` if there is none. `command`: how the demo was started, for the fix. */
export async function obstacleOn(port: number, command: string): Promise<Problem | undefined> {
  const { error } = await tryPort(port);
  if (error === undefined) return undefined;
  const other = await freePort();
  if (error === 'EADDRINUSE') {
    return {
      code: 'demo.port-taken',
      summary: `port ${String(port)} is in use`,
      detail: `Expected it to be free for the gateway, found that ${describeListener(port) ?? 'a process of another user'} listens there.`,
      fix: `${command} --port ${String(port + 1 < 65_536 && (await isFree(port + 1)) ? port + 1 : other)}`,
    };
  }
  return {
    code: 'demo.port-refused',
    summary: `port ${String(port)} cannot be used`,
    detail: `Expected to be able to listen there, found ${error}.`,
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
