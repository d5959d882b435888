/**
 * A message of the `yaml` library (2.9) without the text of the file that it repeats behind a colon: in `api_key: >x` that text is a
 * secret.
 */
export function yamlMessage(message: string): string {
  return message.replace(/(?:: | version ).*$/s, '').replace(/\.$/, '');
}
