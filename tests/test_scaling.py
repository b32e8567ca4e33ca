"More than one process: the scripts that chapter 16 shows, run with two processes as its reader runs them; and what goes wrong without care."
import csv, gzip, json, os, sys

import numpy as np, pytest, torch
from safetensors.torch import load_file

from helpers import ROOT, run
from transformers_lite import AutoModelForSequenceClassification, AutoTokenizer

NAME = 'transformers-lite/distilbert-sentiment'
ACCELERATE = '-m', 'accelerate.commands.launch', '--multi_gpu', '--num_processes', 2, '--main_process_port', 0
TORCHRUN = '-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', 2

@pytest.fixture(scope='module')
def scripts(tmp_path_factory):
    "A folder with the scripts of the chapter, and sentences for them."
    folder = tmp_path_factory.mktemp('scaling')
    for cell in json.loads((ROOT/'nbs'/'16_scaling.ipynb').read_text(encoding='utf-8'))['cells']:
        head, _, code = ''.join(cell['source']).partition('\n')
        if head.startswith('%%write '): (folder/head.split()[1]).write_text(code, encoding='utf-8')
    assert {p.name for p in folder.iterdir()} == {'finetune.py', 'shard.py', 'embed.py', 'many.py'}
    with gzip.open(ROOT/'nbs/data/sentiment/snippets.tsv.gz', 'rt', encoding='utf-8', newline='') as f:
        rows = [(row[0], row[3]) for row in csv.reader(f, delimiter='\t', quoting=csv.QUOTE_NONE)][1:]
    with open(folder/'sentences.tsv', 'w', encoding='utf-8', newline='\n') as f: f.writelines(f'{place}\t{text}\n' for place, text in rows[::15][:1400])
    return folder

def start(scripts, *args): return run(sys.executable, *args, cwd=scripts, PYTHONPATH=os.pathsep.join([str(ROOT), *filter(None, sys.path)]), ACCELERATE_USE_CPU='true', OMP_NUM_THREADS='1')

def changed(scripts, name, new, old, by):
    "A copy of a script with one line put differently."
    source = (scripts/name).read_text(encoding='utf-8')
    assert source.count(old) == 1
    (scripts/new).write_text(source.replace(old, by), encoding='utf-8')
    return new

def reports(folder): return [json.loads(p.read_text()) for p in sorted(folder.glob('report-*.json'))]
def losses(folder): return np.array([r['losses'] for r in reports(folder)])

@pytest.fixture(scope='module')
def one(scripts):
    start(scripts, 'finetune.py', 'one')
    assert losses(scripts/'one').shape == (1, 40)
    return scripts/'one'

def same_weights(a, b):
    "All but the bias of the keys, which moves by the noise of rounding and changes nothing."
    a, b = (load_file(f/'model.safetensors') for f in (a, b))
    assert a.keys() == b.keys()
    return max((a[k] - b[k]).abs().max().item() for k in a if not k.endswith('k_lin.bias')) < 1e-3

def test_two_processes_have_the_losses_of_one(scripts, one):
    start(scripts, *ACCELERATE, 'finetune.py', 'two')
    two = losses(scripts/'two')
    assert two.shape == (2, 40) and abs(two.mean(0) - losses(one)[0]).max() < 1e-4
    assert abs(two[0] - two[1]).max() > .05  # they saw different sentences
    assert same_weights(scripts/'two', one)

def test_without_averaging_they_have_not(scripts, one): # negative control
    old = 'model, optimizer, batches = accelerator.prepare(model, optimizer, batches)'
    start(scripts, *ACCELERATE, changed(scripts, 'finetune.py', 'forgot.py', old, 'batches = accelerator.prepare(batches)'), 'forgot')
    gaps = abs(losses(scripts/'forgot').mean(0) - losses(one)[0])
    assert gaps[0] < 1e-4 and gaps.max() > 1e-2 and not same_weights(scripts/'forgot', one)

def test_pieces_train_and_are_saved_as_one(scripts, one):
    start(scripts, *TORCHRUN, 'shard.py', 'pieces')
    folder = scripts/'pieces'
    assert abs(losses(folder).mean(0) - losses(one)[0]).max() < 1e-4 and same_weights(folder, one)
    assert {p.name for p in folder.iterdir()} == {'config.json', 'model.safetensors', 'report-0.json', 'report-1.json'}
    assert json.loads((folder/'config.json').read_text())['architectures'] == ['DistilBertForSequenceClassification']
    (whole,), parts = reports(one), reports(folder)
    for kind, n in whole['size'].items(): assert [abs(p['size'][kind] / n - .5) < .01 for p in parts] == [True, True]
    model, info = AutoModelForSequenceClassification.from_pretrained(folder, output_loading_info=True)
    assert not any(info.values()) and type(model).__name__ == 'DistilBertForSequenceClassification'

def test_pieces_of_different_models_do_not_fit(scripts, one): # negative control: `fully_shard` doesn't make the start the same in all processes
    changed(scripts, 'finetune.py', 'seeds.py', 'torch.manual_seed(0)', "torch.manual_seed(int(__import__('os').environ['RANK']))")
    start(scripts, *TORCHRUN, changed(scripts, 'shard.py', 'patchwork.py', 'from finetune import', 'from seeds import'), 'patchwork')
    assert abs(losses(scripts/'patchwork').mean(0) - losses(one)[0])[0] > 1e-3

TIED = """
import os, sys, torch, torch.distributed as dist
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from transformers_lite import DistilBertConfig, DistilBertForMaskedLM
dist.init_process_group('gloo')
torch.manual_seed(0)
model = DistilBertForMaskedLM(DistilBertConfig(vocab_size=101, dim=24, hidden_dim=36, n_layers=2, n_heads=2, max_position_embeddings=20))
whole = {n: t.clone() for n, t in model.state_dict().items()}
fully_shard(model, mesh=init_device_mesh('cpu', (2,)))
assert next(model.parameters()).to_local().numel() < next(model.parameters()).numel()
model.save_pretrained(sys.argv[1], max_shard_size='20kB')
dist.barrier()
loaded = DistilBertForMaskedLM.from_pretrained(sys.argv[1])
assert all(torch.equal(whole[n], t) for n, t in loaded.state_dict().items()) and loaded.vocab_projector.weight is loaded.distilbert.embeddings.word_embeddings.weight
dist.destroy_process_group()
os._exit(0) # gloo's threads abort a Python that shuts down: chapter 16
"""

def test_shared_weights_in_pieces_and_several_files(scripts):
    (scripts/'tied.py').write_text(TIED)
    start(scripts, *TORCHRUN, 'tied.py', 'tied')
    index = json.loads((scripts/'tied'/'model.safetensors.index.json').read_text())['weight_map']
    assert 'vocab_projector.weight' not in index and len(set(index.values())) > 1

@torch.inference_mode()
def test_workers_embed_as_one_process(scripts):
    start(scripts, 'embed.py', 'vectors.npz', '--workers', 2)
    found = np.load(scripts/'vectors.npz')
    texts = [line.rstrip('\n').split('\t')[1] for line in open(scripts/'sentences.tsv', encoding='utf-8', newline='\n')]
    body, tokenizer = AutoModelForSequenceClassification.from_pretrained(NAME).distilbert, AutoTokenizer.from_pretrained(NAME)
    for i in range(0, len(texts), 35):
        want = body(**tokenizer(texts[i], return_tensors='pt', truncation=True)).last_hidden_state[0].mean(0).numpy()
        for way in 'as_they_come', 'alike': np.testing.assert_allclose(found[way][i], want, atol=1e-5)
    assert len(set(found['when_alike'][:, 0]) | set(found['when_as_they_come'][:, 0])) == 2 and len(found['alike']) == len(texts)
    assert abs(found['alike'] - found['alike'][::-1]).max() > .1  # the order can be seen

@torch.inference_mode()
def test_the_class_that_ray_calls(scripts, monkeypatch): # Ray itself was run by hand: it isn't in the test extra
    source = (scripts/'many.py').read_text(encoding='utf-8').replace('import numpy as np, ray, torch', 'import numpy as np, torch').replace('@call_parse', '')
    room = {'__name__': 'many'}
    exec(source, room)
    lines = (scripts/'sentences.tsv').read_text(encoding='utf-8').splitlines()[:90]
    made = room['Embed']()(dict(text=np.array(lines)))
    body, tokenizer = AutoModelForSequenceClassification.from_pretrained(NAME).distilbert, AutoTokenizer.from_pretrained(NAME)
    assert list(made['text']) == [line.split('\t')[1] for line in lines] and made['vector'].shape == (90, 96)
    for i in range(0, 90, 9):
        want = body(**tokenizer(made['text'][i], return_tensors='pt', truncation=True)).last_hidden_state[0].mean(0).numpy()
        np.testing.assert_allclose(made['vector'][i], want, atol=1e-5)
    assert abs(made['vector'] - made['vector'][::-1]).max() > .1 # the order can be seen
