"Whoever hangs something on a part of a model finds that the part is called, and of the type that is looked up: the same parts as in transformers."
import copy, pickle

import peft, pytest, torch, transformers
import transformers_lite as L
from accelerate import cpu_offload, disk_offload
from captum.attr import LayerActivation
from torch import nn
from torch.ao.nn.quantized.dynamic import Linear as QuantizedLinear
from torch.ao.quantization import float_qparams_weight_only_qconfig, quantize_dynamic

pytestmark = pytest.mark.filterwarnings('ignore::DeprecationWarning')
TEXT = dict(vocab_size=61, max_position_embeddings=20, dim=32, n_heads=4, n_layers=2, hidden_dim=48)
PICTURE = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48, image_size=16, patch_size=4)
SOUND = dict(vocab_size=13, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48, conv_dim=(16, 32), conv_kernel=(10, 3), conv_stride=(5, 2), num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=4)
LLAMA = dict(vocab_size=61, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, pad_token_id=0)
TASKS = 'SequenceClassification', 'TokenClassification', 'QuestionAnswering', 'MaskedLM', 'MultipleChoice'
MODELS = {**{f'DistilBert{n}': TEXT for n in ('Model', *(f'For{t}' for t in TASKS))}, 'ViTModel': PICTURE, 'ViTForImageClassification': PICTURE, 'Wav2Vec2Model': SOUND, 'Wav2Vec2ForCTC': SOUND,
          'Wav2Vec2ForSequenceClassification': SOUND, 'LlamaModel': LLAMA, 'LlamaForCausalLM': LLAMA, 'LlamaForSequenceClassification': LLAMA}

def make(lib, name):
    cls = getattr(lib, name)
    torch.manual_seed(0)
    return cls(cls.config_class(**MODELS[name], initializer_range=.2)).eval()

def batch_for(name, padded=False):
    torch.manual_seed(1)
    if 'ViT' in name: return dict(pixel_values=torch.randn(2, 3, 16, 16))
    if 'Wav2Vec2' in name: return dict(input_values=torch.randn(2, 400))
    ids = torch.randint(1, 61, (2, 9))
    batch = dict(input_ids=ids, attention_mask=(torch.arange(9) < torch.tensor([[9], [5 if padded else 9]])).long())
    return {k: v[None] for k, v in batch.items()} if 'Choice' in name else batch

def not_called(model, batch):
    "Parts with weights or parts of their own that no hook hears of."
    heard = set()
    handles = [m.register_forward_hook(lambda *a, name=name: heard.add(name)) for name, m in model.named_modules()]
    with torch.no_grad(): model(**batch)
    for h in handles: h.remove()
    return {n: type(m) for n, m in model.named_modules() if n not in heard and (list(m.children()) or list(m.parameters(recurse=False)))}

@pytest.mark.parametrize('padded', [False, True])
@pytest.mark.parametrize('name', MODELS)
def test_every_part_is_called(name, padded):
    "Lists and dicts of parts can't be called; nothing else stays out, there or here."
    quiet = not_called(make(L, name), batch_for(name, padded))
    assert {*quiet.values()} <= {nn.ModuleList, nn.ModuleDict}
    if 'ViT' in name: return # 5.x has other names for its parts
    assert quiet.keys() == not_called(make(transformers, name), batch_for(name, padded)).keys()

def test_the_control_is_heard():
    model = make(L, 'DistilBertModel')
    e = model.embeddings
    e.forward = lambda ids, vectors: e.dropout(e.LayerNorm(e.word_embeddings(ids) + e.position_embeddings.weight[:ids.shape[1]])) # the weight without the part
    assert 'embeddings.position_embeddings' in not_called(model, batch_for('DistilBertModel'))

@pytest.mark.parametrize('offload', [disk_offload, cpu_offload])
@pytest.mark.parametrize('name', ['DistilBertForSequenceClassification', 'ViTForImageClassification', 'Wav2Vec2ForCTC', 'LlamaForCausalLM'])
@torch.no_grad()
def test_offload(name, offload, tmp_path):
    model, batch = make(L, name), batch_for(name, padded=True)
    want = model(**batch).logits
    away = offload(copy.deepcopy(model), *[tmp_path][:offload is disk_offload], execution_device='cpu')
    assert all(p.is_meta for p in away.parameters())
    torch.testing.assert_close(away(**batch).logits, want, rtol=1e-4, atol=1e-5)

def test_adapters_on_places_learn():
    model = peft.get_peft_model(make(L, 'DistilBertForSequenceClassification'), peft.LoraConfig(target_modules=['position_embeddings', 'q_lin'], r=2))
    model(**batch_for('DistilBert', padded=True), labels=torch.tensor([0, 1])).loss.backward()
    grads = {n: p.grad for n, p in model.named_parameters() if 'position' in n and 'embedding_A' in n}
    assert len(grads) == 1 and all(g.abs().max() > 0 for g in grads.values())

def test_captum_reads_a_layer():
    ids, got = batch_for('DistilBert')['input_ids'], {}
    for lib in L, transformers:
        model = make(lib, 'DistilBertForSequenceClassification')
        if lib is transformers: model.load_state_dict(got['model'].state_dict())
        parts = [model.distilbert.embeddings.position_embeddings, model.distilbert.embeddings, model.distilbert.transformer.layer[0].ffn]
        read = [LayerActivation(lambda i: model(i).logits, p).attribute(ids) for p in parts]
        if lib is transformers: [torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5) for a, b in zip(got['read'], read, strict=True)]
        got = dict(model=model, read=read)

def quantized(model): return {n for n, m in model.named_modules() if isinstance(m, QuantizedLinear)}

@pytest.mark.parametrize('name', ['DistilBertForSequenceClassification', 'DistilBertForMaskedLM', 'LlamaForCausalLM', 'Wav2Vec2ForCTC'])
@torch.no_grad()
def test_quantize_dynamic(name):
    ours, theirs, batch = make(L, name), make(transformers, name), batch_for(name)
    theirs.load_state_dict(ours.state_dict())
    small, their_small = (quantize_dynamic(m, {nn.Linear}, torch.qint8) for m in (ours, theirs))
    assert quantized(small) == quantized(their_small) and len(quantized(small)) >= 12
    got, want, before = (m(**batch).logits for m in (small, their_small, ours))
    change = (want - before).abs().mean()
    assert 0 < (got - want).abs().mean() < change / 2 or torch.allclose(got, want, atol=1e-5) # a step of a byte may fall to the other side
    assert not any(type(m) == nn.Linear for m in small.modules()) and quantized(quantize_dynamic(ours, {nn.LSTM})) == set()

@torch.no_grad()
def test_quantize_embeddings():
    model, batch = make(L, 'DistilBertForSequenceClassification'), batch_for('DistilBert', padded=True)
    small = quantize_dynamic(model, {nn.Embedding: float_qparams_weight_only_qconfig})
    assert 'quantized' in type(small.distilbert.embeddings.word_embeddings).__module__
    assert 0 < (small(**batch).logits - model(**batch).logits).abs().max() < .05

def test_a_layer_is_looked_up_as_torchs():
    class Mine(L.Linear): pass
    assert L.Linear == nn.Linear == L.Linear and {nn.Linear: 1}[L.Linear] == 1 and L.Linear in [nn.Linear] and len({L.Linear, nn.Linear}) == 1
    assert Mine not in (nn.Linear, L.Linear, None) and Mine == Mine and len({Mine, nn.Linear}) == 2 and L.Linear not in (nn.Bilinear, None, 3)
    layer = L.Linear(3, 4)
    assert type(L.Embedding(3, 4)) is nn.Embedding and all(type(x) is L.Linear for x in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))))
    assert pickle.loads(pickle.dumps(L.Linear)) is L.Linear and issubclass(L.Linear, nn.Linear)
