import type { ContentPart, Message } from '../../src/gateway/exchange.ts';

/** The parts of a message: texts, and images as lists of base64. */
export function partsOf(...content: readonly (string | readonly string[])[]): readonly ContentPart[] {
  return content.map((part) => (typeof part === 'string' ? { images: [], text: part } : { images: part, text: '' }));
}

/** The text of a message, without its images. */
export function textIn(message: Message | undefined): string {
  return (message?.parts ?? []).map(({ text }) => text).join('\n');
}
