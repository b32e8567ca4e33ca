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
    way = 'oneDNN' if both else 'MKL'
    monkeypatch.setattr(layers, 'product_ways', lambda: {'few rows': way, 'many rows': way})
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
    torch.testing.assert_close(ours(x), plain(x), rtol=1e-5, atol=1e-5)

def gradients(layer, x, g):
    wanted = [t for t in (x, *layer.parameters()) if t.requires_grad]
    return torch.autograd.grad(layer(x), wanted, g)

@pytest.mark.parametrize('frozen', ['', 'x', 'weight', 'bias'])
@pytest.mark.parametrize('bias', [True, False])
@pytest.mark.parametrize('shape', [(512,), (7, 512), (2, 3, 512), (64, 16, 512)])
def test_same_gradients(forced, bias, shape, frozen):
    ours, plain = pair(bias=bias)
    x = torch.randn(*shape, requires_grad=frozen != 'x')
    if frozen in ('weight', 'bias'):
        for m in (ours, plain): getattr(m, frozen) is not None and getattr(m, frozen).requires_grad_(False)
    for g in torch.randn(*shape[:-1], 600), torch.ones(1).expand(*shape[:-1], 600), torch.randn(600, *shape[:-1]).movedim(0, -1):
        a, b = gradients(ours, x, g), gradients(plain, x, g)
        assert len(a) == len(b)
        for p, q in zip(a, b): torch.testing.assert_close(p, q, rtol=1e-4, atol=1e-4)
    if forced and len(shape) > 1: assert type(ours(x).grad_fn).__name__ == 'LinearFunctionBackward'
    with pytest.raises(AssertionError): torch.testing.assert_close(a[0], 1.001 * b[0], rtol=1e-4, atol=1e-4)

def test_a_gradient_of_a_gradient(forced):
    ours, plain = pair()
    x = torch.randn(4, 512, requires_grad=True)
    def penalty(layer):
        g, = torch.autograd.grad(layer(x).square().sum(), x, create_graph=True)
        return torch.autograd.grad(g.square().sum(), (x, layer.weight))
    for a, b in zip(penalty(ours), penalty(plain)): torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-2)

def test_who_transforms_gets_torch_s_own(forced):
    ours, plain = pair()
    x, t = torch.randn(4, 512), torch.randn(4, 512)
    for m in (ours, plain): m.requires_grad_(False)
    from torch.autograd import forward_ad
    def forward(layer):
        with forward_ad.dual_level(): return forward_ad.unpack_dual(layer(forward_ad.make_dual(x, t))).tangent
    ways = [forward, lambda m: torch.func.jvp(m, (x,), (t,))[1], lambda m: torch.func.grad(lambda x: m(x).sum())(x), lambda m: torch.func.vmap(m)(x[None]),
            lambda m: torch.func.jacrev(m)(x[:1])[0, :3], lambda m: torch.utils.checkpoint.checkpoint(m, x, use_reentrant=False)]
    for way in ways:
        for grad in True, False:
            with torch.set_grad_enabled(grad): torch.testing.assert_close(way(ours), way(plain), rtol=1e-4, atol=1e-4)

def test_a_step_by_either_library(forced, monkeypatch):
    "A model learns the same, whichever library multiplies."
    config = L.DistilBertConfig(vocab_size=100, dim=512, hidden_dim=600, n_layers=2, n_heads=4, max_position_embeddings=32, dropout=0., attention_dropout=0.)
    torch.manual_seed(0)
    model, ids = L.DistilBertModel(config), torch.randint(100, (3, 12))
    def learned(m):
        opt = torch.optim.SGD(m.parameters(), lr=.01)
        for _ in range(3):
            m(ids).last_hidden_state.square().mean().backward()
            opt.step()
            opt.zero_grad()
        return m.state_dict()
    a = learned(copy.deepcopy(model))
    monkeypatch.setattr(Linear, 'quick', lambda self, x: False)
    b = learned(model)
    for k in a: torch.testing.assert_close(a[k], b[k], rtol=1e-4, atol=1e-5)

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

@pytest.mark.parametrize('maker,capability,ways', [('AuthenticAMD', 'AVX512', ('oneDNN', 'oneDNN')), ('AuthenticAMD', 'AVX2', ('oneDNN', 'MKL')), ('AuthenticAMD', 'DEFAULT', ('oneDNN', 'MKL')), ('GenuineIntel', 'AVX512', ('MKL', 'MKL')), ('', 'DEFAULT', ('MKL', 'MKL'))])
def test_the_library_by_the_processor(monkeypatch, maker, capability, ways):
    "The rule, for processors that aren't here: it is asked once, and says what it took."
    monkeypatch.setattr(layers, 'cpuinfo', lambda: f'vendor_id: {maker}')
    monkeypatch.setattr(torch.backends.cpu, 'get_cpu_capability', lambda: capability)
    layers.product_ways.cache_clear()
    try:
        if not (both and torch.backends.mkl.is_available()): ways = 'MKL', 'MKL'
        assert tuple(layers.product_ways().values()) == ways
        assert (layers.prefer_onednn(1), layers.prefer_onednn(layers.FEW), layers.prefer_onednn(layers.FEW + 1)) == (ways[0] == 'oneDNN', ways[0] == 'oneDNN', ways[1] == 'oneDNN')
    finally: layers.product_ways.cache_clear()

@pytest.mark.parametrize('flags,dtype', [('fma avx2', torch.float32), ('avx512f avx512_bf16', torch.bfloat16), ('amx_tile amx_bf16', torch.bfloat16), ('Features : asimd bf16 i8mm', torch.bfloat16), ('notbf16', torch.float32), ('', torch.float32)])
def test_sixteen_bits_where_the_processor_has_them(monkeypatch, flags, dtype):
    monkeypatch.setattr(layers, 'cpuinfo', lambda: f'flags : {flags}')
    assert layers.quick_dtype() == layers.quick_dtype('cpu') == dtype
    for has in True, False:
        monkeypatch.setattr(torch.cuda, 'is_bf16_supported', lambda including_emulation: has and not including_emulation)
        assert layers.quick_dtype('cuda:0') == (torch.bfloat16 if has else torch.float32)

def watched(kind, module, seen):
    if kind == 'hook': return module.register_forward_hook(lambda m, i, o: seen.append(o))
    if kind == 'global hook': return nn.modules.module.register_module_forward_hook(lambda m, i, o: seen.append(o) if m is module else None)
    old = module.forward  # as accelerate does
    module.forward = lambda x: seen.append(old(x)) or seen[-1]

@pytest.mark.parametrize('kind', ['hook', 'global hook', 'forward', None])
@torch.no_grad()
def test_an_activation_writes_over_what_nobody_sees(kind):
    "In one piece of memory; whoever watches the layer gets what the layer gave."
    layer, f, x, seen = Linear(512, 1024), nn.GELU(), torch.randn(300, 512), []
    want = f(layer(x))
    handle = kind and watched(kind, layer, seen)
    assert layers.unwatched(layer) == (kind is None)
    torch.testing.assert_close(layers.activated(layer, f, x), want)
    if kind: torch.testing.assert_close(seen[-1], nn.functional.linear(x, layer.weight, layer.bias), rtol=1e-4, atol=1e-5)
    if kind in ('hook', 'global hook'): handle.remove()

@torch.no_grad()
def test_written_over():
    x = torch.randn(4, 8)
    for f in nn.GELU(), nn.GELU('tanh'):
        y = x.clone()
        out = layers.written_over(f, y)
        assert out.data_ptr() == y.data_ptr() and torch.equal(out, f(x))
    for f in nn.ReLU(), torch.tanh, type('Mine', (nn.GELU,), {})():
        y = x.clone()
        assert torch.equal(layers.written_over(f, y), f(x)) and torch.equal(y, x)
    with torch.enable_grad():
        y = x.clone()
        layers.written_over(nn.GELU(), y)
        assert torch.equal(y, x)
    big = torch.randn(600, 600)
    kept = big.clone()
    for layer in nn.Identity(), nn.Sequential(nn.Identity()):  # they hand on what others have
        layers.activated(layer, nn.GELU(), big)
        assert torch.equal(big, kept)

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
        else: nn.Linear.reset_parameters(self)
    filled, made = layers._filled_later, nn.Embedding.from_pretrained
    monkeypatch.setattr(Linear, 'reset_parameters', empty)
    monkeypatch.setattr(nn.Embedding, 'from_pretrained', lambda room, **kwargs: made(room.fill_(torch.nan), **kwargs))
    with filled_later(): assert all(m(600, 600).weight.isnan().all() for m in (Linear, Embedding))
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
