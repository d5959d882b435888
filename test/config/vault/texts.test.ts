import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { inlineVault, inlineVaults, replaceInline, yamlFault } from '../../../src/config/vault/inline.ts';
import { quotedValue, withVariable } from '../../../src/config/vault/variable-text.ts';

const SEALED = '$ANSIBLE_VAULT;1.1;AES256';

test('an encrypted value is replaced in its own style, and every other byte stays', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    [`a: 1\nk: !vault |\n    ${SEALED}\n    33\nb: 2\n`, 'k', 'a: 1\nk: !vault |\n    NEW\n    44\nb: 2\n'],
    [`k: !vault |\n  ${SEALED}\n  33`, 'k', 'k: !vault |\n  NEW\n  44'],
    [`l:\n  - !vault |\n    ${SEALED}\n    33\n\n# c\n`, 'l[0]', 'l:\n  - !vault |\n    NEW\n    44\n\n# c\n'],
    [`k: !vault "${SEALED}\\n33"\nz: 1\n`, 'k', 'k: !vault "NEW\\n44\\n"\nz: 1\n'],
    [`m: {k: !vault "${SEALED}\\n33", z: 1}\n`, 'm.k', 'm: {k: !vault "NEW\\n44\\n", z: 1}\n'],
    [`k: !vault &a |\n  ${SEALED}\n  33\nb: *a\n`, 'k', 'k: !vault &a |\n  NEW\n  44\nb: *a\n'],
    [`k: &a !vault '${SEALED}\n\n  33'\nb: *a\n`, 'k', 'k: &a !vault "NEW\\n44\\n"\nb: *a\n'],
    [`\uFEFFk: !vault |\n  ${SEALED}\n  33\nb: 2\n`, 'k', '\uFEFFk: !vault |\n  NEW\n  44\nb: 2\n'],
    [`---\na: 1\n---\nk: !vault |\n  ${SEALED}\n  33\n`, 'k', '---\na: 1\n---\nk: !vault |\n  NEW\n  44\n'],
    [`k: !vault |\r\n  ${SEALED}\r\n  33\r\nb: 2\r\n`, 'k', 'k: !vault |\r\n  NEW\r\n  44\r\nb: 2\r\n'],
  ];
  for (const [text, path, wanted] of cases) {
    const place = inlineVaults(text).find((one) => one.path === path);
    assert.ok(place !== undefined, text);
    assert.match(place.ciphertext, /^\$ANSIBLE_VAULT/);
    assert.equal(replaceInline(text, place, 'NEW\n44\n'), wanted);
  }
});

test('a variable is set in its line or at the end, and flow style and lists are left to a person', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['', 'k: "v"\n'],
    ['a: 1', 'a: 1\n\nk: "v"\n'],
    ['a: 1 # x\nk: old # keep\nb: 2\n', 'a: 1 # x\nk: "v" # keep\nb: 2\n'],
    ['k:\nb: 1\n', 'k: "v"\nb: 1\n'],
    ['k: |\n  line\n  two\nb: 2\n', 'k: "v"\nb: 2\n'],
    [`k: !vault |\n  ${SEALED}\n  33\nb: 2\n`, 'k: "v"\nb: 2\n'],
    ['k: 1\nk: 2\n', 'k: 1\nk: "v"\n'],
    ['k: plain\n  continued\nb: 1\n', 'k: "v"\nb: 1\n'],
    ['  a: 1\n  b: 2\n', '  a: 1\n  b: 2\n\n  k: "v"\n'],
    ['k: !unsafe old\nb: 1\n', 'k: "v"\nb: 1\n'],
    ['k: !!str &a old # c\nb: 1\n', 'k: "v" # c\nb: 1\n'],
    ['k: # c\nb: 1\n', 'k: "v" # c\nb: 1\n'],
    ['k: |\r\n  line\r\nb: 2\r\n', 'k: "v"\r\nb: 2\r\n'],
    [`k: !vault &a |\n  ${SEALED}\n  33\nb: *a\n`, undefined],
    ['k: &a old\nb: *a\n', undefined],
    ['---\n...\n', undefined],
    ['- a\n', undefined],
    ['k: [1]\n', undefined],
    ['{a: 1}\n', undefined],
    ['a: 1\n...\n', undefined],
    ['a: [\n', undefined],
  ];
  for (const [text, wanted] of cases) assert.equal(withVariable(text, 'k', '"v"'), wanted, text);
});

test('of a name that stands twice the last value is meant, and a text that is no YAML has its fault', () => {
  const twice = `k: !vault "${SEALED}\\n33"\nk: !vault "${SEALED}\\n44"\n`;
  assert.equal(inlineVault(twice, 'k')?.ciphertext, `${SEALED}\n44`);
  assert.equal(yamlFault(twice), undefined);
  assert.match(yamlFault(`a: [\nk: !vault "${SEALED}\\n33"\n`) ?? '', /line \d+/);
});

test('a quoted value has no character that YAML 1.1 changes or refuses', () => {
  const value = 'a\u2028b\u0085c\u007Fd\u0001e\uFEFFf\u00A0g\u{1F600}\n"\\';
  assert.match(quotedValue(value), /^[\u0020-\u007E\u{10000}-\u{10FFFF}]+$/u);
  assert.equal(parse(quotedValue(value)), value);
});
