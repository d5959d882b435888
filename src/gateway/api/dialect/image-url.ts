import type { Failure } from '../../exchange.ts';
import type { Body } from './body.ts';

/** Reads an image from a data URL and returns its base64, without the `data:` head. */
export function readImageUrl(body: Body, url: unknown, at: string): string {
  const match = typeof url === 'string' ? /^data:[^,]*;base64,/i.exec(url) : null;
  return typeof url === 'string' && match !== null ? url.slice(match[0].length) : body.fail(notFetched(at));
}

/** Reads the same, or an address, which is returned as it came: an OpenAI-compatible server may fetch it. */
export function readImageOrAddress(body: Body, url: unknown, at: string): string {
  if (!isAddress(url)) return readImageUrl(body, url, at);
  body.needOpenAI(notFetched(at));
  return url;
}

/** Whether a value is the address of an image. */
export function isAddress(url: unknown): url is string {
  return typeof url === 'string' && /^https?:\/\//i.test(url);
}

function notFetched(at: string): Failure {
  return {
    kind: 'invalid',
    code: 'invalid_image_url',
    param: at,
    message: `Invalid '${at}': this server fetches no images; send a base64 data URL (data:image/png;base64,…).`,
  };
}
