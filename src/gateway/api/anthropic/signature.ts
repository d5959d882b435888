const PREFIX = 'aHhsbG0.';

/**
 * The signature of a thinking block. Clients send it back with the block. A client that does not get the thinking sends back only
 * the signature, so the signature then contains the thinking itself.
 */
export function signatureOf(thinking: string, isShown: boolean): string {
  return isShown ? `${PREFIX}shown` : PREFIX + Buffer.from(thinking).toString('base64url');
}

/**
 * The thinking of a block that a client sent back. A foreign signature does not matter: the model continues from the text alone.
 */
export function thinkingOf(thinking: string, signature: unknown): string {
  if (
    thinking !== '' ||
    typeof signature !== 'string' ||
    !signature.startsWith(PREFIX) ||
    signature === `${PREFIX}shown`
  )
    return thinking;
  return Buffer.from(signature.slice(PREFIX.length), 'base64url').toString('utf8');
}
