import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isOlder, parseBuild, writeBuild, type Build } from '../../src/core/build.ts';

const of = (version: string, committedAt?: string): Build => ({ version, committedAt });

test('builds are ordered by version as semver.org orders them, then by the date of the commit', () => {
  const ordered = [
    of('0.9.9', '2027-01-01T00:00:00Z'),
    of('1.0.0-alpha'),
    of('1.0.0-alpha.1'),
    of('1.0.0-alpha.beta'),
    of('1.0.0-beta'),
    of('1.0.0-beta.2'),
    of('1.0.0-beta.11'),
    of('1.0.0-rc.1'),
    of('1.0.0', '2026-11-29T10:00:00Z'),
    of('1.0.0+build.7', '2026-11-29T12:00:00+01:00'),
    of('1.2.0'),
    of('1.10.0'),
  ];
  for (const [index, build] of ordered.entries())
    for (const [other, later] of ordered.entries())
      assert.equal(isOlder(build, later), index < other, `${JSON.stringify(build)} ${JSON.stringify(later)}`);
});

test('a date that is missing or unreadable decides nothing', () => {
  for (const date of [undefined, '', 'yesterday'])
    assert.deepEqual(
      [
        isOlder(of('1.0.0', date), of('1.0.0', '2026-11-29T10:00:00Z')),
        isOlder(of('1.0.0', '2026-11-29T10:00:00Z'), of('1.0.0', date)),
      ],
      [false, false],
    );
});

test('a build is read back as it was written; other text is none', () => {
  fc.assert(
    fc.property(fc.string(), fc.option(fc.string(), { nil: undefined }), (version, committedAt) => {
      assert.deepEqual(parseBuild(writeBuild({ version, committedAt })), { version, committedAt });
    }),
  );
  for (const text of ['', '{', '[]', '{"version":1}', 'null']) assert.equal(parseBuild(text), undefined);
});
