// The address forms of Ansible's parsing/utils/addresses.py, each with a range such as [1:9] or [a:c:2] in the place of a part.
const RANGE = String.raw`\[(?:[a-z]:[a-z]|\d+:\d+)(?::\d+)?\]`;
const HEXADECIMAL = String.raw`(?:[0-9a-f]{1,4}|\[[0-9a-f]+:[0-9a-f]+(?::\d+)?\])`;
const DECIMAL = String.raw`(?:[01]?\d{1,2}|2[0-4]\d|25[0-5]|\[\d+:\d+(?::\d+)?\])`;
const LABEL = String.raw`(?:[\p{L}\p{N}_]|${RANGE})(?:[\p{L}\p{N}_-]|${RANGE})*(?<![_-])`;

const HOSTNAME = new RegExp(String.raw`^${LABEL}(?:\.${LABEL})*$`, 'iu');
const IPV4 = new RegExp(String.raw`^(?:${DECIMAL}\.){3}${DECIMAL}$`, 'i');
const IPV6_PART = new RegExp(`^${HEXADECIMAL}$`, 'i');

/**
 * Splits a host pattern into single patterns: at commas; without a comma, and if the whole is not an address, at colons
 * outside brackets and at blanks.
 */
export function splitPattern(pattern: string): readonly string[] {
  const parts = pattern.includes(',')
    ? pattern.split(',')
    : isAddress(pattern)
      ? [pattern]
      : (pattern.match(/(?:[^\s:[\]]|\[[^\]]*\])+/g) ?? []);
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** Whether a text is an address or a host name, with a port or ranges, as Ansible's `parse_address` takes them. */
export function isAddress(text: string): boolean {
  const bracketed = /^\[(.+)\]:\d+$/.exec(text)?.[1];
  const host = bracketed ?? /^((?:[^:[\]]|\[[^\]]*\])*):\d+$/.exec(text)?.[1] ?? text;
  return IPV4.test(host) || isIpv6(host) || HOSTNAME.test(host);
}

function isIpv6(text: string): boolean {
  const parts = text.replaceAll(/\[[^\]]*\]/g, (range) => range.replaceAll(':', '\0')).split(':');
  const whole = parts.map((part) => part.replaceAll('\0', ':'));
  const halves = text.split('::');
  if (whole.length < 3 || whole.length > 8 || halves.length > 2) return false;
  const given = whole.filter((part) => part !== '');
  if (!given.every((part) => IPV6_PART.test(part))) return false;
  return halves.length === 2 ? given.length < 8 : whole.length === 8 && given.length === 8;
}
