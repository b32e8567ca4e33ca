"""How much of transformers' own test suite passes with our classes in the place of its own.

    python tools/their_tests.py FOLDER [FAMILY …] [--kept]

FOLDER is a checkout of transformers near the release that is imported; of it, `tests`, `utils`,
`src` and `conftest.py` are read. Nothing of it is kept. Each family's tests run twice: with
transformers' classes, to know which pass on this machine, and with ours by their names (but for
models that aren't here: Wav2Vec2ForMaskedLM, say, which version 5 dropped). What needs the hub, a
GPU or a package that isn't there doesn't pass with theirs, and so doesn't count; but the three
tokenizers that the tests load from the hub have a stand-in with a vocabulary that is here.
Needs `pip install parameterized`.

Which tests stay out, and why, is said in `tests/data/their_tests.md`. Printed is how many tests of
each file pass with theirs and with ours; then what fails without a reason, by what it says. It
ends with status 1 if there is such a test, or a reason for a test that passes. `--kept` runs no
test and reads the reports of the last run, which are in FOLDER.
"""
import ast, importlib, json, os, re, shutil, subprocess, sys
from collections import Counter, defaultdict
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FAMILIES = 'distilbert', 'vit', 'wav2vec2'
NAMES = r'(DistilBert|ViT|Wav2Vec2|Llama)\w+'
REASONS = ROOT/'tests'/'data'/'their_tests.md'

# --- inside pytest, as a plugin

def counterpart(name, theirs, module):
    "The name of ours. 5.x has its quick classes under the names that the slow ones had."
    if name.endswith('Pil'): return name.removesuffix('Pil')
    rust = 'TokenizersBackend' in [k.__name__ for k in theirs.__mro__]
    return f'{name}Fast' if rust or hasattr(module, f'{name}Pil') else name

def replace():
    "Our classes by their names, in transformers and in the modules of its families."
    import transformers, transformers_lite
    def put(module):
        for name in [n for n in dir(module) if re.fullmatch(NAMES, n)]:
            theirs = getattr(module, name, None)
            if not isinstance(theirs, type) or 'lite' in theirs.__module__: continue
            ours = [getattr(transformers_lite, n, None)
                    for n in (counterpart(name, theirs, transformers), name)]
            if any(ours): setattr(module, name, ours[0] or ours[1])
    for family in FAMILIES:
        for file in (Path(transformers.__file__).parent/'models'/family).glob('*_*.py'):
            if re.search('_(tf|flax)_', file.name): continue
            name = f'transformers.models.{family}'
            try: put(importlib.import_module(f'{name}.{file.stem}'))
            except ImportError: continue  # it wants a package that isn't there
        put(sys.modules[name])
    put(transformers)

def stand_in():
    "Private names that the checkout's tests import, and that a later release has no more."
    for file in Path('tests').glob('*.py'):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.ImportFrom) or node.level: continue
            if not node.module.startswith('transformers.'): continue
            try: module = importlib.import_module(node.module)
            except Exception: continue  # of another release, or it wants a package
            for name in {a.name for a in node.names} - {*dir(module)}: setattr(module, name, None)

def pytest_collection_modifyitems(items):
    "Of the models that a test goes through, those that are here."
    if os.environ['WHOSE'] == 'theirs': return
    for cls in {item.cls for item in items} - {None}:
        ours = [m for m in getattr(cls, 'all_model_classes', ()) if 'lite' in m.__module__]
        cls.all_model_classes = tuple(ours)

found = {}
def pytest_runtest_logreport(report):
    why = report.longrepr
    if report.when == 'call': found.setdefault(report.nodeid, ('passed', ''))
    if report.failed:
        said = getattr(getattr(why, 'reprcrash', None), 'message', why)
        found[report.nodeid] = 'failed', str(said)
    elif report.skipped: found[report.nodeid] = 'skipped', str(why[-1])

def pytest_collectreport(report):
    if report.failed: found[report.nodeid] = 'failed', str(report.longrepr)

def pytest_sessionfinish(): Path(os.environ['THEIR_TESTS']).write_text(json.dumps(found))

if 'THEIR_TESTS' in os.environ:
    import transformers.utils.import_utils as has
    # the newest of these may not go with an older release
    for name in '_datasets_available', '_peft_available', '_torchao_available':
        setattr(has, name, False)
    stand_in()
    if os.environ['WHOSE'] == 'ours': replace()

# --- the command

LETTERS = '''<pad> <s> </s> <unk> | E T A O N I H S R D L U M W C F G Y P B V K ' X J Q Z'''.split()

def stand_in_hub(home):
    "A cache with the tokenizers that the tests want of the hub, made of what is here."
    def folder(name):
        cache = home/'hub'/f"models--{name.replace('/', '--')}"
        shutil.rmtree(cache, ignore_errors=True)
        (cache/'refs').mkdir(parents=True)
        (cache/'refs'/'main').write_text('0' * 40)
        (cache/'snapshots').mkdir()
        return cache/'snapshots'/('0' * 40)
    words = ROOT/'transformers_lite'/'checkpoints'/'distilbert-sentiment'
    def leave(folder, names): return {*names} - {'vocab.txt', 'tokenizer_config.json'}
    for name, kind in (('distilbert/distilbert-base-uncased', 'distilbert'),
                       ('google-bert/bert-base-uncased', 'bert')):
        shutil.copytree(words, to := folder(name), ignore=leave)
        (to/'config.json').write_text(json.dumps({'model_type': kind}))
        settings = {'do_lower_case': True, 'model_max_length': 512}
        (to/'tokenizer_config.json').write_text(json.dumps(settings))
    (to := folder('facebook/wav2vec2-base-960h')).mkdir()
    (to/'vocab.json').write_text(json.dumps({t: i for i, t in enumerate(LETTERS)}))
    (to/'config.json').write_text(json.dumps({'model_type': 'wav2vec2'}))
    (to/'tokenizer_config.json').write_text(json.dumps({'do_lower_case': False}))

def run(folder, family, whose, kept=False):
    "{test: (outcome, why)} of one family."
    here, report, home = Path(__file__), folder/f'{family}-{whose}.json', folder/'home'
    if kept: return json.loads(report.read_text())
    stand_in_hub(home)
    env = os.environ | dict(
        THEIR_TESTS=str(report), WHOSE=whose, HF_HUB_OFFLINE='1', USE_TF='0', USE_FLAX='0',
        HF_HOME=str(home), PYTHONPATH=os.pathsep.join(
            [os.environ.get('PYTHONPATH', ''), str(ROOT), str(here.parent)]))
    # without --full-trace, pytest 9 stops where the set-up of a class of tests fails
    options = '-q --full-trace -p no:cacheprovider --rootdir=. --continue-on-collection-errors'
    report.unlink(missing_ok=True)
    with open(folder/f'{family}-{whose}.log', 'w') as log: subprocess.run(
        [sys.executable, '-m', 'pytest', *options.split(), '-p', here.stem, '-c', os.devnull,
         f'tests/models/{family}'], cwd=folder, env=env, stdout=log, stderr=log)
    return json.loads(report.read_text())

def reasons(release):
    "{pattern of tests: why they stay out} of a release, by its first number."
    rows = [[c.strip(' `') for c in line.split('|')[1:-1]]
            for line in REASONS.read_text(encoding='utf-8').splitlines() if line[:3] == '| `']
    return {test: why for test, of, why in rows if release[0] in of}

def main(folder, *families):
    import transformers
    table, kinds, out = defaultdict(Counter), defaultdict(list), Counter()
    known, kept = reasons(transformers.__version__), '--kept' in families
    families = [f for f in families if f != '--kept']
    for family in families or FAMILIES:
        theirs, ours = (run(Path(folder).resolve(), family, whose, kept)
                        for whose in ('theirs', 'ours'))
        for test in (t for t, (outcome, _) in theirs.items() if outcome == 'passed'):
            outcome, why = ours.get(test, ('missing', ''))
            file, _, name = test.partition('::')
            said = next((p for p in known if fnmatch(name, p)), None)
            if outcome != 'passed' and said: outcome = 'out'
            if outcome == 'out': out[said] += 1
            elif outcome != 'passed': kinds[f'{outcome} {why:.150}'].append(name)
            for where in file, 'together': table[where].update(['theirs', outcome])
    for file, n in table.items(): print(f"{file:60}{n['theirs']:5}{n['passed']:5}{n['out']:5}")
    for why, tests in sorted(kinds.items(), key=lambda kind: -len(kind[1])):
        print('', f'{len(tests):4} {why}', *tests, sep='\n     ')
    idle = [] if families else [p for p in known if not out[p]]
    for pattern in idle: print(f'No test that fails needs the reason of {pattern}.')
    n, failing = table['together'], sum(map(len, kinds.values()))
    print(f"\ntransformers {transformers.__version__}: {n['passed']} pass, "
          f"{n['out']} stay out with a reason, {failing} fail unexpectedly.")
    return 1 if failing or idle else 0

if __name__ == '__main__':
    if len(sys.argv) < 2: sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
