"The course as a reader finds it: its ways in, its links and pictures, the command that writes it, and what shows itself."
import ast, functools, importlib.util, json, re, subprocess, sys
from collections import Counter
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np, pytest, torch, yaml
from hypothesis import given, settings as how, strategies as st
from importlib.metadata import packages_distributions

import transformers_lite as lite
from transformers_lite.__main__ import install
from helpers import NOTEBOOKS, ROOT, run
from test_repository import pins, requirements
from transformers_lite.languages import anchor as anchor_of, pieces

CHAPTERS = sorted(p for p in NOTEBOOKS if p.stem != 'index')
each = pytest.mark.parametrize('path', CHAPTERS, ids=lambda p: p.stem)

def cells(path): return json.loads(path.read_text(encoding='utf-8'))['cells']
def prose(path): return '\n\n'.join(''.join(c['source']) for c in cells(path) if c['cell_type'] == 'markdown')
def tool(name):
    if str(ROOT/'tools') not in sys.path: sys.path.append(str(ROOT/'tools')) # a tool may import another
    spec = importlib.util.spec_from_file_location(name, ROOT/'tools'/f'{name}.py')
    spec.loader.exec_module(module := importlib.util.module_from_spec(spec))
    return module

# Ways in

@each
def test_links_to_run_it(path):
    assert ''.join(cells(path)[1]['source']) == tool('links').links(path.name)
    assert prose(path).count('mybinder.org') == 1

@each
def test_needs_goal_and_minutes_stand_under_the_title(path):
    "They are those of the first page's table, and the minutes are counted anew by `make export`."
    glance = ''.join(cells(path)[2]['source'])
    assert glance == tool('links').glance(path.name), 'run `make export`'
    assert re.search(r"^\*Before it:\* .+ \*After it you can\* .+ \*Time:\* \d+ minutes to read", glance)

@each
def test_the_foot_says_what_it_was_made_with(path):
    "The releases are those of constraints.txt; their names are no words, so that a new one needs no translation."
    from packaging.version import Version
    last, pinned = cells(path)[-1], pins('constraints.txt')
    assert last['id'] == 'made' and ''.join(last['source']) == tool('links').made()
    said = dict(re.findall(r'`(\S+) (\S+)`', ''.join(last['source'])))
    assert said.pop('Python') == '3.11' and {'torch', 'transformers'} <= said.keys() and said == {name: pinned[name] for name in said}
    for name, release in said.items(): assert Version(release)
    assert [p.words for p in pieces(last)] == ['*This page was made with*']

@each
def test_a_title_has_its_number(path):
    title, number = ''.join(cells(path)[0]['source']).splitlines()[0], path.stem.partition('_')[0]
    words = tool('links').table()[number.lstrip('0') or '0'][0]
    assert title == f"# {number.lstrip('0') or '0'}. {words}"

def test_what_a_chapter_needs_comes_before_it():
    "An arrow of the map leads forward as well."
    table, order = tool('links').table(), [*tool('links').table()]
    assert len(order) == len(CHAPTERS)
    for number, (_, _, needs, _) in table.items():
        for n in needs.split(', '): assert n in ('Python', 'PyTorch', 'numpy', 'nothing') or n in order, (number, n)
        late = [n for n in needs.split(', ') if n in order and order.index(n) > order.index(number)]
        assert not late, (number, late)

def test_every_chapter_is_in_the_index_the_sidebar_and_the_map():
    names = [p.name for p in CHAPTERS]
    linked = re.findall(r'^\| \[.+?\]\((.+?\.ipynb)\)', prose(ROOT/'nbs'/'index.ipynb'), re.M)
    site = yaml.safe_load((ROOT/'_quarto.yml').read_text(encoding='utf-8'))['website']['sidebar']['contents']
    assert linked == names
    assert [site[0]['href'], *(n for part in site[1:] for n in part['contents'])] == ['index.ipynb', *names]
    assert sorted(tool('pictures').CHAPTERS) == [p.stem for p in CHAPTERS] # its arrows are the table's

def test_the_pictures_of_the_first_page_are_drawn():
    pictures = tool('pictures')
    texts = [t.get_text().replace('\n', ' ') for t in pictures.course_map().axes[0].texts]
    assert {t for p in CHAPTERS for t in pictures.title(p.stem)} <= {*texts}
    assert 'HELLO, WORLD!' in [ax.get_title() for ax in pictures.first().axes]

def test_the_first_page_says_what_the_chart_shows():
    "The chart names the processors itself (tests/test_benchmarks.py), so the page doesn't; and loading is as quick as its chapter says, on one of them."
    text = prose(ROOT/'nbs'/'index.ipynb')
    results = json.loads((ROOT/'nbs'/'benchmarks'/'results.json').read_text())
    first = text.split('## ')[0]
    assert 'of the processors that the picture names' in first and '](speed.png)' in first and not any(key in text for key in results)
    loading = [r['ours'] for t in results.values() for r in t['rows'] if r['name'].startswith('from_pretrained') and 'ours' in r]
    assert 'less than a hundredth of a second' in prose(ROOT/'nbs'/'02b_checkpoint.ipynb') and min(loading) < .01

def test_the_first_page_counts_the_code_as_it_is():
    "Within a tenth: the page was run when the modules were about as long."
    code = '\n'.join(p.read_text(encoding='utf-8') for p in (ROOT/'transformers_lite').glob('[a-z]*.py'))
    now = sum(l.strip()[:1] not in ('', '#') for l in code.splitlines())
    cell, = (c for c in cells(ROOT/'nbs'/'index.ipynb') if 'of_DistilBERT' in ''.join(c['source']))
    said = ast.literal_eval(''.join(cell['outputs'][0]['data']['text/plain']))
    assert abs(said['lines'] - now) < .1*now and 50 < said['of_DistilBERT'] < 200

def test_the_first_screen():
    "One sentence or two, a line that installs, three buttons, the chart and the map come before anything else."
    intro = ''.join(cells(ROOT/'nbs'/'index.ipynb')[1]['source'])
    said, install_, links, *pictures = intro.split('\n\n')
    assert len(said.split()) < 50 and install('course').removeprefix('pip') in install_ and links.count('](') == 3
    assert re.findall(r'\]\((\w+\.png)\)', ' '.join(pictures)) == ['speed.png', 'map.png']
    made = tool('docs').buttons(re.match('.+', links))
    assert made.count('{.btn .btn-primary}') == 1 and made.count('{.btn .btn-outline-primary}') == 2 and '·' not in made

def test_the_ways_through_the_course_take_as_long_as_they_say():
    links, text = tool('links'), prose(ROOT/'nbs'/'index.ipynb')
    table = links.table()
    def minutes(numbers, share=1): return sum(read + share*exercises for read, exercises in (links.minutes(table[n][1]) for n in numbers))
    day, = re.findall(r'\*\*A day\*\*: chapters ([\w, ]+?) and (\w+), with half of their exercises', text)
    assert 180 < minutes([*day[0].split(", "), day[1]], .5) < 420
    weeks = re.findall(r'^\| (\d+) \| ([\w, ]+) \| [^|]+ \|$', text, re.M)
    assert [int(n) for n, _ in weeks] == [*range(1, 13)] and 'of twelve weeks, one to three hours each' in text
    for n, numbers in weeks: assert 55 <= minutes(numbers.split(', ')) <= 190, n
    seen = [n for _, numbers in weeks for n in numbers.split(', ')]
    for i, n in enumerate(seen): assert not (late := {*table[n][2].split(', ')} & {*table} - {*seen[:i]}), (n, late)

def anchors(path): return {anchor_of(h) for h in re.findall(r'^#+ (.+)$', prose(path), re.M)}

@pytest.mark.parametrize('path', NOTEBOOKS, ids=lambda p: p.stem)
def test_local_links_and_pictures_resolve(path):
    found = [t for t in re.findall(r'\]\(([^)\s]+)\)', re.sub(r'```.*?```|`[^`]*`', '', prose(path), flags=re.S)) if not re.match(r'\w+:', t)]
    for target in found:
        file, _, anchor = target.partition('#')
        assert (path.parent/file).exists(), target
        if anchor and not anchor.startswith('cell-id'): assert anchor in anchors(path.parent/file if file else path), target

def test_readme_links_resolve():
    for target in re.findall(r'\]\(([^)\s]+)\)', (ROOT/'README.md').read_text(encoding='utf-8')):
        if not target.startswith(('http', '#')): assert (ROOT/target).exists(), target

def test_llms_txt_lists_every_chapter():
    text = (ROOT/'nbs'/'llms.txt').read_text(encoding='utf-8')
    made = subprocess.run([sys.executable, '-c', "import sys; sys.path.insert(0, 'tools'); import llms; sys.stdout.buffer.write(llms.contents().encode())"],
                          capture_output=True, cwd=ROOT, check=True).stdout.decode()
    assert text == made, 'llms.txt is older than the chapters: run `make export`'
    for p in NOTEBOOKS: assert f"/{re.sub(r'^[0-9]+[a-z]?_', '', p.stem)}.html.md)" in text, p.stem
    assert len(re.findall(r'^- .*[.]html[.]md\)', text, re.M)) == len(NOTEBOOKS)

def test_what_the_site_is_made_of_is_there():
    site = yaml.safe_load((ROOT/'_quarto.yml').read_text(encoding='utf-8'))
    html, web = site['format']['html'], site['website']
    assert (ROOT/web['repo-subdir']/CHAPTERS[0].name).exists() # what "View source" links to
    for name in (*site['project']['resources'], web['favicon'], html['css']): assert (ROOT/'nbs'/name).exists(), name
    assert tool('links').REPOSITORY in web['navbar']['tools'][0]['href']

# Pictures, for those who don't see them

def alt_text(cell):
    "What a plotting cell says of its picture; None without."
    found = cell['metadata'].get('nbdev', {}).get('fig-alt')
    return found and yaml.safe_load(found)

def draws(cell): return cell['cell_type'] == 'code' and any(k.startswith('image/') for o in cell['outputs'] for k in o.get('data', ()))

def test_each_picture_says_what_it_shows():
    said = {(p.stem, c['id']): alt_text(c) for p in NOTEBOOKS for c in cells(p) if draws(c)}
    assert len(said) > 50
    for at, alt in said.items(): assert isinstance(alt, str) and 20 <= len(alt) <= 300, f'{at}: the cell\'s metadata say in a sentence what there is to see: {{"nbdev": {{"fig-alt": "…"}}}}'
    assert [alt for alt, n in Counter(said.values()).items() if n > 1] == []
    cell = next(c for p in NOTEBOOKS for c in cells(p) if draws(c))
    assert alt_text(cell | dict(metadata={})) is None

@pytest.mark.parametrize('path', NOTEBOOKS, ids=lambda p: p.stem)
def test_pictures_in_text_and_html_have_names(path):
    text = re.sub(r'```.*?```|`[^`]*`', '', prose(path), flags=re.S)
    assert [p for p, alt in re.findall(r'(!\[(.*?)\]\([^)]*\))', text) if len(alt) < 20] == []
    html = ''.join(''.join(o.get('data', {}).get('text/html', '')) for c in cells(path) for o in c.get('outputs', ()))
    assert [tag[:80] for tag in re.findall(r'<img [^>]*>', html) if not re.search(r' alt="[^"]+"', tag)] == []
    assert [tag for tag in re.findall(r'<svg [^>]*>', html) if 'role="' not in tag or 'aria-label="' not in tag] == []

@functools.cache
def definitions(code):
    "The public classes and functions that code defines, each with all of its code: a patched method by the name of its class."
    found = []
    for node in ast.parse(re.sub(r'^[%!].*$', 'pass', code, flags=re.M)).body:
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) or re.match(r'_(?!_)', node.name): continue
        patched = [d for d in node.decorator_list if ast.unparse(d).split('(')[0] == 'patch']
        whose = f'{ast.unparse(node.args.args[0].annotation)}.' if patched else ''
        found.append((whose + node.name, ast.unparse(node).replace('from transformers_lite.', 'from .')))
    return found

def test_nbdev_prepares_every_page(tmp_path):
    "What `make docs` does before Quarto, which no package registry carries: each public class and function is on its page with its code, once, under one heading."
    import shutil
    shown = Counter()
    for name in 'nbs transformers_lite pyproject.toml settings.ini setup.py README.md _quarto.yml tools'.split():
        src = ROOT/name
        shutil.copytree(src, tmp_path/name, symlinks=True, ignore=shutil.ignore_patterns('__pycache__', '.ipynb_checkpoints')) if src.is_dir() else shutil.copy(src, tmp_path/name)
    once = 'import functools, os, nbdev.config as c; c._load_toml = functools.cache(c._load_toml)' # nbdev reads pyproject.toml twice a cell
    run(sys.executable, '-c', f'{once}; from nbdev.quarto import nbdev_proc_nbs; nbdev_proc_nbs(n_workers=0); os._exit(0)', cwd=tmp_path, PYTHONPATH=f'{tmp_path}')
    made = {p.stem: json.loads(p.read_text(encoding='utf-8'))['cells'] for p in (tmp_path/'_proc').rglob('*.ipynb')}
    assert made.keys() == {p.stem for p in NOTEBOOKS}
    for stem, page in made.items():
        text = [''.join(c['source']) for c in page]
        assert not [s for s in text if re.search(r'^#\| *(hide|export)\b', s, re.M)], stem
        found = Counter(d for s in text if re.search(r'^#\| *exports\b', s, re.M) for d in definitions(s))
        assert found == Counter(d for c in cells(ROOT/'nbs'/f'{stem}.ipynb') if re.search(r'^#\| *exports\b', code := ''.join(c['source']), re.M) for d in definitions(code)), stem
        titles = Counter(m[1].split('.')[-1] for c in page if 'show_doc(' in ''.join(c['source']) for o in c.get('outputs', ()) if (m := re.search(r'^#+ (.+)$', ''.join(o.get('data', {}).get('text/markdown', '')), re.M)))
        assert titles == Counter(name.split('.')[-1] for name in {name for name, _ in found}), stem
        shown |= found
        for c in page:
            marked = ''.join(c['source']) if c['cell_type'] == 'markdown' else '\n'.join(''.join(o.get('data', {}).get('text/markdown', '')) for o in c.get('outputs', ()))
            assert not re.search(r'^# ', re.sub(r'^(`{3,}).*?^\1', '', marked, flags=re.S | re.M), re.M), f"{stem} {c['id']}: the page's title is its only first heading"
            assert not re.search(r'^!\[[^]]', marked, re.M), 'Quarto makes a caption of it: the words for those who cannot see it are `fig-alt`'
            assert not [o for o in c.get('outputs', ()) if 'text/html' in o.get('data', {})], 'Quarto would add scripts from elsewhere'
            for other, anchor in re.findall(r'href="(\w+)\.ipynb#([^"]+)"', marked): assert anchor in {o.get('id') for o in made[other]}, (stem, other, anchor)
            if 'show_doc(' in ''.join(c['source']): assert re.search(r'\[source\]\(https://\S+/blob/main/transformers_lite/\w+\.py#L\d+\)', marked), (stem, marked)
    assert sum('.ipynb#' in json.dumps(page) for page in made.values()) > 1
    alts = [s for page in made.values() for c in page if (s := re.search(r'^#\| fig-alt: "', ''.join(c['source']), re.M))]
    assert len(alts) == sum('fig-alt' in c['metadata'].get('nbdev', {}) for p in NOTEBOOKS for c in cells(p)) > 50
    written = Counter(d for p in sorted((ROOT/'transformers_lite').glob('[a-z]*.py')) for d in definitions(p.read_text(encoding='utf-8')))
    assert shown == written and len(written) > 300
    for stem, old in {'20a_store': 'core', '04a_tokenizer': 'batches'}.items(): # addresses that lead on
        assert f'aliases:\n- {old}.html\n' in ''.join(made[stem][0]['source'])
    loss = next(c for c in made['03_heads'] if 'def cross_entropy' in ''.join(c['source']))
    assert 'return' in ''.join(loss['source'])

def test_a_site_without_links_is_not_built(monkeypatch):
    "nbdev finds the package by its entry point. Where it isn't installed, it makes no links, and says nothing."
    from nbdev import doclinks
    docs = tool('docs')
    docs.links_found(nb=None).begin()
    monkeypatch.setattr(doclinks, 'entry_points', lambda **kw: [])
    try:
        doclinks._build_lookup_table.cache_clear()
        with pytest.raises(RuntimeError, match='pip install -e'): docs.links_found(nb=None).begin()
    finally: doclinks._build_lookup_table.cache_clear()

# The command

def test_course(tmp_path):
    out = run(sys.executable, '-m', 'transformers_lite', 'course', 'mine', cwd=tmp_path)
    mine = tmp_path/'mine'
    assert f'{len(NOTEBOOKS)} chapters' in out and 'index.ipynb' in out and install('course') in out
    assert {p.name for p in mine.glob('*.ipynb')} == {p.name for p in NOTEBOOKS}
    for p in (ROOT/'nbs'/'data').rglob('*'):
        if p.is_file(): assert (mine/p.relative_to(ROOT/'nbs')).read_bytes() == p.read_bytes()
    for p in NOTEBOOKS:
        assert (mine/p.name).read_bytes() == p.read_bytes()
        assert '#| export' not in prose(p).splitlines(), "nbdev's mark for text stands in the cell's metadata, where no reader meets it"

def test_course_leaves_what_was_written(tmp_path):
    (tmp_path/'02_model.ipynb').write_text('my notes')
    said = subprocess.run([sys.executable, '-m', 'transformers_lite', 'course', tmp_path], capture_output=True, text=True, cwd=ROOT)
    assert said.returncode and '02_model.ipynb already' in said.stderr and (tmp_path/'02_model.ipynb').read_text() == 'my notes' and len([*tmp_path.iterdir()]) == 1

def imported(path):
    "The packages that a chapter's code imports."
    for c in cells(path):
        if c['cell_type'] != 'code': continue
        code = re.sub(r'^\s*[%!].*$', '', ''.join(c['source']), flags=re.M)
        for n in ast.parse(code).body:
            if isinstance(n, ast.Import): yield from (a.name.split('.')[0] for a in n.names)
            if isinstance(n, ast.ImportFrom) and not n.level: yield n.module.split('.')[0]

@pytest.mark.parametrize('path', NOTEBOOKS, ids=lambda p: p.stem)
def test_the_extra_has_what_the_chapters_import(path):
    have = {r.name.lower().replace('_', '-') for r in requirements('requirements', 'course_requirements', *(['tf_requirements'] if path.stem == '23_tensorflow' else []))} | {'transformers-lite', 'ipython'}
    own = {'benchmarks', 'finetune', 'shard', 'embed'} # beside the chapter
    where = packages_distributions()
    missing = {m for m in imported(path) if m not in sys.stdlib_module_names and m not in own and not {d.lower().replace('_', '-') for d in where.get(m, [m])} & have}
    assert missing - {'jax', 'h5py', 'scipy', 'ray'} == set() # a choice of the reader's; what Keras and scikit-learn bring

# Chapters that promise something

def test_bert_in_less_than_80_lines():
    code = [''.join(c['source']).split('\nconfig = ')[0] for c in cells(ROOT/'nbs'/'10_custom_architecture.ipynb') if c['cell_type'] == 'code']
    code = code[:next(i for i, c in enumerate(code) if 'output_loading_info=True' in c)]
    n = sum(bool(l.strip()) for c in code if c.startswith('class ') for l in c.splitlines())
    assert n < 80 and f'That is all: {n} lines' in prose(ROOT/'nbs'/'10_custom_architecture.ipynb')

# What shows itself

class Text(HTMLParser):
    "The text of some HTML; an error for a tag that isn't closed."
    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.text = [], [], ''
        self.feed(html); self.close()
        assert self.open == []
    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in ('br', 'img', 'hr', 'input'): self.open.append(tag)
    def handle_startendtag(self, tag, attrs): self.tags.append(tag)
    def handle_endtag(self, tag):
        if tag in ('br', 'img', 'hr', 'input'): return
        assert self.open.pop() == tag
    def handle_data(self, data): self.text += data

words = st.lists(st.text(st.characters(codec='utf-8', exclude_categories=('Cs', 'Cc')), min_size=1, max_size=12), min_size=1, max_size=8)

@given(words)
@how(max_examples=60, deadline=None)
def test_tokens_are_text_whatever_they_are(tokens):
    n = len(tokens)
    row = SimpleNamespace(tokens=tokens, ids=[*range(n)], word_ids=[None, *range(n - 1)], special_tokens_mask=[1] + [0]*(n - 1), attention_mask=[1]*(n - 1) + [0])
    page = Text(lite.show_tokens([row])._repr_html_())
    assert {*page.tags} <= {'div', 'span', 'br', 'small'}
    for t in tokens: assert t in page.text

@given(words, st.integers(1, 3))
@how(max_examples=40, deadline=None)
def test_heads_are_drawn_whole(tokens, heads):
    weights = torch.rand(heads, len(tokens), len(tokens)) + .01
    page = Text(lite.show_attention(weights, tokens)._repr_html_())
    assert page.tags.count('title') == heads*len(tokens)**2 and page.tags.count('svg') == heads

def test_nothing_is_loaded_from_elsewhere():
    tokenizer, model = (c.from_pretrained('transformers-lite/distilbert-sentiment') for c in (lite.AutoTokenizer, lite.AutoModelForSequenceClassification))
    batch = tokenizer(['a film', 'a warm and funny film'], padding=True, return_tensors='pt')
    sound = np.sin(np.arange(2000)/5)
    shown = [model.config, model, batch, lite.ViTImageProcessor()(np.zeros((4, 4, 3), np.uint8), return_tensors='np'), lite.show_sound(sound, 8000),
             lite.Wav2Vec2FeatureExtractor()([sound], sampling_rate=16000, return_tensors='np'), lite.follow(model, batch)]
    for o in shown:
        html = o._repr_html_()
        Text(html)
        assert not re.search(r'<script|<link|(src|href)="(?!data:|\w+\.ipynb#)', html), type(o)

def test_counts_of_the_tree_are_those_of_the_model():
    model = lite.AutoModelForSequenceClassification.from_pretrained('transformers-lite/distilbert-sentiment')
    first = repr(lite.show_tree(model)).splitlines()[0]
    assert f'{model.num_parameters():,}' in first

def test_what_differs_stands_out():
    html = lite.DistilBertConfig(dim=24, n_heads=2)._repr_html_()
    assert {*re.findall(r'<strong>(\w+)</strong></td>', html)} == {'dim', 'n_heads'}
    assert re.findall(r'<strong>(\w+)</strong></td>', lite.DistilBertConfig()._repr_html_()) == []

@pytest.mark.parametrize('fails', [True, False])
def test_follow_leaves_the_model_as_it_was(fails):
    model = lite.DistilBertModel(lite.DistilBertConfig(vocab_size=9, dim=8, n_heads=2, n_layers=1, hidden_dim=8)).train()
    if fails:
        with pytest.raises(IndexError): lite.follow(model, dict(input_ids=torch.tensor([[99]])))
    else: assert lite.follow(model, dict(input_ids=torch.tensor([[1]]))).output.last_hidden_state.shape == (1, 1, 8)
    assert model.training and not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())

def test_looking_costs_no_import():
    code = "import sys, transformers_lite; transformers_lite.DistilBertConfig; print([m for m in ('torch', 'PIL', 'fastcore.xml', 'matplotlib') if m in sys.modules])"
    assert run(sys.executable, '-c', code).strip() == '[]'
