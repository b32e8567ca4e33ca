"Linear layers by either library, layers without numbers, and normal numbers in parts."
import copy, pickle, subprocess, sys, warnings

import pytest, torch, transformers
from torch import nn

import transformers_lite as L
from transformers_lite import layers
from transformers_lite.layers import Embedding, Linear, fill_normal, filled_later

both = hasattr(torch.ops.mkldnn, '_linear_pointwise')

@pytest.fixture
def forced(monkeypatch):
    "As on a processor of AMD with AVX-512, wherever the tests run."
    monkeypatch.setattr(layers, 'prefer_onednn', lambda: both)
    return both

def pair(d_in=512, d_out=600, bias=True, **kwargs):
    torch.manual_seed(0)
    ours, plain = Linear(d_in, d_out, bias=bias, **kwargs), nn.Linear(d_in, d_out, bias=bias, **kwargs)
    plain.load_state_dict(ours.state_dict())
    return ours, plain

@pytest.mark.parametrize('bias', [True, False])
@pytest.mark.parametrize('shape', [(512,), (1, 512), (7, 512), (2, 3, 512), (64, 16, 512)])
def test_same_product(forced, bias, shape):
    ours, plain = pair(bias=bias)
    x = torch.randn(*shape)
    with torch.no_grad():
        assert ours.quick(x) == (forced and x.numel() * 600 >= 3 * 2**18) # one row is too little work
        torch.testing.assert_close(ours(x), plain(x), rtol=1e-5, atol=1e-5)
        strided = torch.randn(*shape[:-1], 1024)[..., ::2]
        torch.testing.assert_close(ours(strided), plain(strided), rtol=1e-5, atol=1e-5)
    assert torch.equal(ours(x), plain(x))  # with gradients it is torch's

def test_where_it_must_not(forced):
    ours, plain = pair()
    x = torch.randn(3, 512)
    with torch.no_grad():
        for dtype in torch.float64, torch.bfloat16: assert not ours.to(dtype).quick(x.to(dtype)) and ours(x.to(dtype)).dtype == dtype
        ours.float().load_state_dict(plain.state_dict())
        assert not ours.quick(x[:0]) and ours(x[:0]).shape == (0, 600)
        assert not ours.quick(nn.Parameter(x))
        with torch.autocast('cpu', torch.bfloat16): assert not ours.quick(x) and ours(x).dtype == torch.bfloat16
        with warnings.catch_warnings(action='ignore'), torch.backends.mkldnn.flags(enabled=False): assert not ours.quick(x)
        assert not Linear(16, 16).quick(torch.randn(2, 16))
        assert 'mkldnn' not in torch.jit.trace(ours, x).code
        with pytest.raises(RuntimeError): ours(torch.randn(3, 511))
        out = torch.func.vmap(lambda w, b: torch.func.functional_call(ours, {'weight': w, 'bias': b}, x))(torch.stack([plain.weight] * 2), torch.stack([plain.bias] * 2))
        torch.testing.assert_close(out[1], ours(x), rtol=1e-5, atol=1e-5)
    ours(x).sum().backward()
    assert ours.weight.grad is not None

def test_is_a_linear_layer():
    ours, plain = pair()
    assert isinstance(ours, nn.Linear) and repr(ours) == repr(plain) and ours.state_dict().keys() == plain.state_dict().keys()
    for again in (copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))): assert torch.equal(again.weight, ours.weight)

@torch.no_grad()
def test_large_model_by_onednn(forced, tmp_path):
    "Layers large enough for oneDNN, against transformers; and a weight changed by a little shows."
    config = L.DistilBertConfig(vocab_size=99, dim=512, n_heads=8, n_layers=2, hidden_dim=1024, max_position_embeddings=32, initializer_range=.1)
    torch.manual_seed(0)
    L.DistilBertModel(config).save_pretrained(tmp_path)
    ours, theirs = L.DistilBertModel.from_pretrained(tmp_path), transformers.DistilBertModel.from_pretrained(tmp_path).eval()
    ids, mask = torch.randint(1, 99, (4, 20)), (torch.arange(20) < torch.tensor([[20], [9], [3], [14]])).long()
    assert ours.transformer.layer[0].ffn.lin1.quick(torch.randn(3, 512)) == forced
    a, b = (m(ids, attention_mask=mask).last_hidden_state[mask.bool()] for m in (ours, theirs))
    torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)
    ours.transformer.layer[0].ffn.lin1.weight[0, 0] += 1
    assert (ours(ids, attention_mask=mask).last_hidden_state[mask.bool()] - b).abs().max() > 1e-3

def test_normal_numbers():
    for shape in ((600, 600), (3, 5), (1 << 18,), (4, 65536, 3)):
        torch.manual_seed(3)
        a = fill_normal(torch.full(shape, torch.nan), .5)
        torch.manual_seed(3)
        b, c = fill_normal(torch.empty(shape), .5), fill_normal(torch.empty(shape), .5)
        assert torch.equal(a, b) and not torch.equal(b, c) and a.isfinite().all()
        if a.numel() > 1000: assert abs(a.std() - .5) < .01 and abs(a.mean()) < .01 and a.unique().numel() > .9 * a.numel()

def test_normal_numbers_do_not_depend_on_the_cores():
    code = "import torch; from transformers_lite.layers import fill_normal; torch.set_num_threads({}); torch.manual_seed(1); print(fill_normal(torch.empty(700, 700)).double().sum().item())"
    assert len({subprocess.run([sys.executable, '-c', code.format(n)], capture_output=True, text=True, check=True).stdout for n in (1, 3)}) == 1

def test_every_layer_of_a_fresh_model_is_filled(monkeypatch):
    "Layers without numbers hold what was in memory: here something that would be seen."
    def empty(self):
        if filled.get() and layers.large(self.weight):
            with torch.no_grad(): self.weight.fill_(torch.nan)
        else: nn.Linear.reset_parameters(self) if isinstance(self, nn.Linear) else nn.Embedding.reset_parameters(self)
    filled = layers._filled_later
    for cls in (Linear, Embedding): monkeypatch.setattr(cls, 'reset_parameters', empty)
    big = dict(dim=512, n_heads=4, n_layers=1, hidden_dim=600, vocab_size=1000)
    sound = dict(hidden_size=512, num_attention_heads=4, num_hidden_layers=1, intermediate_size=600, conv_dim=(16, 512), conv_kernel=(10, 3), conv_stride=(5, 2), vocab_size=600)
    picture = dict(hidden_size=512, num_attention_heads=4, num_hidden_layers=1, intermediate_size=600, image_size=32)
    for name, config in [*((f'DistilBert{n}', L.DistilBertConfig(**big)) for n in ('Model', 'ForSequenceClassification', 'ForTokenClassification', 'ForQuestionAnswering', 'ForMaskedLM', 'ForMultipleChoice')),
                         ('ViTModel', L.ViTConfig(**picture)), ('ViTForImageClassification', L.ViTConfig(**picture)), ('Wav2Vec2Model', L.Wav2Vec2Config(**sound)),
                         ('Wav2Vec2ForCTC', L.Wav2Vec2Config(**sound)), ('Wav2Vec2ForSequenceClassification', L.Wav2Vec2Config(**sound))]:
        for n, p in getattr(L, name)(config).named_parameters(): assert p.isfinite().all(), (name, n)

def test_a_rule_of_ones_own_finds_torchs_numbers():
    "Who replaces the rule for fresh weights gets layers that are filled as torch fills them."
    big = L.DistilBertConfig(dim=512, n_heads=4, n_layers=1, hidden_dim=600, vocab_size=1000)
    class Mine(L.DistilBertModel):
        def _init_weights(self, module): pass
    class Late(L.DistilBertModel):
        def post_init(self): pass
    for cls in (Mine, Late):
        assert not cls.fills_all
        w = cls(big).transformer.layer[0].ffn.lin1.weight
        assert w.isfinite().all() and abs(w.std() - (1 / 512 / 3)**.5) < .002  # uniform between ±1/√512
    assert L.DistilBertModel.fills_all
    class Outer(L.PreTrainedModel):  # a model of one's own around one of this library's
        config_class = L.DistilBertConfig
        def __init__(self, config):
            super().__init__(config)
            self.inside, self.own = L.DistilBertModel(config), Linear(512, 600)
        def _init_weights(self, module): pass
    m = Outer(big)
    assert abs(m.own.weight.std() - (1 / 512 / 3)**.5) < .002 and abs(m.inside.transformer.layer[0].ffn.lin1.weight.std() - .02) < .001
    assert Linear(600, 600).weight.abs().max() > 0  # alone, as torch has it

def test_filled_later_ends():
    with pytest.raises(KeyError):
        with filled_later(): raise KeyError
    assert not layers._filled_later.get()
    with filled_later():
        with filled_later(False): assert Linear(600, 600).weight.abs().max() <= 600**-.5 * 1.001
