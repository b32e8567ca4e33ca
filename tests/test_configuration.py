"Configurations: what is printed, saved and loaded, here and in both transformers; what is refused."
import copy, inspect, json, pickle, warnings

import numpy as np, pytest, torch, transformers
from hypothesis import given, settings, strategies as st

from transformers_lite.configuration import *
from transformers_lite.configuration import COMMON
from transformers_lite.messages import warn_once
from transformers_lite.rules import ACTIVATIONS, PROBLEM_TYPES
from transformers_lite.store import to_json
from helpers import result_of, run457

GUIDE = '''DistilBertConfig {
  "activation": "gelu",
  "attention_dropout": 0.1,
  "dim": 768,
  "dropout": 0.1,
  "hidden_dim": 3072,
  "initializer_range": 0.02,
  "max_position_embeddings": 512,
  "model_type": "distilbert",
  "n_heads": 12,
  "n_layers": 6,
  "pad_token_id": 0,
  "qa_dropout": 0.1,
  "seq_classif_dropout": 0.2,
  "sinusoidal_pos_embds": false,
  "transformers_version": "4.16.2",
  "vocab_size": 30522
}
'''
REAL = dict(activation='gelu', architectures=['DistilBertForMaskedLM'], attention_dropout=.1, dim=768, dropout=.1, hidden_dim=3072, initializer_range=.02, # distilbert-base-uncased
            max_position_embeddings=512, model_type='distilbert', n_heads=12, n_layers=6, pad_token_id=0, qa_dropout=.1, seq_classif_dropout=.2, sinusoidal_pos_embds=False,
            tie_weights_=True, transformers_version='4.10.0.dev0', vocab_size=30522)
FIVE = {**{k: v for k, v in REAL.items() if k != 'tie_weights_'}, 'bos_token_id': None, 'eos_token_id': None, 'dtype': 'float32', 'tie_word_embeddings': True, 'transformers_version': '5.23.0'}
LABELLED = {**REAL, 'architectures': ['DistilBertForTokenClassification'], 'finetuning_task': 'ner', 'id2label': {'0': 'O', '1': 'B-PER', '2': 'I-PER'}, 'label2id': {'O': 0, 'B-PER': 1, 'I-PER': 2},
            'output_past': True, 'problem_type': 'single_label_classification', '_name_or_path': 'distilbert-base-cased', '_num_labels': 5, 'torch_dtype': 'float16'}
REALS = dict(real=REAL, five=FIVE, labelled=LABELLED)
MINE = [{}, dict(activation='relu', attention_dropout=.4), dict(dim=96, n_heads=3, n_layers=0, hidden_dim=5), dict(num_labels=3), dict(id2label={0: 'bad', 1: 'good'}), dict(num_labels=1, problem_type='regression'),
        dict(num_labels=0), dict(pad_token_id=None), dict(pad_token_id=7, bos_token_id=1, eos_token_id=2, sep_token_id=3), dict(tie_word_embeddings=False, output_attentions=True, output_hidden_states=True),
        dict(dtype='bfloat16', architectures=['DistilBertModel']), dict(favourite={'boat': ['paper', 1, None]}, depth=3), dict(sinusoidal_pos_embds=True, initializer_range=1.0)]

def values(c): return {k: v for k, v in json.loads(c.to_json_string(use_diff=False)).items() if k not in ('transformers_version', '_name_or_path')}

def agree(ours, theirs):
    "Every setting that both know is equal, and each has what differs from a default."
    if theirs['label2id'] is None: theirs = {**theirs, 'label2id': {n: int(i) for i, n in theirs['id2label'].items()}} # they don't derive it
    for k in ours.keys() & theirs.keys(): assert ours[k] == theirs[k], k
    for k in theirs.keys() - ours.keys(): assert theirs[k] == BASE[k], k # a default of settings that we don't have
    for k in ours.keys() - theirs.keys(): assert ours[k] == COMMON[k], k # a default of settings that they don't have

BASE = {} # transformers' own defaults, filled for each version

# ---------------------------------------------------------------- what is printed

def test_prints_what_the_guide_prints(capsys):
    version = f'"transformers_version": "{DistilBertConfig().to_dict()["transformers_version"]}"'
    for config, page in [(DistilBertConfig(), GUIDE), (DistilBertConfig(activation='relu', attention_dropout=.4), GUIDE.replace('gelu', 'relu').replace('"attention_dropout": 0.1', '"attention_dropout": 0.4'))]:
        print(config)
        assert capsys.readouterr().out == page.replace('"transformers_version": "4.16.2"', version) + '\n'
        assert repr(config) == str(config)

def test_prints_and_takes_what_transformers_does():
    kws = [{}, dict(num_labels=3), dict(architectures=['A'], id2label={0: 'a', 1: 'b'}, label2id={'a': 0, 'b': 1}), dict(boat=2, dtype='float16')]
    code = f"import inspect\nresult = [repr(transformers.DistilBertConfig(**kw)) for kw in {kws!r}], list(inspect.signature(transformers.DistilBertConfig).parameters)"
    assert run457(code) == [[repr(DistilBertConfig(**kw)) for kw in kws], list(inspect.signature(DistilBertConfig).parameters)]

# ---------------------------------------------------------------- round trips

@pytest.mark.parametrize('use_diff', [True, False])
@pytest.mark.parametrize('kw', MINE, ids=str)
def test_round_trip(kw, use_diff, tmp_path):
    c = DistilBertConfig(**kw)
    c.save_pretrained(tmp_path, use_diff=use_diff)
    for name in tmp_path, str(tmp_path), tmp_path/'config.json':
        back = DistilBertConfig.from_pretrained(name)
        assert back == c and back.name_or_path == str(name) and back.to_json_string() == c.to_json_string()
    assert DistilBertConfig.from_json_file(tmp_path/'config.json') == DistilBertConfig.from_dict(c.to_dict()) == DistilBertConfig.from_dict(c.to_diff_dict()) == c

@pytest.mark.parametrize('use_diff', [True, False])
@pytest.mark.parametrize('name', REALS)
def test_every_key_of_a_real_file_comes_back(name, use_diff, tmp_path):
    c = DistilBertConfig.from_dict(REALS[name])
    c.save_pretrained(tmp_path, use_diff=use_diff)
    back, there = json.loads((tmp_path/'config.json').read_text()), dict(REALS[name])
    if 'torch_dtype' in there: there['dtype'] = there.pop('torch_dtype')
    if use_diff: there = {k: v for k, v in there.items() if k not in COMMON or v != COMMON[k]} # a shared default needn't be written
    there['transformers_version'] = '4.57.6'
    assert {k: back.get(k, 'gone') for k in there} == there
    if use_diff: assert back == there

SETTINGS = dict(vocab_size=st.integers(1, 10**6), max_position_embeddings=st.integers(1, 10**5), sinusoidal_pos_embds=st.booleans(), n_layers=st.integers(0, 99), hidden_dim=st.integers(1, 10**5),
                dropout=st.floats(0, 1), attention_dropout=st.floats(0, 1), qa_dropout=st.floats(0, 1), seq_classif_dropout=st.floats(0, 1), activation=st.sampled_from(ACTIVATIONS),
                initializer_range=st.floats(0, 1e9), pad_token_id=st.none() | st.integers(0), num_labels=st.integers(0, 9), problem_type=st.none() | st.sampled_from(PROBLEM_TYPES),
                output_attentions=st.booleans(), return_dict=st.booleans(), tie_word_embeddings=st.booleans(), dtype=st.none() | st.sampled_from(['float32', 'torch.bfloat16']),
                pruned_heads=st.dictionaries(st.integers(0, 9), st.lists(st.integers(0, 9), unique=True)), architectures=st.none() | st.lists(st.text()), eos_token_id=st.none() | st.integers())
EXTRAS = st.dictionaries(st.text('äxyz01', min_size=1).map(lambda s: 'my_own_' + s), st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda kids: st.lists(kids) | st.dictionaries(st.text(), kids), max_leaves=5), max_size=3)

@settings(deadline=None)
@given(st.fixed_dictionaries({}, optional=SETTINGS), EXTRAS, st.integers(1, 16), st.integers(1, 64), st.booleans())
def test_any_settings_come_back(tmp_path_factory, kw, extras, n_heads, head_dim, use_diff):
    folder = tmp_path_factory.getbasetemp()
    c = DistilBertConfig(**kw, **extras, n_heads=n_heads, dim=n_heads * head_dim)
    c.save_pretrained(folder, use_diff=use_diff)
    assert DistilBertConfig.from_pretrained(folder) == c
    for k, v in {**kw, **extras}.items():
        if k not in ('dtype', 'pruned_heads', 'num_labels'): assert getattr(c, k) == v

@settings(deadline=None)
@given(st.lists(st.text(), unique=True, min_size=1, max_size=5))
def test_any_labels_come_back(tmp_path_factory, names):
    folder = tmp_path_factory.getbasetemp()
    c = DistilBertConfig(id2label=dict(enumerate(names)))
    c.save_pretrained(folder)
    back = DistilBertConfig.from_pretrained(folder)
    assert back.id2label == dict(enumerate(names)) and back.num_labels == len(names) and back.label2id == {n: i for i, n in enumerate(names)} and back == c

# ---------------------------------------------------------------- both transformers

THEIRS = '''
import os, sys, warnings
out, folder = {}, args[0]
out['base'] = json.loads(transformers.DistilBertConfig().to_json_string(use_diff=False))
for i, kw in enumerate(args[1]):
    kw = {k: {int(i): n for i, n in v.items()} if k == 'id2label' else v for k, v in kw.items()}
    for diff in 0, 1: transformers.DistilBertConfig(**kw).to_json_file(f'{folder}/theirs{i}{diff}.json', use_diff=bool(diff))
    out[str(i)] = json.loads(transformers.DistilBertConfig(**kw).to_json_string(use_diff=False))
for name in args[2]:
    c = transformers.DistilBertConfig.from_pretrained(f'{folder}/{name}')
    out[name] = json.loads(c.to_json_string(use_diff=False)), c.num_labels, c.hidden_size, c.num_hidden_layers
result = out
'''

def run5(code, *args):
    "The same code, beside the transformers that is installed with us."
    return result_of(code, args=args)

@pytest.mark.parametrize('oracle', [run457, run5])
def test_files_of_both_transformers(oracle, tmp_path, monkeypatch):
    ours = {}
    for i, kw in enumerate(MINE):
        for diff in 0, 1: DistilBertConfig(**kw).to_json_file(tmp_path/f'ours{i}{diff}.json', use_diff=bool(diff))
        ours |= {f'ours{i}{diff}.json': DistilBertConfig(**kw) for diff in (0, 1)}
    for name, d in REALS.items():
        c = ours[f'{name}.json'] = DistilBertConfig.from_dict(d)
        c.to_json_file(tmp_path/f'{name}.json')
    theirs = oracle(THEIRS, str(tmp_path), MINE, list(ours))
    monkeypatch.setitem(globals(), 'BASE', theirs['base'])
    for name, c in ours.items(): # what we save, they load
        loaded, num_labels, hidden_size, layers = theirs[name]
        agree(values(c), {k: v for k, v in loaded.items() if k not in ('transformers_version', '_name_or_path')})
        assert (num_labels, hidden_size, layers) == (c.num_labels, c.hidden_size, c.num_hidden_layers)
    for i, kw in enumerate(MINE): # what they save, we load
        for diff in 0, 1:
            c = DistilBertConfig.from_pretrained(tmp_path/f'theirs{i}{diff}.json')
            agree(values(c), {k: v for k, v in theirs[str(i)].items() if k not in ('transformers_version', '_name_or_path')})
            for k, v in values(DistilBertConfig(**kw)).items(): assert values(c)[k] == v, (k, kw)

def test_the_comparison_can_fail(monkeypatch):
    monkeypatch.setitem(globals(), 'BASE', values(DistilBertConfig()))
    agree(values(DistilBertConfig()), values(DistilBertConfig()))
    for change in dict(dim=96), dict(num_labels=3), dict(tie_word_embeddings=False), dict(own=1):
        with pytest.raises((AssertionError, KeyError)): agree(values(DistilBertConfig(**change)), values(DistilBertConfig()))
        with pytest.raises((AssertionError, KeyError)): agree(values(DistilBertConfig()), values(DistilBertConfig(**change)))

# ---------------------------------------------------------------- names

def test_arguments():
    assert set(inspect.signature(DistilBertConfig).parameters) - {'kwargs'} <= set(inspect.signature(transformers.DistilBertConfig).parameters)
    assert DistilBertConfig(100, 64).max_position_embeddings == 64
    assert PreTrainedConfig is PretrainedConfig

def test_other_names():
    c = DistilBertConfig(hidden_size=8, num_attention_heads=2, num_hidden_layers=1)
    assert (c.dim, c.n_heads, c.n_layers) == (c.hidden_size, c.num_attention_heads, c.num_hidden_layers) == (8, 2, 1)
    c.hidden_size = 16
    assert c.dim == 16 and 'hidden_size' not in c.to_dict()
    assert DistilBertConfig.from_dict({'hidden_size': 16, 'n_heads': 4}) == DistilBertConfig(dim=16, num_attention_heads=4)
    assert DistilBertConfig.from_dict({'hidden_size': 16, 'dim': 16, 'n_heads': 4}).dim == 16
    assert DistilBertConfig.from_dict({'dim': 16, 'n_heads': 4}, hidden_size=32).dim == DistilBertConfig.from_dict({'hidden_size': 16, 'n_heads': 4}, dim=32).dim == 32
    for k in 'dtype', 'torch_dtype':
        for old in 'dtype', 'torch_dtype': assert DistilBertConfig.from_dict({old: 'float32'}, **{k: torch.float16}).torch_dtype == 'float16'
    c.torch_dtype = torch.bfloat16
    assert c.dtype == c.to_dict()['dtype'] == 'bfloat16'

@pytest.mark.parametrize('d', [{'dim': 16, 'hidden_size': 32}, {'dim': 768, 'hidden_size': 32}, {'hidden_size': 32, 'dim': 768}, {'n_layers': 6, 'num_hidden_layers': 5}])
def test_two_names_with_two_values(d):
    with pytest.raises(ValueError, match='contradict each other.*Give one of them'): DistilBertConfig.from_dict(d)
    with pytest.raises(ValueError, match='contradict each other'): DistilBertConfig.from_dict({}, **d)
    if d.get('dim') == 16:
        with pytest.raises(ValueError, match='contradict each other'): DistilBertConfig(**d)

@pytest.mark.parametrize('slip, meant', [('atention_dropout', 'attention_dropout'), ('attention_droput', 'attention_dropout'), ('n_head', 'n_heads'), ('hiden_dim', 'hidden_dim'), ('hidden_sizes', 'hidden_size'),
                                         ('num_lables', 'num_labels'), ('id2labels', 'id2label'), ('n_layer', 'n_layers'), ('output_attention', 'output_attentions'), ('vocabsize', 'vocab_size')])
def test_slips_raise_and_suggest(slip, meant):
    for make in (lambda k: DistilBertConfig(**k)), (lambda k: DistilBertConfig.from_dict({}, **k)):
        with pytest.raises(ValueError, match=f"no setting '{slip}': did you mean '{meant}'"): make({slip: 1})
    assert getattr(DistilBertConfig.from_dict({slip: 1}), slip) == 1 # a file is never suspected
    with pytest.raises(AttributeError, match=f"did you mean '{meant}'"): getattr(DistilBertConfig(), slip)

def test_extras():
    c = DistilBertConfig(favourite_boat='paper')
    assert c.favourite_boat == 'paper' and c.to_diff_dict()['favourite_boat'] == 'paper'
    assert DistilBertConfig.from_dict({}, favourite_boat='paper') == c
    assert DistilBertConfig.from_dict({}, favourite_boat='paper', dim=96, return_unused_kwargs=True) == (DistilBertConfig(dim=96), {'favourite_boat': 'paper'})
    assert DistilBertConfig.from_dict({'favourite_boat': 'tin'}, favourite_boat='paper', return_unused_kwargs=True) == (c, {})
    for make in (lambda k: DistilBertConfig(**k)), (lambda k: DistilBertConfig.from_dict(k)):
        with pytest.raises(ValueError, match="'validate' is the name of a method"): make({'validate': 1})
    assert not hasattr(c, 'nothing_like_it') and getattr(c, 'nothing_like_it', 3) == 3

# ---------------------------------------------------------------- values

@pytest.mark.parametrize('kw, why', [
    (dict(n_heads=7), 'n_heads=7, but it must divide dim=768'), (dict(n_heads=0), 'at least 1'), (dict(dim=0), 'at least 1'), (dict(dim=-8), 'at least 1'), (dict(n_layers=-1), 'negative'), (dict(dim='16'), 'a whole number'),
    (dict(dim=16.0), 'a whole number'), (dict(dim=True), 'a whole number'), (dict(dim=None), 'a whole number'), (dict(vocab_size=float('nan')), 'a whole number'), (dict(dropout=1.5), 'between 0 and 1'),
    (dict(attention_dropout=-.1), 'between 0 and 1'), (dict(dropout='0.1'), 'a finite number'), (dict(initializer_range=float('nan')), 'a finite number'), (dict(initializer_range=float('inf')), 'a finite number'),
    (dict(initializer_range=-1.), 'negative'), (dict(sinusoidal_pos_embds=1), 'True or False'), (dict(sinusoidal_pos_embds='no'), 'True or False'), (dict(output_attentions='yes'), 'True or False'), (dict(problem_type='foo'), 'regression'),
    (dict(num_labels=-1), 'whole number'), (dict(num_labels=2.5), 'whole number')])
def test_wrong_values_raise(kw, why, tmp_path):
    with pytest.raises(ValueError, match=why) as e: DistilBertConfig(**kw)
    assert next(iter(kw)) in str(e.value) and repr(next(iter(kw.values()))) in str(e.value)
    with pytest.raises(ValueError, match=why): DistilBertConfig.from_dict({}, **kw)
    with pytest.raises((ValueError, OSError)): # from a file: also where JSON has no such value
        (tmp_path/'config.json').write_text(json.dumps({'model_type': 'distilbert', **kw}))
        DistilBertConfig.from_pretrained(tmp_path)

def test_right_values_of_other_types():
    c = DistilBertConfig(dim=np.int64(96), dropout=np.float32(.5), attention_dropout=0, initializer_range=1)
    assert json.loads(c.to_json_string())['dim'] == 96 and json.loads(c.to_json_string())['dropout'] == .5

@pytest.mark.parametrize('name, near', [('rleu', 'relu'), ('Gelu', 'gelu'), ('gelu_nwe', 'gelu_new'), ('zzz', None), (None, None), (3, None)])
def test_unknown_activations(name, near):
    with pytest.raises(KeyError, match='must be an activation') as e: DistilBertConfig(activation=name)
    assert (f"did you mean '{near}'" in str(e.value)) == (near is not None) and 'Known: gelu' in str(e.value)

def test_known_activations():
    from transformers.activations import ACT2FN
    from transformers_lite.model import ACT2FN as OURS
    assert set(ACTIVATIONS) == set(OURS) <= set(ACT2FN) # the names stand in `rules`, without torch; the functions in `model`
    for name in ACTIVATIONS: DistilBertConfig(activation=name)
    c = DistilBertConfig(activation=torch.tanh) # a function runs, but can't be saved
    with pytest.raises(TypeError, match="can't be kept in a JSON file"): c.to_json_string()

def test_saving_checks_again(tmp_path):
    c = DistilBertConfig()
    c.save_pretrained(tmp_path)
    c.n_heads = 7
    for save in (lambda: c.save_pretrained(tmp_path)), (lambda: c.to_json_file(tmp_path/'config.json')):
        with pytest.raises(ValueError, match='n_heads=7'): save()
    assert DistilBertConfig.from_pretrained(tmp_path) == DistilBertConfig()

# ---------------------------------------------------------------- labels

def test_labels():
    assert DistilBertConfig().id2label == {0: 'LABEL_0', 1: 'LABEL_1'}
    for kw in dict(id2label={'0': 'a', '1': 'b', '2': 'c'}), dict(label2id={'a': 0, 'b': 1, 'c': 2}), dict(label2id={'a': '0', 'b': '1', 'c': '2'}), dict(num_labels=3, id2label={0: 'a', 1: 'b', 2: 'c'}, label2id={'a': 0, 'b': 1, 'c': 2}):
        c = DistilBertConfig(**kw)
        assert (c.id2label, c.label2id, c.num_labels) == ({0: 'a', 1: 'b', 2: 'c'}, {'a': 0, 'b': 1, 'c': 2}, 3)
    c.num_labels = 3
    assert c.id2label[2] == 'c'
    c.num_labels = 1
    assert (c.id2label, c.label2id) == ({0: 'LABEL_0'}, {'LABEL_0': 0})
    c.id2label = {'0': 'x', '1': 'y'}
    assert (c.id2label, c.label2id, c.num_labels) == ({0: 'x', 1: 'y'}, {'x': 0, 'y': 1}, 2)
    assert DistilBertConfig.from_dict({'id2label': None, 'label2id': None}) == DistilBertConfig()
    assert DistilBertConfig.from_dict({'num_labels': 3}).num_labels == 3

@pytest.mark.parametrize('kw, shown', [(dict(num_labels=3, id2label={0: 'a', 1: 'b'}), 'num_labels=3'), (dict(num_labels=3, label2id={'a': 0, 'b': 1}), 'num_labels=3'),
                                       (dict(id2label={0: 'a', 1: 'b'}, label2id={'a': 1, 'b': 0}), "label2id={'a': 1, 'b': 0}"), (dict(id2label={0: 'a', 1: 'b'}, label2id={'c': 0, 'd': 1}), 'label2id')])
def test_contradictions_raise_and_show_both(kw, shown):
    for make in (lambda: DistilBertConfig(**kw)), (lambda: DistilBertConfig.from_dict({}, **kw)):
        with pytest.raises(ValueError, match='contradicts id2label=') as e: make()
        assert shown in str(e.value) and "{0: 'a', 1: 'b'}" in str(e.value)

def test_labels_of_a_file_and_new_ones():
    d = {'id2label': {'0': 'a', '1': 'b', '2': 'c'}, 'label2id': {'a': 0, 'b': 1, 'c': 2}}
    get = lambda **kw: DistilBertConfig.from_dict(d, **kw)
    assert get(num_labels=3).id2label == get().id2label == {0: 'a', 1: 'b', 2: 'c'}
    assert get(num_labels=2).id2label == {0: 'LABEL_0', 1: 'LABEL_1'} and get(num_labels=2).label2id == {'LABEL_0': 0, 'LABEL_1': 1}
    assert get(id2label={0: 'x'}).label2id == get(label2id={'x': 0}).label2id == {'x': 0}

def test_labels_of_a_file_that_disagree_are_mended():
    warn_once.cache_clear()
    with pytest.warns(UserWarning, match='contradicts its id2label'): c = DistilBertConfig.from_dict({'id2label': {'0': 'a', '1': 'b'}, 'label2id': {'LABEL_0': 0, 'LABEL_1': 1}})
    assert c.label2id == {'a': 0, 'b': 1}
    with pytest.raises(ValueError, match='numbers its outputs 0 to 1'): DistilBertConfig.from_dict({'id2label': {'1': 'a', '2': 'b'}})
    assert DistilBertConfig.from_dict({'id2label': {'1': 'a', '2': 'b'}}, id2label={0: 'a', 1: 'b'}).id2label == {0: 'a', 1: 'b'}

def test_good_files_say_nothing():
    warn_once.cache_clear()
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        for d in REALS.values(): DistilBertConfig.from_dict(DistilBertConfig.from_dict(d).to_dict())

# ---------------------------------------------------------------- files

@pytest.mark.parametrize('text, why', [('\ufeff{}', 'BOM'), ('{"dim": NaN}', 'NaN'), ('{"initializer_range": Infinity}', 'Infinity'), ('{"dim": 16, "dim": 32}', "'dim' stands there twice"), ('{', 'not a valid JSON'), ('[]', 'JSON list')])
def test_broken_files(tmp_path, text, why):
    (tmp_path/'config.json').write_text(text, encoding='utf-8')
    for name in tmp_path, tmp_path/'config.json':
        with pytest.raises(OSError, match=why) as e: DistilBertConfig.from_pretrained(name)
        assert 'config.json' in str(e.value)

def test_missing(tmp_path):
    for name in tmp_path, tmp_path/'none', '/nonexistent/x', './none': 
        with pytest.raises(OSError, match=str(name)): DistilBertConfig.from_pretrained(name)

def test_wrong_family(tmp_path):
    (tmp_path/'config.json').write_text('{"model_type": "vit", "hidden_size": 8}')
    with pytest.raises(ValueError, match="is a 'vit' model, and DistilBertConfig is for 'distilbert'"): DistilBertConfig.from_pretrained(tmp_path)
    (tmp_path/'config.json').write_text('{"dim": 96}')
    assert DistilBertConfig.from_pretrained(tmp_path).dim == 96
    assert PretrainedConfig.from_pretrained(tmp_path).dim == 96

def test_from_the_hub_cache(hub_cache, tmp_path):
    source = tmp_path/'source'
    (source/'sub').mkdir(parents=True)
    for folder, n in (source, 6), (source/'sub', 2): (folder/'config.json').write_text(to_json({**REAL, 'n_layers': n}))
    hub_cache('distilbert/distilbert-base-uncased', source)
    get = lambda **kw: DistilBertConfig.from_pretrained('distilbert/distilbert-base-uncased', **kw)
    c = get(activation='relu', attention_dropout=.4)
    assert (c.activation, c.attention_dropout, c.n_layers, c.tie_weights_, c.name_or_path) == ('relu', .4, 6, True, 'distilbert/distilbert-base-uncased')
    assert get(subfolder='sub', local_files_only=True).n_layers == 2 and get(revision='main', trust_remote_code=True) == get()
    assert get(foo=3, return_unused_kwargs=True, local_files_only=True) == (get(), {'foo': 3})
    with pytest.raises(OSError, match='not in the cache'): get(revision='v2')

# ---------------------------------------------------------------- the object

def test_copies():
    c = DistilBertConfig(id2label={0: 'a', 1: 'b'}, pruned_heads={1: [3, 2]}, attn_implementation='eager')
    for d in copy.deepcopy(c), pickle.loads(pickle.dumps(c)):
        assert d == c and d._attn_implementation == 'eager'
        d.id2label[0], d.pruned_heads[1] = 'z', [5]
        assert c.id2label[0] == 'a' and c.pruned_heads == {1: [2, 3]}
    assert c != DistilBertConfig() and c != 3 and DistilBertConfig() != PretrainedConfig()
    a, b = DistilBertConfig(), DistilBertConfig()
    a.pruned_heads[0] = [1]
    a.to_dict()['id2label'][0] = 'z'
    assert b.pruned_heads == COMMON['pruned_heads'] == {} and a.id2label[0] == 'LABEL_0'
    with pytest.raises(TypeError): hash(a)

def test_conveniences():
    c = DistilBertConfig(return_dict=False)
    assert c.use_return_dict is False and c.name_or_path == '' and c.attn_implementation is None and c._attn_implementation == 'sdpa'
    c.update({'hidden_size': 96, 'num_labels': 3})
    assert c.dim == 96 and c.num_labels == 3
    assert '_attn_implementation' not in DistilBertConfig(attn_implementation='eager').to_dict()
    c.attn_implementation = 'eager' # transformers keeps that as a note, which changes nothing and goes into the file
    assert c._attn_implementation == c.attn_implementation == 'eager' and 'attn_implementation' not in c.to_dict()
    assert DistilBertConfig.from_dict({'attn_implementation': 'sdpa'}).attn_implementation == 'sdpa'
    assert list(DistilBertConfig.known_names())[-1] != 'kwargs' and DistilBertConfig.known_names()['dim'] == 768 and 'self' not in DistilBertConfig.known_names()

class Boat(DistilBertConfig):
    "A family of its own that starts from another one's files; unannotated settings take any value."
    model_type = 'boat'
    def __init__(self, scale=1, pad_token_id=None, tie_word_embeddings=False, **kwargs):
        self.scale = scale
        super().__init__(pad_token_id=pad_token_id, tie_word_embeddings=tie_word_embeddings, **kwargs)

def test_a_family_of_ones_own(tmp_path):
    for kw in {}, dict(scale=.5), dict(pad_token_id=0), dict(tie_word_embeddings=True), dict(hidden_size=96, scale='big'):
        Boat(**kw).save_pretrained(tmp_path)
        assert Boat.from_pretrained(tmp_path) == Boat(**kw)
    assert json.loads((tmp_path/'config.json').read_text())['model_type'] == 'boat'
    with pytest.raises(ValueError, match="did you mean 'scale'"): Boat(scales=2)
    with pytest.raises(ValueError, match="is a 'boat' model"): DistilBertConfig.from_pretrained(tmp_path)
    DistilBertConfig(n_layers=3).save_pretrained(tmp_path)
    assert Boat.from_pretrained(tmp_path, scale=2).n_layers == 3

def test_either_table_of_labels_says_the_other():
    c = DistilBertConfig(id2label={0: 'bad', 1: 'good'})
    c.label2id = {'a': 0, 'b': 1, 'c': 2}
    assert c.id2label == {0: 'a', 1: 'b', 2: 'c'} and c.num_labels == 3
    c.id2label = {0: 'x'}
    assert c.label2id == {'x': 0}
    with pytest.raises(ValueError, match='numbers its outputs'): c.label2id = {'a': 0, 'b': 5}
    assert c.label2id == {'x': 0}

def test_as_many_labels_as_the_names_of_either_table_keep_them():
    for names in {'label2id': {'bad': 0, 'good': 1}}, {'id2label': {'0': 'bad', '1': 'good'}}:
        assert DistilBertConfig.from_dict(names, num_labels=2).id2label == {0: 'bad', 1: 'good'}
        assert DistilBertConfig.from_dict(names, num_labels=3).id2label == {i: f'LABEL_{i}' for i in range(3)}
