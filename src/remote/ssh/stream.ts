import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { asError } from '../../core/error.ts';
import { loginLine } from '../../core/shell.ts';

/** A connection of bash to a port, which ends with its input, and with the other side. */
export const RELAY = 'exec 3<>"/dev/tcp/$1/$2" || exit 7; cat <&3 & cat >&3 <&0 & wait -n; kill $(jobs -p)';

/**
 * Opens a stream of bytes to a port as the host reaches it: a forwarded channel, or bash on the host where sshd forbids those
 * (AllowTcpForwarding no). Rejects with the reason.
 */
export async function openStream(client: Client, hostname: string, port: number, signal: AbortSignal): Promise<Duplex> {
  const late = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('no answer in time')), { once: true });
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([channelTo(client, hostname, port), late]);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return Promise.race([relayTo(client, hostname, port), late]);
  }
}

function channelTo(client: Client, hostname: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    try {
      client.forwardOut('127.0.0.1', 0, hostname, port, (error, channel) => {
        if (error === undefined) resolve(channel);
        else reject(error);
      });
    } catch (error) {
      reject(asError(error));
    }
  });
}

function relayTo(client: Client, hostname: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    client.exec(loginLine(['bash', '-c', RELAY, 'hxllm', hostname, String(port)]), (error, channel) => {
      if (error !== undefined) return reject(error);
      channel.stderr.resume();
      return resolve(channel);
    });
  });
}

// RFC 4254, 5.1: SSH_OPEN_ADMINISTRATIVELY_PROHIBITED is 1; ssh2 gives the number.
function isForbidden(error: unknown): boolean {
  return error instanceof Error && 'reason' in error && error.reason === 1;
}
