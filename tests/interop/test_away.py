"""Folders that were saved with `code=True`, in a process in which nobody can import transformers_lite (nor fastcore): transformers 5.23 and 4.57.6 load them, answer as we do, train them, and save them again with their code; and we load that, without its code."""
import json, re, sys
from pathlib import Path

import pytest, torch

from helpers import NOTEBOOKS, ORACLE_457, ROOT, run, run_python
from transformers_lite import (AutoModel, AutoTokenizer, DistilBertConfig, DistilBertForSequenceClassification, LlamaConfig, LlamaForCausalLM, ViTConfig, ViTForImageClassification, ViTImageProcessor, Wav2Vec2Config,
                               Wav2Vec2FeatureExtractor, Wav2Vec2CTCTokenizer, Wav2Vec2ForCTC, Wav2Vec2Processor)

SMALL = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, initializer_range=.5)
TEXTS = ['a warm and funny film', 'dull']
BLOCKED = '''
import sys
class Blocked: # importlib asks it first
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in ('transformers_lite', 'fastcore'): raise ModuleNotFoundError(f"No module named '{name}'", name=name)
sys.meta_path.insert(0, Blocked())
for name in 'transformers_lite', 'fastcore':
    try: __import__(name)
    except ModuleNotFoundError: pass
    else: raise AssertionError(name)
'''
# a notebook, run cell by cell as IPython does; the last cell saves
SHELL = '''
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for cell in json.loads(sys.argv[1]): shell.run_cell(cell, store_history=True).raise_error()
'''

def notebook(cells, cwd): run(sys.executable, '-c', SHELL, json.dumps(cells), cwd=cwd, PYTHONPATH=str(ROOT))

def cells_in(path, *words):
    "The code cells of a notebook that hold one of the words."
    cells = [''.join(c['source']) for c in json.loads(Path(path).read_text(encoding='utf-8'))['cells'] if c['cell_type'] == 'code']
    return [c for c in cells if any(w in c for w in words)]

SAVE = '''
import torch
torch.manual_seed(0)
model = {make}.eval()
model.save_pretrained('{name}', code=True)
ids = torch.tensor([[5, 6, 7, 8], [9, 10, 1, 0]])
with torch.no_grad(): torch.save(dict(input_ids=ids, attention_mask=(ids > 0).long(), want=model(ids, (ids > 0).long())), '{name}.pt')
'''

@pytest.fixture(scope='module')
def home(tmp_path_factory):
    "A folder of folders, each with a model, its code, and beside it a batch and what our model says to it."
    home = tmp_path_factory.mktemp('away')
    torch.manual_seed(0)
    def save(name, model, batch, *others):
        for o in (model, *others): o.save_pretrained(home/name, code=True)
        with torch.no_grad(): torch.save({**batch, 'want': model.eval()(**batch).logits}, home/f'{name}.pt')
    words = AutoTokenizer.from_pretrained('transformers-lite/distilbert-sentiment')
    save('distilbert', DistilBertForSequenceClassification(DistilBertConfig(vocab_size=len(words), dim=16, n_layers=2, n_heads=2, hidden_dim=32, initializer_range=.5)), words(TEXTS, padding=True, return_tensors='pt'), words)
    save('vit', ViTForImageClassification(ViTConfig(image_size=8, patch_size=4, intermediate_size=32, **SMALL)), dict(pixel_values=torch.randn(2, 3, 8, 8)), ViTImageProcessor(size=8))
    letters = Wav2Vec2CTCTokenizer(vocab={c: i for i, c in enumerate(['<pad>', '<s>', '</s>', '<unk>', '|', *'ABC'])})
    ears = Wav2Vec2Processor(Wav2Vec2FeatureExtractor(return_attention_mask=True), letters)
    c = Wav2Vec2Config(vocab_size=8, conv_dim=(16, 16), conv_kernel=(10, 3), conv_stride=(5, 2), intermediate_size=32, num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=2, **SMALL)
    save('wav2vec2', Wav2Vec2ForCTC(c), dict(input_values=torch.randn(2, 800)), ears)
    c = LlamaConfig(vocab_size=32, intermediate_size=32, num_key_value_heads=1, **SMALL)
    save('llama', LlamaForCausalLM(c), dict(input_ids=torch.tensor([[1, 2, 3, 4]])))
    chapter = next(p for p in NOTEBOOKS if p.stem == '10_custom_architecture')
    imports = cells_in(chapter, 'from transformers_lite import (')[0]
    parts = cells_in(chapter, 'class BertConfig(', 'class BertEmbeddings(', 'class BertSelfAttention(', 'class BertLayer(', 'class BertPreTrainedModel(')
    notebook([imports, *(re.split(r'\nconfig = ', c)[0] for c in parts),
              "AutoConfig.register('bert', BertConfig); AutoModel.register(BertConfig, BertModel)",
              SAVE.format(name='bert', make="BertModel(BertConfig(vocab_size=32, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, initializer_range=.5))").replace('(ids > 0).long())), ', '(ids > 0).long()).last_hidden_state), ')], home)
    for name, head in ('Reader', 'ForSequenceClassification'), ('Writer', 'ForCausalLM'):
        run(sys.executable, '-m', 'transformers_lite', 'new', name, home, *['--decoder']*(name == 'Writer'))
        cells = cells_in(home/f'{name}.ipynb', 'from transformers_lite import (', f'class {name}', 'AutoConfig.register')
        notebook([*(c.split('\nfollow(')[0] for c in cells), SAVE.format(name=name.lower(), make=f'{name}{head}({name}Config(initializer_range=.5))').replace('.long())), ', '.long()).logits), ')], home)
    return home

CHECK = BLOCKED + '''
import json, os, torch, transformers
from transformers.utils import import_utils
if hasattr(import_utils, '_datasets_available'): import_utils._datasets_available = False # in 4.57.6: that for 5.23 needs its hub
from transformers import (AutoImageProcessor, AutoModel, AutoModelForCausalLM, AutoModelForCTC, AutoModelForImageClassification, AutoModelForSequenceClassification, AutoProcessor, AutoTokenizer, DataCollatorWithPadding,
                          PreTrainedModel, Trainer, TrainingArguments, pipeline)
gaps, said = {}, {}
for name, auto in dict(distilbert=AutoModelForSequenceClassification, vit=AutoModelForImageClassification, wav2vec2=AutoModelForCTC, llama=AutoModelForCausalLM, bert=AutoModel, reader=AutoModelForSequenceClassification, writer=AutoModelForCausalLM).items():
    model = auto.from_pretrained(name, trust_remote_code=True)
    assert type(model).__module__.startswith('transformers_modules.') and isinstance(model, PreTrainedModel)
    batch = torch.load(f'{name}.pt')
    want = batch.pop('want')
    with torch.no_grad(): got = model(**batch)
    gaps[name] = (got['last_hidden_state' if name == 'bert' else 'logits'] - want).abs().max().item()
    if name in ('llama', 'writer'): said[name] = model.generate(batch['input_ids'][:1, :3], max_new_tokens=4, do_sample=False).tolist()
    os.makedirs(f'again/{name}')
    model.save_pretrained(f'again/{name}')
    base = AutoModel.from_pretrained(name, trust_remote_code=True)
    again = auto.from_pretrained(f'again/{name}', trust_remote_code=True) # its code came along
    with torch.no_grad(): assert torch.equal(again(**batch)[0], got[0])
for name, kind in dict(distilbert=AutoTokenizer, vit=AutoImageProcessor, wav2vec2=AutoProcessor).items():
    tool = kind.from_pretrained(name, trust_remote_code=True)
    said[f'{name} tool'] = type(tool).__module__.split('.')[0]
    tool.save_pretrained(f'again/{name}')
    kind.from_pretrained(f'again/{name}', trust_remote_code=True)
said['text'] = pipeline('text-classification', model='distilbert', trust_remote_code=True)(%r)
tokenizer = AutoTokenizer.from_pretrained('distilbert', trust_remote_code=True)
rows = [dict(tokenizer(text), labels=i %% 2) for i, text in enumerate(%r * 4)]
model = AutoModelForSequenceClassification.from_pretrained('distilbert', trust_remote_code=True)
before = model.classifier.weight.detach().clone()
args = TrainingArguments('runs', max_steps=3, per_device_train_batch_size=4, report_to=[], save_strategy='no', use_cpu=True, ddp_find_unused_parameters=False, disable_tqdm=True, learning_rate=.01)
trainer = Trainer(model, args, train_dataset=rows, data_collator=DataCollatorWithPadding(tokenizer))
trainer.train()
trainer.save_model('trained')
assert not torch.equal(before, model.classifier.weight.cpu())
assert 'transformers_lite' not in sys.modules
print(json.dumps([transformers.__version__, gaps, said]))
''' % (TEXTS, TEXTS)

@pytest.mark.parametrize('release', ['5.23', '4.57.6'])
def test_a_stock_transformers_loads_it_all(home, release, tmp_path):
    here = tmp_path/'here' # without our folders' history: each release makes its own
    here.mkdir()
    for p in home.iterdir(): (here/p.name).symlink_to(p)
    said = run_python(CHECK, *[ORACLE_457]*(release == '4.57.6'), cwd=here, HF_HOME=str(tmp_path/'hf'), USE_TF='0', HF_HUB_OFFLINE='1')
    version, gaps, said = json.loads(said.splitlines()[-1])
    assert version.startswith(release)
    assert len(gaps) == 7 and max(gaps.values()) < 1e-6, gaps
    assert {v for k, v in said.items() if k.endswith('tool')} == {'transformers_modules'}
    ours = AutoModel.from_pretrained(here/'again'/'llama') # our own class, and none of the folder's code
    assert type(ours).__module__ == 'transformers_lite.llama'
    trained = DistilBertForSequenceClassification.from_pretrained(here/'trained') # what their Trainer saved
    assert not torch.equal(trained.classifier.weight, DistilBertForSequenceClassification.from_pretrained(here/'distilbert').classifier.weight)
