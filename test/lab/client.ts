import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { decryptVault } from '../../src/config/vault/cipher.ts';
import { readEnvelope } from '../../src/config/vault/envelope.ts';
import { Secret } from '../../src/core/secret.ts';
import { certificateText } from '../certificates/certificates.ts';

/** The URL of the deployed gateway, as in the inventory. */
export const GATEWAY = 'http://10.77.0.11:4000';

/** The check of the configuration on a host, as the operations page has it: it needs the environment of a start. */
export const CHECK_COMMAND =
  'systemd-run -q --pipe --wait -p User=litellm -p LoadCredential=litellm.env:/etc/litellm/litellm.env /opt/litellm/current/gateway --check --config /etc/litellm/config.yaml';

/** The lab's master key, from its vault. */
export async function readMasterKey(): Promise<string> {
  const envelope = readEnvelope(
    readFileSync(join(import.meta.dirname, 'inventories/group_vars/all/vault.yml'), 'utf8'),
  );
  if (typeof envelope === 'string') throw new Error(envelope);
  const text = await decryptVault(
    envelope,
    new Secret(Buffer.from(readFileSync(join(import.meta.dirname, 'vault-password'), 'utf8').trim())),
  );
  const key = /litellm_master_key: "(sk-[0-9a-f]{64})"/.exec(text?.toString() ?? '')?.[1];
  if (key === undefined) throw new Error('the lab’s vault does not open, or holds no master key');
  return key;
}

/** The result of one request: a whole response, one that broke off, or none. */
export type Fate = 'whole' | 'broke off' | 'refused';

/** Sends one chat request and reads the response to its end. */
export async function chat(
  key: string,
  stream: boolean,
  gateway = GATEWAY,
): Promise<{ readonly fate: Fate; readonly backend: string; readonly why: string }> {
  let [begun, backend] = [false, ''];
  try {
    const answer = await fetch(`${gateway}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'phi3-3.8b',
        stream,
        messages: [{ role: 'user', content: 'Say something long about patience.' }],
      }),
      signal: AbortSignal.timeout(60_000),
    });
    backend = answer.headers.get('x-hxllm-backend') ?? '';
    if (!answer.ok || answer.body === null)
      return { fate: 'refused', backend, why: `${String(answer.status)} ${await answer.text()}` };
    let text = '';
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      begun = true;
      text += chunk;
    }
    const whole = stream ? text.includes('data: [DONE]') : text.includes('"finish_reason"');
    return { fate: whole ? 'whole' : 'broke off', backend, why: text.slice(-200) };
  } catch (error) {
    return { fate: begun ? 'broke off' : 'refused', backend, why: String(error) };
  }
}

/** Asks the open health path once; the status, or the reason why there was no response. */
export async function alive(): Promise<string> {
  return fetch(`${GATEWAY}/health/liveliness`, { signal: AbortSignal.timeout(15_000) }).then(
    (answer) => String(answer.status),
    (error: unknown) => (error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)),
  );
}

/** Asks the gateway over TLS as a client of the test authority, on a new connection: the status and the name in its certificate, or the reason why there was no response. */
export async function aliveOverTls(): Promise<string> {
  return new Promise((resolve) => {
    const options = { host: '10.77.0.11', port: 4000, path: '/health/liveliness', agent: false, timeout: 15_000 };
    request({ ...options, servername: 'localhost', ca: certificateText('ca.pem') }, (answer) => {
      const { socket } = answer;
      const name = socket instanceof TLSSocket ? socket.getPeerCertificate().subject.CN : undefined;
      resolve(`${String(answer.statusCode)} ${String(name)}`);
      answer.resume();
    })
      .on('error', ({ message }) => {
        resolve(message);
      })
      .end();
  });
}
