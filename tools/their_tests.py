"""How much of transformers' own test suite passes with our classes in the place of its own.

    python tools/their_tests.py FOLDER [FAMILY …]

FOLDER is a checkout of transformers at the tag of the release that is imported; of it, `tests`,
`utils`, `src` and `conftest.py` are read. Nothing of it is kept. Each family's tests run twice:
with transformers' classes, to know which pass on this machine, and with ours by their names (but
for models that aren't here: Wav2Vec2ForMaskedLM, say, which version 5 dropped). What needs the
hub, a GPU or a package that isn't there doesn't pass with theirs, and so doesn't count.
Needs `pip install parameterized`.

Printed is how many tests of each file pass with theirs and with ours; then what fails, by what it
says. Most of that is left out on purpose: chapter 26 says what, and why.
"""
import importlib, json, os, re, subprocess, sys
from collections import Counter, defaultdict
from pathlib import Path

FAMILIES = 'distilbert', 'vit', 'wav2vec2', 'llama'
NAMES = r'(DistilBert|ViT|Wav2Vec2|Llama)\w+'

# --- inside pytest, as a plugin

def replace():
    "Our classes by their names, in transformers and in the modules of its families."
    import transformers, transformers_lite
    def put(module):
        for name in [n for n in dir(module) if re.fullmatch(NAMES, n)]:
            theirs, ours = (getattr(m, name, None) for m in (module, transformers_lite))
            if isinstance(theirs, type) and ours: setattr(module, name, ours)
    for family in FAMILIES:
        for file in (Path(transformers.__file__).parent/'models'/family).glob('*_*.py'):
            if re.search('_(tf|flax)_', file.name): continue
            name = f'transformers.models.{family}'
            try: put(importlib.import_module(f'{name}.{file.stem}'))
            except ImportError: continue  # it wants a package that isn't there
        put(sys.modules[name])
    put(transformers)

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

def pytest_sessionfinish(): Path(os.environ['THEIR_TESTS']).write_text(json.dumps(found))

if 'THEIR_TESTS' in os.environ:
    import transformers.utils.import_utils as has
    # the newest of these may not go with an older release
    for name in '_datasets_available', '_peft_available', '_torchao_available':
        setattr(has, name, False)
    if os.environ['WHOSE'] == 'ours': replace()

# --- the command

def run(folder, family, whose):
    "{test: (outcome, why)} of one family."
    here, report = Path(__file__), folder/f'{family}-{whose}.json'
    env = os.environ | dict(
        THEIR_TESTS=str(report), WHOSE=whose, HF_HUB_OFFLINE='1', USE_TF='0', USE_FLAX='0',
        PYTHONPATH=os.pathsep.join([os.environ.get('PYTHONPATH', ''), str(here.parent)]))
    options = '-q -p no:xdist -p no:cacheprovider --rootdir=. --continue-on-collection-errors'
    subprocess.run(
        [sys.executable, '-m', 'pytest', *options.split(), '-p', here.stem, '-c', os.devnull,
         f'tests/models/{family}'], cwd=folder, env=env, stdout=subprocess.DEVNULL)
    return json.loads(report.read_text())

def main(folder, *families):
    table, kinds = defaultdict(Counter), defaultdict(list)
    for family in families or FAMILIES:
        theirs, ours = (run(Path(folder).resolve(), family, who) for who in ('theirs', 'ours'))
        for test in (t for t, (outcome, _) in theirs.items() if outcome == 'passed'):
            outcome, why = ours.get(test, ('missing', ''))
            for where in test.split('::')[0], 'together': table[where].update(['theirs', outcome])
            if outcome != 'passed': kinds[f'{outcome} {why:.150}'].append(test.partition('::')[2])
    for file, n in table.items(): print(f"{file:60}{n['theirs']:5}{n['passed']:5}")
    for why, tests in sorted(kinds.items(), key=lambda kind: -len(kind[1])):
        print('', f'{len(tests):4} {why}', *tests, sep='\n     ')

if __name__ == '__main__':
    if len(sys.argv) < 2: sys.exit(__doc__)
    main(*sys.argv[1:])
