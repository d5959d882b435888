import { KEY, type Running } from '../../running.ts';

export const REQUEST = {
  model: 'm',
  max_tokens: 50,
  messages: [{ role: 'user', content: 'Repeat after me: one two three' }],
};

export function post(
  gateway: Running,
  more: object = {},
  path = '/v1/messages',
  headers: Readonly<Record<string, string>> = { 'x-api-key': KEY, 'anthropic-version': '2023-06-01' },
): Promise<Response> {
  return fetch(`${gateway.url}${path}`, { method: 'POST', headers, body: JSON.stringify({ ...REQUEST, ...more }) });
}
