"The repository agrees with itself: notebooks with modules, bounds with pins, the wheel with the sources; and no page shows a slip."
import ast, json, re, shutil, sys, tarfile, zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest, yaml
from fastcore.nbio import read_nb
from packaging.requirements import Requirement

from helpers import NOTEBOOKS, ROOT, run

SOURCES = 'nbs transformers_lite pyproject.toml settings.ini setup.py MANIFEST.in LICENSE README.md README.ja.md _quarto.yml'.split()
each_notebook = pytest.mark.parametrize('path', NOTEBOOKS, ids=lambda p: p.stem)

def contents(folder): return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob('*') if p.is_file() and '__pycache__' not in p.parts}

@pytest.fixture
def copy(tmp_path):
    "A copy of what nbdev and the package are made from."
    ignore = shutil.ignore_patterns('__pycache__', '.ipynb_checkpoints')
    for name in SOURCES:
        src, dst = ROOT/name, tmp_path/name
        if src.is_dir(): shutil.copytree(src, dst, symlinks=True, ignore=ignore)
        else: shutil.copy(src, dst)
    return tmp_path

def tool(name, cwd, *args): return run(Path(sys.executable).with_name(name), *args, cwd=cwd, IN_TEST='')

# The notebooks are the source

@pytest.mark.parametrize('name', ['nbdev-export', 'nbdev-clean'])
def test_nbdev_changes_nothing(copy, name):
    before = contents(copy)
    tool(name, copy)
    after = contents(copy)
    assert [k for k in before.keys() | after.keys() if before.get(k) != after.get(k)] == []

def test_export_notices_an_edit(copy): # negative control
    module = copy/'transformers_lite'/'store.py'
    before = module.read_text(encoding='utf-8')
    module.write_text(before + 'edited = True\n', encoding='utf-8')
    tool('nbdev-export', copy)
    assert module.read_text(encoding='utf-8') == before

def test_readme_is_the_index(copy):
    def texts(): return {p.name: p.read_text(encoding='utf-8') for p in copy.glob('README*.md')}
    before = texts()
    run(sys.executable, ROOT/'tools'/'readme.py', cwd=copy)
    assert texts() == before and {'README.md', 'README.ja.md'} <= {*before}

# What a reader sees

def code_cells(path): return [c for c in read_nb(path).cells if c.cell_type == 'code' and c.source.strip()]
def outputs(cell): return cell.get('outputs') or []
def is_lesson(cell): return not re.search(r'#\s*\|\s*(export|hide|default_exp|eval:\s*false)', cell.source)

@each_notebook
def test_no_stored_error(path): assert [c.source for c in code_cells(path) if any(o['output_type'] == 'error' for o in outputs(c))] == []

@each_notebook
def test_executed(path):
    lessons = [c for c in code_cells(path) if is_lesson(c)]
    shown = [c for c in lessons if outputs(c)]
    assert len(lessons) <= 5 or len(shown) >= .4*len(lessons), f'{len(shown)} of {len(lessons)} lessons show an output'

@each_notebook
def test_exported_cells_are_short(path):
    long = {c.source.splitlines()[1]: n for c in code_cells(path) if re.search(r'#\s*\|\s*export', c.source)
            and (n := sum(bool(o.strip()) for o in c.source.splitlines())) > 60}
    assert not long, 'would it read better as several cells, each beside its reason?'

@each_notebook
def test_code_is_explained(path):
    run = 0
    for c in read_nb(path).cells:
        if c.cell_type == 'markdown': run = 0
        elif c.source.strip() and '#| hide' not in c.source: run += 1
        assert run <= 6, f'{run} code cells in a row without a sentence, up to:\n{c.source}'

@each_notebook
def test_small(path): assert path.stat().st_size < 300_000

@each_notebook
def test_imports_stand_alone(path): # nbdev's documentation runs a cell with an import in a fresh namespace
    def _is_import(node): return isinstance(node, (ast.Import, ast.ImportFrom))
    for c in code_cells(path):
        if re.match(r'\s*[%!]', re.sub(r'^#.*\n', '', c.source, flags=re.M)): continue
        body = ast.parse(re.sub(r'^[%!].*$', 'pass', c.source, flags=re.M)).body
        rest = [n for n in body if not _is_import(n) and not isinstance(n, ast.Pass)]
        assert not (rest and any(map(_is_import, body))), f'imports mixed with other code:\n{c.source}'

# ruff: 100 columns, unused names, and a few kinds of mistake

def ruff(*paths): return run(sys.executable, '-m', 'ruff', 'check', '--no-cache', '--output-format', 'concise', '--config', ROOT/'pyproject.toml', *paths)

def test_ruff(): ruff(ROOT/'nbs', ROOT/'transformers_lite', ROOT/'tests', ROOT/'tools', ROOT/'setup.py')

@pytest.mark.parametrize('code, rule', [('x = "' + 'word ' * 20 + '"', 'E501'), ('import json', 'F401'), ('print(y)', 'F821'), ('def f(x=[]): return x', 'B006')])
def test_ruff_notices(tmp_path, code, rule): # negative control
    cell = dict(cell_type='code', id='cell', metadata={}, source=code, outputs=[], execution_count=None)
    (tmp_path/'made.ipynb').write_text(json.dumps(dict(cells=[cell], metadata={}, nbformat=4, nbformat_minor=5)))
    with pytest.raises(AssertionError, match=rule): ruff(tmp_path)

# What is written in the files

def tracked():
    names = run('git', 'ls-files', '-z').split('\0')
    return [p for n in names if n and (p := ROOT/n).is_file() and not p.is_symlink()]

def test_no_address_of_this_machine_or_a_registry():
    "Paths and hosts differ from machine to machine, so no file may name one."
    folders, hosts = '|'.join('tmp work root home'.split()), '|'.join('pypi pythonhosted npmjs deb.debian download.pytorch'.split())
    bad = re.compile(rf'(?<![\w.~}}])/({folders})/[\w.-]+|\b({hosts})\.(org|com)\b'.encode())
    assert {str(p.relative_to(ROOT)): m[0] for p in tracked() if (m := bad.search(p.read_bytes()))} == {}

NAME = r'transformers[_-]lite'

def bare_install(text):
    "What in a text would install the package by its name alone; None where it names the repository."
    text = text.replace('"\n"', '')   # a catalogue breaks its lines where it likes
    rest = re.sub(rf'{NAME}(\[[^]]+\])? @ (git\+|{{SOURCE)\S+', '', text)
    return re.search(rf'pip install [^\n`]*\b{NAME}\b|\b{NAME}\[\w[\w,]*\]', rest)

def test_no_text_installs_from_a_registry():
    "No registry has the package yet: what installs it names the repository (or a clone, `-e .`)."
    here = Path(__file__).resolve()
    texts = {p: p.read_text(encoding='utf-8', errors='ignore') for p in tracked() if p != here}
    found = {p: bare_install(t) for p, t in texts.items()}
    assert {str(p.relative_to(ROOT)): m[0] for p, m in found.items() if m} == {}
    from transformers_lite.__main__ import SOURCE, install
    assert SOURCE.removeprefix('git+') in (ROOT/'pyproject.toml').read_text(encoding='utf-8')
    assert install('course') in (ROOT/'README.md').read_text(encoding='utf-8')

@pytest.mark.parametrize('text', [
    "pip install transformers_lite", "%pip install 'transformers_lite[course]'",
    'needs "transformers_lite[int8]"', "pip install -U transformers-lite",
    'msgid ""\n"先に `pip install "\n"transformers_lite`"\n',
    "pip install 'transformers_lite[tf]'."])
def test_a_bare_install_is_noticed(text): assert bare_install(text)

# Versions

def settings():
    cfg = ConfigParser()
    cfg.read(ROOT/'settings.ini', encoding='utf-8')
    return cfg['DEFAULT']

def pins(name):
    lines = (ROOT/name).read_text(encoding='utf-8').splitlines()
    return {r.name.lower().replace('_', '-'): next(iter(r.specifier)).version for l in lines if l and l[0] != '#' for r in [Requirement(l)]}

def requirements(*keys): return [r for k in keys for o in settings()[k].split() for r in [Requirement(o)] if not r.marker or r.marker.evaluate()]

def test_constraints_cover_the_requirements():
    pinned = pins('constraints.txt')
    for r in requirements('requirements', 'dev_requirements'): assert r.specifier.contains(pinned[r.name.lower().replace('_', '-')]), r

def test_the_oldest_claimed_is_the_oldest_tested():
    from packaging.version import Version
    oldest = pins('constraints-oldest.txt')
    for r in requirements('requirements'):
        assert Version(next(iter(r.specifier)).version) == Version(oldest[r.name.lower().replace('_', '-')]), r

def test_wheel(copy, tmp_path):
    "An installed copy has every module and every checkpoint, and the metadata of settings.ini."
    run(sys.executable, '-m', 'pip', 'wheel', '--no-deps', '--no-build-isolation', '-q', '-w', tmp_path/'dist', copy)
    whl, = (tmp_path/'dist').glob('*.whl')
    with zipfile.ZipFile(whl) as z:
        packed = {n for n in z.namelist() if n.startswith('transformers_lite/')}
        metadata = z.read(next(n for n in z.namelist() if n.endswith('.dist-info/METADATA'))).decode()
        scripts = z.read(next(n for n in z.namelist() if n.endswith('entry_points.txt'))).decode()
    chapters = {n for n in contents(copy/'nbs') if n.split('.')[-1] in ('ipynb', 'png') or n.split('/')[0] in ('data', 'benchmarks')}
    assert packed == {f'transformers_lite/{n}' for n in contents(copy/'transformers_lite')} | {f'transformers_lite/course/{n}' for n in chapters}
    assert {f'transformers_lite/{n}' for n in CARRIED} <= packed
    for r in requirements('requirements'): assert f'Requires-Dist: {r}' in metadata
    for key in 'console_scripts', 'nbdev': assert settings()[key].split('=')[1] in scripts

# what a program looks for beside the modules
CARRIED = ['py.typed', 'checkpoints/llama-reviews/model.safetensors', 'templates/decoder.ipynb', 'translations/ja/02_model.po', 'translations/ja/LC_MESSAGES/cli.mo']

def test_sdist(copy, tmp_path):
    "It has all that the wheel is made from, and what a reader looks for."
    for name in 'CHANGELOG.md', 'CITATION.cff', 'SECURITY.md', 'constraints.txt': shutil.copy(ROOT/name, copy/name)
    (copy/'dist').mkdir()
    run(sys.executable, '-c', "import setuptools.build_meta as m; m.build_sdist('dist')", cwd=copy)
    file, = (copy/'dist').glob('*.tar.gz')
    with tarfile.open(file) as t: packed = {n.partition('/')[2] for n in t.getnames()}
    assert {f'transformers_lite/{n}' for n in contents(copy/'transformers_lite')} <= packed and {f'transformers_lite/{n}' for n in CARRIED} <= packed
    assert {f'nbs/{n}' for n in contents(copy/'nbs') if n.split('.')[-1] in ('ipynb', 'png') or n.split('/')[0] in ('data', 'benchmarks')} <= packed
    assert {'README.md', 'CHANGELOG.md', 'CITATION.cff', 'SECURITY.md', 'LICENSE', 'constraints.txt', 'pyproject.toml', 'settings.ini', 'setup.py'} <= packed

def test_one_version():
    "The package, the citation and the changelog's first part are of one release, and one day; pages show no other."
    import transformers_lite
    cited = yaml.safe_load((ROOT/'CITATION.cff').read_text(encoding='utf-8'))
    version, day = re.search(r'^## (\S+) \((\S+)\)$', (ROOT/'CHANGELOG.md').read_text(encoding='utf-8'), re.M).groups()
    assert transformers_lite.__version__ == cited['version'] == version and str(cited['date-released']) == day
    shown = {v for p in NOTEBOOKS for v in re.findall(r"Written by transformers_lite ([\d.]+\d)|'version': '([\d.]+)'", p.read_text(encoding='utf-8')) for v in v if v}
    assert shown == {version}

# The workflows

def workflow(name):
    "A workflow as GitHub reads it; YAML 1.1 takes its `on` for True."
    found = yaml.safe_load((ROOT/'.github'/'workflows'/f'{name}.yml').read_text(encoding='utf-8'))
    return {'on' if k is True else k: v for k, v in found.items()}

def steps(job): return [s.get('run') or s['uses'] for s in job['steps']]
WORKFLOWS = [p.stem for p in (ROOT/'.github'/'workflows').glob('*.yml')]

def test_every_week_on_three_systems_and_all_pythons():
    week = workflow('weekly')
    assert re.fullmatch(r'\d+ \d+ \* \* [0-6]', week['on']['schedule'][0]['cron']) and 'workflow_dispatch' in week['on']
    matrix, jobs = week['jobs']['quick']['strategy']['matrix'], week['jobs']
    assert {s.split('-')[0] for s in matrix['system']} == {'ubuntu', 'macos', 'windows'} and matrix['python'] == ['3.11', '3.12', '3.13', '3.14']
    assert not week['jobs']['quick']['strategy']['fail-fast']
    claimed = {c.split(' :: ')[-1] for c in settings()['classifiers'].splitlines() if re.search(r':: 3\.\d+$', c)}
    assert claimed <= {*matrix['python']}
    assert 'make test-oldest' in steps(jobs['oldest']) and 'make test-newest' in steps(jobs['newest']) and 'make test-newest PRE=torch' in steps(jobs['prerelease'])

def test_a_failure_of_the_week_is_reported():
    "A pre-release may fail, but says so itself; of all others one job does."
    jobs = workflow('weekly')['jobs']
    others = {*jobs} - {'prerelease', 'report'}
    assert jobs['prerelease']['continue-on-error'] and jobs['report']['if'] == 'failure()' and {*jobs['report']['needs']} == others
    for job in jobs['prerelease'], jobs['report']: assert './.github/actions/report' in steps(job)
    assert jobs['prerelease']['steps'][-1]['if'] == 'failure()' and workflow('weekly')['permissions']['issues'] == 'write'
    action = yaml.safe_load((ROOT/'.github'/'actions'/'report'/'action.yml').read_text(encoding='utf-8'))
    assert action['runs']['using'] == 'composite' and all(s['shell'] == 'bash' for s in action['runs']['steps']) and {*action['inputs']} == {'title'}

@pytest.mark.parametrize('name', WORKFLOWS)
def test_a_workflow_runs_what_there_is(name):
    "Each target of make, each file and each extra that it names."
    targets = re.findall(r'^([a-z-]+):', (ROOT/'Makefile').read_text(encoding='utf-8'), re.M)
    for job in workflow(name)['jobs'].values():
        assert job['runs-on'] and job['steps'][0]['uses'].startswith('actions/checkout@')
        for step in steps(job):
            for target in re.findall(r'\bmake ([a-z-]+)', step): assert target in targets, step
            for file in re.findall(r'@?((?:tests|\.ci|\.github)/[\w./]+)', step): assert (ROOT/file).exists(), step
            for extra in re.findall(r'-e \.\[(\w+)\]', step): assert f'{extra}_requirements' in settings(), step

def test_the_quick_tests_are_there():
    "And they need neither the older transformers nor what the extra `quick` lacks."
    *files, _, picked = (ROOT/'tests'/'quick.txt').read_text().splitlines()
    for file in files: assert 'run457' not in (ROOT/file).read_text(encoding='utf-8'), file
    for stem in re.findall(r'\b(\d\d\w*?_\w*)', picked): assert any(p.stem.startswith(stem) for p in NOTEBOOKS), stem

def test_make_bench_finds_its_files():
    "The benchmarks stand in nbs/, and what they read elsewhere in the project."
    code = "from benchmarks import cases; print(all(p.exists() for p in (cases.CHECKPOINTS, cases.ROOT/'Makefile', cases.ROOT/'nbs'/'data')))"
    assert run(sys.executable, '-c', code, cwd=ROOT/'nbs', PYTHONPATH=str(ROOT)).splitlines()[-1] == 'True'

def test_a_chapter_stays_on_one_worker():
    "Else each worker runs all of its cells, for those few that it is asked for."
    said = run(sys.executable, '-m', 'pytest', '-n', '2', '-v', 'tests/test_notebooks.py', '-k', '20_messages or 20e_features')
    workers = {}
    for worker, chapter in re.findall(r'^\[(gw\d)\].* PASSED .*test_cell\[(\w+)-\d', said, re.M): workers.setdefault(chapter, set()).add(worker)
    assert {c: len(w) for c, w in workers.items()} == {'20_messages': 1, '20e_features': 1} and len(set.union(*workers.values())) == 2
