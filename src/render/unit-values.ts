import { pathsOf, type Settings } from '../config/config.ts';
import { MARK_LINE } from '../core/mark.ts';
import { fail, ok, type Problem, type Result } from '../core/problem.ts';
import { egressLines, namesOfBackends } from './egress.ts';
import { listenText } from './gateway-yaml.ts';
import type { TemplateValues } from './template.ts';

// Each place in a unit has its own rules for blanks, quotes and %. These characters are plain in all of them.
const PLAIN_PATH = /^\/[\w@+=:,./-]*$/;
// useradd(8) on Debian.
const PLAIN_NAME = /^[a-z_][a-z0-9_-]{0,31}$/;
/** A name or an address. */
const PLAIN_HOST = /^[\w.:-]+$/;
const V4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const V6 = /^[\da-fA-F:]*:[\da-fA-F:.]*$/;

/** The values for the units' templates. A value that does not fit in a unit is a Problem that names the variable. */
export function unitValues(settings: Settings): Result<TemplateValues> {
  const paths = pathsOf(settings);
  const host = settings.listen === 'localhost' ? '127.0.0.1' : settings.listen;
  const problems = [
    ...(PLAIN_PATH.test(paths.configDir)
      ? []
      : [unsuitable('litellm_config_dir', 'an absolute path of letters, digits and @+=:,./_-', paths.configDir)]),
    ...(PLAIN_PATH.test(paths.installDir)
      ? []
      : [unsuitable('litellm_install_dir', 'an absolute path of letters, digits and @+=:,./_-', paths.installDir)]),
    ...(PLAIN_NAME.test(settings.user)
      ? []
      : [unsuitable('litellm_user', 'a name of lower-case letters, digits, - and _', settings.user)]),
    ...(PLAIN_NAME.test(settings.group)
      ? []
      : [unsuitable('litellm_group', 'a name of lower-case letters, digits, - and _', settings.group)]),
    ...(V4.test(host) || V6.test(host)
      ? []
      : [unsuitable('litellm_listen', 'an IP address, which the socket unit listens on', settings.listen)]),
    ...(settings.restrictEgress === true
      ? namesOfBackends(settings).flatMap((name) =>
          PLAIN_HOST.test(name)
            ? []
            : [unsuitable('litellm_backends', 'names of letters, digits and ._- with litellm_restrict_egress', name)],
        )
      : []),
  ];
  const [first, ...more] = problems;
  if (first !== undefined) return fail(first, ...more);
  const egress = egressLines(settings);
  return ok({
    mark: MARK_LINE,
    user: settings.user,
    group: settings.group,
    env_file: paths.envFile,
    config_file: paths.configFile,
    config_dir: paths.configDir,
    install_dir: paths.installDir,
    gateway: `${paths.current}/gateway`,
    listen: listenText(host, settings.port),
    ca_environment: authorityLine(settings, paths.caFile),
    egress: egress.instance,
    egress_reload: egress.reload,
  });
}

// Node reads the file once, at its start.
function authorityLine({ authorities }: Settings, caFile: string): string {
  return authorities === undefined
    ? '# Without litellm_ca_file the gateway trusts the authorities of Node and of the host.'
    : `Environment=NODE_EXTRA_CA_CERTS=${caFile}`;
}

function unsuitable(name: string, desired: string, seen: string): Problem {
  return {
    code: 'variables.unsuitable',
    summary: `cannot write ${name} to a systemd unit`,
    detail: `Expected ${desired}, found ${JSON.stringify(seen)}.`,
    fix: `set ${name} in group_vars`,
    where: { path: name },
  };
}
