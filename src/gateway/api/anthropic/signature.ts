const OURS = 'aHhsbG0.';

/** What stands under a thought. Clients send it back with the thought, and those that are not to show it send nothing else: then it holds the thought itself. */
export function signatureOf(thinking: string, shown: boolean): string {
  return shown ? `${OURS}shown` : OURS + Buffer.from(thinking).toString('base64url');
}

/** The thought of a block that came back; whoever signed it, its words are what a model goes on from. */
export function thoughtOf(thinking: string, signature: unknown): string {
  if (thinking !== '' || typeof signature !== 'string' || !signature.startsWith(OURS) || signature === `${OURS}shown`)
    return thinking;
  return Buffer.from(signature.slice(OURS.length), 'base64url').toString('utf8');
}
