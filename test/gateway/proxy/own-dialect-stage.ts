import { DONE, piece, type Behaviour, type FakeUpstream } from '../fake-upstream.ts';
import type { Running } from '../running.ts';

export type Json = Readonly<Record<string, unknown>>;

/** Answers as both kinds of servers do. */
export const answers: Behaviour = ({ path, body }, outgoing) => {
  if (path === '/api/chat') outgoing.end(piece('native') + DONE);
  else if (path === '/embeddings') outgoing.end('{"object":"list","data":[{"index":0,"embedding":[1,2]}]}');
  else if (body.includes('"stream":true'))
    outgoing.end('data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n');
  else
    outgoing.end(
      '{"choices":[{"index":0,"text":"a","message":{"role":"assistant","content":"a"},"finish_reason":"stop"}]}',
    );
};

/** Posts a request for the alias `m`. */
export const post = (gateway: Running, path: string, body: Json): Promise<Response> =>
  gateway.ask(path, { method: 'POST', body: JSON.stringify({ model: 'm', ...body }) });

/** An entry of `model_list`. */
export const entry = (model: string, { url }: FakeUpstream, model_name = 'm'): Json => ({
  model_name,
  litellm_params: { model, api_base: url },
});

/** A chat of one message. */
export const said = (content: unknown): Json => ({ messages: [{ role: 'user', content }] });
export const HI = said('hi');

/** Requests that OpenAI's API has and Ollama's has not. */
export const FOREIGN: readonly (readonly [path: string, body: Json])[] = [
  ['/v1/chat/completions', said([{ type: 'image_url', image_url: { url: 'https://example.org/a.png' } }])],
  ['/v1/chat/completions', said([{ type: 'input_audio', input_audio: { data: 'aGk=', format: 'wav' } }])],
  ['/v1/chat/completions', said([{ type: 'file', file: { file_id: 'file-1' } }])],
  ['/v1/chat/completions', said([{ type: 'video_url', video_url: { url: 'https://example.org/a.mp4' } }])],
  ['/v1/chat/completions', { ...HI, temperature: 3 }],
  ['/v1/chat/completions', { ...HI, reasoning_effort: 'ultra' }],
  ['/v1/chat/completions', { ...HI, response_format: { type: 'grammar', grammar: 'root ::= "a"' } }],
  ['/v1/completions', { prompt: [1, 2, 3] }],
  ['/v1/embeddings', { input: [1, 2, 3] }],
  ['/v1/embeddings', { input: [[1, 2], [3]] }],
  ['/v1/embeddings', { input: 'hi', encoding_format: 'ubinary' }],
];
