import { typeName, type Body } from '../dialect/body.ts';
import { ContentList, textParts } from '../dialect/content-list.ts';
import { readImageOrAddress } from '../dialect/image-url.ts';
import type { ContentPart } from '../../exchange.ts';
import { isObject, type Json } from '../../json.ts';

/** Reads content: a string, or a list of parts. */
export function readContent(body: Body, content: unknown, at: string): readonly ContentPart[] {
  if (typeof content === 'string') return textParts(content);
  if (!Array.isArray(content)) {
    body.refuse(
      at,
      `Invalid type for '${at}': expected a string or an array of content parts, but got ${typeName(content ?? null)} instead.`,
    );
  }
  const list = new ContentList();
  for (const [index, part] of content.entries())
    readPart(body, isObject(part) ? part : {}, `${at}[${String(index)}]`, list);
  return list.parts();
}

/** Joins the texts of a list of parts. */
export function readTexts(body: Body, list: unknown, at: string): string {
  if (list === null || list === undefined) return '';
  if (Array.isArray(list) && list.every((part): part is Json => isObject(part) && typeof part['text'] === 'string'))
    return list.map((part) => part['text']).join('\n');
  body.refuse(at, `Invalid type for '${at}': expected an array of parts with a text.`);
  return '';
}

const TEXTS: Readonly<Record<string, 'text' | 'refusal'>> = {
  input_text: 'text',
  output_text: 'text',
  text: 'text',
  refusal: 'refusal',
};

function readPart(body: Body, part: Json, at: string, content: ContentList): void {
  const { type } = part;
  const field = typeof type === 'string' && Object.hasOwn(TEXTS, type) ? TEXTS[type] : undefined;
  if (field !== undefined) {
    const text = part[field];
    if (typeof text === 'string') content.addText(text);
    else
      body.refuse(
        `${at}.${field}`,
        `Invalid type for '${at}.${field}': expected a string, but got ${typeName(text ?? null)} instead.`,
      );
  } else if (type === 'input_image') content.addImage(readImage(body, part, at));
  else if (type === 'input_file' || type === 'input_audio')
    body.refuse(
      `${at}.type`,
      `Invalid '${at}': this server reads no files and no audio, so '${type}' cannot be used; send its text as 'input_text'.`,
    );
  else
    body.refuse(
      `${at}.type`,
      `Invalid value for '${at}.type'. Supported values are: 'input_text', 'output_text', 'refusal', and 'input_image'.`,
    );
}

function readImage(body: Body, part: Json, at: string): string {
  const fileId = part['file_id'];
  if (fileId !== undefined && fileId !== null)
    return body.refuse(
      `${at}.file_id`,
      `Invalid '${at}.file_id': this server stores no files; send the image as a base64 data URL in 'image_url'.`,
    );
  const url = part['image_url'];
  // Some clients send the chat endpoint's format, an object with `url`.
  return readImageOrAddress(body, isObject(url) ? url['url'] : url, `${at}.image_url`);
}
