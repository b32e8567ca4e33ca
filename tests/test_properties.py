"""Laws that hold for any input, tried on drawn ones: text, pictures, sound, settings, masks, and files of any bytes.

That the two tokenizers agree is in test_tokenizer.py, and that a path of CTC reads as its text in test_processor.py.
`EXAMPLES=50 python -m pytest tests/test_properties.py` tries fifty times as many."""
import inspect, json, os
from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np, pytest, torch
from hypothesis import HealthCheck, example, given, settings, strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from safetensors.torch import save_file

from helpers import bert_vocab
from transformers_lite import (DistilBertConfig, DistilBertModel, DistilBertTokenizer, DistilBertTokenizerFast, PretrainedConfig, ViTConfig, ViTImageProcessor, Wav2Vec2Config,
    Wav2Vec2CTCTokenizer, Wav2Vec2FeatureExtractor, Wav2Vec2Processor)
from transformers_lite.store import read_json
from transformers_lite.processor import read_ctc_vocab
from transformers_lite.rules import Count, Depth, Positive, Rule, Share, Size, Spread
from transformers_lite.wordpiece import read_vocab

def tries(n): return settings(max_examples=n * int(os.environ.get('EXAMPLES', 1)), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
pytestmark = pytest.mark.filterwarnings('ignore')

@pytest.fixture(scope='module')
def toks(): return DistilBertTokenizer(bert_vocab()), DistilBertTokenizerFast(bert_vocab())

words = st.text(st.sampled_from("abcdefghinorstuyABCÉéñß '-.,!?09日本ハパ\t\u0301"), max_size=40)
anything = st.one_of(words, st.text(max_size=40).filter(lambda s: not any('\ud800' <= c <= '\udfff' for c in s)))

# ---------------------------------------------------------------- text

@tries(60)
@given(anything)
def test_decoding_again_changes_nothing(toks, text):
    "What is decoded has the same ids as what was encoded, so it decodes to itself."
    for t in toks:
        ids = t(text, add_special_tokens=False)['input_ids']
        said = t.decode(ids, clean_up_tokenization_spaces=False)
        assert t(said, add_special_tokens=False)['input_ids'] == ids
        assert t.decode(t(text)['input_ids'], skip_special_tokens=True, clean_up_tokenization_spaces=False) == said.replace('[UNK]', '').strip() or '[' in said

@tries(60)
@given(anything, st.text(st.sampled_from('abcdefghij ABC.,'), max_size=40))
def test_offsets_index_the_text(toks, text, ascii_text):
    for t in toks:
        for s in text, ascii_text:
            e = t(s, return_offsets_mapping=True, add_special_tokens=False)
            places = e['offset_mapping']
            assert all(0 <= a < b <= len(s) for a, b in places) and all(a <= c for (a, _), (c, _) in zip(places, places[1:]))
            for token, (a, b) in zip(t.convert_ids_to_tokens(e['input_ids']), places):
                if s is ascii_text and token != '[UNK]': assert s[a:b].lower() == token.removeprefix('##')

@tries(50)
@given(st.lists(anything, min_size=1, max_size=5), st.integers(2, 12), st.sampled_from(['left', 'right']), st.integers(1, 9))
def test_padding_and_truncation(toks, texts, n, side, multiple):
    for t in toks:
        t.padding_side, full = side, [t(s)['input_ids'] for s in texts]
        try:
            e = t(texts, padding=True, pad_to_multiple_of=multiple)
            size = -(-max(map(len, full)) // multiple) * multiple
            for ids, mask, want in zip(e['input_ids'], e['attention_mask'], full):
                assert len(ids) == len(mask) == size and [i for i, m in zip(ids, mask) if m] == want and all(i == t.pad_token_id for i, m in zip(ids, mask) if not m)
                assert mask == sorted(mask, reverse=side == 'right')
            e = t(texts, truncation=True, max_length=n)
            for ids, want in zip(e['input_ids'], full):
                assert len(ids) == min(n, len(want)) and ids[:-1] == want[:len(ids) - 1] and ids[-1] == t.sep_token_id
        finally: t.padding_side = 'right'

@tries(60)
@given(st.text(st.sampled_from('ABCDE '), max_size=20))
def test_letters_come_back(text):
    t = Wav2Vec2CTCTokenizer(vocab={c: i for i, c in enumerate(['<pad>', '<s>', '</s>', '<unk>', '|', *'ABCDE'])})
    assert t.decode(t(text)['input_ids'], group_tokens=False) == text.strip()

# ---------------------------------------------------------------- pictures and sound

number_kinds = st.sampled_from([np.uint8, np.int8, np.uint16, np.int32, np.int64, np.bool_, np.float16, np.float32, np.float64, np.complex64, object, 'U3', 'M8[s]'])

@tries(120)
@given(arrays(number_kinds, array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=6)), st.booleans(), st.booleans())
def test_any_picture_gives_finite_numbers_or_a_reason(x, resize, rescale):
    try: out = ViTImageProcessor(size=5, do_resize=resize, do_rescale=rescale)(x)['pixel_values']
    except ValueError as e: assert len(str(e)) > 20
    else: assert all(p.ndim == 3 and p.shape[0] == 3 and np.isfinite(p).all() for p in out) and len(out) > 0

clips = st.one_of(arrays(number_kinds, array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=50)), st.lists(st.one_of(st.floats(), st.integers(), st.none(), st.text(max_size=2), st.lists(st.floats(), max_size=4)), max_size=6),
                  st.lists(arrays(np.float32, array_shapes(max_dims=1, max_side=30), elements=st.floats(-1, 1, width=32)), min_size=1, max_size=4), st.text(max_size=5), st.none(), st.integers())

@tries(120)
@given(clips, st.booleans(), st.booleans(), st.booleans())
def test_any_sound_gives_finite_numbers_or_a_reason(x, normalize, pad, want_mask):
    try: out = Wav2Vec2FeatureExtractor(do_normalize=normalize, return_attention_mask=want_mask)(x, sampling_rate=16000, padding=pad)
    except ValueError as e: assert len(str(e)) > 20
    else:
        rows = out['input_values']
        assert len(rows) and all(r.ndim == 1 and r.dtype == np.float32 and len(r) for r in rows)
        # a number that float32 can't hold is infinite after the conversion, and refused; what is left must not overflow when it is normalised
        assert all(np.isfinite(r).all() for r in rows) and (not pad or len({len(r) for r in rows}) == 1)

# ---------------------------------------------------------------- settings and models

@tries(60)
@given(st.sampled_from([DistilBertConfig, ViTConfig, Wav2Vec2Config]), st.integers(1, 4), st.integers(1, 8), st.floats(0, 1), st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=4, unique=True),
       st.dictionaries(st.text('xyz_', min_size=4, max_size=9).map('own_'.__add__), st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.floats(allow_nan=False, allow_infinity=False), st.lists(st.integers(), max_size=3)), max_size=3))
def test_settings_come_back(tmp_path, cls, heads, width, p, names, own):
    c = cls(num_attention_heads=heads, hidden_size=heads * width * 16, attention_dropout=p, id2label=dict(enumerate(names)), **own)
    c.save_pretrained(tmp_path)
    again = cls.from_pretrained(tmp_path)
    assert again == c and again.to_dict() == c.to_dict() and cls.from_dict(c.to_dict()) == c and all(getattr(again, k) == v for k, v in own.items())

whole, real, short = st.integers(-10**9, 10**9), st.floats(allow_nan=False, allow_infinity=False, width=32), st.text(max_size=5)
not_whole = st.one_of(short, st.booleans(), real.filter(lambda x: x != int(x)), st.lists(whole, max_size=2), st.just({}))
not_real = st.one_of(short, st.booleans(), st.sampled_from([float('nan'), float('inf')]), st.lists(real, max_size=2))
TYPES = [ # a type, a default, right values and wrong ones
    (int, 3, whole, not_whole | st.none()), (float, .5, real | whole, not_real | st.none()), (bool, False, st.booleans(), short | whole | st.none()), (str, 'a', short, whole | st.none() | st.booleans()),
    (Count, 1, st.integers(1, 10**9), st.integers(max_value=0) | not_whole), (Depth, 0, st.integers(0, 10**9), st.integers(max_value=-1) | not_whole), (Share, .1, st.floats(0, 1), st.floats(1, exclude_min=True) | not_real),
    (Spread, 0., st.floats(0, 10**6), st.floats(max_value=0, exclude_max=True) | not_real), (Positive, 1., st.floats(0, 10**6, exclude_min=True), st.floats(max_value=0) | not_real),
    (int | None, None, whole | st.none(), not_whole), (Count | None, None, st.integers(1, 2**63 - 1) | st.none(), st.integers(max_value=0) | not_whole), (Literal['a', 1], 'a', st.sampled_from(['a', 1]), st.sampled_from(['b', 2, 1., True, None, []])),
    (list[int], [1], st.lists(whole, max_size=3), st.lists(not_whole, min_size=1, max_size=3) | short | whole), (Sequence[Share] | None, None, st.lists(st.floats(0, 1), max_size=3) | st.none(), st.lists(not_real, min_size=1, max_size=2) | short),
    (Size, 8, st.integers(1, 99) | st.lists(st.integers(1, 99), min_size=2, max_size=2), st.integers(max_value=0) | short | st.lists(st.integers(1, 99), min_size=3, max_size=3)),
    (Annotated[int, Rule('even', lambda n: n % 2 == 0)], 0, whole.map(lambda n: 2 * n), whole.map(lambda n: 2 * n + 1) | not_whole)]

def family(types): # {name: (type, default)}
    "A family with these settings."
    def __init__(self, **kwargs):
        for name, (_, default) in types.items(): setattr(self, name, kwargs.pop(name, default))
        PretrainedConfig.__init__(self, **kwargs)
    P = inspect.Parameter
    own = [P(name, P.KEYWORD_ONLY, default=default, annotation=t) for name, (t, default) in types.items()]
    __init__.__signature__ = inspect.Signature([P('self', P.POSITIONAL_OR_KEYWORD), *own, P('kwargs', P.VAR_KEYWORD)])
    return type('Drawn', (PretrainedConfig,), dict(model_type='drawn', __init__=__init__))

@tries(100)
@given(st.dictionaries(st.text('stuvw', min_size=3, max_size=6).map('my_'.__add__), st.sampled_from(TYPES), min_size=1, max_size=4), st.data())
def test_any_family_with_types(tmp_path, drawn, data):
    "Right values come back from a file; a wrong one raises, and is named, when it is given, set or read."
    cls = family({name: (t, default) for name, (t, default, _, _) in drawn.items()})
    right = {name: data.draw(values) for name, (_, _, values, _) in drawn.items() if data.draw(st.booleans())}
    c = cls(**right)
    c.save_pretrained(tmp_path)
    again = cls.from_pretrained(tmp_path)
    assert again == c and all(getattr(again, k) == v for k, v in right.items())
    name = data.draw(st.sampled_from(sorted(drawn)))
    wrong = data.draw(drawn[name][3])
    with pytest.raises(ValueError, match=f'Drawn: {name}=.*but it must be '): cls(**{**right, name: wrong})
    with pytest.raises(ValueError, match=f'Drawn: {name}='): cls.from_dict({name: wrong})
    setattr(c, name, wrong)
    with pytest.raises(ValueError, match=f'Drawn: {name}='): c.save_pretrained(tmp_path)
    assert cls.from_pretrained(tmp_path) == again

@pytest.fixture(scope='module')
def models():
    torch.manual_seed(0)
    make = lambda how: DistilBertModel(DistilBertConfig(vocab_size=30, dim=16, n_heads=2, n_layers=2, hidden_dim=32, max_position_embeddings=16, initializer_range=1., attn_implementation=how)).eval().double()
    packed, padded, eager = (make(h) for h in ('packed', 'sdpa', 'eager'))
    for m in padded, eager: m.load_state_dict(packed.state_dict())
    return packed, padded, eager

@tries(60)
@given(st.integers(1, 5), st.integers(1, 12), st.data())
@torch.no_grad()
def test_packed_equals_padded(models, b, n, data):
    "For any mask, also with holes, with padding on the left, and with rows of padding alone."
    mask = torch.tensor(data.draw(st.lists(st.lists(st.integers(0, 1), min_size=n, max_size=n), min_size=b, max_size=b).filter(lambda m: any(map(any, m)))))
    ids = torch.tensor(data.draw(st.lists(st.lists(st.integers(0, 29), min_size=n, max_size=n), min_size=b, max_size=b)))
    packed, padded, eager = (m(ids, mask)[0] for m in models)
    keep = mask.bool()
    torch.testing.assert_close(packed[keep], padded[keep], rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(packed[keep], eager[keep], rtol=1e-9, atol=1e-9)
    assert packed.isfinite().all() and not packed[~keep].any() if not keep.all() else True
    i = data.draw(st.sampled_from([k for k in range(b) if keep[k].any()])) # a text's result doesn't depend on its company
    torch.testing.assert_close(models[0](ids[i:i + 1], mask[i:i + 1])[0][0][keep[i]], packed[i][keep[i]], rtol=1e-9, atol=1e-9)

# ---------------------------------------------------------------- files of any bytes

json_bytes = st.one_of(st.binary(max_size=60), st.recursive(st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=4)), lambda v: st.one_of(st.lists(v, max_size=3), st.dictionaries(st.text(max_size=3), v, max_size=3)), max_leaves=6)
                       .map(lambda v: json.dumps(v).encode()))

@tries(150)
@given(json_bytes)
@example(b'{"a": "\\ud800"}')
@example(b'\xff\xfe{\x00}\x00')
def test_read_json_of_any_bytes(tmp_path, data):
    p = tmp_path/'config.json'
    p.write_bytes(data)
    try: d = read_json(p)
    except OSError as e: assert 'config.json' in str(e)
    else: assert isinstance(d, dict) and json.loads(json.dumps(d, allow_nan=False)) == d

@tries(150)
@given(st.one_of(st.binary(max_size=60), st.lists(st.text(max_size=5), max_size=6).map(lambda ls: '\n'.join(ls).encode('utf-8', 'surrogatepass')), json_bytes))
def test_read_vocabularies_of_any_bytes(tmp_path, data):
    p = tmp_path/'vocab.txt'
    p.write_bytes(data)
    for read in read_vocab, lambda p: read_ctc_vocab(p)[0]:
        try: ids = read(p)
        except ValueError as e: assert len(str(e)) > 20
        else: assert all(isinstance(t, str) and isinstance(i, int) and i >= 0 for t, i in ids.items()) and len({*ids.values()}) == len(ids)

@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory):
    d = tmp_path_factory.mktemp('checkpoint')
    torch.manual_seed(0)
    DistilBertModel(DistilBertConfig(vocab_size=5, dim=4, n_heads=2, n_layers=1, hidden_dim=4, max_position_embeddings=4)).save_pretrained(d)
    return d, (d/'model.safetensors').read_bytes()

@tries(150)
@given(st.lists(st.tuples(st.integers(0, 2500), st.integers(0, 255)), min_size=1, max_size=4), st.one_of(st.none(), st.integers(0, 3000)))
def test_weights_of_changed_bytes(checkpoint, changes, cut):
    "A few bytes changed, or the file cut: a model with every weight in place, or an error that names the file."
    d, good = checkpoint
    data = bytearray(good)
    for at, byte in changes: data[at % len(data)] = byte
    (d/'model.safetensors').write_bytes(bytes(data[:cut]))
    try: m = DistilBertModel.from_pretrained(d)
    except (OSError, RuntimeError, ValueError) as e: assert str(d) in str(e), e
    else: assert not any(p.is_meta for p in m.parameters())

@tries(100)
@given(st.dictionaries(st.sampled_from(['weight_map', 'metadata', 'x']), st.one_of(st.none(), st.integers(), st.text(max_size=6), st.lists(st.text(max_size=3), max_size=2),
       st.dictionaries(st.sampled_from(['embeddings.LayerNorm.bias', 'embeddings.LayerNorm.weight', 'x', '']), st.one_of(st.none(), st.integers(), st.text(max_size=6), st.sampled_from(['a.safetensors', '../a', '/a', 'b\\a', '..', '.', '\0', 'config.json'])), max_size=3)), max_size=3))
def test_any_index(tmp_path, index):
    DistilBertConfig(vocab_size=5, dim=4, n_heads=2, n_layers=1, hidden_dim=4, max_position_embeddings=4).save_pretrained(tmp_path)
    save_file({'embeddings.LayerNorm.bias': torch.ones(4)}, tmp_path/'a.safetensors')
    (tmp_path/'model.safetensors.index.json').write_text(json.dumps(index))
    try: m = DistilBertModel.from_pretrained(tmp_path)
    except (OSError, RuntimeError, ValueError) as e: assert str(tmp_path) in str(e) or 'null' in str(e), e
    else: assert index['weight_map'] == {'embeddings.LayerNorm.bias': 'a.safetensors'} and not any(p.is_meta for p in m.parameters())

@pytest.fixture(scope='module')
def folders(tmp_path_factory):
    "A folder of each kind with settings in JSON, and what loads it."
    d = tmp_path_factory.mktemp('folders')
    bert, letters = {t: i for i, t in enumerate(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'hello'])}, {c: i for i, c in enumerate(['<pad>', '<s>', '</s>', '<unk>', '|', *'ABCDE'])}
    DistilBertTokenizer(vocab=bert).save_pretrained(d/'text')
    ViTImageProcessor().save_pretrained(d/'pictures')
    Wav2Vec2Processor(Wav2Vec2FeatureExtractor(), Wav2Vec2CTCTokenizer(vocab=letters)).save_pretrained(d/'sound')
    loaders = {'text': lambda p: [c.from_pretrained(p)('hello') for c in (DistilBertTokenizer, DistilBertTokenizerFast)], 'pictures': ViTImageProcessor.from_pretrained, 'sound': lambda p: Wav2Vec2Processor.from_pretrained(p)(text='AB')}
    return [(f, json.loads(f.read_text()), loaders[f.parent.name]) for f in sorted(d.rglob('*.json')) if f.name not in ('tokenizer.json', 'vocab.json')]

values = st.one_of(st.sampled_from([None, True, 0, -1, 1.5, 10**30, 'x', '', [], [1], ['a'], {}, {'a': 1}, {'0': {'content': 3}}, {'5': 'x'}, {'height': 3}, {'content': '[X]'}]), st.recursive(st.one_of(st.integers(), st.text(max_size=3), st.booleans()), lambda v: st.one_of(st.lists(v, max_size=2), st.dictionaries(st.text(max_size=3), v, max_size=2)), max_leaves=3))

@tries(300)
@given(st.data(), values)
def test_any_value_of_any_setting(folders, data, value):
    "Loads and works, or says what is wrong, where."
    path, good, load = data.draw(st.sampled_from(folders))
    key = data.draw(st.sampled_from([*good, 'added_tokens_decoder', 'additional_special_tokens', 'extra_special_tokens', 'model_max_length', 'never_split', 'size', 'sampling_rate', 'feature_extractor', 'target_lang']))
    try:
        path.write_text(json.dumps({**good, key: value}))
        try: load(path.parent)
        except (OSError, ValueError) as e: assert str(path.parent) in str(e) and len(str(e)) > len(str(path.parent)) + 20, (key, value, e)
    finally: path.write_text(json.dumps(good))
