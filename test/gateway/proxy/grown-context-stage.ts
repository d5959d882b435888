import assert from 'node:assert/strict';
import { startSim, type Sim, type SimOptions } from '../../../src/sim/server.ts';
import { startGateway, type Running } from '../running.ts';

/** The model of these tests: 131,072 trained tokens, of which a server gives 4,096. */
export const MODEL = 'llama3.1:8b';

/** About this many tokens for the simulated server; the text is the same for the same number. */
export function words(tokens: number): string {
  return Array.from({ length: tokens }, (_, index) => ` w${String((index % 90) + 10)}`).join('');
}

/** Simulated servers and a gateway that serves `m` from each of them, without a `num_ctx`. */
export interface GrowingStage extends AsyncDisposable {
  readonly servers: readonly Sim[];
  readonly gateway: Running;
  /** The body of a chat of about as many tokens. */
  chat(tokens: number, more?: object): Promise<Response>;
  post(path: string, body: object): Promise<Response>;
  /** The contexts that a server lists. */
  contexts(server?: Sim): Promise<readonly number[]>;
  metric(name: string): number;
  events(event: string): readonly Readonly<Record<string, unknown>>[];
}

/** Starts them; `more` goes into the configuration. */
export async function startGrowing({
  count = 1,
  more = {},
  params = {},
  ...options
}: SimOptions & { count?: number; more?: object; params?: object } = {}): Promise<GrowingStage> {
  const servers = await Promise.all(
    Array.from({ length: count }, () =>
      startSim({
        models: [MODEL, 'nomic-embed-text'],
        // A shorter load counts as none.
        loadMs: 120,
        tokenMs: 0.1,
        prefillMsPerToken: 0.001,
        vramMiB: 20_000,
        ...options,
      }),
    ),
  );
  const gateway = await startGateway([], {
    model_list: servers.map(({ url }) => ({
      model_name: 'm',
      litellm_params: { model: `ollama_chat/${MODEL}`, api_base: url, ...params },
    })),
    ...more,
  });
  const post = (path: string, body: object): Promise<Response> =>
    gateway.ask(path, { method: 'POST', body: JSON.stringify({ model: 'm', ...body }) });
  return {
    servers,
    gateway,
    post,
    chat: (tokens, body = {}) =>
      post('/v1/chat/completions', { messages: [{ role: 'user', content: words(tokens) }], max_tokens: 8, ...body }),
    contexts: async (server = servers[0]) => {
      assert.ok(server !== undefined);
      const listed = (await (await fetch(`${server.url}/api/ps`)).json()) as { models: { context_length: number }[] };
      return listed.models.map(({ context_length: context }) => context);
    },
    metric: (name) =>
      [...gateway.metrics.parts()]
        .join('')
        .split('\n')
        .filter((line) => line.startsWith(name))
        .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0),
    events: (event) => gateway.log.filter((entry) => entry['event'] === event),
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]();
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}
