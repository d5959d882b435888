import type { ServerResponse } from 'node:http';

import { type FakeUpstream, type Got } from '../../fake-upstream.ts';
import { startGateway, type Running } from '../../running.ts';

export type Json = Readonly<Record<string, unknown>>;

/** A gateway whose one alias is a model on an OpenAI-compatible server. */
export function startBefore(fake: FakeUpstream): Promise<Running> {
  return startGateway([], {
    model_list: [{ model_name: 'm', litellm_params: { model: 'openai/theirs', api_base: `${fake.url}/v1` } }],
  });
}

export function chunk(delta: object, reason: string | null = null): string {
  return `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', model: 'theirs', choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`;
}

export const END = `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } })}\n\ndata: [DONE]\n\n`;

/** Thinks, speaks and calls a tool, streamed or whole. */
export function answers({ body }: Got, outgoing: ServerResponse): void {
  const call = { id: 'call_a', type: 'function', function: { name: 'weather', arguments: '{"city":"Bern"}' } };
  if ((JSON.parse(body) as Json)['stream'] === true) {
    outgoing.end(
      chunk({ role: 'assistant', content: '' }) +
        chunk({ reasoning_content: 'hm' }) +
        chunk({ content: 'Grüß ' }) +
        chunk({ content: 'Gott' }) +
        chunk({ tool_calls: [{ index: 0, ...call, function: { name: 'weather', arguments: '{"city"' } }] }) +
        chunk({ tool_calls: [{ index: 0, function: { arguments: ':"Bern"}' } }] }) +
        chunk({}, 'tool_calls') +
        END,
    );
    return;
  }
  outgoing.end(
    JSON.stringify({
      id: 'x',
      model: 'theirs',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', reasoning_content: 'hm', content: 'Grüß Gott', tool_calls: [call] },
          finish_reason: 'tool_calls',
        },
      ],
      usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
    }),
  );
}

export const TOOLS = [
  {
    type: 'function',
    function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
  },
];

export const post = (gateway: Running, path: string, body: object): Promise<Response> =>
  gateway.ask(path, { method: 'POST', body: JSON.stringify(body) });

export const lastOf = (fake: FakeUpstream): readonly [path: string | undefined, body: Json] => [
  fake.requests.at(-1)?.path,
  JSON.parse(fake.requests.at(-1)?.body ?? '{}') as Json,
];
