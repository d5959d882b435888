import type { Body } from './body.ts';

/** Reads an image from a data URL and returns its base64, without the `data:` head. */
export function readImageUrl(body: Body, url: unknown, at: string): string {
  const match = typeof url === 'string' ? /^data:[^,]*;base64,/i.exec(url) : null;
  if (typeof url === 'string' && match !== null) return url.slice(match[0].length);
  return body.refuse(
    at,
    `Invalid '${at}': this server fetches no images; send a base64 data URL (data:image/png;base64,…).`,
    'invalid_image_url',
  );
}
