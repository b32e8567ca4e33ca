"""`python -m transformers_lite new`: the notebooks that it writes run as they are and after a right change, their own tests notice a wrong one, and names that can't be are refused.

A notebook runs in a process of its own, as a reader's does."""
import ast, json, os, re, subprocess, sys
from pathlib import Path

import pytest

from helpers import NOTEBOOKS, ROOT, run

TEMPLATES = sorted((ROOT/'transformers_lite'/'templates').glob('*.ipynb'))
KINDS = ['encoder', 'decoder']

def new(*args, cwd):
    return subprocess.run([sys.executable, '-m', 'transformers_lite', 'new', *map(str, args)], cwd=cwd, capture_output=True, text=True, env=os.environ | dict(PYTHONPATH=str(ROOT)))

def write(folder, name='Otter', kind='encoder'):
    "The path of a notebook that the command wrote."
    said = new(name, 'mine/ideas', *(['--decoder'] if kind == 'decoder' else []), cwd=folder)
    assert (said.returncode, said.stderr) == (0, '') and f'{name}.ipynb' in said.stdout
    return folder/'mine'/'ideas'/f'{name}.ipynb'

def cells(path): return json.loads(path.read_text(encoding='utf-8'))['cells']
def sources(path, kind='code'): return [''.join(c['source']) for c in cells(path) if c['cell_type'] == kind]

def change(path, *pairs):
    "Replace lines of a notebook's code, each of which stands there once."
    nb = json.loads(path.read_text(encoding='utf-8'))
    for old, new in pairs:
        cell, = (c for c in nb['cells'] if c['cell_type'] == 'code' and old in ''.join(c['source']))
        assert ''.join(cell['source']).count(old) == 1
        cell['source'] = ''.join(cell['source']).replace(old, new)
    path.write_text(json.dumps(nb), encoding='utf-8')

def runs(path, head=None):
    "Run a notebook up to a heading, in a fresh process; the text of its outputs."
    nb = json.loads(path.read_text(encoding='utf-8'))
    if head: nb['cells'] = nb['cells'][:next(i for i, c in enumerate(nb['cells']) if ''.join(c['source']).startswith(head))]
    (path.with_suffix('.part')).write_text(json.dumps(nb), encoding='utf-8')
    out = path.with_suffix('.out')
    run(Path(sys.executable).with_name('exec_nb'), path.with_suffix('.part'), '--dest', out, '--exc-stop', cwd=path.parent, PYTHONPATH=str(ROOT))
    return '\n'.join(''.join(o.get('text', o.get('data', {}).get('text/plain', ''))) for c in cells(out) for o in c.get('outputs', ()))

# What is written runs

def test_the_templates_are_these(): assert [p.stem for p in TEMPLATES] == sorted(KINDS)

@pytest.mark.parametrize('name,kind,camel,snake', [('Otter', 'encoder', 'Otter', 'otter'), ('tiny_kestrel', 'encoder', 'TinyKestrel', 'tiny_kestrel'),
                                                   ('MyGPT', 'decoder', 'MyGPT', 'my_gpt'), ('größe2', 'decoder', 'Größe2', 'größe2')])
def test_it_runs(tmp_path, name, kind, camel, snake):
    path = write(tmp_path, name, kind)
    start = os.times()
    out = runs(path)
    end = os.times()
    assert end.children_user + end.children_system - start.children_user - start.children_system < 30 # a processor's time, since others may be at work
    text = path.read_text(encoding='utf-8')
    head = 'ForCausalLM' if kind == 'decoder' else 'ForSequenceClassification'
    for cls in 'Config', 'Block', 'Model', head: assert re.search(rf'class {camel}{cls}\b', text)
    assert f"model_type = '{snake}'" in text and f'"model_type": {json.dumps(snake)}' in out and f'{camel}{head}(' in out
    assert not re.search('kestrel', text.replace(camel, '').replace(snake, ''), re.I)
    assert 'Warning' not in out and float(re.search(r"'after': ([\d.]+)", out)[1]) > .9
    assert [p.name for p in path.parent.iterdir() if p.suffix not in ('.part', '.out')] == [path.name] # what it saves goes elsewhere

@pytest.mark.parametrize('path', TEMPLATES, ids=lambda p: p.stem)
def test_a_template_is_a_notebook_that_runs(path, tmp_path):
    (tmp_path/path.name).write_bytes(path.read_bytes())
    assert 'KestrelConfig {' in runs(tmp_path/path.name, '## The block')

@pytest.mark.parametrize('path', TEMPLATES, ids=lambda p: p.stem)
def test_a_template_reads_well(path):
    assert not any(c.get('outputs') or c.get('execution_count') for c in cells(path))
    assert 3 <= ' '.join(sources(path, 'markdown')).count('**Change this:**')
    in_a_row = 0
    for c in cells(path):
        in_a_row = in_a_row + 1 if c['cell_type'] == 'code' else 0
        assert in_a_row <= 4
    for link in re.findall(r'\(https://transformers-lite.github.io/transformers_lite/(\w+).html\)', ' '.join(sources(path, 'markdown'))):
        assert link in {re.sub(r'^[0-9]+[a-z]?_', '', p.stem) for p in NOTEBOOKS}

def test_the_templates_share_what_they_can():
    "Settings and block are the same in both: who has read one knows the other."
    def classes(path): return {n.name: ast.unparse(n) for s in sources(path) for n in ast.parse(s).body if isinstance(n, ast.ClassDef)}
    one, other = map(classes, TEMPLATES)
    assert all(one[f'Kestrel{k}'] == other[f'Kestrel{k}'] for k in ('Config', 'Block')) and one['KestrelModel'] != other['KestrelModel']

# What a reader may change, and what the notebook's own tests then say

ATTEND, FORWARD = 'multi_head(q, k, v, self.heads, context, self.p*self.training)', 'x = x + self.dropout(self.attend(self.norm1(x), context))\n        return x + self.dropout(self.feed_forward(self.norm2(x)))'
LAYERS = 'self.q, self.k, self.v, self.mix = (nn.Linear(d, d) for _ in range(4))'
RIGHT = {
    'a window and shared keys': [
        (ATTEND, ATTEND.replace('.training)', '.training, window=4, kv_heads=self.heads//2)')),
        (LAYERS, 'self.q, self.mix = nn.Linear(d, d), nn.Linear(d, d)\n        self.k, self.v = nn.Linear(d, d//2), nn.Linear(d, d//2)')],
    'side by side': [(FORWARD, 'y = self.norm1(x)\n        return x + self.attend(y, context) + self.feed_forward(self.norm2(x))')],
    'post-norm': [(FORWARD, 'x = self.norm1(x + self.attend(x, context))\n        return self.norm2(x + self.feed_forward(x))')]}

@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('what', RIGHT)
def test_a_right_change_passes(tmp_path, kind, what):
    path = write(tmp_path, kind=kind)
    change(path, *RIGHT[what])
    assert float(re.search(r"'after': ([\d.]+)", runs(path))[1]) > .9

PLACES = 'self.places(context.positions)'
WRONG = {
    'not causal': ('decoder', [("'model', True", "'model', False")], 'saw a later one'),
    'a mean over all tokens': ('decoder', [(FORWARD, FORWARD + ' + x.mean(-2, keepdim=True)')], 'saw a later one'),
    'without the context': ('decoder', [(ATTEND, ATTEND.replace('context', 'None'))], 'saw a later one'),
    'places from the left edge': ('decoder', [(PLACES, 'self.places(torch.arange(input_ids.shape[1]))')], 'are not close'),
    'the cache is forgotten': ('decoder', [('attentions, position_ids, cache)', 'attentions, position_ids)')], 'attention_mask has shape|are not close'),
    'a context lost on the way': ('encoder', [(ATTEND, ATTEND.replace('context', 'None'))], 'are not close'),
    'a mean over padding': ('encoder', [(' * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)', ').mean(1)')], 'are not close'),
    'a place from the edge': ('encoder', [(PLACES, 'self.places(torch.arange(input_ids.shape[1]))')], 'are not close'),
    'a mean over the batch': ('encoder', [(FORWARD, FORWARD + ' + x.mean(-2, keepdim=True)')], 'are not close'),
    'weights given back': ('encoder', [(FORWARD, FORWARD + ', None')], 'gives back x alone')}

@pytest.mark.parametrize('what', WRONG)
def test_a_wrong_change_is_noticed(tmp_path, what): # the control: unchanged, the same notebooks pass
    kind, pairs, says = WRONG[what]
    path = write(tmp_path, kind=kind)
    change(path, *pairs)
    with pytest.raises(AssertionError, match=f'(?s)failed with.*({says})'): runs(path, '## Does it learn?')

# Names and folders

@pytest.mark.parametrize('name,says', [('2x', "can't name a class"), ('my-net', "can't name a class"), ('a/b', "can't name a class"), ('__', "can't name a class"), ('', "can't name a class"), ('a b', "can't name a class"),
                                       *((n, 'is taken, as are auto, bert, distilbert') for n in ('DistilBERT', 'bert', 'ViT', 'Llama', 'wav2vec2', 'distil_bert', 'Auto', 'PreTrained'))])
def test_a_name_that_cannot_be(tmp_path, name, says):
    said = new(name, 'mine', cwd=tmp_path)
    assert said.returncode == 2 and said.stdout == '' and says in said.stderr and 'Traceback' not in said.stderr and [*tmp_path.iterdir()] == []

def test_every_family_is_taken(tmp_path):
    from transformers_lite.__main__ import UsageError, family_names
    from transformers_lite.auto import FAMILIES
    for family in FAMILIES:
        with pytest.raises(UsageError, match='is taken'): family_names(family)

def test_what_was_written_stays(tmp_path):
    path = write(tmp_path)
    path.write_text('my idea')
    said = new('Otter', 'mine/ideas', cwd=tmp_path)
    assert said.returncode == 2 and 'Otter.ipynb already' in said.stderr and path.read_text() == 'my idea'
    said = new('Otter', path, cwd=tmp_path)
    assert said.returncode == 2 and 'is a file. Name a folder' in said.stderr

def test_it_needs_no_torch(tmp_path):
    out = run(sys.executable, '-c', f"import sys\nfrom transformers_lite.__main__ import main\nmain(['new', 'Otter', {str(tmp_path)!r}])\nprint([m for m in ('torch', 'numpy') if m in sys.modules])")
    assert out.endswith('[]\n')

# The pages

def test_blocks_on_the_page_are_those_that_run():
    import inspect
    from transformers_lite.distilbert import TransformerBlock
    from transformers_lite.llama import LlamaDecoderLayer
    from transformers_lite.vit import ViTLayer
    from transformers_lite.wav2vec2 import Wav2Vec2EncoderLayer
    cell, = (c for c in cells(ROOT/'nbs'/'11_llama.ipynb') if 'def forward_of' in ''.join(c['source']))
    shown = ''.join(cell['outputs'][0]['data']['text/plain'])
    for block in TransformerBlock, ViTLayer, Wav2Vec2EncoderLayer, LlamaDecoderLayer:
        for line in inspect.getsource(block.forward).splitlines(): assert line.strip() in shown
