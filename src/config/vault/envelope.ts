/** The parts of an Ansible Vault text; nothing in it is verified yet. */
export interface Envelope {
  /** `default`, or the id of a 1.2 header: a hint for the right password, not authenticated. */
  readonly id: string;
  readonly salt: Buffer;
  readonly hmac: Buffer;
  readonly ciphertext: Buffer;
}

const COLUMNS = 80;

/** Whether a text is an Ansible Vault, valid or not. */
export function isVaultText(text: string): boolean {
  return text.trimStart().startsWith('$ANSIBLE_VAULT;');
}

/**
 * Parses `$ANSIBLE_VAULT;1.1;AES256` and `…;1.2;AES256;ID` (lib/ansible/parsing/vault/__init__.py). A text is the
 * reason why it is invalid.
 */
export function readEnvelope(text: string): Envelope | string {
  const [header = '', ...lines] = text.trim().split(/\r?\n/);
  const [, version = '', cipher = '', id] = header.split(';').map((field) => field.trim());
  if (version !== '1.1' && version !== '1.2')
    return `expected version 1.1 or 1.2, found ${version === '' ? 'none' : version}`;
  if (cipher !== 'AES256') return `expected the cipher AES256, found ${cipher === '' ? 'none' : cipher}`;
  const outer = lines.map((line) => line.trim()).join('');
  const inner = fromHex(outer)?.toString('latin1').split('\n');
  const [salt, hmac, ciphertext] = (inner ?? []).map(fromHex);
  if (salt === undefined || hmac === undefined || ciphertext === undefined || inner?.length !== 3)
    return 'expected hexadecimal lines with a salt, a checksum and the data, found something else; the file may be cut off or edited';
  return { id: id === undefined || id === '' ? 'default' : id, salt, hmac, ciphertext };
}

/** Writes an envelope. Version 1.2 is used only for an id other than `default`. */
export function writeEnvelope(envelope: Envelope): string {
  const header = envelope.id === 'default' ? '$ANSIBLE_VAULT;1.1;AES256' : `$ANSIBLE_VAULT;1.2;AES256;${envelope.id}`;
  const inner = [envelope.salt, envelope.hmac, envelope.ciphertext].map((part) => part.toString('hex')).join('\n');
  const outer = Buffer.from(inner, 'latin1').toString('hex');
  const lines = Array.from({ length: Math.ceil(outer.length / COLUMNS) }, (_, index) =>
    outer.slice(index * COLUMNS, (index + 1) * COLUMNS),
  );
  return `${[header, ...lines].join('\n')}\n`;
}

function fromHex(text: string): Buffer | undefined {
  return text.length % 2 === 0 && text !== '' && /^[0-9a-fA-F]+$/.test(text) ? Buffer.from(text, 'hex') : undefined;
}
