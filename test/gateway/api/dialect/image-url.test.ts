import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Body, readFields } from '../../../../src/gateway/api/dialect/body.ts';
import { readImageUrl } from '../../../../src/gateway/api/dialect/image-url.ts';

function read(url: unknown): string | undefined {
  const image = readFields(() => ({ ok: true, value: readImageUrl(new Body({}), url, 'image_url') }));
  if (image.ok) return image.value;
  assert.equal(image.failure.code, 'invalid_image_url');
  return undefined;
}

test('an image is what stands behind the head of its URL, whatever that says besides base64', () => {
  for (const head of [
    'data:image/png;base64,',
    'data:;base64,',
    'data:image/svg+xml;charset=utf-8;base64,',
    'DATA:image/png;BASE64,',
  ])
    assert.equal(read(`${head}aGk=`), 'aGk=', head);
});

test('a URL without base64 data is refused, however long it is', () => {
  for (const url of [
    'https://example.com/a.png',
    'data:image/png,aGk=',
    'data:text/plain,;base64,aGk=',
    ' data:image/png;base64,aGk=',
    5,
    undefined,
    `data:${';'.repeat(20_000_000)}`,
  ])
    assert.equal(read(url), undefined);
});
