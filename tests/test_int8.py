"Whole numbers of 8 bits in the Morse model, and what chapter 17 does where a processor can't multiply them; the chapter measures the other two checkpoints."
import copy, logging, math, platform, time, warnings

import numpy as np, pytest, torch

from helpers import NOTEBOOKS, cells_of
from test_notebooks import Run
from transformers_lite import AutoModelForCTC, AutoProcessor

PRODUCT = torch._int_mm

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
