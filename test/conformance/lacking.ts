import type { Api, Target } from './case.ts';

/** The smallest valid request of each interface; one without a body is a GET. */
const PROBES: Readonly<Record<Api, { readonly path: string; readonly body?: (target: Target) => object }>> = {
  models: { path: '/v1/models' },
  chat: {
    path: '/v1/chat/completions',
    body: ({ model }) => ({ model, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 1 }),
  },
  completions: { path: '/v1/completions', body: ({ model }) => ({ model, prompt: 'Hi', max_tokens: 1 }) },
  embeddings: { path: '/v1/embeddings', body: ({ embed, model }) => ({ model: embed ?? model, input: 'Hi' }) },
  responses: { path: '/v1/responses', body: ({ model }) => ({ model, input: 'Hi', max_output_tokens: 16 }) },
  messages: {
    path: '/v1/messages',
    body: ({ model }) => ({ model, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 1 }),
  },
  count_tokens: {
    path: '/v1/messages/count_tokens',
    body: ({ model }) => ({ model, messages: [{ role: 'user', content: 'Hi' }] }),
  },
  ollama: {
    path: '/api/chat',
    body: ({ model }) => ({
      model,
      messages: [{ role: 'user', content: 'Hi' }],
      stream: false,
      options: { num_predict: 1 },
    }),
  },
};

/** Interfaces that the server does not have, each with its response: a path that does not exist, for a model that does. */
export async function findLacking(target: Target, wanted: ReadonlySet<Api>): Promise<Partial<Record<Api, string>>> {
  const lacking: Partial<Record<Api, string>> = {};
  for (const api of wanted) {
    const { path, body } = PROBES[api];
    const response = await fetch(`${target.url}${path}`, {
      headers: {
        authorization: `Bearer ${target.key}`,
        'x-api-key': target.key,
        'anthropic-version': '2023-06-01',
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body(target)) }),
    });
    await response.arrayBuffer();
    if ([404, 405, 501].includes(response.status))
      lacking[api] = `${body === undefined ? 'GET' : 'POST'} ${path} is ${String(response.status)} here`;
  }
  return lacking;
}
