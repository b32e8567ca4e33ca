"The TensorFlow classes: PyTorch's numbers, files of three formats, training, JAX, and the guide's blocks."
import json, shutil, sys, warnings

import numpy as np, pytest, torch
from safetensors.numpy import load_file, save_file

import transformers_lite as L
from helpers import ROOT, bert_vocab, run, run_python
from test_guide import NAME, repository

import keras, tensorflow as tf
from transformers_lite import tf as T

SMALL = dict(vocab_size=61, max_position_embeddings=16, dim=32, n_heads=4, n_layers=3, hidden_dim=48, initializer_range=.3, dropout=0., attention_dropout=0., seq_classif_dropout=0., qa_dropout=0.)
B, N = 4, 11
rng = np.random.default_rng(42)
IDS = rng.integers(1, 61, (B, N))
KEEP = np.arange(N) < np.array([[7], [N], [3], [10]])
HEADS = { # name: (settings, labels)
    'Model': ({}, {}),
    'ForSequenceClassification': (dict(num_labels=3), dict(labels=np.array([0, 2, 1, 2]))),
    'ForTokenClassification': (dict(num_labels=5), dict(labels=np.where(KEEP & (rng.random((B, N)) < .7), rng.integers(0, 5, (B, N)), -100))),
    'ForQuestionAnswering': ({}, dict(start_positions=np.array([0, N + 2, 1, 1]), end_positions=np.array([1, 2, 2, N]))),
    'ForMaskedLM': ({}, dict(labels=np.where(KEEP & (rng.random((B, N)) < .5), IDS, -100))),
    'ForMultipleChoice': ({}, dict(labels=np.array([1, 0]))),
}
EXTRA = { # more losses and settings
    'regression': ('ForSequenceClassification', dict(num_labels=1), dict(labels=rng.standard_normal(B).astype(np.float32))),
    'several labels': ('ForSequenceClassification', dict(num_labels=3), dict(labels=(rng.random((B, 3)) > .5).astype(np.float32))),
    'not tied': ('ForMaskedLM', dict(tie_word_embeddings=False), HEADS['ForMaskedLM'][1]),
    'waves': ('Model', dict(sinusoidal_pos_embds=True), {}),
    **{f'activation {a}': ('Model', dict(activation=a), {}) for a in L.rules.ACTIVATIONS},
}
CASES = {**{n: (n, *v) for n, v in HEADS.items()}, **EXTRA}

def pair(case, folder):
    "(the PyTorch model, the Keras model) with the same weights."
    name, settings, _ = CASES[case]
    torch.manual_seed(0)
    pt = getattr(L, f'DistilBert{name}')(L.DistilBertConfig(**SMALL, **settings)).eval()
    for n, p in pt.named_parameters():
        if p.ndim == 1: torch.nn.init.normal_(p, float('norm' in n.lower() and n.endswith('weight')), .3)
    pt.save_pretrained(folder)
    return pt, getattr(L, f'TFDistilBert{name}').from_pretrained(folder)

def inputs(case, padded):
    name, _, labels = CASES[case]
    x = dict(input_ids=IDS, **({'attention_mask': KEEP.astype(np.int64)} if padded else {}))
    if name == 'ForMultipleChoice': x = {k: v.reshape(2, 2, N) for k, v in x.items()}
    return x, labels

def torched(x): return {k: torch.from_numpy(np.asarray(v)) for k, v in x.items()}

def gap(case, padded, pt, k):
    "The largest difference of what both give, at tokens, and of the losses."
    x, labels = inputs(case, padded)
    with torch.no_grad(): a = pt(**torched({**x, **labels}), output_hidden_states=True, output_attentions=True, drop_padding=False) if case in ('Model', 'waves') or case.startswith('act') else pt(**torched({**x, **labels}), output_hidden_states=True, output_attentions=True)
    b = k({**x, **labels}, output_hidden_states=True, output_attentions=True)
    assert list(a) == list(b)
    found = []
    for key in a:
        for u, v in zip(a[key] if isinstance(a[key], tuple) else [a[key]], b[key] if isinstance(b[key], tuple) else [b[key]]):
            u, v = u.numpy(), np.asarray(v)
            assert u.shape == v.shape, key
            if padded and u.shape[:2] == (B, N): u, v = u[KEEP], v[KEEP]
            if padded and key == 'attentions': u, v = (np.moveaxis(z, 1, 2)[KEEP] for z in (u, v))
            found.append(np.abs(u - v).max() / max(1, np.abs(u).max()))
    return max(found)

@pytest.mark.parametrize('padded', [False, True])
@pytest.mark.parametrize('case', CASES)
def test_same_numbers(case, padded, tmp_path):
    assert gap(case, padded, *pair(case, tmp_path)) < 1e-5

@pytest.mark.parametrize('case', HEADS)
def test_negative_control(case, tmp_path):
    pt, k = pair(case, tmp_path)
    table = k.get_input_embeddings().embeddings
    table.assign(np.asarray(table) + 1e-2 * rng.standard_normal(table.shape))
    assert gap(case, True, pt, k) > 1e-4

@pytest.mark.parametrize('case', HEADS)
def test_ten_steps_train_alike(case, tmp_path):
    if case == 'Model': return  # it has no loss
    pt, k = pair(case, tmp_path)
    x, labels = inputs(case, True)
    k.compile(keras.optimizers.SGD(.01))
    pt.train()
    opt = torch.optim.SGD(pt.parameters(), .01)
    y = labels['labels'] if 'labels' in labels else labels
    losses = []
    for _ in range(10):
        loss = pt(**torched({**x, **labels})).loss
        opt.zero_grad(); loss.backward(); opt.step()
        losses.append((loss.item(), k.fit(x, y, batch_size=len(x['input_ids']), shuffle=False, verbose=0).history['loss'][0]))
    a, b = np.array(losses).T
    assert np.abs(a - b).max() < 1e-4 * np.abs(a).max() and len({*a.round(5)}) > 5

def tf_names(case, folder):
    "The weights of a folder by TensorFlow's names, as transformers 4.57 writes them."
    weights = load_file(folder/'model.safetensors')
    res = {}
    for n, x in weights.items():
        path, leaf = ('distilbert.' + n if case == 'Model' else n).rsplit('.', 1)
        path = path.replace('.', '/').replace('/layer/', '/layer_._')
        if 'orm' in path.split('/')[-1]: leaf = dict(weight='gamma', bias='beta')[leaf]
        elif path.endswith('position_embeddings'): leaf = 'embeddings'
        elif leaf == 'weight' and not path.endswith('word_embeddings') and not path.endswith('vocab_projector'): leaf, x = 'kernel', np.ascontiguousarray(x.T)
        res[f'{path}/{leaf}:0'] = x
    return res

@pytest.mark.parametrize('case', HEADS)
def test_files_of_three_formats(case, tmp_path):
    pt, k = pair(case, tmp_path/'pt')
    names = tf_names(case, tmp_path/'pt')
    assert 'distilbert/transformer/layer_._0/attention/q_lin/kernel:0' in names and 'distilbert/embeddings/position_embeddings/embeddings:0' in names
    (tmp_path/'tf').mkdir(), (tmp_path/'h5').mkdir()
    for f in 'tf', 'h5': shutil.copy(tmp_path/'pt'/'config.json', tmp_path/f/'config.json')
    save_file(names, tmp_path/'tf'/'model.safetensors', metadata={'format': 'tf'})
    import h5py
    with h5py.File(tmp_path/'h5'/'tf_model.h5', 'w') as f:
        for n, x in names.items():
            own = f"tf_distil_bert_{case.lower()}"
            f[f"{n.split('/')[0]}/{own}/{n}"] = x
    for folder in 'tf', 'h5':
        again = type(k).from_pretrained(tmp_path/folder)
        for (n, a), b in zip(k.to_arrays().items(), again.to_arrays().values()): assert np.array_equal(a, b), n
    back = type(pt).from_pretrained(tmp_path/'tf')  # the PyTorch class reads TensorFlow's file, whole
    for (n, a), b in zip(pt.named_parameters(), back.parameters()): assert torch.equal(a, b), n
    with pytest.raises(OSError, match='Load it with the TF class'): type(pt).from_pretrained(tmp_path/'h5')
    k.save_pretrained(tmp_path/'ours')
    for (n, a), b in zip(pt.named_parameters(), type(pt).from_pretrained(tmp_path/'ours').parameters()): assert torch.equal(a, b), n
    assert json.loads((tmp_path/'ours'/'config.json').read_text())['architectures'] == [type(pt).__name__]
    import transformers
    theirs = getattr(transformers, type(pt).__name__).from_pretrained(tmp_path/'ours')
    assert torch.equal(theirs.base_model.embeddings.word_embeddings.weight, pt.base_model.embeddings.word_embeddings.weight)

@pytest.mark.parametrize('kind', ['safetensors', 'h5'])
def test_shards_of_both_names(kind, tmp_path):
    "An index as transformers 4 wrote it, its names with the model's own in front; and one that says something else."
    import h5py
    pt, k = pair('ForTokenClassification', tmp_path/'pt')
    names = {n.removeprefix('x/'): x for n, x in tf_names('ForTokenClassification', tmp_path/'pt').items()}
    (folder := tmp_path/'tf').mkdir()
    shutil.copy(tmp_path/'pt'/'config.json', folder)
    whole = dict(safetensors='model.safetensors', h5='tf_model.h5')[kind]
    stem, listed = whole.removesuffix('.' + kind), {}
    for i in 0, 1:
        part = {n: x for j, (n, x) in enumerate(sorted(names.items())) if j % 2 == i}
        file = f'{stem}-0000{i + 1}-of-00002.{kind}'
        listed |= {f'tf_distil_bert_for_token_classification/{n}': file for n in part}
        if kind == 'safetensors': save_file(part, folder/file, metadata={'format': 'tf'})
        else:
            with h5py.File(folder/file, 'w') as f:
                for n, x in part.items(): f[n] = x
    def write(listed): (folder/f'{whole}.index.json').write_text(json.dumps(dict(metadata={}, weight_map=listed)))
    write(listed)
    again = type(k).from_pretrained(folder)
    for (n, a), b in zip(k.to_arrays().items(), again.to_arrays().values()): assert np.array_equal(a, b), n
    if kind == 'safetensors':
        back = type(pt).from_pretrained(folder)
        for (n, a), b in zip(pt.named_parameters(), back.parameters()): assert torch.equal(a, b), n
    write({n: f for n, f in listed.items() if 'q_lin' not in n})
    with pytest.raises(OSError, match='q_lin.*does not list there'): type(k).from_pretrained(folder)

def test_saves_in_shards_and_clears_up(tmp_path):
    pt, k = pair('Model', tmp_path)
    (tmp_path/'tf_model.h5').write_bytes(b'of an older save')
    k.save_pretrained(tmp_path, max_shard_size='5KB')
    files = sorted(p.name for p in tmp_path.iterdir())
    assert len(files) > 4 and not {'tf_model.h5', 'model.safetensors'} & {*files} and 'model.safetensors.index.json' in files
    for folder_of in type(k), type(pt):
        again = folder_of.from_pretrained(tmp_path)
        assert again.num_parameters() == pt.num_parameters()
    for (n, a), b in zip(pt.named_parameters(), again.parameters()): assert torch.equal(a, b), n
    k.save_pretrained(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ['config.json', 'model.safetensors']

def test_a_failed_save_leaves_the_configuration_as_it_was(tmp_path):
    k = L.TFDistilBertModel(L.DistilBertConfig(**SMALL))
    before = dict(vars(k.config))
    k.config.note = object()
    with pytest.raises(TypeError, match='JSON'): k.save_pretrained(tmp_path)
    del k.config.note
    assert vars(k.config) == before and not [*tmp_path.iterdir()]
    k.save_pretrained(tmp_path)
    assert (k.config.architectures, k.config.dtype) == (['DistilBertModel'], 'float32')

def test_halves_and_sick_weights(tmp_path):
    pt, _ = pair('Model', tmp_path)
    pt.to(torch.bfloat16).save_pretrained(tmp_path)  # numpy has no such numbers
    k = L.TFDistilBertModel.from_pretrained(tmp_path)
    for (n, a), b in zip(pt.named_parameters(), k.to_arrays().values()): assert np.array_equal(a.detach().float(), b), n
    pt.float().embeddings.LayerNorm.weight.data[0] = float('nan')
    pt.save_pretrained(tmp_path)
    with pytest.warns(UserWarning, match='NaN or infinite numbers in embeddings.LayerNorm.weight'): L.TFDistilBertModel.from_pretrained(tmp_path)
    sick = {n: t for n, t in pt.state_dict().items() if 'LayerNorm' not in n}
    with pytest.warns(UserWarning, match='fresh weights for embeddings.LayerNorm .NOT'): L.TFDistilBertModel.from_pretrained(tmp_path, state_dict=sick)

@pytest.mark.parametrize('case', HEADS)
def test_keras_own_format(case, tmp_path):
    _, k = pair(case, tmp_path)
    T.for_keras(type(k))  # the chapter, if it ran in this process, has registered classes of the same names
    k.save(tmp_path/'model.keras')
    again = keras.models.load_model(tmp_path/'model.keras')
    assert type(again) is type(k) and again.config == k.config and isinstance(again, tf.keras.Model)
    for (n, a), b in zip(k.to_arrays().items(), again.to_arrays().values()): assert np.array_equal(a, b), n

def test_a_compiled_file_comes_back_compiled(tmp_path, recwarn): # with the optimizer's state, though `compile` is our own
    _, k = pair('ForSequenceClassification', tmp_path)
    x, labels = inputs('ForSequenceClassification', True)
    k.compile(keras.optimizers.Adam(.01))
    k.fit(x, labels['labels'], verbose=0)
    k.save(tmp_path/'model.keras')
    again = keras.models.load_model(tmp_path/'model.keras')
    assert not [w for w in recwarn if 'compile' in str(w.message) or 'optimizer' in str(w.message)]
    assert [np.asarray(v).tolist() for v in again.optimizer.variables] == [np.asarray(v).tolist() for v in k.optimizer.variables] and again.optimizer.iterations > 0
    losses = [m.fit(x, labels['labels'], verbose=0).history['loss'] for m in (k, again)]
    np.testing.assert_allclose(*losses, rtol=1e-5)

@pytest.mark.parametrize('case', ['ForQuestionAnswering', 'ForMultipleChoice', 'ForMaskedLM'])
def test_exports_before_any_call(case, tmp_path): # and what is exported takes other numbers of texts and tokens
    _, k = pair(case, tmp_path)
    type(k).from_pretrained(tmp_path).export(tmp_path/'served', verbose=False)
    served = tf.saved_model.load(tmp_path/'served')
    x, _ = inputs(case, True)
    x = {n: np.asarray(v, dtype=np.int32) for n, v in x.items()}
    for cut in x, {n: v[:1, ..., :3] for n, v in x.items()}:
        got, want = served.serve(cut), k(cut)
        for n in want: np.testing.assert_allclose(got[n], want[n], atol=1e-5)

def test_forms_of_input(tmp_path):
    _, k = pair('ForSequenceClassification', tmp_path)
    x, _ = inputs('ForSequenceClassification', True)
    want = np.asarray(k(x).logits)
    for out in (k(**x), k(x['input_ids'], x['attention_mask']), k([x['input_ids'], x['attention_mask']]), k(tf.constant(x['input_ids']), attention_mask=tf.constant(x['attention_mask'])),
                k(inputs_embeds=k.get_input_embeddings()(x['input_ids']), attention_mask=x['attention_mask']), L.BatchEncoding(x) and k(L.BatchEncoding(x))):
        np.testing.assert_allclose(out.logits, want, atol=1e-5)
    assert isinstance(k(x, return_dict=False), tuple) and k(x)[0] is not None and k(x).loss is None
    for wrong, exc in ((dict(input_id=IDS), TypeError), ({}, ValueError), (dict(input_ids=IDS, inputs_embeds=np.zeros((B, N, 32), 'float32')), ValueError)):
        with pytest.raises(exc): k(**wrong)
    assert np.asarray(k.predict(x, verbose=0)['logits']).shape == (B, 3)

def test_functions_and_fewer_bits(tmp_path):
    _, k = pair('ForSequenceClassification', tmp_path)
    x, labels = inputs('ForSequenceClassification', True)
    want = np.asarray(k(x).logits)
    for jit in False, True: np.testing.assert_allclose(tf.function(lambda i, m: k(input_ids=i, attention_mask=m).logits, jit_compile=jit)(x['input_ids'], x['attention_mask']), want, atol=1e-4)
    any_size = tf.function(lambda i: k(i).logits, input_signature=[tf.TensorSpec((None, None), tf.int64)])
    assert any_size(IDS).shape == (B, 3) and any_size(IDS[:2, :5]).shape == (2, 3)
    keras.mixed_precision.set_global_policy('mixed_float16')
    try:
        half = L.TFDistilBertForSequenceClassification.from_pretrained(tmp_path)
        assert half(x).logits.dtype == 'float16' and half.get_input_embeddings().embeddings.dtype == 'float32'
        assert np.abs(np.asarray(half(x).logits) - want).max() < .1 * np.abs(want).max()
        half.compile(keras.optimizers.SGD(.01))
        assert np.isfinite(half.fit(x, labels['labels'], verbose=0).history['loss'][0])
    finally: keras.mixed_precision.set_global_policy('float32')

@pytest.mark.parametrize('case', HEADS)
def test_dropout_hears_of_training(case, tmp_path, monkeypatch):
    _, k = pair(case, tmp_path)
    heard, call = [], keras.layers.Dropout.call
    def listen(self, inputs, training=False):
        heard.append(training)
        return call(self, inputs, training=training)
    monkeypatch.setattr(keras.layers.Dropout, 'call', listen)
    x, _ = inputs(case, True)
    n = sum(isinstance(layer, keras.layers.Dropout) for layer in k._flatten_layers())
    for training in True, False, None:
        heard.clear()
        k(x, training=training)
        assert heard == [bool(training)] * n and n > 6
    base = k.base_model
    for part in base.transformer.layer[0], base.embeddings:  # by themselves, too
        heard.clear()
        part(np.ones((1, 3, 32), 'float32'), training=True)
        assert heard and all(heard)

def test_resize(tmp_path):
    for case in 'ForMaskedLM', 'not tied':
        pt, k = pair(case, tmp_path/case.replace(' ', '_'))
        before = np.asarray(k(IDS).logits)
        with warnings.catch_warnings(action='ignore'): pt.resize_token_embeddings(70)
        k.resize_token_embeddings(70)
        after = np.asarray(k(IDS).logits)
        np.testing.assert_allclose(after[..., :61], before, atol=1e-4)
        with torch.no_grad(): np.testing.assert_allclose(after, pt(torch.from_numpy(IDS)).logits, atol=1e-4)
        k.resize_token_embeddings(50)
        assert k(IDS % 50).logits.shape[-1] == 50 == k.config.vocab_size
        with pytest.raises(ValueError, match='at least one word'): k.resize_token_embeddings(0)
        with warnings.catch_warnings(action='ignore'): pt.resize_token_embeddings(50)
        assert k.num_parameters() == pt.num_parameters() and len(k.weights) == len({id(p) for p in pt.parameters()})
        T.for_keras(type(k))  # as in test_keras_own_format
        k.save(tmp_path/'new.keras')  # the table that was there before isn't in it
        np.testing.assert_allclose(keras.models.load_model(tmp_path/'new.keras')(IDS % 50).logits, k(IDS % 50).logits, atol=1e-5)

def test_what_does_not_fit(tmp_path):
    pair('Model', tmp_path/'m')
    with pytest.raises(OSError, match='no model.safetensors'): (tmp_path/'empty').mkdir(); shutil.copy(tmp_path/'m'/'config.json', tmp_path/'empty'); L.TFDistilBertModel.from_pretrained(tmp_path/'empty')
    (tmp_path/'empty'/'pytorch_model.bin').touch()
    with pytest.raises(OSError, match='only pytorch_model.bin, which TensorFlow classes .* Load it with the PyTorch class'): L.TFDistilBertModel.from_pretrained(tmp_path/'empty')
    with pytest.raises(RuntimeError, match='does not fit'): L.TFDistilBertModel.from_pretrained(tmp_path/'m', hidden_dim=50)
    with pytest.warns(UserWarning, match='NOT expected'): L.TFDistilBertModel.from_pretrained(tmp_path/'m', n_layers=2)
    _, info = L.TFDistilBertModel.from_pretrained(tmp_path/'m', hidden_dim=50, ignore_mismatched_sizes=True, output_loading_info=True)
    assert len(info['mismatched_keys']) == 9
    with pytest.warns(UserWarning, match='expected for a new head'): _, info = L.TFDistilBertForSequenceClassification.from_pretrained(tmp_path/'m', output_loading_info=True)
    assert info['missing_keys'] == {f'{a}.{b}' for a in ('pre_classifier', 'classifier') for b in ('weight', 'bias')}
    with pytest.raises(TypeError, match='hiden_dim'): L.TFDistilBertModel.from_pretrained(tmp_path/'m', hiden_dim=50)
    with pytest.raises(ValueError, match='built from a configuration'): L.TFDistilBertModel('m')
    with pytest.raises(ValueError, match='pruned_heads'): L.TFDistilBertModel(L.DistilBertConfig(**SMALL, pruned_heads={0: [1]}))
    with pytest.raises(ValueError, match='safe_serialization'): L.TFDistilBertModel(L.DistilBertConfig(**SMALL)).save_pretrained(tmp_path/'x', safe_serialization=False)
    (tmp_path/'m'/'model.safetensors').write_bytes(b'no')
    with pytest.raises(OSError, match='not a whole safetensors file'): L.TFDistilBertModel.from_pretrained(tmp_path/'m')

def test_fresh_weights():
    keras.utils.set_random_seed(1)
    m = L.TFDistilBertModel(L.DistilBertConfig())
    words = np.asarray(m.get_input_embeddings().embeddings)
    assert abs(words.std() - .02) < 1e-3 and not words[0].any() and m.num_parameters() == 66_362_880
    assert abs(np.asarray(m.transformer.layer[3].ffn.lin1.kernel).std() - .02) < 1e-3

def test_tensors_of_every_kind_of_input():
    tok, image, sound = L.DistilBertTokenizer(vocab_file=bert_vocab()), L.ViTImageProcessor(), L.Wav2Vec2FeatureExtractor()
    for t in tok, L.DistilBertTokenizerFast(vocab_file=bert_vocab()):
        out = t(['a text', 'another, longer one'], padding=True, return_tensors='tf')
        assert isinstance(out['input_ids'], tf.Tensor) and out['input_ids'].dtype == tf.int64 and out['attention_mask'].shape == out['input_ids'].shape
        assert t.decode(out['input_ids'][0].numpy(), skip_special_tokens=True) == 'a text'
    out = image([np.zeros((20, 30, 3), np.uint8)] * 2, return_tensors='tf')
    assert out['pixel_values'].shape == (2, 3, 224, 224) and out['pixel_values'].dtype == tf.float32
    out = sound([np.random.randn(500), np.random.randn(300)], padding=True, sampling_rate=16000, return_attention_mask=True, return_tensors='tf')
    assert out['input_values'].shape == (2, 500) and out['input_values'].dtype == tf.float32 and out['attention_mask'].dtype == tf.int32

JAX = '''
import json, sys, warnings, numpy as np, keras
from transformers_lite import TFDistilBertForSequenceClassification
folder, ids, mask, y = json.loads(ARGS)
m = TFDistilBertForSequenceClassification.from_pretrained(folder)
x = dict(input_ids=np.array(ids), attention_mask=np.array(mask))
logits = np.asarray(m(x).logits).tolist()
m.compile(keras.optimizers.SGD(.01))
losses = [m.fit(x, np.array(y), verbose=0).history['loss'][0] for _ in range(3)]
m.save_pretrained(folder + '/jax')
with warnings.catch_warnings():
    warnings.filterwarnings('error', message='.*(compile|optimizer).*')
    m.save(folder + '/jax.keras')
    again = keras.models.load_model(folder + '/jax.keras')
assert [np.asarray(v).tolist() for v in again.optimizer.variables] == [np.asarray(v).tolist() for v in m.optimizer.variables]
here = 'tensorflow' in sys.modules
m.export(folder + '/jax.served', verbose=False)
print(json.dumps([keras.backend.backend(), logits, losses, here]))
'''

def test_jax(tmp_path):
    pt, k = pair('ForSequenceClassification', tmp_path)
    x, labels = inputs('ForSequenceClassification', True)
    backend, logits, losses, _ = json.loads(run_python(f'ARGS = {json.dumps([str(tmp_path), x["input_ids"].tolist(), x["attention_mask"].tolist(), labels["labels"].tolist()])!r}\n' + JAX, KERAS_BACKEND='jax').splitlines()[-1])
    assert backend == 'jax'
    np.testing.assert_allclose(logits, k(x).logits, atol=1e-4)
    k.compile(keras.optimizers.SGD(.01))
    np.testing.assert_allclose(losses, [k.fit(x, labels['labels'], verbose=0).history['loss'][0] for _ in range(3)], rtol=1e-4)
    served = tf.saved_model.load(tmp_path/'jax.served')
    trained = L.DistilBertForSequenceClassification.from_pretrained(tmp_path/'jax')
    for cut in x, {n: v[:1, :3] for n, v in x.items()}:
        want = trained(**{n: torch.tensor(v) for n, v in cut.items()}).logits.detach()
        np.testing.assert_allclose(served.serve({n: v.astype(np.int32) for n, v in cut.items()})['logits'], want, atol=1e-4)
    assert not torch.equal(trained.classifier.weight, pt.classifier.weight)

GUIDE = '''
from transformers_lite import TFDistilBertModel
my_config = DistilBertConfig.from_pretrained("./your_model_save_path/config.json")
tf_model = TFDistilBertModel(my_config)
# %%
tf_model = TFDistilBertModel.from_pretrained("distilbert/distilbert-base-uncased")
# %%
tf_model = TFDistilBertModel.from_pretrained("distilbert/distilbert-base-uncased", config=my_config)
# %%
from transformers_lite import TFDistilBertForSequenceClassification
tf_model = TFDistilBertForSequenceClassification.from_pretrained("distilbert/distilbert-base-uncased")
# %%
from transformers_lite import TFDistilBertForQuestionAnswering
tf_model = TFDistilBertForQuestionAnswering.from_pretrained("distilbert/distilbert-base-uncased")
'''.split('# %%')

SESSION = """
import json, sys, warnings
import numpy as np
from safetensors.numpy import load_file
blocks, hub = json.loads(sys.argv[1])
words, names, report = load_file(hub)['distilbert.embeddings.word_embeddings.weight'].astype(np.float32), {}, []
from transformers_lite import DistilBertConfig
names['DistilBertConfig'] = DistilBertConfig
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter('always')
    for block in blocks:
        exec(block, names)
        m = names['tf_model']
        table = np.asarray(m.get_input_embeddings().embeddings)
        report.append((type(m).__name__, m.config.activation, np.array_equal(table, words)))
import keras
start = [*m(np.arange(1, 45).reshape(4, 11)).start_logits.shape]
print(json.dumps([report, [str(w.message) for w in said], isinstance(m, keras.Model), start]))
"""

def test_guide(tmp_path, hub_cache):
    """The five blocks of the guide (with config.json where the page says my_config.json), from a hub's cache that holds the real repository's shape.

    In a process of their own: five models of 66 M weights, and TensorFlow gives nothing back."""
    (hub := tmp_path/'repository').mkdir()
    hub_cache(NAME, repository(hub))
    L.DistilBertConfig(activation='relu', attention_dropout=.4).save_pretrained(tmp_path/'your_model_save_path')
    args = json.dumps([GUIDE, str(hub/'model.safetensors')])
    kinds, said, is_keras, start = json.loads(run(sys.executable, '-c', SESSION, args, cwd=tmp_path, PYTHONPATH=str(ROOT)).splitlines()[-1])
    assert kinds == [['TFDistilBertModel', 'relu', False], ['TFDistilBertModel', 'gelu', True], ['TFDistilBertModel', 'relu', True],
                     ['TFDistilBertForSequenceClassification', 'gelu', True], ['TFDistilBertForQuestionAnswering', 'gelu', True]]
    assert all(any(part in s for s in said) for part in ('fresh weights for qa_outputs', 'fresh weights for classifier', 'left out vocab_'))
    assert is_keras and start == [4, 11]

def test_nothing_else_imports_it():
    code = "import sys; from transformers_lite import *; import json; print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    assert not {'keras', 'tensorflow', 'jax'} & {*json.loads(run_python(code))}
