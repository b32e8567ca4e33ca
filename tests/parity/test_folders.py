"Folders that go from one library to the other: kinds of numbers, shards, pickles, old names, heads, tokenizers; with 4.57.6 and 5.x."
import json, re
import pytest, torch, transformers
from safetensors.torch import load_file, save_file

import transformers_lite
from helpers import ROOT, bert_vocab, run457
from parity import util

TINY = dict(vocab_size=30522, max_position_embeddings=64, dim=16, n_heads=2, n_layers=2, hidden_dim=24, initializer_range=.8)
TEXTS = ["Hello, world! It isn't 3.14 yet.", 'Ünïcödé naïve café 東京 🙂', '', '[MASK] is a [SEP] of words', 'a' * 101 + ' unaffordable']
BASE, SEQUENCE, MASKED = 'DistilBertModel', 'DistilBertForSequenceClassification', 'DistilBertForMaskedLM'

def theirs(name, **config): return getattr(transformers, name)(transformers.DistilBertConfig(**TINY, **config)).eval()
def ours(name, **config): return getattr(transformers_lite, name)(transformers_lite.DistilBertConfig(**TINY, **config)).eval()
def same(a, b):
    a, b = a.state_dict(), b.state_dict()
    return a.keys() == b.keys() and all(a[k].dtype == b[k].dtype and torch.equal(a[k], b[k]) for k in a)

def edit_config(folder, **changes):
    path = folder/'config.json'
    d = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({k: v for k, v in d.items() if v is not None}))

@pytest.mark.parametrize('key', ['dtype', 'torch_dtype'])
@pytest.mark.parametrize('kind', ['float16', 'bfloat16', 'float64'])
def test_kind_of_number(key, kind, tmp_path):
    there = theirs(BASE).to(getattr(torch, kind))
    there.save_pretrained(tmp_path)
    edit_config(tmp_path, **{'dtype': None, 'torch_dtype': None, key: kind})
    assert same(there, transformers_lite.DistilBertModel.from_pretrained(tmp_path, dtype='auto'))
    assert same(there, transformers_lite.DistilBertModel.from_pretrained(tmp_path, torch_dtype=getattr(torch, kind)))
    assert transformers_lite.DistilBertModel.from_pretrained(tmp_path).dtype == torch.float32
    here = transformers_lite.DistilBertModel.from_pretrained(tmp_path, dtype='auto')
    here.save_pretrained(tmp_path/'ours')
    assert same(here, transformers.DistilBertModel.from_pretrained(tmp_path/'ours')) # 5.x takes the kind that the file names

@pytest.mark.parametrize('name', [BASE, MASKED])
def test_shards(name, tmp_path):
    there, here = theirs(name), ours(name)
    there.save_pretrained(tmp_path/'theirs', max_shard_size='5KB')
    here.save_pretrained(tmp_path/'ours', max_shard_size='5KB')
    assert len(list((tmp_path/'theirs').glob('*.safetensors'))) > 2 and len(list((tmp_path/'ours').glob('*.safetensors'))) > 2
    assert same(there, getattr(transformers_lite, name).from_pretrained(tmp_path/'theirs'))
    assert same(here, getattr(transformers, name).from_pretrained(tmp_path/'ours'))
    keys = [json.loads((tmp_path/o/'model.safetensors.index.json').read_text())['weight_map'].keys() for o in ('theirs', 'ours')]
    assert keys[0] == keys[1]

@pytest.mark.parametrize('sharded', [False, True])
def test_pickle(sharded, tmp_path): # as transformers wrote it until 2023
    there = theirs(SEQUENCE)
    there.config.save_pretrained(tmp_path)
    weights = there.state_dict()
    if sharded:
        parts = {f'pytorch_model-0000{i+1}-of-00002.bin': dict(list(weights.items())[i::2]) for i in range(2)}
        for file, part in parts.items(): torch.save(part, tmp_path/file)
        (tmp_path/'pytorch_model.bin.index.json').write_text(json.dumps({'metadata': {}, 'weight_map': {k: file for file, part in parts.items() for k in part}}))
    else: torch.save(weights, tmp_path/'pytorch_model.bin')
    assert same(there, transformers_lite.AutoModelForSequenceClassification.from_pretrained(tmp_path))

def test_gamma_and_beta(tmp_path): # names of 2018
    there = theirs(BASE)
    util.randomize(there, .8).save_pretrained(tmp_path)
    file = tmp_path/'model.safetensors'
    old = {re.sub(r'(LayerNorm|layer_norm)\.weight', r'\1.gamma', re.sub(r'(LayerNorm|layer_norm)\.bias', r'\1.beta', k)): v for k, v in load_file(file).items()}
    assert sum(k.endswith('gamma') for k in old) == 5
    save_file(old, file, metadata={'format': 'pt'})
    here, info = transformers_lite.DistilBertModel.from_pretrained(tmp_path, output_loading_info=True)
    assert same(there, here) and not any(info.values())

@pytest.mark.parametrize('saved', [BASE, SEQUENCE, MASKED])
@pytest.mark.parametrize('wanted', [BASE, SEQUENCE, MASKED])
def test_another_head(saved, wanted, tmp_path): # what both say is missing or left over is the same, and what is there is equal
    theirs(saved).save_pretrained(tmp_path/'theirs')
    ours(saved).save_pretrained(tmp_path/'ours')
    for folder in 'theirs', 'ours':
        a, said = getattr(transformers, wanted).from_pretrained(tmp_path/folder, output_loading_info=True)
        b, says = getattr(transformers_lite, wanted).from_pretrained(tmp_path/folder, output_loading_info=True)
        assert {k: set(said[k]) for k in ('missing_keys', 'unexpected_keys')} == {k: set(says[k]) for k in ('missing_keys', 'unexpected_keys')}
        a, b = a.state_dict(), b.state_dict()
        assert a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a.keys() - said['missing_keys'])

def read(folder, library):
    "What a library makes of a folder: {kind of tokenizer: ids of the texts}, and the logits for two of them."
    tokenizers = {fast: library.AutoTokenizer.from_pretrained(folder, use_fast=fast) for fast in (False, True)}
    model = library.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    x = tokenizers[True](TEXTS[:2], return_tensors='pt', padding=True)
    with torch.no_grad(): logits = model(input_ids=x['input_ids'], attention_mask=x['attention_mask']).logits
    return {'ids': {str(fast): t(TEXTS)['input_ids'] for fast, t in tokenizers.items()}, 'labels': model.config.id2label[1],
            'decoded': tokenizers[True].decode(x['input_ids'][0], skip_special_tokens=True), 'logits': logits.double().tolist()}

def write(folder, library, fast):
    "A model and a tokenizer as a library writes them."
    library.DistilBertForSequenceClassification(library.DistilBertConfig(**TINY, id2label={0: 'bad', 1: 'good'}, label2id={'bad': 0, 'good': 1})).save_pretrained(folder)
    getattr(library, 'DistilBertTokenizer' + ('Fast' if fast else ''))(str(bert_vocab())).save_pretrained(folder)

def assert_equal(a, b, name, *keys):
    for k in 'ids', 'labels', *keys: assert a[k] == b[k], (name, k)
    assert util.gap(*(torch.tensor(o['logits'], dtype=torch.float64) for o in (a, b))) < 1e-5, name

def test_whole_folders(tmp_path): # of each library, read by all three
    for fast in False, True:
        write(tmp_path/f'ours-{fast}', transformers_lite, fast)
        write(tmp_path/f'five-{fast}', transformers, fast)
    old = run457('''import sys, pathlib
sys.path.insert(0, args[0])
from parity import test_folders as t
transformers.logging.set_verbosity_error()
root = pathlib.Path(args[1])
for fast in False, True: t.write(root/f'four-{fast}', transformers, fast)
result = {d.name: t.read(d, transformers) for d in sorted(root.iterdir()) if 'five' not in d.name}''', str(ROOT/'tests'), str(tmp_path))
    folders = {d.name: d for d in sorted(tmp_path.iterdir())}
    assert len(folders) == 6 and len(old) == 4
    for name, folder in folders.items():
        here = read(folder, transformers_lite)
        assert here['labels'] == 'good' and here['ids']['True'] == here['ids']['False'] and len(here['ids']['True'][0]) > 10
        assert_equal(here, read(folder, transformers), name) # 5.x decodes "isn't" as "isn ' t"
        if name in old: assert_equal(here, old[name], name, 'decoded')
