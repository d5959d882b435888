import type { ContentPart } from '../../exchange.ts';

const NO_IMAGES: ContentPart['images'] = [];

/** Collects the content of a message in the client's order. Texts without an image in the message are one part, joined by a line break. */
export class ContentList {
  readonly #parts: ContentPart[] = [];
  #hasImages = false;

  /** Whether nothing was added. */
  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  /** Adds a text. */
  addText(text: string): void {
    this.#parts.push({ images: NO_IMAGES, text });
  }

  /** Adds an image, as {@link ContentPart} has it. */
  addImage(image: string): void {
    this.#hasImages = true;
    this.#parts.push({ images: [image], text: '' });
  }

  /** The parts in order. A text that is empty beside an image is left out. */
  parts(): readonly ContentPart[] {
    if (this.#hasImages) return this.#parts.filter(({ images, text }) => images.length > 0 || text !== '');
    if (this.#parts.length <= 1) return this.#parts;
    return textParts(this.#parts.map(({ text }) => text).join('\n'));
  }
}

/** The parts of a message that is one text. */
export function textParts(text: string): readonly ContentPart[] {
  return [{ images: NO_IMAGES, text }];
}
