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
const [ZERO, NINE] = [0x30, 0x39];
/** V8 answers it without a look at a text whose characters it keeps in a byte each. */
const BEYOND_LATIN1 = /[^\0-\xff]/;

/** The same, character by character, in the width in which V8 keeps the text: 18 ms for a million tags, 30 in two bytes each. */
function spacedLong(text: string): string {
  const most = text.length + Math.ceil(text.length / LEAST_TAG);
  if (!BEYOND_LATIN1.test(text)) {
    const bytes = Buffer.allocUnsafeSlow(most);
    return bytes.toString('latin1', 0, copySpaced(Buffer.from(text, 'latin1'), bytes));
  }
  const given = Buffer.from(text, 'utf16le');
  const units = new Uint16Array(most);
  const length = copySpaced(new Uint16Array(given.buffer, given.byteOffset, text.length), units);
  return Buffer.from(units.buffer, 0, length * units.BYTES_PER_ELEMENT).toString('utf16le');
}

/** Copies a text with a space in each tag. Returns the length of the copy. */
function copySpaced(text: Uint8Array | Uint16Array, to: Uint8Array | Uint16Array): number {
  let length = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text[at] ?? 0;
    if (unit === DASH && isTagAt(text, at)) {
      to[length] = SPACE;
      length += 1;
    }
    to[length] = unit;
    length += 1;
  }
  return length;
}

/** Whether a dash is that of a tag. */
function isTagAt(text: Uint8Array | Uint16Array, dash: number): boolean {
  if (
    text[dash - 1] !== LETTER_G ||
    text[dash - 2] !== LETTER_M ||
    text[dash - 3] !== LETTER_I ||
    text[dash - 4] !== OPEN
  )
    return false;
  let at = dash + 1;
  for (let unit = text[at] ?? 0; unit >= ZERO && unit <= NINE; unit = text[at] ?? 0) at += 1;
  return at > dash + 1 && text[at] === CLOSE;
}
