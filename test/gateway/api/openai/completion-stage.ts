import { startFake, type FakeUpstream } from '../../fake-upstream.ts';
import { startGateway, type Running } from '../../running.ts';

export interface Completion {
  readonly id: string;
  readonly object: string;
  readonly model: string;
  readonly choices: readonly {
    readonly index: number;
    readonly text: string;
    readonly logprobs: object | null;
    readonly finish_reason: string | null;
  }[];
  readonly usage?: object | null;
}

export interface Sent {
  readonly prompt: string;
  readonly [field: string]: unknown;
}

export const line = (response: string, more: object = {}): string =>
  `${JSON.stringify({ model: 'm', response, done: false, ...more })}\n`;

export const DONE = line('', { done: true, done_reason: 'stop', prompt_eval_count: 4, eval_count: 2 });

/** A gateway in front of a server that continues prompts, with the calls of a client. */
export interface CompletionStage {
  readonly fake: FakeUpstream;
  readonly gateway: Running;
  readonly complete: (body: object, path?: string) => Promise<Response>;
  readonly whole: (body: object) => Promise<Completion>;
  readonly stop: () => Promise<void>;
}

/** Starts both. The server repeats the prompt behind a word, and fails for two prompts. */
export async function startCompletions(): Promise<CompletionStage> {
  const fake = await startFake((got, outgoing) => {
    const { prompt, logprobs } = JSON.parse(got.body) as Sent;
    if (prompt === undefined || prompt === '') outgoing.end(line('', { done: true, done_reason: 'load' }));
    else if (prompt === 'too long')
      outgoing.writeHead(400).end('{"error":"the input length exceeds the context length"}');
    else if (prompt === 'no insert')
      outgoing.writeHead(400).end('{"error":"registry.ollama.ai/library/m:latest does not support insert"}');
    else {
      const token = (text: string): object =>
        logprobs === true
          ? { logprobs: [{ token: text, logprob: -0.5, bytes: [1], top_logprobs: [{ token: 'x', logprob: -2 }] }] }
          : {};
      outgoing.end(line(' upon', token(' upon')) + line(` ${prompt}`, token(` ${prompt}`)) + DONE);
    }
  });
  const gateway = await startGateway([fake], { hxllm: { backends: { [fake.url]: { num_parallel: 8 } } } });
  const complete = (body: object, path = '/v1/completions'): Promise<Response> =>
    gateway.ask(path, { method: 'POST', body: JSON.stringify({ model: 'm', prompt: 'Once', ...body }) });
  return {
    fake,
    gateway,
    complete,
    whole: async (body) => (await (await complete(body)).json()) as Completion,
    stop: async () => {
      await gateway[Symbol.asyncDispose]();
      await fake.kill();
    },
  };
}
