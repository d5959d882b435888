import type { Body } from '../dialect/body.ts';
import { isAddress } from '../dialect/image-url.ts';
import type { ContentList } from '../dialect/content-list.ts';
import { isObject, type Json } from '../../json.ts';
import { quotedValue } from './quoted-value.ts';

/** Reads a content block into `content`; a block of an unsupported type is rejected by its name. */
export function readContentBlock(
  body: Body,
  block: unknown,
  at: string,
  content: ContentList,
  ignoredParams: Set<string>,
): void {
  const json: Json = isObject(block) ? block : {};
  switch (json['type']) {
    case 'text':
      readText(body, json, at, content);
      break;
    case 'image':
      readImage(body, json['source'], `${at}.source`, content);
      break;
    case 'document':
      readDocument(body, json, at, content, ignoredParams);
      break;
    case 'search_result':
      readSearchResult(body, json, at, content, ignoredParams);
      break;
    case 'tool_reference':
      // The prompt always contains all tools of the request, so the reference needs only the name.
      content.addText(`The tool ${typeof json['tool_name'] === 'string' ? json['tool_name'] : ''} can be called.`);
      break;
    default:
      body.refuse(`${at}.type`, `${at}.type: blocks of the type ${quotedValue(json['type'])} are not supported here`);
  }
}

function readText(body: Body, { text }: Json, at: string, content: ContentList): void {
  if (typeof text === 'string') content.addText(text);
  else body.refuse(`${at}.text`, `${at}.text: Input should be a string`);
}

function readImage(body: Body, source: unknown, at: string, content: ContentList): void {
  const json: Json = isObject(source) ? source : {};
  const { type, data, url } = json;
  const unsupported = `${at}: images of the source ${quotedValue(type)} are not supported: this server fetches no images; send them as base64`;
  if (type === 'url' && isAddress(url)) {
    body.needOpenAI({ kind: 'invalid', code: null, param: at, message: unsupported });
    content.addImage(url);
  } else if (type === 'base64' && typeof data === 'string' && data !== '') content.addImage(data);
  else if (type === 'base64') body.refuse(`${at}.data`, `${at}.data: Input should be a string of base64`);
  else body.refuse(at, unsupported);
}

function readDocument(
  body: Body,
  { source, title, context, citations }: Json,
  at: string,
  content: ContentList,
  ignoredParams: Set<string>,
): void {
  const json: Json = isObject(source) ? source : {};
  const { type, data, content: blocks } = json;
  noteCitations(citations, ignoredParams);
  for (const word of [title, context]) if (typeof word === 'string') content.addText(word);
  if (type === 'text' && typeof data === 'string') content.addText(data);
  else if (type === 'content' && typeof blocks === 'string') content.addText(blocks);
  else if (type === 'content' && Array.isArray(blocks))
    blocks.forEach((block: unknown, index) => {
      readDocumentBlock(body, block, `${at}.source.content.${String(index)}`, content, ignoredParams);
    });
  else
    body.refuse(
      `${at}.source`,
      `${at}.source: documents of the source ${quotedValue(type)} are not supported: this server reads no PDFs and fetches nothing; send the text`,
    );
}

// A document cannot contain a document.
function readDocumentBlock(
  body: Body,
  block: unknown,
  at: string,
  content: ContentList,
  ignoredParams: Set<string>,
): void {
  if (isObject(block) && (block['type'] === 'text' || block['type'] === 'image'))
    readContentBlock(body, block, at, content, ignoredParams);
  else body.refuse(at, `${at}: Input should be a text or an image block`);
}

function readSearchResult(
  body: Body,
  { source, title, content: blocks, citations }: Json,
  at: string,
  content: ContentList,
  ignoredParams: Set<string>,
): void {
  noteCitations(citations, ignoredParams);
  for (const word of [title, source]) if (typeof word === 'string') content.addText(word);
  if (Array.isArray(blocks))
    blocks.forEach((block: unknown, index) => {
      readText(body, isObject(block) ? block : {}, `${at}.content.${String(index)}`, content);
    });
  else body.refuse(`${at}.content`, `${at}.content: Input should be a list of text blocks`);
}

function noteCitations(citations: unknown, ignoredParams: Set<string>): void {
  if (isObject(citations) && citations['enabled'] === true) ignoredParams.add('citations');
}
