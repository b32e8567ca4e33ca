"Feature extractors and load_audio against transformers 5.x and 4.57.6; files of every format; the field notes' row; bad input."
import io, json

import numpy as np, pytest, soundfile as sf, torch, transformers
from hypothesis import given, settings, strategies as st

import transformers_lite.messages
from helpers import run457, run_python
from transformers_lite import SequenceFeatureExtractor, Wav2Vec2FeatureExtractor, load_audio

def clip(n, seed=0): return (np.random.default_rng(seed + n).standard_normal(n) * 2 + .3).astype(np.float32)
CLIPS = [clip(400), clip(90), clip(250)]
SETTINGS = [dict(), dict(padding_value=1.), dict(do_normalize=False), dict(return_attention_mask=True), dict(padding_side='left', return_attention_mask=True), dict(padding_side='left', padding_value=.5), dict(sampling_rate=8000)]
CALLS = [dict(), dict(padding=True), dict(padding='longest', pad_to_multiple_of=64), dict(padding='max_length', max_length=300, truncation=True), dict(padding='max_length', max_length=500), dict(truncation=True, max_length=100),
         dict(padding=True, truncation=True, max_length=111, pad_to_multiple_of=50), dict(padding=True, return_attention_mask=True), dict(padding='do_not_pad')]

def wrong_there(kwargs, call):
    "With padding on the left and a mask, transformers normalises by as many samples from the left: padding, and a part of the sound."
    return kwargs.get('padding_side') == 'left' and call.get('padding') not in (None, False, 'do_not_pad') and (kwargs.get('return_attention_mask') or call.get('return_attention_mask'))
RIGHT = [(k, c) for k in SETTINGS for c in CALLS if not wrong_there(k, c)]

def same(a, b):
    assert set(a) == set(b)
    for k in a:
        assert len(a[k]) == len(b[k])
        for x, y in zip(a[k], b[k]):
            x, y = np.asarray(x), np.asarray(y)
            assert x.shape == y.shape and np.abs(x - y).max() <= (1e-5 if k == 'input_values' else 0)

@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('kwargs,call', RIGHT, ids=str)
def test_parity(kwargs, call):
    a, b = (c(**kwargs)(CLIPS, sampling_rate=kwargs.get('sampling_rate', 16000), **call) for c in (transformers.Wav2Vec2FeatureExtractor, Wav2Vec2FeatureExtractor))
    same(a, b)

@pytest.mark.filterwarnings('ignore')
@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(2, 300), min_size=1, max_size=5), st.sampled_from(RIGHT))
def test_parity_on_any_lengths(lengths, which):
    kwargs, call = which
    clips = [clip(n, i) for i, n in enumerate(lengths)]
    a, b = (c(**kwargs)(clips, sampling_rate=kwargs.get('sampling_rate', 16000), **call) for c in (transformers.Wav2Vec2FeatureExtractor, Wav2Vec2FeatureExtractor))
    same(a, b)

@pytest.mark.filterwarnings('ignore')
def test_negative_control():
    a, b = (Wav2Vec2FeatureExtractor(padding_value=v)(CLIPS, padding=True, sampling_rate=16000) for v in (0., .1))
    with pytest.raises(AssertionError): same(a, b)

@pytest.mark.parametrize('call', [c for c in CALLS if c], ids=str)
@pytest.mark.parametrize('size', [1, 3])
def test_pad(call, size): # the base class's, on features of one number and of three
    feats = [np.random.default_rng(n).standard_normal((n, size) if size > 1 else n).astype(np.float32) for n in (7, 3, 5)]
    call = {k: v // 40 if k in ('max_length', 'pad_to_multiple_of') else v for k, v in call.items()}
    class Theirs(transformers.SequenceFeatureExtractor): model_input_names = ['input_values', 'attention_mask']
    for side in 'left', 'right':
        a, b = (c(feature_size=size, sampling_rate=16000, padding_value=.5, padding_side=side, return_attention_mask=True).pad({'input_values': list(feats)}, **call) for c in (Theirs, SequenceFeatureExtractor))
        same(a, b)
    rows = SequenceFeatureExtractor(return_attention_mask=True).pad([{'input_values': f} for f in feats], **call)
    assert len(rows['input_values']) == 3

@pytest.mark.filterwarnings('ignore')
def test_457(tmp_path): # its numbers, and folders both ways
    for i, kwargs in enumerate(SETTINGS): Wav2Vec2FeatureExtractor(**kwargs).save_pretrained(tmp_path/f'ours-{i}')
    got = run457('''import numpy as np
from transformers import AutoFeatureExtractor, Wav2Vec2FeatureExtractor
folder, many, calls, clips = args
clips, result = [np.asarray(c, dtype=np.float32) for c in clips], []
for i, kwargs in enumerate(many):
    p = Wav2Vec2FeatureExtractor(**kwargs)
    p.save_pretrained(f'{folder}/theirs-{i}')
    for e in p, AutoFeatureExtractor.from_pretrained(f'{folder}/ours-{i}'):
        result += [{k: [np.asarray(x).tolist() for x in v] for k, v in e(clips, sampling_rate=e.sampling_rate, **c).items()} for c in calls]''', str(tmp_path), SETTINGS, CALLS, [c.tolist() for c in CLIPS])
    at = iter(got)
    for i, kwargs in enumerate(SETTINGS):
        for e in Wav2Vec2FeatureExtractor(**kwargs), Wav2Vec2FeatureExtractor.from_pretrained(tmp_path/f'theirs-{i}'):
            for call in CALLS:
                there = next(at)
                if not wrong_there(kwargs, call): same(there, e(CLIPS, sampling_rate=e.sampling_rate, **call))

def test_folders_with_5(tmp_path):
    for i, kwargs in enumerate(SETTINGS):
        ours, theirs = Wav2Vec2FeatureExtractor(**kwargs), transformers.Wav2Vec2FeatureExtractor(**kwargs)
        ours.save_pretrained(tmp_path/f'{i}'); theirs.save_pretrained(tmp_path/f't{i}')
        assert transformers.AutoFeatureExtractor.from_pretrained(tmp_path/f'{i}').to_dict() == theirs.to_dict() and Wav2Vec2FeatureExtractor.from_pretrained(tmp_path/f't{i}') == ours
        assert json.loads((tmp_path/f'{i}'/'preprocessor_config.json').read_text()) == json.loads((tmp_path/f't{i}'/'preprocessor_config.json').read_text())

def test_left_padding_with_a_mask_is_right(): # each clip as it is alone; transformers' short clip is not
    alone = Wav2Vec2FeatureExtractor()(CLIPS[1], sampling_rate=16000)['input_values'][0]
    a, b = (c(padding_side='left', return_attention_mask=True)(CLIPS, padding=True, sampling_rate=16000)['input_values'][1] for c in (transformers.Wav2Vec2FeatureExtractor, Wav2Vec2FeatureExtractor))
    assert np.abs(b[-90:] - alone).max() < 1e-6 and (b[:-90] == 0).all() and np.abs(a[-90:] - alone).max() > .5

@pytest.mark.parametrize('offset', [0, 3, 100, 1000])
def test_a_clip_far_from_zero(offset): # the sums are as good as transformers'
    clips = [clip(n) + np.float32(offset) for n in (160000, 90001)]
    a, b = (c(return_attention_mask=True)(clips, padding=True, sampling_rate=16000, return_tensors='np') for c in (transformers.Wav2Vec2FeatureExtractor, Wav2Vec2FeatureExtractor))
    same(a, b)

@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('kwargs', SETTINGS, ids=str)
@pytest.mark.parametrize('call', CALLS, ids=str)
def test_nothing_is_shared(kwargs, call): # neither with the caller's clips nor among rows
    clips = [c.copy() for c in CLIPS]
    batch = Wav2Vec2FeatureExtractor(**kwargs)(clips, sampling_rate=kwargs.get('sampling_rate', 16000), **call)
    for rows in batch.values():
        others = [r.copy() for r in rows[1:]]
        rows[0][:] = 7
        assert all(np.array_equal(a, b) for a, b in zip(rows[1:], others))
    assert all(np.array_equal(a, b) for a, b in zip(clips, CLIPS))

# field notes, row 9

def test_a_clip_depends_on_its_batch_and_is_warned_about(recwarn):
    e, alone = Wav2Vec2FeatureExtractor(), Wav2Vec2FeatureExtractor()(CLIPS[1], sampling_rate=16000)['input_values'][0]
    transformers_lite.messages.warn_once.cache_clear()
    batch = e(CLIPS, padding=True, sampling_rate=16000)['input_values'][1]
    assert 'normalize_before_padding=True' in str(recwarn.pop(UserWarning).message) and np.abs(batch[:90] - alone).max() > .1
    for right in (e(CLIPS, padding=True, sampling_rate=16000, normalize_before_padding=True), Wav2Vec2FeatureExtractor(normalize_before_padding=True)(CLIPS, padding=True, sampling_rate=16000), e(CLIPS, padding=True, sampling_rate=16000, return_attention_mask=True)):
        assert np.abs(right['input_values'][1][:90] - alone).max() < 1e-6 and (right['input_values'][1][90:] == 0).all()
    assert not [w for w in recwarn if 'normalize' in str(w.message)]

def test_the_option_is_saved_only_where_it_is_wanted(tmp_path):
    assert 'normalize_before_padding' not in Wav2Vec2FeatureExtractor().to_dict()
    Wav2Vec2FeatureExtractor(normalize_before_padding=True).save_pretrained(tmp_path)
    assert Wav2Vec2FeatureExtractor.from_pretrained(tmp_path).normalize_before_padding and transformers.Wav2Vec2FeatureExtractor.from_pretrained(tmp_path).do_normalize

BAD = [(np.zeros((500, 2)), 'channels'), (np.zeros((500, 1)), 'channels'), (np.zeros((2, 2, 9)), 'mono-channel'), (np.array([1., np.nan]), 'sample 1'), ([clip(9), np.array([np.inf, 1.])], 'clip 1'), (np.zeros(0), 'no sound'), ([], 'no sound'),
       ([clip(9), []], 'clip 1 is empty'), ('file.wav', 'load_audio'), (None, 'samples are wanted'), (3., 'samples are wanted'), (['a', 'b'], 'numbers'), ([np.zeros((5, 2))], 'mono-channel')]
@pytest.mark.parametrize('sound,words', BAD, ids=[w + str(i) for i, (_, w) in enumerate(BAD)])
def test_bad_input(sound, words):
    with pytest.raises(ValueError, match=words): Wav2Vec2FeatureExtractor()(sound, sampling_rate=16000)

@pytest.mark.parametrize('call,words', [(dict(sampling_rate=8000), 'Resample it'), (dict(padding='max_length'), 'max_length'), (dict(truncation=True), 'max_length'), (dict(padding='some'), 'unknown'), (dict(return_tensors='pt'), 'different lengths')], ids=str)
def test_bad_calls(call, words):
    with pytest.raises(ValueError, match=words): Wav2Vec2FeatureExtractor()(CLIPS, **{'sampling_rate': 16000, **call})

def test_numpy_has_arrays_of_arrays(): # as in transformers, where clips keep their lengths
    ours, theirs = (cls(return_attention_mask=True)(CLIPS, sampling_rate=16000, return_tensors='np') for cls in (Wav2Vec2FeatureExtractor, transformers.Wav2Vec2FeatureExtractor))
    for k in theirs:
        assert ours[k].dtype == theirs[k].dtype == object and ours[k].shape == theirs[k].shape == (len(CLIPS),)
        assert all(np.allclose(a, b, atol=1e-6) for a, b in zip(ours[k], theirs[k]))
    out = Wav2Vec2FeatureExtractor().pad({'input_values': [np.zeros(3), np.zeros(5)], 'labels': [1, 2]}, padding=False, return_tensors='np')
    assert out['labels'].tolist() == [1, 2] and [len(x) for x in out['input_values']] == [3, 5]

@pytest.mark.parametrize('kwargs', [dict(do_normalise=False), dict(sampling_rate=0), dict(sampling_rate='x'), dict(padding_side='up'), dict(feature_size=-1), dict(padding_value='x')], ids=str)
def test_bad_settings(kwargs):
    with pytest.raises(ValueError): Wav2Vec2FeatureExtractor(**kwargs)

def test_a_batch_of_two_stays_one(recwarn): assert len(Wav2Vec2FeatureExtractor()(np.stack([CLIPS[0], CLIPS[0]]), sampling_rate=16000)['input_values']) == 2
def test_no_rate_is_warned_about(recwarn):
    transformers_lite.messages.warn_once.cache_clear()
    Wav2Vec2FeatureExtractor()(CLIPS[0])
    assert 'sampling_rate=16000' in str(recwarn.pop(UserWarning).message)

@pytest.mark.parametrize('form', [list, tuple, torch.tensor, np.float64, np.float16], ids=lambda f: f.__name__)
def test_forms(form): assert np.abs(Wav2Vec2FeatureExtractor()(form(CLIPS[0]) if form is not list else CLIPS[0].tolist(), sampling_rate=16000)['input_values'][0] - Wav2Vec2FeatureExtractor()(CLIPS[0], sampling_rate=16000)['input_values'][0]).max() < 2e-3

@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=30), min_size=1, max_size=4))
@pytest.mark.filterwarnings('ignore')
def test_laws(clips):
    batch = Wav2Vec2FeatureExtractor(return_attention_mask=True)(clips, padding=True, sampling_rate=16000, return_tensors='np')
    x, m = batch['input_values'], batch['attention_mask']
    assert np.isfinite(x).all() and x.shape == m.shape == (len(clips), max(map(len, clips))) and m.sum(1).tolist() == [len(c) for c in clips] and (x[m == 0] == 0).all()

# files

@pytest.mark.parametrize('channels', [1, 2])
@pytest.mark.parametrize('rate', [8000, 16000, 44100, 48000])
@pytest.mark.parametrize('suffix,subtype', [('wav', 'PCM_16'), ('wav', 'PCM_U8'), ('wav', 'PCM_24'), ('wav', 'FLOAT'), ('flac', 'PCM_16'), ('ogg', 'VORBIS'), ('mp3', None)])
def test_load_audio(suffix, subtype, rate, channels, tmp_path): # the tone keeps its pitch, length and loudness
    t = np.arange(rate) / rate
    tone = .5 * np.sin(2 * np.pi * 1000 * t)
    sf.write(tmp_path/f'x.{suffix}', np.stack([tone] * channels, 1), rate, subtype=subtype)
    both, x = load_audio(tmp_path/f'x.{suffix}'), load_audio(str(tmp_path/f'x.{suffix}'), mono=True)
    assert x.dtype == np.float32 and x.ndim == 1 and both.ndim == channels and abs(len(x) - 16000) < 16000 * .15
    middle = x[4000:12000]
    assert abs(np.abs(np.fft.rfft(middle)).argmax() * 16000 / len(middle) - 1000) < 5 and abs(np.abs(middle).max() - .5) < .06

def test_load_audio_other_forms(tmp_path):
    sf.write(tmp_path/'x.wav', clip(800) / 20, 16000)
    data = (tmp_path/'x.wav').read_bytes()
    want = load_audio(tmp_path/'x.wav')
    assert all(np.array_equal(want, load_audio(f)) for f in (data, io.BytesIO(data), open(tmp_path/'x.wav', 'rb'))) and len(load_audio(data, None)) == 800
    for wrong, kind in ((tmp_path/'none.wav', FileNotFoundError), (b'', ValueError), (b'RIFF', ValueError), (tmp_path, FileNotFoundError)):
        with pytest.raises(kind): load_audio(wrong)

def test_light(): assert run_python('import sys, numpy as np\nfrom transformers_lite import Wav2Vec2FeatureExtractor\nWav2Vec2FeatureExtractor()(np.ones(9), sampling_rate=16000, return_tensors="np")\nprint(sorted({"torch", "soundfile", "soxr", "PIL"} & set(sys.modules)))').strip() == '[]'

@pytest.mark.parametrize('subtype', ['PCM_16', 'PCM_24', 'PCM_32', 'FLOAT', 'DOUBLE'])
def test_samples_and_channels_of_a_wav(subtype, tmp_path):
    "At its own rate a file gives its very samples, and each channel its own; the mean of both is mono."
    x = np.stack([np.sin(np.arange(500) / 5), .5 * np.cos(np.arange(500) / 9)]).astype(np.float32)
    sf.write(tmp_path/'x.wav', x.T, 16000, subtype=subtype)
    got = load_audio(tmp_path/'x.wav')
    assert got.shape == (2, 500) and np.abs(got - x).max() < 1e-4 and np.abs(got[::-1] - x).max() > .5
    assert np.abs(load_audio(tmp_path/'x.wav', mono=True) - x.mean(0)).max() < 1e-4
    sf.write(tmp_path/'x.wav', x.T, 8000, subtype=subtype)
    assert load_audio(tmp_path/'x.wav').shape == (2, 1000) and load_audio(tmp_path/'x.wav', sampling_rate=None).shape == (2, 500)

@pytest.mark.parametrize('dtype', [np.int16, np.int32, np.uint8, '>i2'])
def test_whole_numbers(dtype):
    "Normalising takes any scale away."
    x, fe = np.sin(np.arange(400) / 5), Wav2Vec2FeatureExtractor()
    whole = (x * 100 + 110).astype(dtype)
    want, got = (fe(v, sampling_rate=16000)['input_values'][0] for v in (x, whole))
    assert got.dtype == np.float32 and np.abs(got - want).max() < .02
