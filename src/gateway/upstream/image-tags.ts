import type { Message, ModelRequest } from '../exchange.ts';
import { isObject, type Json } from '../json.ts';

// Ollama marks the place of an image by such a tag, and its runner reads every one in the prompt, so a client's text with one would
// show an image twice, or fail with "invalid image index" (runner/ollamarunner; read in excerpts of Ollama's source, not tried on a model
// that sees). `[img]` counts only beside an image of the same message (server/prompt.go), which a text part never has.
const TAG = /\[img-(?=\d+\])/g;

/** The beginning of a tag. */
export const IMAGE_TAG = '[img-';

/** Whether a message of the client has the tag of an image, which a model that sees would take for one. */
export function hasImageTag(request: ModelRequest): boolean {
  if (request.kind === 'chat')
    return request.params.messages.some(({ parts }) => parts.some(({ text }) => isTagged(text)));
  if (request.kind === 'embed' || request.params.raw) return false;
  const { prompt, system = '' } = request.params;
  return isTagged(prompt) || isTagged(system);
}

function isTagged(text: string): boolean {
  return text.includes(IMAGE_TAG) && text.search(TAG) >= 0;
}

/**
 * The same request with a space in these tags, so that they stay text: in everything that a template writes, also thoughts, calls and
 * tools. A raw prompt keeps its own: it has no other way to place an image.
 */
export function withoutImageTags(request: ModelRequest): ModelRequest {
  if (request.kind === 'chat') {
    const { messages, tools } = request.params;
    const params = {
      ...request.params,
      messages: messages.map(spacedMessage),
      tools: tools.map((tool) => ({ ...tool, definition: spacedObject(tool.definition) })),
    };
    return { kind: 'chat', params };
  }
  if (request.kind === 'embed' || request.params.raw) return request;
  const { prompt, system } = request.params;
  return {
    kind: 'completion',
    params: { ...request.params, prompt: spaced(prompt), ...(system === undefined ? {} : { system: spaced(system) }) },
  };
}

function spacedMessage(message: Message): Message {
  return {
    ...message,
    parts: message.parts.map(({ images, text }) => ({ images, text: spaced(text) })),
    thinking: message.thinking === undefined ? undefined : spaced(message.thinking),
    toolCalls: message.toolCalls.map((call) => ({ ...call, arguments: spacedObject(call.arguments) })),
  };
}

function spacedObject(json: Json): Json {
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, spacedValue(value)]));
}

function spacedValue(value: unknown): unknown {
  if (typeof value === 'string') return spaced(value);
  if (Array.isArray(value)) return value.map(spacedValue);
  return isObject(value) ? spacedObject(value) : value;
}

function spaced(text: string): string {
  if (!isTagged(text)) return text;
  return text.length > SHORT_LENGTH ? spacedLong(text) : text.replace(TAG, '[img -');
}

/** `replace` joins a longer text from so many pieces that a million tags take 100 ms to write. */
const SHORT_LENGTH = 64 * 1024;
/** Length of the shortest tag, which a space makes longer by one. */
const LEAST_TAG = '[img-0]'.length;
const [OPEN, LETTER_I, LETTER_M, LETTER_G, DASH, CLOSE, SPACE] = [0x5b, 0x69, 0x6d, 0x67, 0x2d, 0x5d, 0x20];
const DIGITS = [0x30, 0x39] as const;
const LAST_LATIN1 = 0xff;

/** The same, character by character: 11 ms. */
function spacedLong(text: string): string {
  const units = new Uint16Array(text.length + Math.ceil(text.length / LEAST_TAG));
  let length = 0;
  let all = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    all |= unit;
    if (unit === DASH && isTagAt(text, at)) {
      units[length] = SPACE;
      length += 1;
    }
    units[length] = unit;
    length += 1;
  }
  const used = units.subarray(0, length);
  return all <= LAST_LATIN1
    ? Buffer.from(used).toString('latin1')
    : Buffer.from(used.buffer, 0, used.byteLength).toString('utf16le');
}

/** Whether a dash is that of a tag. */
function isTagAt(text: string, dash: number): boolean {
  if (
    text.charCodeAt(dash - 1) !== LETTER_G ||
    text.charCodeAt(dash - 2) !== LETTER_M ||
    text.charCodeAt(dash - 3) !== LETTER_I ||
    text.charCodeAt(dash - 4) !== OPEN
  )
    return false;
  let at = dash + 1;
  for (let unit = text.charCodeAt(at); unit >= DIGITS[0] && unit <= DIGITS[1]; unit = text.charCodeAt(at)) at += 1;
  return at > dash + 1 && text.charCodeAt(at) === CLOSE;
}
