import { Agent, request } from 'node:https';
import { certificateText } from '../certificates/certificates.ts';

/** The requests of the clients of a gateway with TLS. */
export interface Tally {
  readonly failures: readonly string[];
  readonly streams: number;
  /** The times that plain requests took, in ms. */
  readonly tookMs: readonly number[];
}

/** Clients that ask until they are stopped. */
export interface ManyClients {
  /** The streams that are open now. */
  open(): number;
  /** The times and failures since the last call. */
  take(): Tally;
  /** Lets each request end. */
  stop(): Promise<void>;
}

const PLAIN = 6;
/** The first streams of so many clients are minutes long. */
const MINUTES = 10;

/** Starts `streams` clients with one stream after the other, and some with plain requests; half of these have a new connection each time. `key` is asked for each request. */
export function startManyClients(streams: number, key: () => string): ManyClients {
  const state = { stopped: false, open: 0 };
  let [failures, tookMs, whole]: [string[], number[], number] = [[], [], 0];
  const ca = certificateText('ca.pem');
  const kept = new Agent({ ca, servername: 'localhost', keepAlive: true });
  const fresh = new Agent({ ca, servername: 'localhost', keepAlive: false });
  const ask = async (agent: Agent, model: string, tokens: number): Promise<void> => {
    const stream = model === 'long';
    const content = `Say something. Answer in ${String(tokens)} tokens.`;
    const body = JSON.stringify({ model, stream, messages: [{ role: 'user', content }] });
    const { promise, resolve } = Promise.withResolvers<string>();
    const asked = request(
      {
        agent,
        host: '10.77.0.11',
        port: 4000,
        path: '/v1/chat/completions',
        method: 'POST',
        headers: { authorization: `Bearer ${key()}`, 'content-type': 'application/json' },
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => (text = `${text.slice(-500)}${chunk}`));
        answer.on('error', ({ message }) => {
          resolve(`cut: ${message}`);
        });
        answer.on('close', () => {
          const isWhole = stream ? text.includes('data: [DONE]') : text.includes('"finish_reason"');
          resolve(answer.statusCode === 200 && isWhole ? '' : `${String(answer.statusCode)} ${text}`);
        });
      },
    );
    asked.on('error', ({ message }) => {
      resolve(`refused: ${message}`);
    });
    asked.end(body);
    const failure = await promise;
    if (failure !== '') failures.push(`${new Date().toISOString()} ${model} ${failure}`);
  };
  const streaming = async (client: number): Promise<void> => {
    for (let round = 0; !state.stopped; round += 1) {
      state.open += 1;
      await ask(fresh, 'long', round === 0 && client < MINUTES ? 150 : 5 + ((client * 7 + round * 3) % 20));
      state.open -= 1;
      whole += 1;
    }
  };
  const plain = async (client: number): Promise<void> => {
    while (!state.stopped) {
      const begunMs = performance.now();
      await ask(client % 2 === 0 ? kept : fresh, 'quick', 1);
      tookMs.push(performance.now() - begunMs);
      await new Promise((resolve) => {
        setTimeout(resolve, 50);
      });
    }
  };
  const clients = [
    ...Array.from({ length: streams }, (_, client) => streaming(client)),
    ...Array.from({ length: PLAIN }, (_, client) => plain(client)),
  ];
  return {
    open: () => state.open,
    take: () => {
      const tally = { failures, tookMs, streams: whole };
      [failures, tookMs, whole] = [[], [], 0];
      return tally;
    },
    stop: async () => {
      state.stopped = true;
      await Promise.all(clients);
      kept.destroy();
      fresh.destroy();
    },
  };
}
