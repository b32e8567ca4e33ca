"""What `code=True` writes: of notebooks, of modules and of this package; what it leaves alone; and what it refuses. (tests/interop/test_away.py lets transformers load it.)"""
import ast, json, os, re, sys
from pathlib import Path

import pytest

import transformers_lite
from helpers import ROOT, THEIRS, forked, run
from interop.test_away import BLOCKED, notebook
from transformers_lite import AutoModel, DistilBertConfig, DistilBertForSequenceClassification, DistilBertModel, DistilBertTokenizerFast
from transformers_lite.away import Parcel, lay_out, names_in

TINY = dict(vocab_size=20, dim=8, n_layers=1, n_heads=2, hidden_dim=16, max_position_embeddings=8)

def files_in(folder): return sorted(p.name for p in Path(folder).iterdir())
def module(folder, start='modeling_'): return next(p for p in Path(folder).glob(start + '*.py') if not p.stem.endswith('_lite')).read_text()

def answers(folder, name, call='torch.ones(1, 4)'):
    "What a model says, by the folder's own code, where this package can't be imported."
    entry = json.loads((folder/'config.json').read_text())['auto_map']['AutoModel'].split('.')[0]
    code = BLOCKED + f'import torch\nfrom {folder.name}.{entry} import {name}\nwith torch.no_grad(): print({name}.from_pretrained({folder.name!r})({call}).tolist())'
    out, err, status = forked(code, THEIRS, cwd=folder.parent)
    assert status == 0, out + err
    return eval(out.splitlines()[-1])

BASE = '''
from torch import nn
from transformers_lite import *
class SeaConfig(PretrainedConfig):
    model_type = 'sea'
    def __init__(self, size=4, **kwargs):
        self.size = size
        super().__init__(**kwargs)
'''
SAVE = '''
import torch, json
torch.manual_seed(0)
sea = Sea(SeaConfig()).eval()
sea.save_pretrained('sea', code=True)
with torch.no_grad(): open('want.json', 'w').write(json.dumps(sea(torch.ones(1, 4)).tolist()))
'''

def sails(tmp_path, *cells, save=SAVE):
    "Save from a notebook; the code it wrote, once it has answered as the notebook did."
    notebook([BASE, *cells, save], tmp_path)
    assert answers(tmp_path/'sea', 'Sea') == json.loads((tmp_path/'want.json').read_text())
    return module(tmp_path/'sea')

SEA = '''
class Sea(PreTrainedModel):
    config_class = SeaConfig
    def __init__(self, config):
        super().__init__(config)
        self.layer = nn.Linear(config.size, 3)
    def forward(self, x): return BODY
'''

# -- What a notebook's class uses

def test_a_constant_a_function_and_what_they_use(tmp_path):
    text = sails(tmp_path, 'import math\nHALF = math.pi / 2 # a quarter of a turn\nUNUSED = 5', '# turns\ndef turn(x): return x + HALF', SEA.replace('BODY', 'turn(self.layer(x))'))
    assert '# turns\ndef turn(x)' in text and '# a quarter of a turn' in text and 'import math' in text and 'UNUSED' not in text

def test_names_of_a_function_are_its_own(tmp_path): # a notebook is full of variables called so
    text = sails(tmp_path, "x = model = tokenizer = open('SECRET.txt', 'w')", SEA.replace('BODY', 'self.go(x)') + '    def go(self, x, model=2):\n        tokenizer = self.layer(x)\n        return [x for x in [tokenizer * model]][0]\n')
    assert 'SECRET' not in text

def test_the_last_definition_counts_in_the_first_place(tmp_path):
    notebook([BASE, 'class Part(nn.Module):\n    def forward(self, x): return x', 'class Whole(Part): pass', SEA.replace('BODY', 'Whole()(self.layer(x))'),
              'class Part(nn.Module):\n    def forward(self, x): return x + 1', 'class Whole(Part): pass', 'class Part(nn.Module):\n    def forward(self, x): return x + 1', SAVE], tmp_path)
    text = module(tmp_path/'sea')
    assert text.count('class Part') == 1 and text.index('class Part') < text.index('class Whole') and 'x + 1' in text
    assert answers(tmp_path/'sea', 'Sea') == json.loads((tmp_path/'want.json').read_text())

def test_what_is_changed_afterwards(tmp_path):
    text = sails(tmp_path, "WAYS = dict(a=1)\nWAYS['b'] = 2\nN = 1\nN += 1", SEA.replace('BODY', "self.layer(x) * WAYS['b'] * N"), 'def loud(self, x): return self.layer(x) + 10*WAYS["b"]', 'Sea.forward = loud')
    assert text.index('def loud') < text.index('Sea.forward = loud')

@pytest.mark.parametrize('first,parent', [('import transformers_lite as tl', 'tl.PreTrainedModel'), ('import transformers_lite', 'transformers_lite.PreTrainedModel'), ('from transformers_lite import model as m', 'm.PreTrainedModel'),
                                          ('from transformers_lite import PreTrainedModel as Base', 'Base'), ('from transformers_lite.model import PreTrainedModel as Base', 'Base')])
def test_ways_to_import_it(tmp_path, first, parent):
    assert 'class Sea(' in sails(tmp_path, first, SEA.replace('(PreTrainedModel)', f'({parent})').replace('BODY', 'self.layer(x)'))

def test_an_import_in_a_function(tmp_path):
    body = "self.other(x)\n    def other(self, x):\n        from transformers_lite.layers import activated\n        from transformers_lite import activation\n        import a_package_that_is_not_there\n        return x"
    text = sails(tmp_path, SEA.replace('BODY', body.replace('import a_package', 'if x is None:\n            import a_package')))
    assert 'from .modeling_sea_lite import activated' in text and 'try: import a_package_that_is_not_there' in text

def test_a_slip_a_magic_and_a_cell_that_fails(tmp_path):
    code = '''
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for cell in json.loads(sys.argv[1]): shell.run_cell(cell, store_history=True)
'''
    run(sys.executable, '-c', code, json.dumps([BASE, 'def f(:', '%time 1', 'oh', '!echo hi', SEA.replace('BODY', 'self.layer(x)'), SAVE]), cwd=tmp_path, PYTHONPATH=str(ROOT))
    assert answers(tmp_path/'sea', 'Sea') == json.loads((tmp_path/'want.json').read_text())

def test_a_script(tmp_path):
    (tmp_path/'script.py').write_text(BASE + SEA.replace('BODY', 'self.layer(x)') + "if __name__ == '__main__':" + SAVE.replace('\n', '\n    '))
    run(sys.executable, 'script.py', cwd=tmp_path, PYTHONPATH=str(ROOT))
    assert answers(tmp_path/'sea', 'Sea') == json.loads((tmp_path/'want.json').read_text())

def test_a_package_of_ones_own(tmp_path):
    home = tmp_path/'fleet'
    home.mkdir()
    for name, text in dict(__init__='from .boats import *', parts='from .tools import double\ndef act(x): return double(x)', tools='def double(x): return 2*x',
                           boats=BASE + 'from .parts import act\n' + SEA.replace('BODY', 'act(self.layer(x))')).items(): (home/f'{name}.py').write_text(text)
    run(sys.executable, '-c', 'from fleet import Sea, SeaConfig' + SAVE, cwd=tmp_path, PYTHONPATH=f'{ROOT}{os.pathsep}{tmp_path}')
    (home/'__init__.py').write_text('raise ImportError')
    assert [f for f in files_in(tmp_path/'sea') if f.endswith('.py')] == ['modeling_sea.py', 'modeling_sea_lite.py', 'modeling_sea_parts.py', 'modeling_sea_tools.py']
    assert answers(tmp_path/'sea', 'Sea') == json.loads((tmp_path/'want.json').read_text())
    named = set(re.findall(r'^\s*from \.(\S+) import', module(tmp_path/'sea'), re.M)) # transformers 4 copies these, and not what they name
    assert named == {'modeling_sea_lite', 'modeling_sea_parts', 'modeling_sea_tools'}

def test_a_tokenizer_a_processor_and_an_image_processor_of_ones_own(tmp_path):
    notebook(['from transformers_lite import *', "class Loud(DistilBertTokenizer):\n    def _tokenize(self, text, **kwargs): return super()._tokenize(text.upper().lower(), **kwargs)\n\nclass Bright(ViTImageProcessor): pass\n\nclass Ear(Wav2Vec2FeatureExtractor): pass",
              "Loud(vocab={w: i for i, w in enumerate('[PAD] [UNK] [CLS] [SEP] [MASK] a'.split())}).save_pretrained('loud', code=True)\nBright(size=4).save_pretrained('bright', code=True)\nEar().save_pretrained('ear', code=True)\nBright(size=4).save_pretrained('plain')"], tmp_path)
    for name, file, auto, ref in [('loud', 'tokenizer_config', 'AutoTokenizer', ['tokenization_loud.Loud', None]), ('bright', 'preprocessor_config', 'AutoImageProcessor', 'image_processing_bright.Bright'), ('ear', 'preprocessor_config', 'AutoFeatureExtractor', 'feature_extraction_ear.Ear')]:
        assert json.loads((tmp_path/name/f'{file}.json').read_text())['auto_map'] == {auto: ref}
        assert f'transformers.{auto}.from_pretrained(folder, trust_remote_code=True)' in (tmp_path/name/'README.md').read_text()
    assert files_in(tmp_path/'plain') == ['preprocessor_config.json']

# -- What of ours goes along

@pytest.mark.parametrize('name', [n for n in transformers_lite.__all__ if re.search('^(DistilBert|ViT|Wav2Vec2|Llama|Bert).*(Model|For[A-Z]\\w+|Tokenizer|TokenizerFast|Processor|ProcessorFast|Extractor)$', n)])
def test_no_name_means_two_things_in_one_file(name):
    cls = getattr(transformers_lite, name)
    parcel = Parcel(cls.__module__, 'x')
    parcel.fill([(cls.__module__, cls.__name__)])
    meant = {}
    for s in {id(s): s for found in parcel.kept.values() for s in found}.values():
        room = parcel.room(s.module)
        for n in {*s.uses, *names_in(s.text)[0]}:
            value = getattr(room.here, n, None)
            if value is not None: assert meant.setdefault(n, value) is value, f'{n}: another in {s.module}'
    text, = lay_out(parcel, []).values()
    assert not re.search(r'^(import|from) (?!\.)(transformers_lite|fastcore|transformers|h5py|jinja2|soundfile|tensorflow)', text, re.M)
    for node in ast.walk(ast.parse(text)): # nothing that may be missing is imported outside of a `try`
        assert not (isinstance(node, ast.FunctionDef) and any(isinstance(n, ast.Import) and n.names[0].name in ('h5py', 'soundfile', 'jinja2', 'tensorflow') for n in node.body))

def test_only_what_is_used(tmp_path):
    DistilBertModel(DistilBertConfig(**TINY)).save_pretrained(tmp_path, code=True)
    text = module(tmp_path)
    assert 'class DistilBertModel' in text and 'Apache License, Version 2.0' in text and 'class PreTrainedModel' in text
    for word in 'class ViT', 'class LlamaModel', 'class LlamaFor', 'class DistilBertFor',  '_repr_html_', 'def pipeline', str(ROOT), str(Path.home()) + '/', '# %%', 'def take_away': assert word not in text
    assert json.loads((tmp_path/'config.json').read_text())['auto_map'] == dict(AutoConfig='modeling_distilbert.DistilBertConfig', AutoModel='modeling_distilbert.DistilBertModel')
    assert files_in(tmp_path) == ['README.md', 'config.json', 'model.safetensors', 'modeling_distilbert.py']

def test_nothing_is_written_that_nobody_asked_for(tmp_path):
    model = DistilBertModel(DistilBertConfig(**TINY))
    model.save_pretrained(tmp_path/'plain')
    assert files_in(tmp_path/'plain') == ['config.json', 'model.safetensors'] and 'auto_map' not in (tmp_path/'plain'/'config.json').read_text()
    model.save_pretrained(tmp_path/'code', code=True)
    assert not hasattr(model.config, 'auto_map') # the model is as it was

def test_registered_as_transformers_does_it(tmp_path):
    class Mine(DistilBertModel): pass
    assert Mine._auto_class is None
    DistilBertModel.register_for_auto_class('AutoModel')
    try: DistilBertModel(DistilBertConfig(**TINY)).save_pretrained(tmp_path/'it')
    finally: DistilBertModel._auto_class = None
    assert 'modeling_distilbert.py' in files_in(tmp_path/'it')

def test_ours_runs_none_of_it(tmp_path):
    model = DistilBertForSequenceClassification(DistilBertConfig(**TINY))
    model.save_pretrained(tmp_path, code=True)
    for p in tmp_path.glob('*.py'): p.write_text('raise SystemExit')
    assert type(AutoModel.from_pretrained(tmp_path, trust_remote_code=True)) is DistilBertModel

# -- What was there

def test_saved_twice_and_beside_one_another(tmp_path):
    model, vocab = DistilBertModel(DistilBertConfig(**TINY)), {w: i for i, w in enumerate('[PAD] [UNK] [CLS] [SEP] [MASK] a'.split())}
    for _ in range(2):
        model.save_pretrained(tmp_path, code=True)
        DistilBertTokenizerFast(vocab=vocab).save_pretrained(tmp_path, code=True)
    text = (tmp_path/'README.md').read_text()
    assert text.count('AutoModel.from_pretrained(') == text.count('AutoTokenizer.from_pretrained(') == 1
    assert json.loads((tmp_path/'tokenizer_config.json').read_text())['auto_map'] == {'AutoTokenizer': [None, 'tokenization_distilbert.DistilBertTokenizerFast']}

@pytest.mark.parametrize('name', ['modeling_distilbert.py', 'README.md'])
def test_a_file_of_the_users_stays(tmp_path, name):
    (tmp_path/name).write_text('mine')
    with pytest.raises(FileExistsError, match=f'{name}.*save to another folder'): DistilBertModel(DistilBertConfig(**TINY)).save_pretrained(tmp_path, code=True)
    assert files_in(tmp_path) == [name] and (tmp_path/name).read_text() == 'mine'

def test_a_credential_in_the_source(tmp_path):
    token = 'hf_' + 'a1B2c3D4e5' * 3
    with pytest.raises(AssertionError, match='A credential stands in'): notebook([BASE, f"KEY = '{token}'", SEA.replace('BODY', 'self.layer(x) + len(KEY)'), SAVE], tmp_path)
    assert not any(p.is_file() for p in (tmp_path/'sea').rglob('*'))

def test_a_source_that_cannot_be_told(tmp_path):
    class Inner(DistilBertModel): pass
    with pytest.raises(ValueError, match='Define it at the top level'): Inner(DistilBertConfig(**TINY)).save_pretrained(tmp_path/'inner', code=True)
    for cell in ["exec('def hidden(x): return x')", "globals()['hidden'] = len"]:
        with pytest.raises(AssertionError, match="uses 'hidden', whose source can't be found"): notebook([BASE, cell, SEA.replace('BODY', 'hidden(self.layer(x))'), SAVE], tmp_path)

def test_a_class_that_was_written_anew(tmp_path):
    old = SEA.replace('BODY', 'self.layer(x)')
    with pytest.raises(AssertionError, match='make the object anew'): notebook([BASE, old, 'old = Sea(SeaConfig())', old, "old.save_pretrained('sea', code=True)"], tmp_path)

def test_a_push_brings_it_and_leaves_the_model_card(tmp_path, monkeypatch):
    from transformers_lite import pretrained
    sent = []
    monkeypatch.setattr(pretrained, 'upload', lambda folder, *args, **kwargs: sent.append(files_in(folder)))
    model = DistilBertModel(DistilBertConfig(**TINY))
    model.push_to_hub('me/it', code=True)
    model.save_pretrained(tmp_path/'it', push_to_hub=True, code=True)
    assert sent == [['config.json', 'model.safetensors', 'modeling_distilbert.py']] * 2 and 'README.md' in files_in(tmp_path/'it')
