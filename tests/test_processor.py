"The CTC tokenizer and the processor against transformers 5.x and 4.57.6; laws of decoding; the field notes' rows; bad input."
import json

import numpy as np, pytest, torch, transformers
from hypothesis import given, strategies as st

import transformers_lite.messages
from helpers import run457, run_python
from transformers_lite import AutoProcessor, AutoTokenizer, Wav2Vec2CTCTokenizer, Wav2Vec2FeatureExtractor, Wav2Vec2Processor, collapse

VOCAB = {t: i for i, t in enumerate(['<pad>', '<s>', '</s>', '<unk>', '|', *"ABCDEHLORW'"])}
TEXTS = ['HELLO WORLD', 'A <s> B', ' <unk>A', 'A <pad>', 'A<s>B', 'A', "DO'R", 'ABBA  CAB', 'LLL', 'HÉ', '', 'A|B', ' A ']
PATHS = [[5, 5, 0, 5, 6, 4, 4, 7], [4, 5, 4], [0, 0], [9, 0, 9, 9, 4, 4, 0, 4, 8], [3, 3, 5], [11, 0, 11, 11], [], [5, 4, 0, 4, 5]]

@pytest.fixture(scope='module')
def vocab_file(tmp_path_factory):
    path = tmp_path_factory.mktemp('vocab')/'vocab.json'
    path.write_text(json.dumps(VOCAB))
    return path

def ours(**kwargs): return Wav2Vec2CTCTokenizer(vocab=VOCAB, **kwargs)
def plain(offsets): return json.loads(json.dumps(offsets, default=int))

@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('lower', [False, True])
def test_parity(vocab_file, lower):
    a, b = transformers.Wav2Vec2CTCTokenizer(vocab_file, do_lower_case=lower), Wav2Vec2CTCTokenizer(vocab_file, do_lower_case=lower)
    for t in TEXTS + [x.lower() for x in TEXTS]: assert a(t)['input_ids'] == b(t)['input_ids'], t
    assert a(TEXTS, padding=True)['input_ids'] == b(TEXTS, padding=True)['input_ids'] and len(a) == len(b)
    for path in PATHS:
        assert a.decode(path) == b.decode(path) and a.decode(path, group_tokens=False) == b.decode(path, group_tokens=False), path
        if not path: continue
        x, y = (t.decode(path, output_char_offsets=True, output_word_offsets=True) for t in (a, b))
        small = lambda offsets: [{k: v.lower() if lower and isinstance(v, str) else v for k, v in o.items()} for o in plain(offsets)] # theirs keep upper case in places, though not in the text
        assert x.text == y.text and small(x.char_offsets) == y.char_offsets and small(x.word_offsets) == y.word_offsets, path
    assert a.batch_decode(PATHS) == b.batch_decode(PATHS)

def test_negative_control(vocab_file): # another vocabulary shows
    other = Wav2Vec2CTCTokenizer(vocab=VOCAB | {'A': VOCAB['B'], 'B': VOCAB['A']})
    assert transformers.Wav2Vec2CTCTokenizer(vocab_file)('AB')['input_ids'] != other('AB')['input_ids']

# folders

@pytest.mark.filterwarnings('ignore')
def test_457(tmp_path, vocab_file): # both ways, tokenizers and processors, and sound with text
    Wav2Vec2Processor(Wav2Vec2FeatureExtractor(padding_value=.5, sampling_rate=8000), ours(do_lower_case=True)).save_pretrained(tmp_path/'ours')
    got = run457('''import numpy as np, os
from transformers import AutoProcessor, Wav2Vec2CTCTokenizer, Wav2Vec2FeatureExtractor, Wav2Vec2Processor
folder, vocab, texts, paths = args
Wav2Vec2Processor(Wav2Vec2FeatureExtractor(padding_value=.25), Wav2Vec2CTCTokenizer(vocab)).save_pretrained(folder + '/theirs')
def tell(p):
    x = p([np.ones(9), np.arange(5.)], sampling_rate=p.feature_extractor.sampling_rate, padding=True, return_tensors='np')
    return dict(ids=[p(text=t)['input_ids'] for t in texts], texts=p.batch_decode(paths), fill=p.feature_extractor.padding_value, rate=p.feature_extractor.sampling_rate, x=x['input_values'].tolist(), kind=type(p).__name__)
result = [tell(AutoProcessor.from_pretrained(folder + '/ours')), tell(Wav2Vec2Processor.from_pretrained(folder + '/theirs')), sorted(os.listdir(folder + '/theirs'))]''', str(tmp_path), str(vocab_file), TEXTS, PATHS)
    assert 'preprocessor_config.json' in got[2]
    for folder, there in zip(('ours', 'theirs'), got): check(AutoProcessor.from_pretrained(tmp_path/folder), there)

def check(p, there):
    x = p([np.ones(9), np.arange(5.)], sampling_rate=p.feature_extractor.sampling_rate, padding=True, return_tensors='np')
    assert [p(text=t)['input_ids'] for t in TEXTS] == there['ids'] and p.batch_decode(PATHS) == there['texts'] and type(p).__name__ == there['kind']
    assert (p.feature_extractor.padding_value, p.feature_extractor.sampling_rate) == (there['fill'], there['rate']) and np.abs(x['input_values'] - np.array(there['x'])).max() < 1e-4

@pytest.mark.filterwarnings('ignore')
def test_folders_with_5(tmp_path, vocab_file):
    Wav2Vec2Processor(Wav2Vec2FeatureExtractor(padding_value=.5, sampling_rate=8000), ours(do_lower_case=True)).save_pretrained(tmp_path/'ours')
    transformers.Wav2Vec2Processor(transformers.Wav2Vec2FeatureExtractor(padding_value=.25), transformers.Wav2Vec2CTCTokenizer(vocab_file)).save_pretrained(tmp_path/'theirs')
    assert not (tmp_path/'theirs'/'preprocessor_config.json').exists() # the other layout
    for folder in 'ours', 'theirs':
        p = transformers.Wav2Vec2Processor.from_pretrained(tmp_path/folder)
        x = p([np.ones(9), np.arange(5.)], sampling_rate=p.feature_extractor.sampling_rate, padding=True, return_tensors='np')
        check(AutoProcessor.from_pretrained(tmp_path/folder), dict(ids=[p(text=t)['input_ids'] for t in TEXTS], texts=p.batch_decode(PATHS), kind='Wav2Vec2Processor', fill=p.feature_extractor.padding_value, rate=p.feature_extractor.sampling_rate, x=x['input_values'].tolist()))

def test_both_layouts_hold_the_live_settings(tmp_path): # row 22
    p = Wav2Vec2Processor(Wav2Vec2FeatureExtractor(), ours())
    p.save_pretrained(tmp_path)
    p.feature_extractor.sampling_rate = 8000
    p.save_pretrained(tmp_path)
    read = lambda f: json.loads((tmp_path/f).read_text())
    assert read('preprocessor_config.json')['sampling_rate'] == read('processor_config.json')['feature_extractor']['sampling_rate'] == 8000
    assert read('preprocessor_config.json')['processor_class'] == read('processor_config.json')['processor_class'] == read('tokenizer_config.json')['processor_class'] == 'Wav2Vec2Processor'
    Wav2Vec2FeatureExtractor(sampling_rate=4000).save_pretrained(tmp_path) # alone, over an older processor: no stale copy is left
    assert read('processor_config.json')['feature_extractor']['sampling_rate'] == 4000 and Wav2Vec2Processor.from_pretrained(tmp_path).feature_extractor.sampling_rate == 4000

def test_layouts_that_disagree_are_told(tmp_path, recwarn):
    transformers_lite.messages.warn_once.cache_clear()
    Wav2Vec2Processor(Wav2Vec2FeatureExtractor(), ours()).save_pretrained(tmp_path)
    d = json.loads((tmp_path/'preprocessor_config.json').read_text())
    (tmp_path/'preprocessor_config.json').write_text(json.dumps(d | {'sampling_rate': 8000}))
    assert Wav2Vec2FeatureExtractor.from_pretrained(tmp_path).sampling_rate == 16000 and 'sampling_rate=16000, which counts' in str(recwarn.pop(UserWarning).message)

def test_a_role_set_to_none_stays_none(tmp_path):
    t = Wav2Vec2CTCTokenizer(vocab={'<pad>': 0, '<unk>': 1, '|': 2, 'A': 3}, bos_token=None, eos_token=None)
    t.save_pretrained(tmp_path)
    for again in Wav2Vec2CTCTokenizer.from_pretrained(tmp_path), AutoTokenizer.from_pretrained(tmp_path), transformers.Wav2Vec2CTCTokenizer.from_pretrained(tmp_path): assert len(again) == 4 and again.bos_token is None

# field notes, row 8

def test_skipping_special_tokens_keeps_words_and_double_letters():
    t = ours()
    ids = t.convert_tokens_to_ids('<s> H E L L <pad> L O | W O R L D </s>'.split())
    assert t.decode(ids, skip_special_tokens=True) == 'HELLO WORLD' and t.decode(ids) == '<s>HELLO WORLD</s>'
    assert t.word_delimiter_token not in t.all_special_tokens

def test_offsets_are_json_and_times(): 
    out = ours().decode(np.array(PATHS[0]), output_char_offsets=True, output_word_offsets=True, seconds_per_frame=.02)
    assert json.loads(json.dumps(out.word_offsets)) == [dict(word='AAB', start_offset=0, end_offset=5, start_time=0., end_time=.1), dict(word='C', start_offset=7, end_offset=8, start_time=.14, end_time=.16)]
    assert all(type(o[k]) is int for o in out.char_offsets for k in ('start_offset', 'end_offset')) and out[0] == out['text'] == out.text
    batch = ours().batch_decode([PATHS[0], PATHS[1]], output_word_offsets=True)
    assert batch.text == ['AAB C', 'A'] and len(batch.word_offsets) == 2 and batch.char_offsets is None

def test_line_list_and_json_are_one(tmp_path, vocab_file):
    (tmp_path/'lines.txt').write_text('\n'.join(VOCAB) + '\n', encoding='utf-8')
    assert Wav2Vec2CTCTokenizer(tmp_path/'lines.txt').get_vocab() == Wav2Vec2CTCTokenizer(vocab_file).get_vocab() == Wav2Vec2CTCTokenizer.from_pretrained(vocab_file).get_vocab() == VOCAB

def test_lower_case_is_warned_about(recwarn):
    transformers_lite.messages.warn_once.cache_clear()
    assert set(ours()('hello')['input_ids']) == {3} and 'do_lower_case=True' in str(recwarn.pop(UserWarning).message)
    assert ours(do_lower_case=True)('hello')['input_ids'] == ours()('HELLO')['input_ids'] and ours(do_lower_case=True).decode(PATHS[0]) == 'aab c'

def test_languages(tmp_path):
    both = {'en': VOCAB, 'x': {'<pad>': 0, '<s>': 1, '</s>': 2, '<unk>': 3, '|': 4, 'Я': 5}}
    with pytest.raises(ValueError, match='en, x'): Wav2Vec2CTCTokenizer(vocab=both)
    t = Wav2Vec2CTCTokenizer(vocab=both, target_lang='x')
    t.save_pretrained(tmp_path)
    assert t('Я')['input_ids'] == Wav2Vec2CTCTokenizer.from_pretrained(tmp_path)('Я')['input_ids'] == [5]

def test_another_language(tmp_path, vocab_file): # the same steps in 5.x
    both = {'en': VOCAB, 'x': {'<pad>': 0, '<s>': 1, '</s>': 2, '<unk>': 3, '|': 4, 'Q': 5}}
    (tmp_path/'both.json').write_text(json.dumps(both))
    a, b = (c(tmp_path/'both.json', target_lang='x') for c in (transformers.Wav2Vec2CTCTokenizer, Wav2Vec2CTCTokenizer))
    before = b('QA')['input_ids']
    assert before == a('QA')['input_ids'] == [5, 3]
    for t in a, b: t.set_target_lang('en')
    assert b('QA <s>')['input_ids'] == a('QA <s>')['input_ids'] != before and b.get_vocab() == a.get_vocab() and b.decode(PATHS[0]) == a.decode(PATHS[0])
    b.save_pretrained(tmp_path/'saved')
    again = Wav2Vec2CTCTokenizer.from_pretrained(tmp_path/'saved')
    assert again.target_lang == 'en' and again.get_vocab() == VOCAB and again.languages == both
    for f, words in ((lambda: b.set_target_lang('zz'), 'en, x'), (lambda: ours().set_target_lang('x'), 'one language only'), (lambda: ours(target_lang='x'), 'one language only')):
        with pytest.raises(ValueError, match=words): f()
    assert b('A')['input_ids'] == [5] # a refused change changes nothing

@pytest.mark.parametrize('make', [list, tuple, iter, np.array, torch.tensor, lambda r: list(torch.tensor(r)), lambda r: list(np.array(r))])
def test_ids_in_any_form(make):
    assert ours().decode(make(PATHS[0])) == 'AAB C' and ours().batch_decode([make(PATHS[0])]) == ['AAB C']

# laws

@given(st.text('ABCDEHLORW', min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_any_path_of_a_text_reads_as_it(text, rnd):
    t, path = ours(), []
    for i in ours()(text)['input_ids']: path += [0] * rnd.randint(1, 3) + [i] * rnd.randint(1, 3)
    out = t.decode(path + [0] * rnd.randint(0, 2), output_char_offsets=True)
    assert out.text == text
    for o in out.char_offsets: assert {t.convert_ids_to_tokens(path[k]) for k in range(o['start_offset'], o['end_offset'])} == {o['char']}

@given(st.lists(st.sampled_from('-ab|'), max_size=30))
def test_collapse(path):
    runs = collapse(path, '-')
    assert all(set(path[a:b]) == {t} and a < b for t, a, b in runs) and sum(b - a for _, a, b in runs) == len(path) - path.count('-')
    assert all(x[2] <= y[1] and (x[0] != y[0] or x[2] < y[1]) for x, y in zip(runs, runs[1:]))

@given(st.text(st.sampled_from("ABCDEHLORW' "), max_size=20))
def test_labels_come_back(text): assert ours().decode(ours()(text)['input_ids'], group_tokens=False) == text.strip()

# processor

@pytest.fixture
def processor(): return Wav2Vec2Processor(Wav2Vec2FeatureExtractor(), ours())

def test_calls(processor):
    x = np.sin(np.arange(400.))
    assert set(processor(x, sampling_rate=16000)) == {'input_values'} and processor(text='AB')['input_ids'] == processor('AB')['input_ids'] == [5, 6]
    both = processor(audio=[x, x[:90]], text=['AB', 'A'], sampling_rate=16000, padding=True, return_tensors='pt')
    assert both['input_values'].shape == (2, 400) and both['labels'].tolist() == [[5, 6], [5, 0]] and isinstance(both['labels'], torch.Tensor)
    assert np.array_equal(processor(raw_speech=x, sampling_rate=16000)['input_values'], processor(x, sampling_rate=16000)['input_values'])
    padded = processor.pad([{'input_values': x}, {'input_values': x[:9]}], [{'input_ids': [5]}, {'input_ids': [5, 6]}], padding=True, return_tensors='np')
    assert padded['input_values'].shape == (2, 400) and padded['labels'].tolist() == [[5, 0], [5, 6]]
    with processor.as_target_processor(): assert processor('AB').input_ids == [5, 6]

@pytest.mark.parametrize('call,kind,words', [(lambda p: p(), ValueError, 'audio, text, or both'), (lambda p: p(np.ones(9), sampling_rate=8000), ValueError, 'Resample it'), (lambda p: p(np.ones(9), samplingrate=16000), TypeError, 'sampling_rate'),
    (lambda p: p.pad(), ValueError, 'input_features, labels'), (lambda p: Wav2Vec2CTCTokenizer(vocab={'A': 0}, unk_token=None).decode([99]), IndexError, '99'), (lambda p: p(text='A', padding=True, text_kwargs={'padding': True}), ValueError, 'padding: given alone and in text_kwargs'), (lambda p: p(text='A', text_kwargs={'paddin': True}), TypeError, "did you mean 'padding'"), (lambda p: p(text='A', text_kwargs={'sampling_rate': 9}), TypeError, "no option 'sampling_rate'"), (lambda p: p(text='A', common_kwargs={'paddin': True}), TypeError, "did you mean 'padding'"), (lambda p: p.decode([.5]), TypeError, 'argmax'), (lambda p: p.decode([np.float32(.5)]), TypeError, 'argmax'), (lambda p: p.decode('AB'), TypeError, 'Call the tokenizer'), (lambda p: p.decode(None), TypeError, 'None'), (lambda p: p.batch_decode(torch.rand(1, 2, 3)), TypeError, 'argmax'), (lambda p: p.decode([-100]), IndexError, '-100'),
    (lambda p: Wav2Vec2Processor(p.tokenizer, p.feature_extractor), TypeError, 'feature_extractor'), (lambda p: Wav2Vec2Processor(p.feature_extractor, None), TypeError, 'tokenizer'), (lambda p: Wav2Vec2Processor.from_pretrained('nowhere/at/all'), OSError, 'no folder'),
    (lambda p: Wav2Vec2CTCTokenizer(), ValueError, 'needs a vocabulary'), (lambda p: Wav2Vec2CTCTokenizer('none.json'), ValueError, 'no vocabulary file'), (lambda p: Wav2Vec2CTCTokenizer(vocab={'A': 'x'}), ValueError, 'whole number'),
    (lambda p: Wav2Vec2CTCTokenizer(vocab=VOCAB, word_delimter='_'), ValueError, 'no argument'), (lambda p: Wav2Vec2CTCTokenizer(vocab={'A': 0}, unk_token=None)('B'), ValueError, "lacks 'B'")])
def test_bad_input(processor, call, kind, words):
    with pytest.raises(kind, match=words): call(processor)

def test_broken_vocabulary(tmp_path):
    (tmp_path/'vocab.json').write_text('{"A": 0,')
    with pytest.raises(ValueError, match="vocab.json' begins like JSON"): Wav2Vec2CTCTokenizer(tmp_path/'vocab.json')

def test_light(): assert run_python(f'import sys\nfrom transformers_lite import Wav2Vec2Processor, Wav2Vec2CTCTokenizer, Wav2Vec2FeatureExtractor\np = Wav2Vec2Processor(Wav2Vec2FeatureExtractor(), Wav2Vec2CTCTokenizer(vocab={VOCAB!r}))\np([0.] * 99, text="AB", sampling_rate=16000)\nprint(sorted({{"torch", "soundfile", "soxr", "PIL"}} & set(sys.modules)))').strip() == '[]'

# what transformers' own tests ask

ASKED = ["t.decode([5, 6, 99])", "t.batch_decode([[5, 99, 99, 6], [8, 0, 8]])", "t.convert_ids_to_tokens([5, 77])", "t.decode([5, 6, 4, 7], spaces_between_special_tokens=True)", "t.decode([1, 5, 99], spaces_between_special_tokens=True)", "t.encoder", "sorted(t.decoder.items())",
    "list(map(str, (t('', return_tensors='pt')['input_ids'].dtype, tuple(t('', return_tensors='pt')['input_ids'].shape))))"]
LOWER = ["(t.add_tokens([AddedToken('ca', lstrip=True, rstrip=True), AddedToken('BAD')]), [t(x)['input_ids'] for x in ('ab ca d', 'AB CA D', 'bad', 'Bad cab')])[1]", "t('stra\u00dfe')['input_ids']"]
TOLD = "from transformers import AddedToken, Wav2Vec2CTCTokenizer\ndef tell(c, file): return [[eval(a, dict(t=c(file, **o), AddedToken=AddedToken)) for a in asked] for asked, o in ((ASKED, {}), (LOWER, dict(do_lower_case=True)))]\n"

@pytest.mark.filterwarnings('ignore')
def test_asked_as_theirs(vocab_file):
    space = dict(ASKED=ASKED, LOWER=LOWER)
    exec(TOLD, space)
    ours, theirs = (json.loads(json.dumps(space['tell'](c, vocab_file))) for c in (Wav2Vec2CTCTokenizer, transformers.Wav2Vec2CTCTokenizer))
    then = run457(f'ASKED, LOWER = {ASKED!r}, {LOWER!r}\n' + TOLD + 'result = tell(Wav2Vec2CTCTokenizer, args[0])', str(vocab_file))
    assert ours == then and ours[0] == theirs[0]
    assert ours[1][0][0] == ours[1][0][1] and len(ours[1][0][0]) == 4 # the added token is found in both cases

def test_phonemes():
    sent = '\u0288\u02b0 \u00e6 \u00e6\u0303 \u02e7 k\u02b0'
    t = Wav2Vec2CTCTokenizer(vocab={p: i for i, p in enumerate(sent.split())})
    assert t.decode(t(sent).input_ids, spaces_between_special_tokens=True) == sent and t.decode(t(sent).input_ids) == sent.replace(' ', '')

def test_nested_encoder():
    t = Wav2Vec2CTCTokenizer(vocab={'eng': {'a': 7, 'b': 8}, 'ita': {'a': 6, 'd': 9}}, target_lang='eng')
    assert t.encoder == {'a': 7, 'b': 8} and t.decoder == {7: 'a', 8: 'b'} and t.decode([7, 8, 7]) == 'aba'
    t.set_target_lang('ita')
    assert t.encoder == {'a': 6, 'd': 9} and t.decode([6, 9, 9]) == 'ad'

def test_what_saving_gives(processor, tmp_path):
    path, = processor.save_pretrained(tmp_path/'p')
    assert path == str(tmp_path/'p'/'processor_config.json') and json.load(open(path))['processor_class'] == 'Wav2Vec2Processor'

GROUPED = [dict(max_length=30, padding='max_length'), dict(), dict(common_kwargs={'return_tensors': 'np'}, text_kwargs={'padding': 'max_length', 'max_length': 7}, audio_kwargs={'padding': 'max_length', 'max_length': 50}), dict(text_kwargs={'max_length': 20}, sampling_rate=16000)]

@pytest.mark.filterwarnings('ignore')
def test_options_in_groups(tmp_path, vocab_file): # and those that the tokenizer was made with, or its file says
    code = """import numpy as np
from copy import deepcopy # theirs empties the groups
def tell(m, folder):
    t, f = m.Wav2Vec2CTCTokenizer.from_pretrained(folder, max_length=9, padding='max_length'), m.Wav2Vec2FeatureExtractor()
    m.Wav2Vec2Processor(f, t).save_pretrained(folder + '/saved')
    both = m.Wav2Vec2Processor(f, t), m.Wav2Vec2Processor.from_pretrained(folder + '/saved')
    made = [p(audio=[np.ones(40), np.ones(40)], text=['AB', 'A'], **deepcopy(o)) for p in both for o in GROUPED]
    return [[np.shape(b['input_values']), np.array(b['labels']).tolist()] for b in made]
"""
    here = {}
    exec(f'GROUPED = {GROUPED!r}\n' + code, here)
    files = [tmp_path/w for w in ('ours', 'theirs')]
    for f in files: Wav2Vec2CTCTokenizer(vocab_file).save_pretrained(f)
    import transformers_lite
    got = json.loads(json.dumps(here['tell'](transformers_lite, str(files[0]))))
    assert got == run457(f'GROUPED = {GROUPED!r}\n' + code + 'import transformers\nresult = tell(transformers, args[0])', str(files[1]))
    assert [len(labels[0]) for _, labels in got] == [30, 9, 7, 20] * 2

def test_the_names_of_its_parts(processor): # as 5.x asks, and what a chat would need
    assert processor.get_attributes() == type(processor).get_attributes() == transformers.Wav2Vec2Processor.get_attributes() == ['feature_extractor', 'tokenizer']
    assert processor.chat_template is None
