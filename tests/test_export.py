"""Programs made of the models, for every model and head, and for families of a reader: made of one batch and right on others.

torch.compile without a break, torch.export, torch.jit.trace, ONNX by both exporters in onnxruntime, and what torch.func and fake tensors make. OpenVINO is no
dependency of the tests: where it is installed (2026.4 was), its test runs."""
import functools, io, warnings

import onnxruntime, pytest, torch
import transformers_lite as L
from helpers import cells_of
from test_own_families import NearConfig, NearModel, TurnConfig, TurnForWriting
from torch.export import Dim
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils.flop_counter import FlopCounterMode

SMALL = dict(vocab_size=61, max_position_embeddings=20, dim=32, n_heads=4, n_layers=2, hidden_dim=48, initializer_range=.6)
PICTURE = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48, image_size=16, patch_size=4, initializer_range=.6)
SOUND = dict(vocab_size=13, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48, conv_dim=(16, 32), conv_kernel=(10, 3), conv_stride=(5, 2), num_conv_pos_embeddings=16,
             num_conv_pos_embedding_groups=4, initializer_range=.6)
LLAMA = dict(vocab_size=61, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, initializer_range=.6, pad_token_id=0)
STABLE = dict(feat_extract_norm='layer', do_stable_layer_norm=True)
MODELS = { # name: (class, configuration)
    **{f'DistilBert{n}': (f'DistilBert{n}', L.DistilBertConfig(**SMALL)) for n in ('Model', *(f'For{t}' for t in ('SequenceClassification', 'TokenClassification', 'QuestionAnswering', 'MaskedLM', 'MultipleChoice')))},
    **{n: (n, L.ViTConfig(**PICTURE)) for n in ('ViTModel', 'ViTForImageClassification')},
    **{n: (n, L.Wav2Vec2Config(**SOUND)) for n in ('Wav2Vec2Model', 'Wav2Vec2ForCTC', 'Wav2Vec2ForSequenceClassification')},
    **{n: (n, L.LlamaConfig(**LLAMA)) for n in ('LlamaModel', 'LlamaForCausalLM', 'LlamaForSequenceClassification')},
    'Wav2Vec2ForCTC, stable': ('Wav2Vec2ForCTC', L.Wav2Vec2Config(**SOUND, **STABLE)),
}
models = pytest.mark.parametrize('name', MODELS)

def build(name):
    "(the model, its arguments, what to look at in a result: padded places may differ, since only an ordinary call drops them)"
    cls, config = MODELS[name]
    torch.manual_seed(0)
    model = getattr(L, cls)(config).eval()
    if 'ViT' in cls: return model, dict(pixel_values=torch.randn(2, 3, 16, 16)), lambda x: x
    if 'Wav2Vec2' in cls:
        if name.endswith('stable'): return model, dict(input_values=torch.randn(2, 400), attention_mask=(torch.arange(400) < torch.tensor([[400], [250]])).long()), lambda x: torch.cat([x[0], x[1][:20]])
        return model, dict(input_values=torch.randn(2, 400)), lambda x: x
    ids, keep = torch.randint(1, 61, (2, 9)), torch.arange(9) < torch.tensor([[9], [5]])
    if 'Choice' in cls: return model, dict(input_ids=ids[None], attention_mask=keep.long()[None]), lambda x: x
    return model, dict(input_ids=ids, attention_mask=keep.long()), lambda x: x[keep] if x.shape[:2] == keep.shape else x

def check(name, want, got, look):
    "That of `Wav2Vec2ForCTC` is float32 itself: by onnxruntime it is 1.3e-4 from its result in float64, and ours 1.2e-4."
    atol = 2e-4 if name == 'Wav2Vec2ForCTC' else 1e-4
    want, got = [v for v in want.to_tuple() if isinstance(v, torch.Tensor)], [torch.as_tensor(v) for v in got if isinstance(v, torch.Tensor) or hasattr(v, 'dtype')]
    assert len(want) == len(got) > 0
    for w, g in zip(want, got): torch.testing.assert_close(look(g), look(w), rtol=1e-4, atol=atol)

@models
@torch.no_grad()
def test_compile_without_a_break(name):
    model, kwargs, look = build(name)
    torch._dynamo.reset()
    check(name, model(**kwargs), torch.compile(model, fullgraph=True, backend='aot_eager')(**kwargs).to_tuple(), look)

@models
@torch.no_grad()
def test_export(name):
    model, kwargs, look = build(name)
    program = torch.export.export(model, (), kwargs)
    check(name, model(**kwargs), program.module()(**kwargs).to_tuple(), look)
    assert not any('mkldnn' in str(n.target) for n in program.graph.nodes)  # a program runs anywhere

# -- Made of one batch, right on others

OWN = dict(hidden_size=32, heads=4, initializer_range=.6)
ANY = {**MODELS, 'Wav2Vec2Model, stable': ('Wav2Vec2Model', L.Wav2Vec2Config(**SOUND, **STABLE)), 'Wav2Vec2ForSequenceClassification, stable': ('Wav2Vec2ForSequenceClassification', L.Wav2Vec2Config(**SOUND, **STABLE)),
       'BERT of chapter 10': (lambda c: bert()['BertForSentenceEmbedding'](c), None), 'BERT that writes': (lambda c: type('CausalBert', (bert()['BertModel'],), dict(causal=True))(c), None),
       'a window': (NearModel, NearConfig(vocab_size=61, **OWN)), 'a decoder': (TurnForWriting, TurnConfig(vocab_size=61, **OWN))}
anything = pytest.mark.parametrize('name', ANY)

@functools.cache
def bert(): return cells_of('10_custom_architecture', 'folder', 'BertConfig', 'BertEmbeddings', 'BertSelfAttention', 'AddNorm', 'BertLayer', 'BertPreTrainedModel', 'BertModel', 'BertForSentenceEmbedding')

def made(name, masks=True):
    """(the model, batches of all kinds, what to compare). Random weights as large as in the tests above make float32 itself wrong by 1e-5 and more; these are smaller, and a slip is seen all the same."""
    cls, config = ANY[name]
    config = bert()['BertConfig'](vocab_size=61, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48, max_position_embeddings=20) if config is None else type(config).from_dict(config.to_dict())
    config.initializer_range = .2
    torch.manual_seed(0)
    model = (getattr(L, cls) if isinstance(cls, str) else cls)(config).eval()
    if 'ViT' in name: return model, [dict(pixel_values=torch.randn(b, 3, 16, 16)) for b in (2, 1, 5)]
    if 'Wav2Vec2' in name: sizes, key, many = ((2, 400, [0, 150]), (3, 523, [10, 0, 200]), (1, 333, []), (2, 450, [0, -99])), 'input_values', lambda *s: torch.randn(s)
    else: sizes, key, many = ((2, 9, [0, 4]), (3, 12, [2, 0, 7]), (1, 5, []), (2, 9, [])), 'input_ids', lambda *s: torch.randint(1, 61, s)
    batches = []
    for b, n, padded in sizes:
        places, ends = torch.arange(n), torch.tensor([[p] for p in padded or [0] * b])
        keep = (places < n - ends) & (places >= -ends) # below zero: padded on the left
        batches.append({key: many(b, n) * keep} | (dict(attention_mask=keep.long()) if masks else {}))
    if 'Choice' in name: batches = [{k: v[:, None].repeat(1, 2, 1) for k, v in b.items()} for b in batches]
    return model, batches

def agree(model, batch, got, tol=1e-5):
    "A program computes padded places, which the model leaves out: what is kept is compared."
    want = [v for v in model(**batch).values() if isinstance(v, torch.Tensor)] if isinstance(model(**batch), dict) else [model(**batch)]
    got = [v for v in (got.values() if isinstance(got, dict) else [got] if isinstance(got, torch.Tensor) else got) if v is not None]
    assert len(want) == len(got) > 0
    keep = batch.get('attention_mask')
    if keep is not None and 'input_values' in batch:
        frames = model._get_feat_extract_output_lengths(batch['input_values'].shape[1])
        keep = torch.arange(frames) < model._get_feat_extract_output_lengths(keep.sum(1))[:, None]
    for w, g in zip(want, got):
        g = torch.as_tensor(g)
        assert g.shape == w.shape
        if keep is not None and w.shape[:2] == keep.shape: w, g = w[keep.bool()], g[keep.bool()]
        torch.testing.assert_close(g, w, rtol=tol, atol=tol)

def by_file(export):
    "A function of a batch, by a file that onnxruntime reads."
    file = io.BytesIO()
    with warnings.catch_warnings(action='ignore'): export(file)
    session = onnxruntime.InferenceSession(file.getvalue())
    return lambda batch: session.run(None, {k: v.numpy() for k, v in batch.items()})

@anything
@torch.no_grad()
def test_trace(name):
    for masks in (True, False):
        model, batches = made(name, masks)
        for first in batches[0], batches[2]: # of two and of one
            with warnings.catch_warnings(action='ignore'): program = torch.jit.trace(model, example_kwarg_inputs=first, strict=False, check_trace=False)
            assert 'mkldnn' not in program.code
            for batch in batches: agree(model, batch, program(**batch))

@anything
@torch.no_grad()
def test_onnx_by_the_older_exporter(name):
    model, batches = made(name)
    axes = {k: {i: f'{k}_{i}' for i in range(v.ndim if k != 'pixel_values' else 1)} for k, v in batches[2].items()}
    run = by_file(lambda f: torch.onnx.export(model, (), f, kwargs=batches[2], dynamo=False, input_names=[*batches[2]], dynamic_axes=axes))
    for batch in batches: agree(model, batch, run(batch))

def free_shapes(batch): return {k: {i: Dim.AUTO for i in range(v.ndim if k != 'pixel_values' else 1)} for k, v in batch.items()}

@anything
@torch.no_grad()
def test_export_of_any_size(name):
    model, batches = made(name)
    program = torch.export.export(model, (), batches[0], dynamic_shapes=free_shapes(batches[0])).module()
    for batch in batches: agree(model, batch, program(**batch))

@models
@torch.no_grad()
def test_onnx(name):
    model, batches = made(name)
    run = by_file(lambda f: torch.onnx.export(model, (), kwargs=batches[0], dynamo=True, verbose=False, dynamic_shapes=free_shapes(batches[0])).save(f))
    for batch in batches: agree(model, batch, run(batch), 2e-5)

@anything
@torch.no_grad()
def test_openvino(name):
    openvino = pytest.importorskip('openvino')
    model, batches = made(name)
    for first in batches[0], batches[2]:
        with warnings.catch_warnings(action='ignore'): program = openvino.compile_model(openvino.convert_model(model, example_input=first), 'CPU', dict(INFERENCE_PRECISION_HINT='f32', INFERENCE_NUM_THREADS=1))
        for batch in batches: agree(model, batch, [*program({k: v.numpy() for k, v in batch.items()}).values()], 2e-5)

@torch.no_grad()
def test_the_control_believes_what_it_saw(monkeypatch):
    "Without `tracing`, a traced program is that of one batch."
    model, batches = made('DistilBertModel')
    for room in 'layers', 'model', 'attention': monkeypatch.setattr(f'transformers_lite.{room}.tracing', lambda: False)
    with warnings.catch_warnings(action='ignore'): program = torch.jit.trace(model, example_kwarg_inputs=batches[0], strict=False, check_trace=False)
    agree(model, batches[0], program(**batches[0]))
    with pytest.raises((AssertionError, RuntimeError)): agree(model, batches[1], program(**batches[1]))

@torch.no_grad()
def test_pictures_of_any_size():
    model = made('ViTModel')[0].requires_grad_(False)
    pictures = [torch.randn(2, 3, 16, 16), torch.randn(1, 3, 24, 12)]
    def run(pixels): return model(pixels, interpolate_pos_encoding=True).last_hidden_state
    for first in pictures:
        with warnings.catch_warnings(action='ignore'): program = torch.jit.trace(run, first, check_trace=False)
        for pixels in pictures: torch.testing.assert_close(program(pixels), run(pixels), rtol=1e-5, atol=1e-5)

@pytest.mark.parametrize('new', [1, 2])
@torch.no_grad()
def test_trace_with_a_cache(new):
    "Keys and values of the words before go in and come out, as exporters of decoders do it: for any number of either."
    model = made('LlamaForCausalLM')[0].requires_grad_(False)
    def run(ids, mask, *past):
        out = model(ids, mask, past_key_values=[*zip(past[::2], past[1::2])])
        return out.logits, *(x for pair in out.past_key_values for x in pair)
    def inputs(b, n, before, padded=0):
        ids, mask = torch.randint(1, 61, (b, before + n)), torch.ones(b, before + n, dtype=torch.long)
        mask[0, :padded] = 0
        out = model(ids[:, :before], mask[:, :before], use_cache=True)
        return ids, mask, (ids[:, before:], mask, *(x for pair in out.past_key_values for x in pair))
    ids, mask, first = inputs(2, new, 4, padded=2)
    with warnings.catch_warnings(action='ignore'): program = torch.jit.trace(run, first, check_trace=False)
    for b, n, before, padded in (2, 1, 4, 2), (3, 3, 6, 1), (1, 1, 7, 0), (1, 4, 2, 0):
        ids, mask, given = inputs(b, n, before, padded)
        want, got = model(ids, mask).logits[:, before:], program(*given)
        torch.testing.assert_close(got[0], want, rtol=1e-5, atol=1e-5)
        assert got[1].shape[2] == before + n

def test_who_stands_between():
    "Under vmap, on fake tensors and for make_fx nobody may look; a counter of operations sees torch's own."
    model, batches = made('DistilBertForSequenceClassification')
    ids, mask = batches[0].values()
    want = model(ids, mask).logits
    each = torch.func.vmap(lambda i, m: model(i[None], m[None]).logits[0])(ids, mask)
    torch.testing.assert_close(each, want, rtol=1e-5, atol=1e-5)
    def score(weights, i, m): return torch.func.functional_call(model, weights, (i[None], m[None])).logits.sum()
    grads = torch.func.vmap(torch.func.grad(score), (None, 0, 0))({k: p.detach() for k, p in model.named_parameters()}, ids, mask)
    model(ids[1:], mask[1:]).logits.sum().backward()
    torch.testing.assert_close(grads['classifier.weight'][1], model.classifier.weight.grad, rtol=1e-4, atol=1e-5)
    for mode in 'real', 'symbolic':
        program = make_fx(lambda i, m: model(i, m).logits, tracing_mode=mode, _allow_non_fake_inputs=True)(ids, mask)
        torch.testing.assert_close(program(ids, mask), want, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(program(ids, torch.ones_like(mask)), model(ids).logits, rtol=1e-5, atol=1e-5)
    with torch._subclasses.FakeTensorMode(): assert L.DistilBertForSequenceClassification(model.config)(torch.ones(3, 7, dtype=torch.long), torch.ones(3, 7)).logits.shape == (3, 2)
    large, x = L.Linear(512, 1024), torch.randn(64, 512)
    with FlopCounterMode(display=False) as counter, torch.no_grad(): large(x)
    assert counter.get_total_flops() == 2 * 64 * 512 * 1024

@torch.no_grad()
def test_onnx_of_any_size():
    "Batch and length may be left open."
    model, kwargs, look = build('DistilBertForSequenceClassification')
    b, n = torch.export.Dim('batch', max=64), torch.export.Dim('length', max=20)
    with warnings.catch_warnings(action='ignore'):
        program = torch.onnx.export(model, (), kwargs=kwargs, dynamo=True, verbose=False, dynamic_shapes={k: {0: b, 1: n} for k in kwargs})
    file = io.BytesIO()
    program.save(file)
    session = onnxruntime.InferenceSession(file.getvalue())
    for shape in (1, 3), (5, 20):
        ids = torch.randint(1, 61, shape)
        got, = session.run(None, {'input_ids': ids.numpy(), 'attention_mask': torch.ones_like(ids).numpy()})
        torch.testing.assert_close(torch.as_tensor(got), model(ids).logits, rtol=1e-4, atol=1e-4)
