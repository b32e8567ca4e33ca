"Whole numbers of 8 bits in the Morse model, and what chapter 17 does where a processor can't multiply them; the chapter measures the other two checkpoints."
import copy, logging, math, platform, sys, time, warnings

import numpy as np, pytest, torch

from helpers import NOTEBOOKS, ROOT, cells_of
from test_notebooks import Run
from transformers_lite import AutoModelForCTC, AutoProcessor

PRODUCT = torch._int_mm
sys.path.insert(0, str(ROOT/'nbs'))  # the chapter asks benchmarks for the processor's name

@pytest.fixture(scope='module')
def page(): return cells_of('25_int8', 'by_floats', 'int8_slower', 'left_out')

@pytest.fixture
def whole_numbers(page, monkeypatch):
    "Products by floats where those of 8 bits are slow or wrong, as in the chapter."
    if page['int8_slower']() >= 2: monkeypatch.setattr(torch, '_int_mm', page['by_floats'])

def test_morse_within_half_a_point(whole_numbers):
    logging.disable(logging.WARNING)
    from torchao.quantization import Int8DynamicActivationInt8WeightConfig, quantize_
    logging.disable(logging.NOTSET)
    book, name = cells_of('14_morse', 'MORSE', 'RATE', 'KOCH', 'edits', 'test_sounds'), 'transformers-lite/wav2vec2-morse'
    model, processor = AutoModelForCTC.from_pretrained(name), AutoProcessor.from_pretrained(name)
    small = copy.deepcopy(model)
    quantize_(small, Int8DynamicActivationInt8WeightConfig())
    assert 'Int8' in type(small.wav2vec2.encoder.layers[0].attention.q_proj.weight).__name__
    rng = np.random.default_rng(3)
    texts = [book['random_text'](rng, n=40) for _ in range(30)]
    sounds = book['test_sounds'](texts, rng)
    def errors(m):
        with torch.inference_mode(): heard = [processor.decode(m(**processor(x, sampling_rate=book['RATE'], return_tensors='pt')).logits[0].argmax(-1)) for x in sounds]
        return sum(map(book['edits'], texts, heard)) / sum(map(len, texts))
    assert errors(small) <= errors(model) + .005

def test_floats_hold_the_products(page):
    for kind, low, high in ((torch.int8, -128, 127), (torch.uint8, 0, 255)):
        for a in torch.randint(low, high + 1, (5, 3072), dtype=kind), torch.full((5, 3072), high, dtype=kind), torch.full((5, 3072), low, dtype=kind):
            for b in torch.randint(-128, 128, (3072, 7), dtype=torch.int8), torch.full((3072, 7), -128, dtype=torch.int8):
                assert np.array_equal(page['by_floats'](a, b), a.numpy().astype(np.int64) @ b.numpy().astype(np.int64))

def late(a, b):
    time.sleep(.02)
    return (a.double() @ b.double()).int()
def wrong(a, b): return late(a, b) + 1
def early(a, b): return torch.full((256, 256), 7, dtype=torch.int32)

def test_the_page_says_what_it_leaves_out(page, monkeypatch):
    said = lambda f: (monkeypatch.setattr(torch, '_int_mm', f), page['left_out'](page['int8_slower']()))[1]
    assert 'times as long as floats here' in said(late) and 'come out wrong here' in said(wrong) == said(early)
    assert page['left_out'](.5) == 'nothing: products of 8 bits are quick here'

@pytest.mark.skipif(platform.machine() not in ('x86_64', 'AMD64'), reason='elsewhere torch may have other products than those of oneDNN')
def test_torch_has_a_slow_product(page):
    with warnings.catch_warnings(action='ignore'), torch.backends.mkldnn.flags(enabled=False): assert 5 < page['int8_slower']() < math.inf

def test_a_page_on_a_processor_that_is_slow(monkeypatch):
    "Once it knows, no cell multiplies slowly, and everything but the times is there."
    asked = []
    def counted(a, b):
        asked.append(a.shape)
        return late(a, b)
    monkeypatch.setenv('IN_TEST', '1')
    monkeypatch.setattr(torch, '_int_mm', counted)
    book = Run(next(p for p in NOTEBOOKS if p.stem == '25_int8'))
    names, place = book.shell.user_ns, lambda text: next(i for i, c in enumerate(book.cells) if text in c.source)
    book.upto(place('quick = '), 'the question')
    assert {*asked} == {(256, 256)} and not names['quick'] and 'left out' in str(book.cells[place('quick = ')].outputs)
    n = len(asked)
    book.upto(place('bars(ax'), 'the picture')
    assert len(asked) == n and torch._int_mm is counted
    assert [*names['times']] == ['32 bits'] and names['missing'] == [names['left_out'](names['slower'])] and {*names['scores']} == {'sentiment', 'digits'}
    assert 'times as long as floats here, and are computed with floats' in str(book.cells[place('times = ')].outputs)
    book.close()

# A decoder

@pytest.fixture(scope='module')
def decoder():
    return cells_of('25_int8', 'Int8Linear', 'with_int8')

def test_a_layer_of_8_bits(decoder):
    "Both ways are the product with the rounded weights, and a neighbour changes nothing."
    torch.manual_seed(0)
    for bias in (True, False):
        layer = torch.nn.Linear(96, 40, bias=bias)
        small, rounded = decoder['Int8Linear'](layer), copy.deepcopy(layer)
        assert (small.whole * small.scale[:, None] - layer.weight).abs().max() <= small.scale.max() / 2 * 1.001
        rounded.weight.data = small.whole * small.scale[:, None]
        x = torch.randn(2, 20, 96)
        with torch.no_grad():
            assert torch.equal(small(x), rounded(x)) and (small(x) - layer(x)).abs().max() > 1e-4
            few = small(x[:, :4])
            assert few.shape == (2, 4, 40) and (few - rounded(x[:, :4])).abs().max() < .02 * few.abs().max()
            assert torch.equal(small(x[:1, :1]), few[:1, :1])

@pytest.mark.parametrize('d_in', [8, 40, 344])
def test_rows_that_torch_would_read_beyond(decoder, d_in):
    "PyTorch's product takes 16 numbers at a time with AVX-512, also where 8 are left: the layer takes the other way then."
    torch.manual_seed(0)
    layer = torch.nn.Linear(d_in, 128)
    small = decoder['Int8Linear'](layer)
    for n in (1, 3):
        x = torch.randn(n, d_in)
        with torch.no_grad(): assert (small(x) - layer(x)).abs().max() < .05

def test_a_row_of_zeros_stays_one(decoder):
    layer = torch.nn.Linear(32, 16, bias=False)
    layer.weight.data[3] = 0
    small = decoder['Int8Linear'](layer)
    for n in (1, 20): assert (small(torch.randn(n, 32))[:, 3] == 0).all() and small(torch.randn(n, 32)).isfinite().all()

def test_a_decoder_of_8_bits_writes_by_steps(decoder):
    "Greedy, with a cache: each token is the best of a model without one, or nearly. And eight bits aren't two: rounded to -1, 0 and 1 its scores are others."
    from transformers_lite import AutoModelForCausalLM, AutoTokenizer
    name = 'transformers-lite/llama-reviews'
    model, tok = AutoModelForCausalLM.from_pretrained(name), AutoTokenizer.from_pretrained(name)
    small = decoder['with_int8'](model)
    kinds = {type(m).__name__ for m in small.modules()}
    assert 'Int8Linear' in kinds and 'Linear' not in kinds and isinstance(model.lm_head, torch.nn.Linear)
    prompt = tok('The film is', return_tensors='pt')
    ids = small.generate(**prompt, do_sample=False, max_new_tokens=12)
    n = prompt.input_ids.shape[1]
    with torch.no_grad():
        scores = model(ids).logits[0, n-1:-1]
        chosen = scores.gather(1, ids[0, n:, None])[:, 0]
        assert len(chosen) > 4 and (scores.amax(1) - chosen < .3).all()
        whole, cache, steps = small(**prompt).logits, None, []
        for ids in prompt.input_ids.split(1, 1):
            out = small(ids, past_key_values=cache)
            cache = out.past_key_values
            steps.append(out.logits)
        near = lambda m: (m(**prompt).logits - model(**prompt).logits).abs().max()
        assert torch.allclose(torch.cat(steps, 1), whole, atol=.1) and near(small) < .3
        for m in small.modules():
            if hasattr(m, 'whole'): m.whole.copy_((m.whole / 127.).round() * 127)
        assert near(small) > 1

def test_a_decoder_of_8_bits_is_kept_as_plain_tensors(decoder, tmp_path):
    from safetensors.torch import load_file, save_file
    from transformers_lite import LlamaConfig, LlamaForCausalLM
    config = LlamaConfig(vocab_size=50, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2)
    small, again = (decoder['with_int8'](LlamaForCausalLM(config).eval()) for _ in range(2))
    ids = torch.arange(6)[None]
    with torch.no_grad():
        assert not torch.equal(small(ids).logits, again(ids).logits)
        save_file(small.state_dict(), tmp_path/'small.safetensors')
        again.load_state_dict(load_file(tmp_path/'small.safetensors'))
        assert torch.equal(small(ids).logits, again(ids).logits)
