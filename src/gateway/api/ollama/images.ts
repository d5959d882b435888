import { typeName, type Body } from '../dialect/body.ts';

/** Reads a list of base64 images. Removes the head of a data URL, which some clients leave in. */
export function readImages(body: Body, images: unknown, at: string): readonly string[] {
  if (images === undefined || images === null) return [];
  if (!Array.isArray(images)) {
    body.refuse(at, `${at} must be an array, not ${typeName(images)}`);
    return [];
  }
  return images.map((image: unknown) => {
    const text = typeof image === 'string' ? image.replace(/^data:[^,]{0,200};base64,/i, '') : '';
    if (text === '' || /[^A-Za-z0-9+/=\r\n]/.test(text)) body.refuse(at, `${at}: illegal base64 data`);
    return text;
  });
}
