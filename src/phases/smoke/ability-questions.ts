import type { ProbeRequest } from './client.ts';
import { MODEL_MS } from './questions.ts';

/** The name of the tool that {@link toolQuestion} offers. */
export const TOOL = 'get_weather';

/** 64 × 64 pixels, all red. Some vision models refuse smaller images. */
const RED_IMAGE =
  'iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJAAAAS0lEQVR42u3PQQkAAAgAsetfWiP4FgYrsKZeS0BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEDgsqnc8OJg6Ln3AAAAAElFTkSuQmCC';

/** A question that one tool answers. */
export function toolQuestion(model: string): ProbeRequest {
  const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
  return post('chat/completions', {
    model,
    messages: [{ role: 'user', content: 'What is the weather in Paris? Call the tool.' }],
    tools: [{ type: 'function', function: { name: TOOL, description: 'The weather of a city', parameters } }],
    max_tokens: 128,
  });
}

/** A question about an image. */
export function visionQuestion(model: string): ProbeRequest {
  const content = [
    { type: 'text', text: 'Which colour has this image? Answer in one word.' },
    { type: 'image_url', image_url: { url: `data:image/png;base64,${RED_IMAGE}` } },
  ];
  return post('chat/completions', { model, messages: [{ role: 'user', content }], max_tokens: 64 });
}

const HELLO = [{ role: 'user', content: 'Say hello in one word.' }];

/** A message in Anthropic's dialect. */
export function anthropicQuestion(model: string): ProbeRequest {
  return { ...post('v1/messages', { model, messages: HELLO, max_tokens: 16 }), below: 'server' };
}

/** A chat in Ollama's dialect. */
export function ollamaQuestion(model: string): ProbeRequest {
  const body = { model, messages: HELLO, stream: false, options: { num_predict: 16 } };
  return { ...post('api/chat', body), below: 'server' };
}

function post(path: string, body: object): ProbeRequest {
  return { method: 'POST', path, key: 'right', timeoutMs: MODEL_MS, body };
}
