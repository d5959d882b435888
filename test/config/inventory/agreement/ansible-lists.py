"""Lists inventories with the ansible-core of the Python that runs it: one JSON line of a case in, one JSON line of its listing out.

Each case is `ansible-inventory --list` in a process of its own. ansible-core reads its environment once, when it is imported, so
cases with an environment come first and import it themselves; the others are forked after the import.
"""
import io, json, math, os, sys

CASES = [json.loads(line) for line in sys.stdin]
NEUTRAL = {'HOME': '/nowhere', 'ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS': 'ignore', 'ANSIBLE_DEPRECATION_WARNINGS': 'False', 'ANSIBLE_LOCALHOST_WARNING': 'False'}
for name in [name for name in os.environ if name.startswith('ANSIBLE_')]:
    del os.environ[name]
os.environ.update(NEUTRAL)


def plain(value):
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def run(case, out):
    os.chdir(case['cwd'])
    os.environ.update(case['environment'])
    sys.stdout = io.TextIOWrapper(open(out, 'wb'), encoding='utf-8')
    sys.stderr = open(out + '.err', 'w')
    os.dup2(sys.stderr.fileno(), 2)
    from ansible.cli.inventory import main
    argv = ['ansible-inventory', '--list']
    for source in case['inventories']:
        argv += ['-i', source]
    if case.get('vaultPasswordFile'):
        argv += ['--vault-password-file', case['vaultPasswordFile']]
    sys.argv = argv
    try:
        main(argv)
        code = 0
    except SystemExit as end:
        code = end.code or 0
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)


out = sys.argv[1]
for case in sorted(CASES, key=lambda case: not case['environment']):
    if not case['environment']:
        import ansible.cli.inventory
    child = os.fork()
    if child == 0:
        try:
            run(case, out)
        except BaseException:
            os._exit(99)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    warnings = open(out + '.err', encoding='utf-8', errors='replace').read()
    text = open(out, encoding='utf-8').read()
    try:
        listing = plain(json.loads(text)) if code == 0 else None
    except ValueError:
        listing = None
    if listing is not None:
        listing['_meta'].pop('profile', None)
    print(json.dumps({'seed': case.get('seed'), 'code': code, 'listing': listing, 'warnings': warnings}), flush=True)
