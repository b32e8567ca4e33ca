"Programs made of the models: torch.compile without a break, torch.export, and ONNX in onnxruntime, for every model and head."
import io, warnings

import onnxruntime, pytest, torch
import transformers_lite as L

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

def check(want, got, look):
    want, got = [v for v in want.to_tuple() if isinstance(v, torch.Tensor)], [torch.as_tensor(v) for v in got if isinstance(v, torch.Tensor) or hasattr(v, 'dtype')]
    assert len(want) == len(got) > 0
    for w, g in zip(want, got): torch.testing.assert_close(look(g), look(w), rtol=1e-4, atol=1e-4)

@models
@torch.no_grad()
def test_compile_without_a_break(name):
    model, kwargs, look = build(name)
    torch._dynamo.reset()
    check(model(**kwargs), torch.compile(model, fullgraph=True, backend='aot_eager')(**kwargs).to_tuple(), look)

@models
@torch.no_grad()
def test_export(name):
    model, kwargs, look = build(name)
    program = torch.export.export(model, (), kwargs)
    check(model(**kwargs), program.module()(**kwargs).to_tuple(), look)
    assert not any('mkldnn' in str(n.target) for n in program.graph.nodes)  # a program runs anywhere

@models
@torch.no_grad()
def test_onnx(name):
    model, kwargs, look = build(name)
    with warnings.catch_warnings(action='ignore'): program = torch.onnx.export(model, (), kwargs=kwargs, dynamo=True, verbose=False)
    file = io.BytesIO()
    program.save(file)
    session = onnxruntime.InferenceSession(file.getvalue())
    got = session.run(None, {i.name: kwargs[i.name].numpy() for i in session.get_inputs()})
    check(model(**kwargs), got, look)
    other = {k: v.flip(0) if len(v) > 1 else v.flip(1) for k, v in kwargs.items()}  # another input: it has learned a program, not an answer
    got = session.run(None, {i.name: other[i.name].numpy() for i in session.get_inputs()})
    torch.testing.assert_close(torch.as_tensor(got[-1]).flatten()[0], model(**other).to_tuple()[len(got) - 1].flatten()[0], rtol=1e-3, atol=1e-3)

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
