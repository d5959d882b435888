import { Agent, request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';

/** Clients that ask without a pause, each in its own way. */
export type Way = 'new connection' | 'kept connection' | 'pipelined' | 'stream';

/** Counts of what clients saw. */
export interface Tally {
  readonly whole: Record<Way, number>;
  /** Failures, in words. */
  readonly failures: string[];
  /** The longest wait for the headers of a response, ms. */
  slowestMs: number;
}

/** The traffic of one test. */
export interface Traffic {
  readonly tally: Tally;
  /** Lets every request and stream come to its end. */
  stop(): Promise<void>;
  /** Ends all connections: a failed test must not go on asking. */
  cut(): void;
}

interface Target {
  readonly port: number;
  readonly key: string;
}

const CHAT = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Answer in 5 tokens.' }] });
const STREAM = JSON.stringify({
  model: 'm',
  stream: true,
  messages: [{ role: 'user', content: 'Answer in 100 tokens.' }],
});
const PIPELINED = 4;

/** Starts clients; `clients` says how many ask in each way. */
export function startTraffic(target: Target, clients: Readonly<Record<Way, number>>): Traffic {
  const tally: Tally = {
    whole: { 'new connection': 0, 'kept connection': 0, pipelined: 0, stream: 0 },
    failures: [],
    slowestMs: 0,
  };
  const over = new AbortController();
  const agents: Agent[] = [];
  const note = (way: Way, problem: string | undefined): void => {
    if (problem === undefined) tally.whole[way] += 1;
    else tally.failures.push(`${way}: ${problem}`);
  };
  const loop = async (way: Way): Promise<void> => {
    const agent = way === 'new connection' ? undefined : new Agent({ keepAlive: true, maxSockets: 1 });
    if (agent !== undefined) agents.push(agent);
    while (!over.signal.aborted) {
      if (way === 'pipelined') for (const problem of await pipeline(target, over.signal)) note(way, problem);
      else note(way, await ask(target, tally, agent ?? false, way === 'stream'));
    }
  };
  const loops = Object.entries(clients).flatMap(([way, count]) =>
    Array.from({ length: count }, () => loop(way as Way)),
  );
  return {
    tally,
    cut: () => {
      over.abort();
      for (const agent of agents) agent.destroy();
    },
    stop: async () => {
      over.abort();
      await Promise.all(loops);
      for (const agent of agents) agent.destroy();
    },
  };
}

async function ask(
  { port, key }: Target,
  tally: Tally,
  agent: Agent | false,
  isStream: boolean,
): Promise<string | undefined> {
  const sinceMs = performance.now();
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const sent = request(
        { port, host: '127.0.0.1', path: '/v1/chat/completions', method: 'POST', headers, agent },
        resolve,
      );
      sent.once('error', reject).end(isStream ? STREAM : CHAT);
    });
    tally.slowestMs = Math.max(tally.slowestMs, performance.now() - sinceMs);
    let text = '';
    for await (const part of response.setEncoding('utf8')) text += String(part);
    if (response.statusCode !== 200) return `${String(response.statusCode)} ${text.slice(0, 200)}`;
    const isWhole = isStream ? text.endsWith('data: [DONE]\n\n') : text.includes('"finish_reason"');
    return isWhole ? undefined : `cut: …${text.slice(-100)}`;
  } catch (error) {
    return String(error);
  }
}

/** Sends batches on one connection until the server closes it. Returns a problem or `undefined` for each request. */
async function pipeline({ port, key }: Target, over: AbortSignal): Promise<readonly (string | undefined)[]> {
  const socket = connect(port, '127.0.0.1');
  const results: (string | undefined)[] = [];
  const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${key}\r\ncontent-length: ${String(CHAT.length)}\r\n\r\n${CHAT}`;
  let [text, error] = ['', ''];
  let onChange = (): void => {};
  socket.setEncoding('utf8').on('data', (part: string) => {
    text += part;
    onChange();
  });
  socket
    .on('error', (cause) => {
      error = String(cause);
    })
    .on('close', () => {
      onChange();
    });
  while (!over.aborted) {
    text = '';
    socket.write(head.repeat(PIPELINED));
    while (text.split('"finish_reason"').length <= PIPELINED && !socket.closed)
      await new Promise<void>((resolve) => {
        onChange = resolve;
      });
    const answered = text.split('"finish_reason"').length - 1;
    const refused = text.match(/^HTTP\/1\.1 (?!200)\d+.*$/m)?.[0];
    for (let each = 0; each < PIPELINED; each += 1)
      results.push(
        each < answered ? undefined : `${refused ?? 'no answer'}, ${String(answered)} of ${String(PIPELINED)} ${error}`,
      );
    if (socket.closed || /^connection: close\r$/im.test(text)) break;
  }
  socket.destroy();
  return results;
}
