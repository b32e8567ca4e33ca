"What a page is too short for: what a checkpoint lacks, names, ties, shards, hostile files, numbers, resizing, pruning, threads."
import copy, json, math, os, pickle, warnings
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest, torch
from safetensors.torch import load_file, save_file
from torch import nn

from transformers_lite.configuration import DistilBertConfig, PretrainedConfig
from transformers_lite.heads import DistilBertForMaskedLM, DistilBertForQuestionAnswering, DistilBertForSequenceClassification
from transformers_lite.distilbert import DistilBertModel, DistilBertPreTrainedModel, sinusoids
from transformers_lite.model import BaseModelOutput, PreTrainedModel, activation

TINY = dict(vocab_size=13, max_position_embeddings=12, dim=8, n_heads=2, n_layers=2, hidden_dim=16, initializer_range=1.0)
IDS = torch.tensor([[1, 3, 5, 7, 9, 3, 10, 2], [1, 4, 6, 8, 2, 0, 0, 0]])
MASK = (IDS != 0).long()

@pytest.fixture
def base():
    torch.manual_seed(1)
    return DistilBertModel(DistilBertConfig(**TINY)).eval()

@pytest.fixture
def folder(base, tmp_path):
    base.save_pretrained(tmp_path/'base')
    return tmp_path/'base'

def quiet(f, *args, **kwargs):
    "Call without its warnings."
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        return f(*args, **kwargs)

def heard(f, *args, **kwargs):
    "The result, and the warnings."
    with warnings.catch_warnings(record=True) as ws:
        warnings.simplefilter('always')
        return f(*args, **kwargs), ws

def near(a, b): torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)

def same(a, b): return set(a) == set(b) and all(torch.equal(a[k], b[k]) for k in a)

# --- what a checkpoint lacks is what a fresh model has ---

class Custom(DistilBertPreTrainedModel):
    "Every kind of thing that a checkpoint can lack; its author forgets post_init()."
    def __init__(self, config, width=3):
        super().__init__(config)
        self.distilbert, self.classifier = DistilBertModel(config), nn.Linear(config.dim, width)
        self.ramp = nn.Parameter(torch.arange(5.))
        self.spread = nn.Parameter(torch.empty(50))
        nn.init.uniform_(self.spread, 2, 3)
        self.frozen = nn.Parameter(torch.ones(2), requires_grad=False)
        self.register_buffer('kept', torch.tensor([1, 2, 3]))
        self.register_buffer('unsaved', torch.linspace(0, 1, 4), persistent=False)
        self.conv, self.norm = nn.Conv1d(1, 1, 3), nn.BatchNorm1d(4)
        self.plain = torch.tensor([7.])
    def forward(self, input_ids): return self.classifier(self.distilbert(input_ids)[0][:, 0])

class WithRule(Custom):
    "A rule of its own, for its own layer."
    def _init_weights(self, module):
        super()._init_weights(module)
        if module is getattr(self, 'classifier', None): module.weight.fill_(.25)

class Untouched(Custom):
    "A rule that fills nothing: what __init__ put there stands."
    def __init__(self, config):
        super().__init__(config)
        nn.init.constant_(self.classifier.weight, 4.)
    def _init_weights(self, module): pass

class Outer(PreTrainedModel):
    "A model of two models."
    config_class = DistilBertConfig
    def __init__(self, config):
        super().__init__(config)
        self.left, self.right = WithRule(config), DistilBertModel(config)
        self.mix = nn.Linear(3, 3)
    def _init_weights(self, module):
        if isinstance(module, nn.Linear): module.weight.fill_(9.)

@pytest.mark.parametrize('cls', [Custom, WithRule, Untouched])
@pytest.mark.parametrize('dtype', [torch.float32, torch.float16])
def test_what_a_checkpoint_lacks(cls, dtype, folder, base):
    m = quiet(cls.from_pretrained, folder, dtype=dtype)
    assert same(m.distilbert.state_dict(), {k: v.to(dtype) for k, v in base.state_dict().items()})
    assert torch.equal(m.ramp, torch.arange(5.).to(dtype)) and m.ramp.requires_grad and isinstance(m.ramp, nn.Parameter)
    assert 2 <= m.spread.min() and m.spread.max() <= 3 and m.spread.std() > .1
    assert not m.frozen.requires_grad and torch.equal(m.frozen, torch.ones(2).to(dtype))
    assert m.kept.tolist() == [1, 2, 3] and torch.equal(m.unsaved, torch.linspace(0, 1, 4)) and m.plain.tolist() == [7.]
    assert m.norm.running_var.tolist() == [1.] * 4 and m.norm.num_batches_tracked == 0
    assert m.conv.weight.abs().max() <= 3**-.5 and m.conv.weight.std() > 0
    if cls is Custom: assert .3 < m.classifier.weight.std() < 2 and not m.classifier.bias.any()
    if cls is WithRule: assert (m.classifier.weight == .25).all()
    if cls is Untouched: assert (m.classifier.weight == 4).all()
    assert not any(t.is_meta for t in (*m.parameters(), *m.buffers()))
    assert {p.dtype for p in m.parameters()} == {dtype}

def test_fresh_model_is_the_measure(folder):
    "The same seed gives what is lacking the very values of a fresh model, where that model is built whole."
    torch.manual_seed(5)
    fresh = Untouched(DistilBertConfig(**TINY))
    torch.manual_seed(5)
    m = quiet(Untouched.from_pretrained, folder)
    assert all(torch.equal(m.get_parameter(n), fresh.get_parameter(n)) for n in ('spread', 'conv.weight', 'conv.bias', 'classifier.bias'))

def test_nested_models(folder, tmp_path):
    torch.manual_seed(0)
    m = Outer(DistilBertConfig(**TINY))
    assert (m.mix.weight == 9).all() and (m.left.classifier.weight == .25).all()
    assert .5 < m.right.transformer.layer[0].ffn.lin1.weight.std() < 2
    m.save_pretrained(tmp_path/'outer')
    assert same(Outer.from_pretrained(tmp_path/'outer').state_dict(), m.state_dict())
    weights = {k: v for k, v in m.state_dict().items() if k.startswith('right.')}
    part = quiet(Outer.from_pretrained, tmp_path/'outer', state_dict=weights)
    assert same(part.right.state_dict(), m.right.state_dict()) and (part.mix.weight == 9).all() and (part.left.classifier.weight == .25).all()

def test_constructor_arguments_reach_the_model_and_what_it_lacks(folder):
    assert quiet(Custom.from_pretrained, folder, 7).classifier.out_features == 7
    assert quiet(Custom.from_pretrained, folder, width=6).classifier.out_features == 6
    assert Custom.from_config(DistilBertConfig(**TINY), width=4).classifier.out_features == 4

def test_constructor_that_reads_numbers(folder, base):
    "On the meta device there are none; such a model is built for real."
    class Steps(DistilBertPreTrainedModel):
        def __init__(self, config):
            super().__init__(config)
            self.distilbert, self.rates = DistilBertModel(config), [x.item() for x in torch.linspace(0, 1, 3)]
            self.own = nn.Parameter(torch.full((2,), 3.))
    m = quiet(Steps.from_pretrained, folder, dtype='float16')
    assert m.rates == [0, .5, 1] and m.own.tolist() == [3, 3] and m.own.dtype == torch.float16
    assert torch.equal(m.distilbert.embeddings.LayerNorm.weight, base.embeddings.LayerNorm.weight.half())

def test_pretrained_part_inside_a_model_stays(folder, base):
    class Holder(PreTrainedModel):
        def __init__(self, config):
            super().__init__(config)
            self.inner, self.top = DistilBertModel.from_pretrained(folder), nn.Linear(8, 1)
    m = Holder(DistilBertConfig(**TINY))
    assert same(m.inner.state_dict(), base.state_dict())
    with torch.no_grad(): m.inner.embeddings.LayerNorm.weight.add_(1)
    m.save_pretrained(folder.parent/'holder')
    assert same(Holder.from_pretrained(folder.parent/'holder').state_dict(), m.state_dict())
    lacks = quiet(Holder.from_pretrained, folder.parent/'holder', state_dict={'top.bias': torch.ones(1)})
    assert same(lacks.inner.state_dict(), base.state_dict()) and lacks.top.bias.tolist() == [1]

def test_missing_buffer_in_the_middle(folder):
    m = quiet(Custom.from_pretrained, folder)
    m.norm.running_mean.fill_(5)
    m.save_pretrained(folder.parent/'custom')
    again = Custom.from_pretrained(folder.parent/'custom')
    assert again.norm.running_mean.tolist() == [5.] * 4 and torch.equal(again.unsaved, torch.linspace(0, 1, 4))

# --- post_init: forgotten, called, in the middle ---

def test_post_init_called_by_hand_runs_once():
    runs = []
    class Called(DistilBertPreTrainedModel):
        def __init__(self, config):
            super().__init__(config)
            self.lin = nn.Linear(4, 4)
            self.post_init()
            nn.init.eye_(self.lin.weight)
        def init_weights(self):
            runs.append(1)
            super().init_weights()
    m = Called(DistilBertConfig(**TINY))
    assert runs == [1] and torch.equal(m.lin.weight, torch.eye(4)) and not m.lin.bias.any()

def test_forgotten_post_init_saves_and_loads(tmp_path):
    m = Custom(DistilBertConfig(**TINY))
    m.save_pretrained(tmp_path)
    again, ws = heard(Custom.from_pretrained, tmp_path)
    assert same(again.state_dict(), m.state_dict()) and not ws

def test_abstract_base_class_mixes_in():
    class Abstract(DistilBertPreTrainedModel, ABC):
        @abstractmethod
        def forward(self): ...
    with pytest.raises(TypeError): Abstract(DistilBertConfig(**TINY))

def test_config_must_be_one():
    with pytest.raises(ValueError, match='from_pretrained'): DistilBertModel('distilbert-base-uncased')

# --- names ---

def rewrite(folder, change):
    weights = change(load_file(folder/'model.safetensors'))
    save_file(weights, folder/'model.safetensors', metadata={'format': 'pt'})

@pytest.mark.parametrize('change', [
    lambda w: {f'distilbert.{k}': t for k, t in w.items()},
    lambda w: {k.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta'): t for k, t in w.items()},
    lambda w: w | {'embeddings.position_ids': torch.arange(12)[None]}])
def test_names_of_other_times_and_heads(change, folder, base):
    rewrite(folder, change)
    m, ws = heard(DistilBertModel.from_pretrained, folder)
    assert same(m.state_dict(), base.state_dict()) and not ws

def test_head_to_base_and_back(folder, base, tmp_path):
    (head, info), ws = heard(DistilBertForSequenceClassification.from_pretrained, folder, output_loading_info=True)
    assert same(head.distilbert.state_dict(), base.state_dict())
    assert info['missing_keys'] == {f'{n}.{w}' for n in ('pre_classifier', 'classifier') for w in ('weight', 'bias')}
    assert len(ws) == 1 and 'expected for a new head' in str(ws[0].message) and ws[0].filename == __file__
    head.save_pretrained(tmp_path/'head')
    m, ws = heard(DistilBertModel.from_pretrained, tmp_path/'head')
    assert same(m.state_dict(), base.state_dict()) and len(ws) == 1 and 'head of another task' in str(ws[0].message)
    other, ws = heard(DistilBertForQuestionAnswering.from_pretrained, tmp_path/'head')
    assert same(other.distilbert.state_dict(), base.state_dict()) and len(ws) == 2

@pytest.mark.parametrize('change, verdict', [
    (lambda w: {k: t for k, t in w.items() if k != 'embeddings.LayerNorm.weight'}, 'NOT expected: the checkpoint lacks'),
    (lambda w: w | {'transformer.layer.2.ffn.lin1.weight': torch.ones(16, 8)}, 'NOT expected: the configuration asks for a smaller')])
def test_verdicts(change, verdict, folder):
    rewrite(folder, change)
    _, ws = heard(DistilBertModel.from_pretrained, folder)
    assert len(ws) == 1 and verdict in str(ws[0].message)

def test_family_that_does_not_fit(folder):
    rewrite(folder, lambda w: {f'model.{k}': t for k, t in w.items()})
    with pytest.raises(ValueError, match="Without 'model.' at their beginning they fit"): DistilBertModel.from_pretrained(folder)
    rewrite(folder, lambda w: {f'x.y{i}': t for i, t in enumerate(w.values())})
    with pytest.raises(ValueError, match='another family'): DistilBertModel.from_pretrained(folder)

def test_shapes_that_do_not_fit(folder):
    with pytest.raises(RuntimeError, match='ignore_mismatched_sizes=True'): DistilBertModel.from_pretrained(folder, vocab_size=20)
    (m, info), ws = heard(DistilBertModel.from_pretrained, folder, vocab_size=20, ignore_mismatched_sizes=True, output_loading_info=True)
    assert m.embeddings.word_embeddings.weight.shape == (20, 8) and .5 < m.embeddings.word_embeddings.weight[1:].std() < 2
    assert info['mismatched_keys'] == {('embeddings.word_embeddings.weight', (13, 8), (20, 8))}
    assert len(ws) == 1 and '(13, 8) → (20, 8)' in str(ws[0].message)

def test_new_number_of_labels(folder, tmp_path):
    quiet(DistilBertForSequenceClassification.from_pretrained, folder, num_labels=2).save_pretrained(tmp_path/'two')
    m = quiet(DistilBertForSequenceClassification.from_pretrained, tmp_path/'two', num_labels=5, ignore_mismatched_sizes=True)
    assert m.classifier.weight.shape == (5, 8) and m.classifier.bias.shape == (5,) and len(m.config.id2label) == 5

def test_integer_weights_are_refused(folder):
    rewrite(folder, lambda w: w | {'embeddings.LayerNorm.weight': torch.ones(8, dtype=torch.long)})
    with pytest.raises(RuntimeError, match='torch.int64'): DistilBertModel.from_pretrained(folder)

# --- tied weights ---

@pytest.fixture
def mlm(base):
    torch.manual_seed(2)
    m = DistilBertForMaskedLM(DistilBertConfig(**TINY)).eval()
    m.distilbert.load_state_dict(base.state_dict())
    return m

def write(folder, config, weights):
    config.save_pretrained(folder)
    save_file({k: t.clone().contiguous() for k, t in weights.items()}, folder/'model.safetensors', metadata={'format': 'pt'})

def tied(m): return m.vocab_projector.weight is m.get_input_embeddings().weight

def test_tied_saved_once(mlm, tmp_path):
    mlm.save_pretrained(tmp_path)
    assert set(mlm.state_dict()) - set(load_file(tmp_path/'model.safetensors')) == {'vocab_projector.weight'}
    m, ws = heard(DistilBertForMaskedLM.from_pretrained, tmp_path)
    assert tied(m) and same(m.state_dict(), mlm.state_dict()) and not ws

def test_tied_file_holds_both(mlm, tmp_path):
    write(tmp_path, mlm.config, mlm.state_dict())
    m, ws = heard(DistilBertForMaskedLM.from_pretrained, tmp_path)
    assert tied(m) and not ws

def test_tied_file_holds_two_different(mlm, tmp_path):
    weights = mlm.state_dict() | {'vocab_projector.weight': torch.ones(13, 8)}
    write(tmp_path/'a', mlm.config, weights)
    m, ws = heard(DistilBertForMaskedLM.from_pretrained, tmp_path/'a')
    assert not tied(m) and same(m.state_dict(), weights) and len(ws) == 1 and 'kept apart' in str(ws[0].message)
    m.save_pretrained(tmp_path/'b')
    again, ws = heard(DistilBertForMaskedLM.from_pretrained, tmp_path/'b')
    assert same(again.state_dict(), weights) and not ws and not again.config.tie_word_embeddings

def test_tied_file_holds_only_the_projector(mlm, tmp_path):
    weights = {k: t for k, t in mlm.state_dict().items() if k != 'distilbert.embeddings.word_embeddings.weight'}
    write(tmp_path, mlm.config, weights)
    m, ws = heard(DistilBertForMaskedLM.from_pretrained, tmp_path)
    assert tied(m) and same(m.state_dict(), mlm.state_dict()) and not ws

def test_tied_file_holds_neither(mlm, tmp_path):
    weights = {k: t for k, t in mlm.state_dict().items() if k not in ('distilbert.embeddings.word_embeddings.weight', 'vocab_projector.weight')}
    write(tmp_path, mlm.config, weights)
    m = quiet(DistilBertForMaskedLM.from_pretrained, tmp_path)
    assert tied(m) and .5 < m.vocab_projector.weight.std() < 2
    assert torch.equal(m.vocab_projector.bias, mlm.vocab_projector.bias)

def test_tied_head_from_a_base_checkpoint(folder, base):
    (m, info), ws = heard(DistilBertForMaskedLM.from_pretrained, folder, output_loading_info=True)
    assert tied(m) and same(m.distilbert.state_dict(), base.state_dict())
    assert info['missing_keys'] == {'vocab_projector.bias', *(f'vocab_{n}.{w}' for n in ('transform', 'layer_norm') for w in ('weight', 'bias'))}
    assert not m.vocab_projector.bias.any() and len(ws) == 1

def test_untied_is_saved_whole(tmp_path):
    m = DistilBertForMaskedLM(DistilBertConfig(**TINY, tie_word_embeddings=False))
    assert not tied(m)
    m.save_pretrained(tmp_path)
    assert set(load_file(tmp_path/'model.safetensors')) == set(m.state_dict())
    assert same(DistilBertForMaskedLM.from_pretrained(tmp_path).state_dict(), m.state_dict())

# --- files: shards, pickles, hostile names, broken ones ---

def shard(base, folder):
    base.save_pretrained(folder, max_shard_size='1KB')
    return folder/'model.safetensors.index.json'

def point(index, name):
    "Let the index name another file for its first shard."
    d = json.loads(index.read_text())
    first = min(d['weight_map'].values())
    d['weight_map'] = {k: name if v == first else v for k, v in d['weight_map'].items()}
    index.write_text(json.dumps(d))
    return index.parent/first

def test_shards_and_back(base, tmp_path):
    shard(base, tmp_path)
    assert not (tmp_path/'model.safetensors').exists() and len(list(tmp_path.glob('model-*-of-*.safetensors'))) > 2
    assert same(DistilBertModel.from_pretrained(tmp_path).state_dict(), base.state_dict())
    base.save_pretrained(tmp_path, max_shard_size='3KB')
    assert same(DistilBertModel.from_pretrained(tmp_path).state_dict(), base.state_dict())
    kept = set(json.loads((tmp_path/'model.safetensors.index.json').read_text())['weight_map'].values())
    assert {p.name for p in tmp_path.glob('model-*')} == kept
    (tmp_path/'model_card.safetensors').touch()
    base.save_pretrained(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {'config.json', 'model.safetensors', 'model_card.safetensors'}

@pytest.mark.parametrize('where', ['../outside.safetensors', 'absolute', 'sub/../../outside.safetensors', '..\\outside.safetensors', 'link'])
def test_shard_outside_is_refused(where, base, tmp_path):
    index = shard(base, tmp_path/'m')
    outside = tmp_path/'outside.safetensors'
    name = {'absolute': str(outside), 'link': 'linked.safetensors'}.get(where, where)
    point(index, name).rename(outside)
    if where == 'link': (tmp_path/'m'/name).symlink_to(outside)
    with pytest.raises(OSError, match='is a link to' if where == 'link' else 'stands beside its index'): DistilBertModel.from_pretrained(tmp_path/'m')

def test_links_of_a_hub_cache_work(base, tmp_path):
    "A snapshot's files are links into a folder of blobs."
    shard(base, tmp_path/'m')
    blobs, snapshot = tmp_path/'models--x--y'/'blobs', tmp_path/'models--x--y'/'snapshots'/'abc'
    blobs.mkdir(parents=True), snapshot.mkdir(parents=True)
    for i, p in enumerate(sorted((tmp_path/'m').iterdir())):
        p.rename(blobs/f'blob{i}')
        (snapshot/p.name).symlink_to(Path('../../blobs')/f'blob{i}')
    assert same(DistilBertModel.from_pretrained(snapshot).state_dict(), base.state_dict())
    linked = tmp_path/'linked'
    linked.symlink_to(snapshot)
    assert same(DistilBertModel.from_pretrained(linked).state_dict(), base.state_dict())

@pytest.mark.parametrize('content', ['{}', '{"weight_map": {}}', '{"weight_map": 3}', '[1]', '{'])
def test_broken_index(content, base, tmp_path):
    shard(base, tmp_path).write_text(content)
    with pytest.raises(OSError, match='index.json'): DistilBertModel.from_pretrained(tmp_path)

def test_missing_shard_and_missing_weights(base, tmp_path):
    point(shard(base, tmp_path), 'model-00001-of-00099.safetensors')
    with pytest.raises(OSError, match='model-00001-of-00099'): DistilBertModel.from_pretrained(tmp_path)
    for p in tmp_path.glob('model*'): p.unlink()
    with pytest.raises(OSError, match='model.safetensors'): DistilBertModel.from_pretrained(tmp_path)
    (tmp_path/'tf_model.h5').touch()
    with pytest.raises(OSError, match="tf_model.h5, which PyTorch classes don't read"): DistilBertModel.from_pretrained(tmp_path)

@pytest.mark.parametrize('spoil', [lambda b: b[:len(b) // 2], lambda b: b'', lambda b: (2**40).to_bytes(8, 'little') + b[8:]])
def test_broken_safetensors(spoil, folder):
    p = folder/'model.safetensors'
    p.write_bytes(spoil(p.read_bytes()))
    with pytest.raises(OSError, match='whole safetensors'): DistilBertModel.from_pretrained(folder)

def to_bin(folder, what):
    (folder/'model.safetensors').unlink(missing_ok=True)
    torch.save(what, folder/'pytorch_model.bin')

def test_bin(folder, base):
    to_bin(folder, base.state_dict())
    assert same(DistilBertModel.from_pretrained(folder).state_dict(), base.state_dict())

def test_safetensors_come_first(folder, base):
    torch.save({k: t + 1 for k, t in base.state_dict().items()}, folder/'pytorch_model.bin')
    assert same(DistilBertModel.from_pretrained(folder).state_dict(), base.state_dict())

class Trap:
    "Runs code when it is unpickled."
    def __init__(self, path): self.path = path
    def __reduce__(self): return os.mkdir, (str(self.path),)

def test_malicious_pickle_is_refused(folder, tmp_path):
    to_bin(folder, {'x': Trap(tmp_path/'sprung')})
    with pytest.raises(OSError, match='more than plain tensors'): DistilBertModel.from_pretrained(folder)
    assert not (tmp_path/'sprung').exists()
    torch.load(folder/'pytorch_model.bin', weights_only=False)
    assert (tmp_path/'sprung').exists()  # the trap does work

def test_bin_shards(folder, base):
    weights, names = base.state_dict(), ['pytorch_model-00001-of-00002.bin', 'pytorch_model-00002-of-00002.bin']
    (folder/'model.safetensors').unlink()
    for i, name in enumerate(names): torch.save({k: t for k, t in weights.items() if k.startswith('embed') == (i == 0)}, folder/name)
    (folder/'pytorch_model.bin.index.json').write_text(json.dumps({'weight_map': {k: names[not k.startswith('embed')] for k in weights}}))
    assert same(DistilBertModel.from_pretrained(folder).state_dict(), weights)

def test_one_file_before_shards(base, tmp_path):
    shard(base, tmp_path)
    other = {k: t + 1 for k, t in base.state_dict().items()}
    save_file(other, tmp_path/'model.safetensors')  # and without metadata
    with pytest.warns(UserWarning, match='holds two checkpoints'): m = DistilBertModel.from_pretrained(tmp_path)
    assert same(m.state_dict(), other)

def test_no_configuration_and_no_folder(folder):
    (folder/'config.json').unlink()
    with pytest.raises(OSError, match='config.json'): DistilBertModel.from_pretrained(folder)
    with pytest.raises(OSError, match='no folder'): DistilBertModel.from_pretrained(folder/'nowhere'/'x')

@pytest.mark.parametrize('what', [3, [torch.ones(1)], {'state_dict': {'a': torch.ones(1)}}])
def test_bin_of_something_else(what, folder):
    to_bin(folder, what)
    with pytest.raises(OSError, match='state_dict'): DistilBertModel.from_pretrained(folder)

def test_interrupted_save_leaves_the_old_model(folder, base, monkeypatch):
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    other, calls = DistilBertModel(DistilBertConfig(**TINY)), []
    def stops(*args, **kwargs):
        calls.append(1)
        if len(calls) == 3: raise KeyboardInterrupt
        return save_file(*args, **kwargs)
    monkeypatch.setattr('transformers_lite.checkpoint.save_file', stops)
    with pytest.raises(KeyboardInterrupt): other.save_pretrained(folder, max_shard_size='1KB')
    assert len(calls) == 3 and {p.name: p.read_bytes() for p in folder.iterdir()} == before

def test_a_failed_save_leaves_the_configuration_as_it_was(tmp_path, monkeypatch):
    "What a model says of itself changes only when its files are in their places, whatever stops the save."
    model = DistilBertModel(DistilBertConfig(**TINY))
    before = dict(vars(model.config))
    assert before['architectures'] is None and before['dtype'] is None
    def stops(*args, **kwargs): raise KeyboardInterrupt
    for place in 'checkpoint.save_file', 'store.sync':
        with monkeypatch.context() as m, pytest.raises(KeyboardInterrupt):
            m.setattr(f'transformers_lite.{place}', stops)
            model.save_pretrained(tmp_path/'a')
        assert vars(model.config) == before
    model.config.note = object()
    with pytest.raises(TypeError, match='JSON'): model.save_pretrained(tmp_path/'a')
    del model.config.note
    assert vars(model.config) == before and not [*(tmp_path/'a').iterdir()]
    model.half().save_pretrained(tmp_path/'a')
    assert model.config.architectures == ['DistilBertModel'] and model.config.dtype == 'float16'
    assert DistilBertConfig.from_pretrained(tmp_path/'a').dtype == 'float16'

def test_save_arguments(base, tmp_path):
    with pytest.raises(ValueError, match='pickle'): base.save_pretrained(tmp_path, safe_serialization=False)
    base.save_pretrained(tmp_path/'no', is_main_process=False)
    assert not (tmp_path/'no').exists()
    (tmp_path/'file').touch()
    with pytest.raises(ValueError, match='is a file'): base.save_pretrained(tmp_path/'file')
    base.save_pretrained(tmp_path/'other', state_dict={k: t * 0 for k, t in base.state_dict().items()})
    assert not any(p.any() for p in DistilBertModel.from_pretrained(tmp_path/'other').parameters())

def test_subfolder(base, tmp_path):
    base.save_pretrained(tmp_path/'deep')
    assert same(DistilBertModel.from_pretrained(tmp_path, subfolder='deep').state_dict(), base.state_dict())

# --- numbers, configurations, arguments ---

@pytest.mark.parametrize('asked, got', [(None, torch.float32), ('auto', torch.float16), ('bfloat16', torch.bfloat16), (torch.float64, torch.float64), ('torch.float16', torch.float16)])
@pytest.mark.parametrize('key', ['dtype', 'torch_dtype'])
def test_dtype(asked, got, key, base, tmp_path):
    copy.deepcopy(base).half().save_pretrained(tmp_path)
    assert load_file(tmp_path/'model.safetensors')['embeddings.LayerNorm.weight'].dtype == torch.float16
    m = DistilBertModel.from_pretrained(tmp_path, **{key: asked})
    assert {p.dtype for p in m.parameters()} == {got} and m.dtype == got and m.config.dtype == str(got).split('.')[1]

@pytest.mark.parametrize('bad', ['float23', 'int8', torch.int32, 'nn'])
def test_dtype_that_is_none(bad, folder):
    with pytest.raises(ValueError, match='bfloat16'): DistilBertModel.from_pretrained(folder, dtype=bad)

def test_auto_dtype_without_a_configured_one(folder):
    d = json.loads((folder/'config.json').read_text())
    del d['dtype']
    (folder/'config.json').write_text(json.dumps(d))
    rewrite(folder, lambda w: {k: t.bfloat16() for k, t in w.items()})
    assert DistilBertModel.from_pretrained(folder, dtype='auto').dtype == torch.bfloat16

def test_configuration_given(folder, base, tmp_path):
    mine = DistilBertConfig(**TINY, attention_dropout=.4, attn_implementation='eager')
    m = DistilBertModel.from_pretrained(folder, config=mine)
    assert m.config.attention_dropout == .4 and m.config is not mine and m.attention_mode == 'eager'
    m.config.dropout = .9
    assert mine.dropout == .1
    mine.save_pretrained(tmp_path/'c')
    for where in (tmp_path/'c', str(tmp_path/'c'/'config.json')):
        assert DistilBertModel.from_pretrained(folder, config=where, dropout=.3).config.dropout == .3
    both = DistilBertModel.from_pretrained(folder, config=mine, dropout=.2)
    assert both.config.dropout == .2 and both.config.attention_dropout == .4 and both.attention_mode == 'eager' and mine.dropout == .1

def test_labels_over_a_given_configuration(folder):
    m = quiet(DistilBertForSequenceClassification.from_pretrained, folder, config=DistilBertConfig(**TINY), id2label={0: 'a', 1: 'b', 2: 'c'})
    assert m.classifier.out_features == 3 and m.config.label2id == {'a': 0, 'b': 1, 'c': 2}

def test_unknown_arguments(folder):
    with pytest.raises(TypeError, match="did you mean 'attention_dropout'"): DistilBertModel.from_pretrained(folder, atention_dropout=.1)
    with pytest.raises(TypeError, match="'from_tf'"): DistilBertModel.from_pretrained(folder, config=DistilBertConfig(**TINY), from_tf=True)
    assert DistilBertModel.from_pretrained(folder, low_cpu_mem_usage=True, use_safetensors=True, trust_remote_code=False)

def test_extra_keys_of_a_file_survive(folder):
    d = json.loads((folder/'config.json').read_text()) | {'my_flag': 3}
    (folder/'config.json').write_text(json.dumps(d))
    m = DistilBertModel.from_pretrained(folder, my_flag=4)
    assert m.config.my_flag == 4

def test_state_dict_instead_of_files(base):
    m = DistilBertModel.from_pretrained(None, config=base.config, state_dict=base.state_dict())
    assert same(m.state_dict(), base.state_dict())

@pytest.mark.parametrize('where', ['cpu', 'auto', torch.device('cpu'), {'': 'cpu'}])
def test_device_map(where, folder):
    assert DistilBertModel.from_pretrained(folder, device_map=where).device.type in ('cpu', 'cuda')

@pytest.mark.parametrize('kind', ['packed', 'sdpa', 'eager'])
def test_attention_of_each_kind(kind, folder, base):
    want = base(IDS, MASK)[0][MASK.bool()]
    routes = [DistilBertModel.from_pretrained(folder, attn_implementation=kind), DistilBertModel.from_config(base.config, attn_implementation=kind),
              DistilBertModel(DistilBertConfig(**TINY, attn_implementation=kind)), copy.deepcopy(base)]
    routes[3].set_attn_implementation(kind)
    for m in routes:
        m.eval().load_state_dict(base.state_dict())
        assert m.attention_mode == kind
        out = m(IDS, MASK)[0]
        near(out[MASK.bool()], want)
        assert (not out[~MASK.bool()].any()) == (kind == 'packed')

def test_attention_of_an_unknown_kind(folder):
    with pytest.raises(ValueError, match="'sdpa' or 'eager'"): DistilBertModel.from_pretrained(folder, attn_implementation='flash')

def test_swapped_weights_show(base):
    "The negative control of every comparison above."
    other = copy.deepcopy(base)
    a = other.transformer.layer[0].attention
    a.q_lin, a.k_lin = a.k_lin, a.q_lin
    assert (other(IDS, MASK)[0] - base(IDS, MASK)[0]).abs().max() > .05

# --- forward ---

@pytest.mark.parametrize('mask', [MASK, MASK.flip(1), torch.tensor([[1, 0, 1, 1, 0, 1, 1, 1], [0, 1, 1, 0, 1, 0, 0, 0]]), MASK * torch.tensor([[1], [0]])])
@pytest.mark.parametrize('kind', [torch.long, torch.bool, torch.float32])
def test_padding_anywhere(mask, kind, base):
    out = base(IDS, mask.to(kind), output_hidden_states=True)
    padded = base(IDS, mask, output_attentions=True, output_hidden_states=True)
    for a, b in zip(out.hidden_states, padded.hidden_states): near(a[mask.bool()], b[mask.bool()])
    assert len(padded.attentions) == 2 and padded.attentions[0].shape == (2, 2, 8, 8) and out.attentions is None

def test_bad_masks(base):
    with pytest.raises(ValueError, match='no token'): base(IDS, MASK * 0)
    with pytest.raises(ValueError, match='negative'): base(IDS, (1. - MASK) * -1e4)
    with pytest.raises(ValueError, match='one entry'): base(IDS, MASK[:1])
    with pytest.raises(TypeError, match='return_tensors'): base(IDS, MASK.tolist())

def test_bad_ids(base):
    with pytest.raises(IndexError, match=r'input_ids\[1, 2\] is 13'): base(torch.tensor([[1, 2, 3], [1, 2, 13]]))
    with pytest.raises(IndexError, match=r'input_ids\[0, 0\] is -1'): base(torch.tensor([[-1, 2]]))
    for x in (torch.ones(3).long(), torch.ones(1, 0).long()):
        with pytest.raises(RuntimeError, match='shape'): base(x)
    with pytest.raises(TypeError, match='list'): base([[1, 2]])
    with pytest.raises(TypeError, match='ndarray'): base(IDS.numpy())
    with pytest.raises(RuntimeError, match='max_length=12'): base(torch.ones(1, 13).long())
    for kwargs in ({}, dict(input_ids=IDS, inputs_embeds=torch.ones(2, 8, 8))):
        with pytest.raises(ValueError, match='not both'): base(**kwargs)
    with pytest.raises(TypeError): base(IDS, attn_mask=MASK)

def test_options_from_the_configuration(base):
    embeds = base.embeddings.word_embeddings(IDS)
    torch.testing.assert_close(base(inputs_embeds=embeds, attention_mask=MASK)[0], base(IDS, MASK)[0])
    base.config.update(dict(output_attentions=True, output_hidden_states=True, return_dict=False))
    states, hidden, attentions = base(IDS, MASK)
    assert len(hidden) == 3 and len(attentions) == 2 and torch.equal(hidden[-1], states)
    assert isinstance(base(IDS, MASK, return_dict=True, output_attentions=False), BaseModelOutput)

def test_gradients_through_packing(base):
    def grads(kind):
        m = copy.deepcopy(base)
        m.set_attn_implementation(kind)
        m(IDS, MASK)[0][MASK.bool()].pow(2)[:, :3].sum().backward()
        return {n: p.grad for n, p in m.named_parameters()}
    packed, padded = grads('packed'), grads('sdpa')
    for n in padded: torch.testing.assert_close(packed[n], padded[n], rtol=1e-4, atol=1e-4)
    assert packed['transformer.layer.0.attention.q_lin.weight'].abs().max() > 1e-3

@pytest.mark.parametrize('mask', [None, MASK])
def test_gradient_checkpointing(mask, folder):
    m = quiet(DistilBertForSequenceClassification.from_pretrained, folder, seq_classif_dropout=0., attention_dropout=.5, dropout=.5).train()
    calls = []
    m.distilbert.transformer.layer[0].ffn.lin1.register_forward_hook(lambda *_: calls.append(1))
    def grads():
        m.zero_grad(), calls.clear(), torch.manual_seed(0)
        m(IDS, mask, labels=torch.tensor([0, 1])).loss.backward()
        return {n: p.grad for n, p in m.named_parameters()}, len(calls)
    plain, once = grads()
    m.gradient_checkpointing_enable()
    checkpointed, twice = grads()
    assert m.is_gradient_checkpointing and (once, twice) == (1, 2)
    for n in plain: torch.testing.assert_close(checkpointed[n], plain[n])
    m.gradient_checkpointing_disable()
    assert not m.is_gradient_checkpointing and grads()[1] == 1

def test_head_mask(base):
    on = base(IDS, MASK, head_mask=torch.ones(2))[0]
    near(on[MASK.bool()], base(IDS, MASK)[0][MASK.bool()])
    assert (base(IDS, MASK, head_mask=torch.tensor([[1., 0], [1, 1]]))[0] - on).abs().max() > .01

# --- another vocabulary, other positions, fewer heads ---

@pytest.mark.parametrize('tie', [True, False])
@pytest.mark.parametrize('bias', [True, False])
@pytest.mark.parametrize('asked, multiple, n', [(20, None, 20), (5, None, 5), (14, 8, 16), (None, 8, 16), (16, 8, 16)])
@pytest.mark.parametrize('mean', [True, False])
def test_resize_vocabulary(tie, bias, asked, multiple, n, mean, tmp_path):
    m = DistilBertForMaskedLM(DistilBertConfig(**TINY, tie_word_embeddings=tie)).eval()
    if not bias: m.vocab_projector.bias = None
    else: nn.init.normal_(m.vocab_projector.bias)
    old, k = {n: p.detach().clone() for n, p in m.named_parameters(remove_duplicate=False)}, min(n, 13)
    table, ws = heard(m.resize_token_embeddings, asked, multiple, mean)
    assert [f'13 → {n}' in str(w.message) for w in ws] == [True] and ws[0].filename == __file__
    assert table is m.get_input_embeddings() and tied(m) == tie and m.config.vocab_size == m.vocab_projector.out_features == table.num_embeddings == n
    for name, p in m.named_parameters(remove_duplicate=False):
        before = old[name]
        if p.shape == before.shape: assert torch.equal(p, before)
        else:
            assert p.shape == (n, *before.shape[1:]) and torch.equal(p[:k], before[:k]) and p.requires_grad
            if mean and n > 13: torch.testing.assert_close(p[13:], before.mean(0).expand_as(p[13:]))
    ids = torch.tensor([[1, 3, n - 1]])
    assert m(ids).logits.shape == (1, 3, n)
    if not bias: return
    m.save_pretrained(tmp_path)
    near(DistilBertForMaskedLM.from_pretrained(tmp_path)(ids).logits, m(ids).logits)

def test_resize_to_what_it_is_and_to_nothing(base):
    table, ws = heard(base.resize_token_embeddings, 13)
    assert table is base.embeddings.word_embeddings and not ws
    assert base.resize_token_embeddings() is table
    with pytest.raises(ValueError, match='at least one'): base.resize_token_embeddings(0)

def test_resize_drops_the_padding_row(tmp_path):
    m = DistilBertModel(DistilBertConfig(**TINY | dict(pad_token_id=12)))
    quiet(m.resize_token_embeddings, 5)
    assert m.embeddings.word_embeddings.padding_idx is None and m(torch.tensor([[1, 4]]))[0].isfinite().all()

@pytest.mark.parametrize('sines', [True, False])
@pytest.mark.parametrize('n', [4, 30])
def test_resize_positions(sines, n, tmp_path):
    m = DistilBertForSequenceClassification(DistilBertConfig(**TINY, sinusoidal_pos_embds=sines)).eval()
    old = m.get_position_embeddings().weight.clone()
    m.resize_position_embeddings(n)
    new = m.get_position_embeddings().weight
    assert new.shape == (n, 8) and torch.equal(new[:4], old[:4]) and m.config.max_position_embeddings == n and new.requires_grad != sines
    if sines: assert torch.equal(new, sinusoids(n, 8))
    ids = torch.ones(1, n).long()
    m.save_pretrained(tmp_path)
    near(DistilBertForSequenceClassification.from_pretrained(tmp_path)(ids).logits, m(ids).logits)

def test_sines_are_exact():
    "In double precision, as the formula says; in single precision far positions are off by 1e-5 and more."
    want = [[(math.cos if j % 2 else math.sin)(i / 10000**(2 * (j // 2) / 16)) for j in range(16)] for i in (0, 1, 511)]
    torch.testing.assert_close(sinusoids(512, 16)[[0, 1, 511]], torch.tensor(want), rtol=0, atol=1e-7)

def test_prune_save_load_prune_again(folder, tmp_path):
    m = quiet(DistilBertForSequenceClassification.from_pretrained, folder, n_heads=4)
    want = m(IDS, MASK, head_mask=torch.tensor([[0., 1, 1, 1], [1, 0, 1, 0]])).logits
    m.prune_heads({0: [0], 1: [1]})
    m.save_pretrained(tmp_path/'a')
    m = DistilBertForSequenceClassification.from_pretrained(tmp_path/'a')
    m.prune_heads({1: [1, 3]})
    near(m(IDS, MASK).logits, want)
    m.save_pretrained(tmp_path/'b')
    again, ws = heard(DistilBertForSequenceClassification.from_pretrained, tmp_path/'b')
    near(again(IDS, MASK).logits, m(IDS, MASK).logits)
    assert not ws
    assert again.config.pruned_heads == {0: [0], 1: [1, 3]} and again.distilbert.transformer.layer[1].attention.heads == [0, 2]
    assert again.distilbert.transformer.layer[1].attention.q_lin.weight.shape == (4, 8)

@pytest.mark.parametrize('heads, error', [({0: [0, 1]}, ValueError), ({0: [2]}, ValueError), ({0: [-1]}, ValueError), ({9: [0]}, IndexError)])
def test_prune_what_cannot_be(heads, error, base):
    with pytest.raises(error): base.prune_heads(heads)
    assert base.config.pruned_heads == {} and base.transformer.layer[0].attention.q_lin.out_features == 8

# --- copies, threads, tracing ---

@pytest.mark.parametrize('act', ['gelu', 'gelu_new', 'quick_gelu', 'relu2', 'gelu_10', 'silu'])
def test_copies(act, base):
    m = DistilBertForMaskedLM(DistilBertConfig(**TINY | dict(activation=act))).eval()
    for twin in (copy.deepcopy(m), pickle.loads(pickle.dumps(m))):
        near(twin(IDS).logits, m(IDS).logits)
        assert tied(twin) and twin.config == m.config and twin.config is not m.config
    with torch.no_grad(): out = m(IDS, MASK, output_hidden_states=True)
    for twin in (copy.deepcopy(out), pickle.loads(pickle.dumps(out))):
        assert type(twin) is type(out) and list(twin) == ['logits', 'hidden_states'] and torch.equal(twin.hidden_states[1], out['hidden_states'][1])
    assert activation(act) is not activation(act)

def test_outputs():
    out = BaseModelOutput(torch.ones(1), attentions=(torch.ones(2),))
    assert len(out) == 2 and out[1] is out['attentions'] and out[:1] == (out.last_hidden_state,) and 'hidden_states' not in out
    out.hidden_states = (torch.zeros(1),)
    assert 'hidden_states' in out and len(out.to_tuple()) == 3
    assert BaseModelOutput(dict(last_hidden_state=out[0])).last_hidden_state is out[0]
    with pytest.raises(KeyError): out['nothing']
    leaves, spec = torch.utils._pytree.tree_flatten(out)
    assert len(leaves) == 3 and isinstance(torch.utils._pytree.tree_unflatten(leaves, spec), BaseModelOutput)

def test_from_pretrained_in_eight_threads(folder, base):
    want = base(IDS, MASK)[0]
    def one(i):
        cls = (DistilBertModel, DistilBertForSequenceClassification, DistilBertForMaskedLM, Custom)[i % 4]
        m = cls.from_pretrained(folder)
        return (m if cls is DistilBertModel else m.distilbert)(IDS, MASK)[0]
    with ThreadPoolExecutor(8) as pool: outs = quiet(lambda: list(pool.map(one, range(24))))
    assert len(outs) == 24
    for out in outs: near(out, want)

def test_loaded_weights_outlive_their_file(folder, base):
    m = DistilBertModel.from_pretrained(folder)
    (folder/'model.safetensors').unlink()
    near(m(IDS)[0], base(IDS)[0])
    with torch.no_grad(): m.embeddings.LayerNorm.weight.add_(1)

def test_saving_over_the_folder_it_came_from(folder, base):
    m = DistilBertModel.from_pretrained(folder)
    with torch.no_grad(): m.embeddings.LayerNorm.weight.add_(1)
    want = m(IDS)[0]
    m.save_pretrained(folder)
    near(m(IDS)[0], want)
    near(DistilBertModel.from_pretrained(folder)(IDS)[0], want)

def test_counts_and_properties(base):
    n = sum(p.numel() for p in base.parameters())
    assert base.num_parameters() == n and base.num_parameters(exclude_embeddings=True) == n - (13 + 12) * 8
    base.embeddings.requires_grad_(False)
    assert base.num_parameters(only_trainable=True) == n - (13 + 12) * 8 - 16
    assert base.base_model is base and base.device.type == 'cpu' and base.dtype == torch.float32
    with pytest.raises(NotImplementedError, match='output embeddings'): base.set_output_embeddings(nn.Linear(1, 1))
    class Bare(PreTrainedModel): pass
    bare = Bare(PretrainedConfig())
    with pytest.raises(NotImplementedError, match='get_input_embeddings'): bare.get_input_embeddings()
    with pytest.raises(NotImplementedError, match='_prune_heads'): bare.prune_heads({0: [0]})

def test_export(base):
    "Tracing takes the padded way, and gives the same at tokens."
    program = torch.export.export(base, (IDS, MASK))
    near(program.module()(IDS, MASK)[0][MASK.bool()], base(IDS, MASK)[0][MASK.bool()])

def test_looking_for_nan_is_in_nobodys_way():
    "Under vmap there are no values to look at; float16 may overflow in the sum and be fine."
    from torch.func import functional_call, stack_module_state, vmap
    many = [DistilBertModel(DistilBertConfig(**TINY)).eval() for _ in range(3)]
    params, buffers = stack_module_state(many)
    out = vmap(lambda p, b: functional_call(many[0], (p, b), (IDS,)).last_hidden_state)(params, buffers)
    near(out[1], many[1](IDS).last_hidden_state)
    _, said = heard(many[0].look_for_nan, torch.full((100,), 6e4).half())
    assert not said

def test_an_output_made_of_a_dict_holds_what_the_dict_holds():
    from transformers_lite.heads import SequenceClassifierOutput
    out = SequenceClassifierOutput({'logits': torch.ones(1, 2)})
    assert list(out) == ['logits'] and out.loss is None and torch.equal(out[0], torch.ones(1, 2)) and 'loss' not in out
    out.logits = None
    assert list(out) == []

def test_a_way_to_attend_that_is_not_known_changes_nothing():
    m = DistilBertModel(DistilBertConfig(vocab_size=9, dim=8, n_heads=2, n_layers=1, hidden_dim=16))
    m.set_attn_implementation('sdpa')
    with pytest.raises(ValueError, match='"flash"` is not supported'): m.set_attn_implementation('flash')
    assert m.attention_mode == 'sdpa'
    m.config._attn_implementation = 'flash'
    with pytest.raises(ValueError, match='"flash"` is not supported'): m(torch.tensor([[1]]))

def test_a_class_says_which_names_loading_need_not_speak_of(folder):
    class Silent(DistilBertForSequenceClassification): _keys_to_ignore_on_load_missing = [r'classifier\.', 'nothing_such']
    (model, info), said = heard(Silent.from_pretrained, folder, output_loading_info=True)
    assert not said and not any(info.values()) and 0 < model.classifier.weight.std() < 2 # filled all the same
    _, info = quiet(DistilBertForSequenceClassification.from_pretrained, folder, output_loading_info=True)
    assert info['missing_keys'] == {f'{a}classifier.{b}' for a in ('', 'pre_') for b in ('weight', 'bias')}
    class Bare(DistilBertModel): _keys_to_ignore_on_load_unexpected = ['^classifier', 'pre_cl']
    model.save_pretrained(folder/'whole')
    (_, info), said = heard(Bare.from_pretrained, folder/'whole', output_loading_info=True)
    assert not said and not any(info.values())
    _, said = heard(DistilBertModel.from_pretrained, folder/'whole')
    assert said

def test_a_configuration_may_ask_for_checkpointing(folder): # as files of 2021 do
    for cls in DistilBertModel, DistilBertForMaskedLM:
        model = cls(DistilBertConfig(**TINY, gradient_checkpointing=True))
        assert model.is_gradient_checkpointing and not cls(DistilBertConfig(**TINY)).is_gradient_checkpointing
        model.gradient_checkpointing_disable()
        assert not model.is_gradient_checkpointing

def test_what_a_class_is_asked():
    for cls in PreTrainedModel, DistilBertModel:
        assert cls._supports_sdpa and cls._can_set_attn_implementation() and not cls._supports_flash_attn and not cls.is_parallelizable

def test_a_vocabulary_is_padded_to_a_whole_multiple(base):
    with pytest.raises(ValueError, match='multiple of `1.3`'): base.resize_token_embeddings(20, pad_to_multiple_of=1.3)
    quiet(base.resize_token_embeddings, 20, pad_to_multiple_of=8)
    assert base.vocab_size == base.config.vocab_size == 24

@pytest.mark.parametrize('mask', [[[1, -1]], [[1., -1e9]]])
def test_a_mask_with_negative_entries(mask):
    m = DistilBertModel(DistilBertConfig(vocab_size=9, dim=8, n_heads=2, n_layers=1, hidden_dim=16))
    with pytest.raises(ValueError, match='negative entries'): m(torch.tensor([[1, 2]]), torch.tensor(mask))
