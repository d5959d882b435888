/**
 * The value of an unquoted YAML scalar by PyYAML's rules (YAML 1.1, yaml/resolver.py), which Ansible uses: `yes` is
 * true, `0644` is 420, `1_000` is 1000. `1e3` is text, since a float needs a dot, and `y` is text, although it is true
 * in YAML 1.1. Integers beyond 2^53 are bigints; a date with a time is its ISO form, as Ansible prints it.
 */
export function readPlainScalar(text: string): string | number | bigint | boolean | null {
  if (text === '' || text === '~' || /^(?:null|Null|NULL)$/.test(text)) return null;
  if (/^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/.test(text)) return true;
  if (/^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/.test(text)) return false;
  return readInteger(text) ?? readFloat(text) ?? readTimestamp(text) ?? text;
}

function readInteger(text: string): number | bigint | undefined {
  if (!/^[-+]?(?:0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(?::[0-5]?[0-9])+)$/.test(text))
    return undefined;
  const sign = text.startsWith('-') ? -1 : 1;
  const digits = text.replace(/^[-+]/, '').replaceAll('_', '');
  if (/^0[xb]$/.test(digits)) return undefined;
  const value = /^0[xb]/.test(digits)
    ? BigInt(digits)
    : digits.startsWith('0') && digits.length > 1
      ? BigInt(`0o${digits.slice(1)}`)
      : sexagesimal(digits);
  return Number.isSafeInteger(Number(value)) ? 0 + sign * Number(value) : BigInt(sign) * value;
}

function readFloat(text: string): number | undefined {
  if (/^[-+]?\.(?:inf|Inf|INF)$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^\.(?:nan|NaN|NAN)$/.test(text)) return Number.NaN;
  if (/^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?)$/.test(text))
    return Number(text.replaceAll('_', ''));
  if (!/^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*$/.test(text)) return undefined;
  const parts = text.replace(/^[-+]/, '').replaceAll('_', '').split(':');
  return (text.startsWith('-') ? -1 : 1) * parts.reduce((sum, part) => sum * 60 + Number(part), 0);
}

/** A number to the base of 60: `1:30` is ninety. */
function sexagesimal(digits: string): bigint {
  return digits.split(':').reduce((sum, part) => sum * 60n + BigInt(part), 0n);
}

const TIMESTAMP =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(Z|[-+]\d\d?(?::\d\d)?))?$/;

/** Whether PyYAML takes a text for a date, and there is no such day or time: it refuses the whole file. */
export function isImpossibleDate(text: string): boolean {
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return !isDate(`${text}T00:00:00`);
  return TIMESTAMP.test(text) && readTimestamp(text) === undefined;
}

/** A date with a time in Python's `isoformat()`; undefined if Python refuses the date. */
function readTimestamp(text: string): string | undefined {
  const found = TIMESTAMP.exec(text);
  if (found === null) return undefined;
  const [, year = '', month = '', day = '', hour = '', minute = '', second = '', fraction = '', zone] = found;
  const two = (part: string): string => part.padStart(2, '0');
  const date = `${year}-${two(month)}-${two(day)}T${two(hour)}:${minute}:${second}`;
  if (!isDate(date)) return undefined;
  const micros = fraction.slice(0, 6).padEnd(6, '0');
  return `${date}${Number(micros) === 0 ? '' : `.${micros}`}${offsetOf(zone)}`;
}

// JavaScript takes the 31st of February for a day in March.
function isDate(text: string): boolean {
  const time = Date.parse(`${text}Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text) && !text.startsWith('0000');
}

function offsetOf(zone: string | undefined): string {
  if (zone === undefined) return '';
  if (zone === 'Z') return '+00:00';
  const [hours = '', minutes = '00'] = zone.slice(1).split(':');
  return `${zone.charAt(0)}${hours.padStart(2, '0')}:${minutes}`;
}
