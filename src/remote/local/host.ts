import { connect } from 'node:net';
import type { Host } from '../../core/host.ts';
import { ok } from '../../core/problem.ts';
import { speakTls } from '../tls/tls.ts';
import { runProgram } from './program.ts';

/** This machine as a host (`ansible_connection=local`). Programs run as the current user, in this environment. */
export function createLocalHost(name: string, environment: Readonly<Record<string, string | undefined>>): Host {
  return {
    name,
    address: '127.0.0.1',
    run: (command, options) => runProgram(name, environment, command, options),
    forward: (address, port) => Promise.resolve(ok({ address, port, close: () => Promise.resolve() })),
    tryPort: () => Promise.resolve({ state: 'indirect', why: 'the host is this machine' }),
    // An error of the connection is one of TLS.
    tls: (request, options) =>
      speakTls(name, (host, port) => Promise.resolve(connect({ host, port })), request, options),
    close: () => Promise.resolve(),
  };
}
