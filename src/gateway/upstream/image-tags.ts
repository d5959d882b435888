import type { ModelRequest } from '../exchange.ts';

// Ollama marks the place of an image by such a tag, and its runner reads every one in the prompt, so a client's text with one would
// show an image twice, or fail with "invalid image index" (runner/ollamarunner; read in excerpts of Ollama's source, not tried on a model
// that sees). `[img]` counts only beside an image of the same message (server/prompt.go), which a text part never has.
const TAG = /\[img-(?=\d+\])/g;

/** Whether a text of the client has the tag of an image, which a model that sees would take for one. */
export function hasImageTag(request: ModelRequest): boolean {
  if (request.kind === 'chat') return request.params.messages.some(({ parts }) => parts.some(isTagged));
  if (request.kind === 'embed' || request.params.raw) return false;
  const { prompt, system = '' } = request.params;
  return isTagged({ text: prompt }) || isTagged({ text: system });
}

function isTagged({ text }: { readonly text: string }): boolean {
  return text.includes('[img-') && text.search(TAG) >= 0;
}

/** The same request with a space in these tags, so that they stay text. A raw prompt keeps its own: it has no other way to place an image. */
export function withoutImageTags(request: ModelRequest): ModelRequest {
  if (!hasImageTag(request)) return request;
  if (request.kind === 'chat') {
    const messages = request.params.messages.map((message) => ({
      ...message,
      parts: message.parts.map(({ images, text }) => ({ images, text: spaced(text) })),
    }));
    return { kind: 'chat', params: { ...request.params, messages } };
  }
  if (request.kind === 'embed') return request;
  const { prompt, system } = request.params;
  return {
    kind: 'completion',
    params: { ...request.params, prompt: spaced(prompt), ...(system === undefined ? {} : { system: spaced(system) }) },
  };
}

function spaced(text: string): string {
  return text.replace(TAG, '[img -');
}
