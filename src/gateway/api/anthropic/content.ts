import type { Body } from '../dialect/body.ts';
import { isObject, type Json } from '../../json.ts';
import { quoted } from './quoted.ts';

/** What a model is shown: words, and images in base64. */
export interface Shown {
  readonly texts: string[];
  readonly images: string[];
}

/** Reads a block that shows something; others are refused by their names. */
export function readShown(body: Body, block: unknown, at: string, shown: Shown, ignoredParams: Set<string>): void {
  const json: Json = isObject(block) ? block : {};
  switch (json['type']) {
    case 'text':
      readText(body, json, at, shown);
      break;
    case 'image':
      readImage(body, json['source'], `${at}.source`, shown);
      break;
    case 'document':
      readDocument(body, json, at, shown, ignoredParams);
      break;
    case 'search_result':
      readFound(body, json, at, shown, ignoredParams);
      break;
    case 'tool_reference':
      // All tools of a request are before the model always.
      shown.texts.push(`The tool ${typeof json['tool_name'] === 'string' ? json['tool_name'] : ''} can be called.`);
      break;
    default:
      body.refuse(`${at}.type`, `${at}.type: blocks of the type ${quoted(json['type'])} are not supported here`);
  }
}

function readText(body: Body, { text }: Json, at: string, { texts }: Shown): void {
  if (typeof text === 'string') texts.push(text);
  else body.refuse(`${at}.text`, `${at}.text: Input should be a string`);
}

function readImage(body: Body, source: unknown, at: string, { images }: Shown): void {
  const json: Json = isObject(source) ? source : {};
  const { type, data } = json;
  if (type === 'base64' && typeof data === 'string' && data !== '') images.push(data);
  else if (type === 'base64') body.refuse(`${at}.data`, `${at}.data: Input should be a string of base64`);
  else
    body.refuse(
      at,
      `${at}: images of the source ${quoted(type)} are not supported: this server fetches no images; send them as base64`,
    );
}

function readDocument(
  body: Body,
  { source, title, context, citations }: Json,
  at: string,
  shown: Shown,
  ignoredParams: Set<string>,
): void {
  const json: Json = isObject(source) ? source : {};
  const { type, data, content } = json;
  noteCitations(citations, ignoredParams);
  for (const word of [title, context]) if (typeof word === 'string') shown.texts.push(word);
  if (type === 'text' && typeof data === 'string') shown.texts.push(data);
  else if (type === 'content' && typeof content === 'string') shown.texts.push(content);
  else if (type === 'content' && Array.isArray(content))
    content.forEach((block: unknown, index) => {
      readWithin(body, block, `${at}.source.content.${String(index)}`, shown, ignoredParams);
    });
  else
    body.refuse(
      `${at}.source`,
      `${at}.source: documents of the source ${quoted(type)} are not supported: this server reads no PDFs and fetches nothing; send the text`,
    );
}

// Documents hold no documents.
function readWithin(body: Body, block: unknown, at: string, shown: Shown, ignoredParams: Set<string>): void {
  if (isObject(block) && (block['type'] === 'text' || block['type'] === 'image'))
    readShown(body, block, at, shown, ignoredParams);
  else body.refuse(at, `${at}: Input should be a text or an image block`);
}

function readFound(
  body: Body,
  { source, title, content, citations }: Json,
  at: string,
  shown: Shown,
  ignoredParams: Set<string>,
): void {
  noteCitations(citations, ignoredParams);
  for (const word of [title, source]) if (typeof word === 'string') shown.texts.push(word);
  if (Array.isArray(content))
    content.forEach((block: unknown, index) => {
      readText(body, isObject(block) ? block : {}, `${at}.content.${String(index)}`, shown);
    });
  else body.refuse(`${at}.content`, `${at}.content: Input should be a list of text blocks`);
}

function noteCitations(citations: unknown, ignoredParams: Set<string>): void {
  if (isObject(citations) && citations['enabled'] === true) ignoredParams.add('citations');
}
