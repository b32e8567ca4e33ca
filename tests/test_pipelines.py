"""`pipeline` and its tasks: equal to transformers' on the same models, and right where those are wrong.

`CASES` are calls as data. transformers 5.23 answers them in this process, 4.57.6 in `run457`, which also has question-answering; 5.x dropped it. The
models are small, have large random weights, and are saved by transformers; the shipped checkpoints are cases, too."""
import json, shutil, types
from pathlib import Path

import numpy as np, pytest, torch, transformers
from PIL import Image

import transformers_lite as lite
from helpers import ROOT, run457
from transformers_lite import pipeline, pipelines

SHIPPED = ROOT/'transformers_lite'/'checkpoints'
LABELS = ['O', 'B-PER', 'I-PER', 'B-LOC', 'I-LOC']
TEXTS = ['A warm, funny and clever film.', 'Two hours of my life that I will never get back.',
         'Ravi met Ana in Lima, unbelievably.', 'ok', "Don't: the u.s.a. \u2603 caf\u00e9 xyzzy\u65e5\u672c"]
CONTEXT = 'Ravi was born in Lima in 1990, and he lives in New-York. Ana met him there. She is from Oslo; Oslo is cold! '
WORDS = ['Ana', 'met', 'New-York', 'Ravi!']

# --- models, saved by whatever `transformers` is imported

DISTILBERT = dict(vocab_size=9000, dim=24, n_heads=4, n_layers=2, hidden_dim=32, max_position_embeddings=64, initializer_range=1.)
WAV2VEC2 = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=4, intermediate_size=32, conv_dim=(16, 16, 16), conv_kernel=(10, 3, 3), conv_stride=(5, 2, 2),
                num_feat_extract_layers=3, num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=4, apply_spec_augment=False, initializer_range=.3, classifier_proj_size=8)
MODELS = {
    'classes': ('DistilBertForSequenceClassification', dict(DISTILBERT, id2label={0: 'a', 1: 'b', 2: 'c'}, label2id={'a': 0, 'b': 1, 'c': 2})),
    'several': ('DistilBertForSequenceClassification', dict(DISTILBERT, num_labels=3, problem_type='multi_label_classification')),
    'number': ('DistilBertForSequenceClassification', dict(DISTILBERT, num_labels=1, problem_type='regression')),
    'yes': ('DistilBertForSequenceClassification', dict(DISTILBERT, num_labels=1)),
    'tags': ('DistilBertForTokenClassification', dict(DISTILBERT, id2label=dict(enumerate(LABELS)), label2id={k: i for i, k in enumerate(LABELS)})),
    'answers': ('DistilBertForQuestionAnswering', DISTILBERT),
    'words': ('DistilBertForMaskedLM', DISTILBERT),
    'body': ('DistilBertModel', DISTILBERT),
    'pictures': ('ViTForImageClassification', dict(image_size=16, patch_size=4, hidden_size=24, num_attention_heads=4, num_hidden_layers=2, intermediate_size=32, num_labels=12, initializer_range=.5)),
    'sounds': ('Wav2Vec2ForSequenceClassification', dict(WAV2VEC2, num_labels=4, feat_extract_norm='layer', do_stable_layer_norm=True)),
    'sounds-group': ('Wav2Vec2ForSequenceClassification', dict(WAV2VEC2, num_labels=4)),
    'speech': ('Wav2Vec2ForCTC', dict(WAV2VEC2, feat_extract_norm='layer', do_stable_layer_norm=True, vocab_size=32, pad_token_id=0)),
    'speech-group': ('Wav2Vec2ForCTC', dict(WAV2VEC2, vocab_size=32, pad_token_id=0))}
MILD = 'classifier', 'qa_outputs', 'vocab_transform', 'vocab_layer_norm' # so that not every score is 0 or 1

def write_json(path, **d): path.write_text(json.dumps(d))

def write_parts(name, folder):
    "The files of the tokenizer, the image processor or the feature extractor."
    if name.startswith(('sounds', 'speech')):
        write_json(folder/'preprocessor_config.json', feature_extractor_type='Wav2Vec2FeatureExtractor', do_normalize=True, feature_size=1, padding_side='right',
                   padding_value=0., return_attention_mask='group' not in name, sampling_rate=4000)
        write_json(folder/'vocab.json', **{t: i for i, t in enumerate(['<pad>', '<s>', '</s>', '<unk>', '|', *'ABCDEFGHIJKLMNOPQRSTUVWXYZ', "'"])})
        write_json(folder/'tokenizer_config.json', tokenizer_class='Wav2Vec2CTCTokenizer', pad_token='<pad>', bos_token='<s>', eos_token='</s>', unk_token='<unk>', word_delimiter_token='|')
    elif name == 'pictures':
        write_json(folder/'preprocessor_config.json', image_processor_type='ViTImageProcessor', size=dict(height=16, width=16), do_resize=True, do_rescale=True, do_normalize=True,
                   resample=2, rescale_factor=1/255, image_mean=[.5]*3, image_std=[.5]*3)
    else:
        for f in ('vocab.txt', 'special_tokens_map.json'): shutil.copy(SHIPPED/'distilbert-sentiment'/f, folder)
        write_json(folder/'tokenizer_config.json', **{**json.loads((SHIPPED/'distilbert-sentiment'/'tokenizer_config.json').read_text()), 'model_max_length': 64})

@torch.no_grad()
def write_models(home):
    "A folder for each of `MODELS`."
    for name, (cls, config) in MODELS.items():
        model = getattr(transformers, cls)(getattr(transformers, cls.split('For')[0].removesuffix('Model') + 'Config')(**config))
        g = torch.Generator().manual_seed(0)
        for n, p in model.named_parameters():
            p.copy_(torch.randn(p.shape, generator=g) * config['initializer_range'] + (1. if 'norm' in n.lower() and n.endswith('weight') else 0.))
            if n.startswith(MILD) and not name.startswith(('sounds', 'speech', 'pictures')): p.mul_(.15)
        model.save_pretrained(home/name)
        write_parts(name, home/name)

@pytest.fixture(scope='session')
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp('models')
    write_models(folder)
    return folder

# --- calls, as data

def pictures(n=3):
    rng = np.random.default_rng(0)
    return [Image.fromarray(rng.integers(0, 255, (20 + i, 30, 3), dtype=np.uint8)) for i in range(n)]

def sounds():
    rng = np.random.default_rng(0)
    return [rng.standard_normal(n).astype(np.float32) for n in (4000, 9000, 2300, 4000)]

def morse(): return lite.load_audio(SHIPPED/'wav2vec2-morse'/'sample.flac', 4000)

def case(task, model, *inputs, init=None, **call): return dict(task=task, model=model, inputs=inputs, init=init or {}, call=call)
def each(task, models, inputs, calls): return [case(task, m, x, **kw) for m in models for x in inputs for kw in calls]

CASES = [
    *each('text-classification', ['classes', 'several', 'number', 'yes', 'distilbert-sentiment'], [TEXTS, TEXTS[0]],
          [{}, dict(top_k=2), dict(top_k=1), dict(top_k=None), dict(function_to_apply='sigmoid'), dict(function_to_apply='none', top_k=None), dict(batch_size=3)]),
    *each('sentiment-analysis', ['classes'], [{'text': TEXTS[0], 'text_pair': TEXTS[1]}, [{'text': TEXTS[0], 'text_pair': TEXTS[1]}, {'text': TEXTS[2]}], [[TEXTS[:2]]]], [{}, dict(top_k=1)]),
    *[case('text-classification', 'classes', x, init=init) for x in (TEXTS, TEXTS[0]) for init in (dict(top_k=2), dict(batch_size=2, function_to_apply='sigmoid'))],
    case('text-classification', 'classes', TEXTS[0] * 20, truncation=True, max_length=20),
    *each('token-classification', ['tags'], [TEXTS, TEXTS[2], TEXTS[4:]], [dict(aggregation_strategy=s, **kw) for s in ('none', 'simple', 'first', 'average', 'max') for kw in ({}, dict(ignore_labels=[], batch_size=2))]),
    *each('ner', ['tags'], [WORDS, [WORDS, ['unbelievably']]], [dict(is_split_into_words=True, ignore_labels=[], aggregation_strategy=s, **kw) for s in ('none', 'simple', 'first') for kw in ({}, dict(delimiter='_'))]),
    *each('ner', ['tags'], [' '.join(TEXTS * 4), [' '.join(TEXTS * 4), TEXTS[0], ' '.join(TEXTS * 3)]], [dict(stride=10, aggregation_strategy=s) for s in ('simple', 'first', 'max')]),
    *each('fill-mask', ['words'], ['a [MASK] film.', ['a [MASK] film.', '[MASK] is a very [MASK] thing, I say.', 'b [MASK]'], ['a [MASK] film.']],
          [{}, dict(top_k=2), dict(targets=['good', 'bad', 'film']), dict(targets='unbelievably'), dict(targets=['good', 'bad', 'xyzzyq'], top_k=2)]),
    case('fill-mask', 'words', 'a [MASK] film. ' * 30, tokenizer_kwargs=dict(truncation=True, max_length=12)),
    *each('feature-extraction', ['body', 'classes'], [TEXTS[0], TEXTS[:3]], [{}, dict(truncation=True)]),
    *each('image-classification', ['pictures', 'vit-digits'], ['one picture', 'pictures'], [{}, dict(top_k=2), dict(top_k=50), dict(function_to_apply='sigmoid'), dict(batch_size=2)]),
    *each('audio-classification', ['sounds', 'sounds-group'], ['one sound', 'sounds', 'sound in a dict'], [{}, dict(top_k=2), dict(function_to_apply='none')]),
    *each('automatic-speech-recognition', ['speech', 'speech-group', 'wav2vec2-morse'], ['one sound', 'sounds', 'sound in a dict'],
          [{}, dict(return_timestamps='char'), dict(return_timestamps='word'), dict(chunk_length_s=5, return_timestamps='char'), dict(chunk_length_s=1, stride_length_s=.25)]),
    *each('automatic-speech-recognition', ['wav2vec2-morse'], ['morse', 'morse with margins'], [{}, dict(return_timestamps='word')]),
    *each('automatic-speech-recognition', ['wav2vec2-morse'], ['morse'], [dict(chunk_length_s=3, stride_length_s=s, return_timestamps=k) for s in (None, .5, (1., .5)) for k in ('char', 'word')])]

ASKED = [dict(question='Where was Ravi born?', context=CONTEXT), dict(question=['Where was Ravi born?', 'Who is cold?'], context=CONTEXT),
         dict(question=['Where?', 'Who?'], context=[CONTEXT, CONTEXT[50:]])]
QUESTIONS = [case('question-answering', 'answers', **x, **kw) for x in ASKED for kw in
             [{}, dict(top_k=3), dict(top_k=5, align_to_words=False), dict(handle_impossible_answer=True, top_k=4), dict(max_answer_len=2), dict(batch_size=2)]] + [
             case('question-answering', 'answers', x) for x in ({'question': 'Who?', 'context': CONTEXT}, [{'question': 'Who?', 'context': CONTEXT}], [{'question': 'Who?', 'context': CONTEXT}] * 2)]

def real(x):
    "What a name of an input stands for; it is made anew for each call, since transformers takes things out of a dict."
    if x == 'one picture': return pictures()[0]
    if x == 'pictures': return pictures()
    if x == 'one sound': return sounds()[1]
    if x == 'sounds': return sounds()
    if x == 'sound in a dict': return dict(raw=sounds()[1], sampling_rate=4000)
    if x == 'morse': return morse()
    if x == 'morse with margins': return dict(array=morse(), sampling_rate=4000, stride=(1280, 2560), path='x', id=7)
    return x

def plain(x):
    "Numbers and lists that JSON knows."
    if isinstance(x, dict): return {str(k): plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)): return [plain(v) for v in x]
    return x.item() if hasattr(x, 'item') else x

def answer(make, c, home):
    "What the pipelines of a library say to a call."
    name = str(home/c['model']) if (Path(home)/c['model']).exists() else str(SHIPPED/c['model'])
    return plain(make(c['task'], model=name, **c['init'])(*map(real, c['inputs']), **c['call']))

def difference(a, b):
    "The largest difference of two answers' numbers; infinite if anything else in them differs."
    if isinstance(a, dict) and isinstance(b, dict): return max(map(difference, a.values(), map(b.get, a)), default=0.) if a.keys() == b.keys() else np.inf
    if isinstance(a, list) and isinstance(b, list): return max(map(difference, a, b), default=0.) if len(a) == len(b) else np.inf
    if isinstance(a, float) and isinstance(b, float): return abs(a - b) / max(1, abs(a))
    return 0. if a == b and type(a) is type(b) else np.inf

TOLERANCE = dict.fromkeys([c['task'] for c in CASES], 1e-5) | {'feature-extraction': 1e-4}
def title(c): return f"{c['task']}-{c['model']}-{c['inputs'] or ''!s:.20}-{c['call']!s:.60}"

@pytest.mark.parametrize('i', range(len(CASES)), ids=[title(c) for c in CASES])
def test_equal_to_transformers_5(i, home, caplog):
    c = CASES[i]
    theirs, ours = answer(transformers.pipeline, c, home), answer(pipeline, c, home)
    assert difference(theirs, ours) <= TOLERANCE[c['task']], (theirs, ours)

def older(home):
    "The answers of the transformers that is imported, to all cases and to questions. Runs in `run457`."
    said = []
    for c in CASES + QUESTIONS:
        try: said.append(answer(transformers.pipeline, c, home))
        except Exception as e: said.append(f'{type(e).__name__}: {e}')
    return said

OLDER = '''import sys, warnings
warnings.simplefilter('ignore')
transformers.logging.set_verbosity_error()
sys.path.insert(0, args[0])
import test_pipelines
from pathlib import Path
result = '''

@pytest.fixture(scope='session')
def said_457(home): return run457(OLDER + 'test_pipelines.older(Path(args[1]))', str(ROOT/'tests'), str(home))

def test_equal_to_transformers_457(said_457, home):
    assert len(said_457) == len(CASES) + len(QUESTIONS)
    bad = {title(c): (theirs, ours) for c, theirs in zip(CASES + QUESTIONS, said_457) if not difference(theirs, ours := answer(pipeline, c, home)) <= TOLERANCE.get(c['task'], 1e-5)}
    assert not bad, list(bad.items())[:2]

@pytest.mark.parametrize('model,task,x', [('classes', 'text-classification', TEXTS), ('tags', 'ner', TEXTS), ('words', 'fill-mask', ['a [MASK] film.']), ('body', 'feature-extraction', TEXTS[:2]),
                                          ('pictures', 'image-classification', 'pictures'), ('sounds', 'audio-classification', 'sounds'), ('speech', 'automatic-speech-recognition', 'sounds')])
@torch.no_grad()
def test_two_weights_exchanged_are_noticed(model, task, x, home): # the control of both tests above: the comparison sees a slip
    c = case(task, model, x)
    theirs, pipe = answer(transformers.pipeline, c, home), pipeline(task, model=home/model)
    layers = [m for m in pipe.model.modules() if isinstance(m, torch.nn.Linear)]
    a, b = next((a.weight, b.weight) for a in layers for b in layers if a is not b and a.weight.shape == b.weight.shape)
    kept = a.clone(); a.copy_(b); b.copy_(kept)
    assert not difference(theirs, plain(pipe(*map(real, c['inputs'])))) <= TOLERANCE[task]

# --- right where transformers isn't

@pytest.fixture(scope='module')
def listen(): return pipeline('automatic-speech-recognition', model=SHIPPED/'wav2vec2-morse')

CUTS = [dict(chunk_length_s=s, batch_size=b) for s in (3, 4, 5, 6) for b in (1, 2, 8)]

def test_a_sound_in_pieces_has_no_letter_too_many(listen):
    "transformers 5.23 and 4.57.6 fill the last piece up, and write down what is heard in the padding."
    theirs = transformers.pipeline('automatic-speech-recognition', model=str(SHIPPED/'wav2vec2-morse'))
    five = [theirs(morse(), **kw)['text'] for kw in CUTS]
    four = run457(OLDER + "[transformers.pipeline('automatic-speech-recognition', model=args[1])(test_pipelines.morse(), **kw)['text'] for kw in test_pipelines.CUTS]",
                  str(ROOT/'tests'), str(SHIPPED/'wav2vec2-morse'))
    for said in five, four:
        assert 'HELLO, WORLD!NG' in said and sum(t != 'HELLO, WORLD!' for t in said) >= 6
        assert all(t == 'HELLO, WORLD!' for t, kw in zip(said, CUTS) if kw['batch_size'] == 1) # alone, no piece is filled up
    whole = listen(morse())['text']
    assert whole == 'HELLO, WORLD!' and [listen(morse(), **kw)['text'] for kw in CUTS] == [whole] * len(CUTS)

def test_times_stay_right_where_margins_are_short(listen):
    "A margin of 0.2 s is shorter than what a frame sees: transformers loses frames there, and each piece puts the times after it further back."
    kw = dict(chunk_length_s=2, stride_length_s=(.5, .05), return_timestamps='char')
    theirs = transformers.pipeline('automatic-speech-recognition', model=str(SHIPPED/'wav2vec2-morse'))
    last = listen(morse(), return_timestamps='char')['chunks'][-1]['timestamp'][1]
    assert abs(listen(morse(), **kw)['chunks'][-1]['timestamp'][1] - last) < .1 < abs(theirs(morse(), **kw)['chunks'][-1]['timestamp'][1] - last)

def sure_of(model, token, output):
    "Let a model be sure that the answer is this one token."
    def forward(input_ids, **_):
        scores = 20. * (input_ids == token)
        return output(start_logits=scores, end_logits=scores)
    model.forward = forward

def test_an_answer_in_two_windows_is_one(home):
    "4.57.6 adds up the scores of windows that overlap, and says more than 1."
    kw = dict(question='Where was Ravi born?', context=CONTEXT, max_seq_len=40, doc_stride=25)
    pipe = pipeline(model=home/'answers')
    token = pipe.tokenizer.convert_tokens_to_ids('there')
    code = OLDER + '''None
pipe = transformers.pipeline('question-answering', model=args[1])
test_pipelines.sure_of(pipe.model, args[3], transformers.modeling_outputs.QuestionAnsweringModelOutput)
result = test_pipelines.plain(pipe(**args[2]))'''
    theirs = run457(code, str(ROOT/'tests'), str(home/'answers'), kw, token)
    sure_of(pipe.model, token, lite.QuestionAnsweringModelOutput)
    ours = pipe(**kw)
    assert {k: ours[k] for k in ('answer', 'start', 'end')} == {k: theirs[k] for k in ('answer', 'start', 'end')} == dict(answer='there', start=CONTEXT.index('there'), end=CONTEXT.index('there') + 5)
    assert theirs['score'] > 1.5 and .5 < ours['score'] <= 1

def test_features_of_a_short_text_have_no_padding(home):
    ours, theirs = pipeline('feature-extraction', model=home/'body'), transformers.pipeline('feature-extraction', model=str(home/'body'))
    lengths = [len(theirs(t)[0]) for t in TEXTS]
    assert [len(f[0]) for f in ours(TEXTS, batch_size=5)] == lengths != [len(f[0]) for f in theirs(TEXTS, batch_size=5)]

def test_letters_that_change_their_length_stay_in_their_word(home): # e and an accent, written as two characters
    text = 'a cafe\u0301 nai\u0308ve'
    kw = dict(aggregation_strategy='first', ignore_labels=[])
    ours, theirs = ([(o['start'], o['end']) for o in make('ner', model=str(home/'tags'))(text, **kw)] for make in (pipeline, transformers.pipeline))
    tok = lite.AutoTokenizer.from_pretrained(home/'tags')
    words = tok(text, return_offsets_mapping=True)
    starts = {a for (a, b), w, before in zip(words['offset_mapping'], words.word_ids(), [None, *words.word_ids()]) if w is not None and w != before}
    assert {a for a, _ in ours} <= starts

def test_dropout_is_off_and_the_model_is_as_it_was(home):
    model = lite.AutoModelForSequenceClassification.from_pretrained(home/'classes').train()
    model.distilbert.embeddings.eval()
    before = [m.training for m in model.modules()]
    pipe = pipeline('text-classification', model=model)
    assert pipe(TEXTS) == pipe(TEXTS) and [m.training for m in model.modules()] == before
    theirs = transformers.AutoModelForSequenceClassification.from_pretrained(home/'classes').train()
    noisy = transformers.pipeline('text-classification', model=theirs, tokenizer=transformers.AutoTokenizer.from_pretrained(home/'classes'))
    assert noisy(TEXTS) != noisy(TEXTS)

def test_a_dict_of_sound_is_left_alone(listen):
    given = dict(array=morse(), sampling_rate=4000, id=3)
    assert listen(given)['id'] == [3] and set(given) == {'array', 'sampling_rate', 'id'} and listen(given)['text'] == 'HELLO, WORLD!'

# --- one, many, a stream

@pytest.fixture(scope='module')
def judge(): return pipeline('text-classification', model='transformers-lite/distilbert-sentiment')

class Rows(torch.utils.data.Dataset):
    def __len__(self): return len(TEXTS)
    def __getitem__(self, i): return TEXTS[i % len(TEXTS)] # never ends by itself
class Live(torch.utils.data.IterableDataset):
    def __iter__(self): return iter(TEXTS)

@pytest.mark.parametrize('batch_size', [None, 1, 2, 64])
def test_the_order_is_that_of_the_inputs(judge, batch_size):
    texts = [' '.join(['good', 'bad', 'a film'][i % 3:] * (1 + i * 7 % 11)) for i in range(90)]
    alone = [judge(t)[0] for t in texts]
    assert difference(alone, judge(texts, batch_size=batch_size)) < 1e-5
    assert difference(alone, judge(texts[::-1], batch_size=batch_size)) > 1e-3 # the control

@pytest.mark.parametrize('batch_size', [None, 2])
@pytest.mark.parametrize('kind', ['generator', 'map', 'dataset', 'iterable dataset', 'column', 'file'])
def test_streams(judge, kind, batch_size, tmp_path):
    datasets = pytest.importorskip('datasets')
    (tmp_path/'texts.txt').write_text('\n'.join(TEXTS), encoding='utf-8')
    stream = {'generator': lambda: (t for t in TEXTS), 'map': lambda: map(str, TEXTS), 'dataset': Rows, 'iterable dataset': Live,
              'column': lambda: datasets.Dataset.from_dict(dict(text=TEXTS))['text'], 'file': lambda: open(tmp_path/'texts.txt', encoding='utf-8')}[kind]()
    found = judge(stream, batch_size=batch_size)
    assert isinstance(found, types.GeneratorType) and difference([*found], judge(TEXTS)) < 1e-5

def test_a_generator_is_taken_as_it_is_needed(judge):
    taken = []
    def live():
        for t in TEXTS:
            taken.append(t)
            yield t
    found = judge(live())
    assert taken == [] and next(found) and len(taken) == 1
    found = judge(live(), batch_size=3)
    assert next(found) and len(taken) == 4

def test_nothing_in_nothing_out(judge): assert judge([]) == [] and [*judge(iter([]))] == []

def test_lengths_share_batches(judge, monkeypatch):
    sizes, forward = [], judge._forward
    monkeypatch.setattr(judge, '_forward', lambda inputs: (sizes.append(tuple(inputs['input_ids'].shape)), forward(inputs))[1])
    texts = ['ok', 'good ' * 60] * 32
    judge(texts)
    assert sum(n for n, _ in sizes) == 64 and max(n * m for n, m in sizes) <= judge.max_tokens
    tokens = sum(len(judge.tokenizer(t)['input_ids']) for t in texts)
    assert sum(n * m for n, m in sizes) < 1.05 * tokens < .6 * 64 * 62 # hardly any padding; as they come, half of all would be
    sizes.clear()
    judge(texts, batch_size=16)
    assert [n for n, _ in sizes] == [16] * 4 and {m for _, m in sizes} == {3, 62}

def test_what_has_no_mask_is_never_filled_up(home, monkeypatch):
    pipe = pipeline(model=home/'sounds-group')
    shapes, forward = [], pipe._forward
    monkeypatch.setattr(pipe, '_forward', lambda inputs: (shapes.append(tuple(inputs['input_values'].shape)), forward(inputs))[1])
    together = pipe(sounds(), batch_size=4)
    assert sorted(shapes) == [(1, 2300), (1, 9000), (2, 4000)] and difference(together, [pipe(x) for x in sounds()]) < 1e-5
    masked = pipeline(model=home/'sounds')
    assert difference(masked(sounds(), batch_size=4), [masked(x) for x in sounds()]) < 1e-5

# --- the bar

class Clock:
    "A clock that goes on by a second at each look."
    now = 0
    def __call__(self):
        self.now += 1
        return self.now

@pytest.mark.parametrize('progress,seconds,batches,shown', [(None, 1, 8, True), (None, 0, 8, False), (None, 1, 1, False), (True, 0, 8, True), (False, 1, 8, False)])
def test_the_bar_comes_up_where_it_takes_long(judge, monkeypatch, capsys, progress, seconds, batches, shown):
    clock = Clock()
    monkeypatch.setattr(pipelines, 'perf_counter', clock if seconds else lambda: 0.)
    found = judge(['ok'] * 8, batch_size=8 // batches, progress=progress)
    said = capsys.readouterr().err
    assert len(found) == 8 and ('8/8' in said) == shown and bool(said) == shown

def test_the_bar_counts_the_pieces_of_a_sound(listen, monkeypatch, capsys):
    listen(morse(), chunk_length_s=3, stride_length_s=.5, batch_size=1, progress=True)
    assert '4/4' in capsys.readouterr().err

# --- by name

def test_by_name(home):
    for model, cls in {'classes': 'TextClassification', 'tags': 'TokenClassification', 'answers': 'QuestionAnswering', 'words': 'FillMask', 'body': 'FeatureExtraction',
                       'pictures': 'ImageClassification', 'sounds': 'AudioClassification', 'speech': 'AutomaticSpeechRecognition'}.items():
        pipe = pipeline(model=home/model)
        assert type(pipe).__name__ == f'{cls}Pipeline' and type(pipeline(model=pipe.model, tokenizer=pipe.tokenizer)) is type(pipe)

@pytest.mark.parametrize('task,name', [('sentiment-analysis', 'distilbert-sentiment'), ('image-classification', 'vit-digits'), ('automatic-speech-recognition', 'wav2vec2-morse')])
def test_what_ships(task, name):
    pipelines.warn_once.cache_clear()
    with pytest.warns(UserWarning, match=f'transformers-lite/{name}'): pipe = pipeline(task)
    assert pipe.model.name_or_path == f'transformers-lite/{name}' and type(pipe.model).__name__ in repr(pipe)

def test_a_folder_says_what_it_is_for(home): # transformers asks the hub, which knows no folders
    assert type(pipeline(model=home/'tags')).__name__ == 'TokenClassificationPipeline'
    with pytest.raises(RuntimeError): transformers.pipeline(model=str(home/'tags'))

def test_saved_and_opened(home, tmp_path):
    for model, x in dict(classes=TEXTS, pictures='pictures', speech='sounds').items():
        pipe = pipeline(model=home/model)
        pipe.save_pretrained(tmp_path/model)
        assert pipeline(model=tmp_path/model)(real(x)) == pipe(real(x)) == pipe.predict(real(x)) == pipe.transform(real(x))
        assert difference(plain(transformers.pipeline(pipelines.infer_task(pipe.model.config.model_type, type(pipe.model).__name__), model=str(tmp_path/model))(real(x))), plain(pipe(real(x)))) < 1e-5

def test_parts(home):
    tok, model = lite.AutoTokenizer.from_pretrained(home/'classes', use_fast=False), lite.AutoModelForSequenceClassification.from_pretrained(home/'classes')
    assert pipeline('text-classification', model=model, tokenizer=tok)(TEXTS) == pipeline(model=home/'classes')(TEXTS)
    assert not pipeline(model=home/'classes', use_fast=False).tokenizer.is_fast and pipeline(model=home/'classes').tokenizer.is_fast
    assert pipeline(model=model).tokenizer.is_fast # from where the model is from
    assert pipeline('text-classification', model=model, tokenizer=str(home/'classes'))(TEXTS) == pipeline(model=home/'classes')(TEXTS)
    processor = lite.AutoProcessor.from_pretrained(SHIPPED/'wav2vec2-morse')
    ear = lite.AutoModelForCTC.from_pretrained(SHIPPED/'wav2vec2-morse')
    for kw in (dict(processor=processor), dict(processor=str(SHIPPED/'wav2vec2-morse')), dict(tokenizer=processor.tokenizer, feature_extractor=processor.feature_extractor)):
        assert pipeline(model=ear, **kw)(morse())['text'] == 'HELLO, WORLD!'
    eye = lite.AutoModelForImageClassification.from_pretrained(home/'pictures')
    assert pipeline(model=eye, feature_extractor=lite.AutoImageProcessor.from_pretrained(home/'pictures'))(pictures()) == pipeline(model=home/'pictures')(pictures())

def test_harmless_arguments_of_real_scripts(home):
    pipe = pipeline('text-classification', str(home/'classes'), device=-1, torch_dtype='auto', revision='main', token=None, trust_remote_code=True, model_kwargs={}, framework='pt', num_workers=2, batch_size=2)
    assert pipe.device.type == 'cpu' and pipe(TEXTS, num_workers=0, batch_size=4) == pipeline(model=home/'classes')(TEXTS, batch_size=4)
    assert pipeline(model=home/'classes', dtype=torch.bfloat16).dtype == torch.bfloat16 and pipeline(model=home/'classes', torch_dtype='float16').dtype == torch.float16
    half = pipeline(model=home/'pictures', dtype=torch.bfloat16)(pictures())
    assert all(isinstance(o['score'], float) for o in half[0])
    assert len(pipeline(model=home/'pictures')(images=pictures(), timeout=3.)) == 3

def test_older_arguments(home):
    ner, classify = pipeline(model=home/'tags'), pipeline(model=home/'classes')
    assert ner(TEXTS, grouped_entities=True) == ner(TEXTS, aggregation_strategy='simple')
    assert ner(TEXTS, grouped_entities=True, ignore_subwords=True) == ner(TEXTS, aggregation_strategy='first')
    assert ner(TEXTS, aggregation_strategy=transformers.pipelines.token_classification.AggregationStrategy.MAX) == ner(TEXTS, aggregation_strategy='max')
    everything = classify(TEXTS[0], return_all_scores=True)
    assert [o['label'] for o in everything[0]] == ['a', 'b', 'c'] and classify(TEXTS, return_all_scores=False) == classify(TEXTS)
    asked = pipeline(model=home/'answers')
    assert asked(question='Who?', context=CONTEXT, topk=2) == asked(question='Who?', context=CONTEXT, top_k=2)

def test_a_question_can_be_cut(home):
    ask = pipeline(model=home/'answers')
    cut = ask(question='Where was Ravi born and why?', context=CONTEXT, max_question_len=2)
    assert cut == ask(question='Where was', context=CONTEXT) != ask(question='Where was Ravi born and why?', context=CONTEXT)

# --- a pipeline of your own

class PairPipeline(lite.Pipeline):
    "As the guide of transformers teaches it, with `_sanitize_parameters` by hand."
    def _sanitize_parameters(self, **kwargs):
        return ({'second_text': kwargs['second_text']} if 'second_text' in kwargs else {}), {}, {}
    def preprocess(self, text, second_text=None): return self.tokenizer(text, text_pair=second_text, return_tensors='pt')
    def _forward(self, model_inputs): return self.model(**model_inputs)
    def postprocess(self, model_outputs):
        p = model_outputs.logits[0].softmax(-1).numpy()
        return {'label': self.model.config.id2label[int(p.argmax())], 'score': p.max().item()}

class Nested(lite.Pipeline):
    "What `preprocess` gives may hold anything."
    def preprocess(self, text): return {'model_input': self.tokenizer(text, return_tensors='pt'), 'text': text}
    def _forward(self, inputs): return {'out': self.model(**inputs['model_input']), 'text': inputs['text']}
    def postprocess(self, outputs): return outputs['text'], outputs['out'].logits.argmax().item()

class Halves(lite.ChunkPipeline):
    "Pieces as transformers' own ChunkPipeline has them, with `is_last`."
    def preprocess(self, text):
        n = len(text) // 2
        for i, half in enumerate((text[:n], text[n:])): yield {'is_last': i == 1, **self.tokenizer(half, return_tensors='pt')}
    def _forward(self, inputs):
        is_last = inputs.pop('is_last')
        return {'is_last': is_last, 'logits': self.model(**inputs).logits}
    def postprocess(self, outputs): return sum(o['logits'] for o in outputs)[0].tolist()

def test_subclasses(home):
    pair = pipeline('pair-classification', model=home/'classes', pipeline_class=PairPipeline)
    want = pipeline(model=home/'classes')({'text': TEXTS[0], 'text_pair': TEXTS[1]})
    assert difference(plain(pair(TEXTS[0], second_text=TEXTS[1])), plain(want)) < 1e-6
    assert difference(plain(pair(TEXTS, second_text=TEXTS[1], batch_size=2)), plain([pair(t, second_text=TEXTS[1]) for t in TEXTS])) < 1e-5
    nested = Nested(model=pair.model, tokenizer=pair.tokenizer)
    assert [t for t, _ in nested(TEXTS)] == TEXTS
    halves = Halves(model=pair.model, tokenizer=pair.tokenizer)
    want = [[sum(x) for x in zip(*(pair.model(**pair.tokenizer(h, return_tensors='pt')).logits[0].tolist() for h in (t[:len(t)//2], t[len(t)//2:])))] for t in TEXTS]
    for size in 1, 4: assert difference(halves(TEXTS, batch_size=size), want) < 1e-5
    pipelines.TASKS['halves'] = Halves
    assert type(pipeline('halves', model=home/'classes')) is Halves
    del pipelines.TASKS['halves']

# --- what is refused

ERRORS = [ # (task, model, call, type, words)
    ('text-clasification', None, None, KeyError, "did you mean 'text-classification'?"), ('summarization', None, None, KeyError, 'available tasks are'),
    (None, None, None, RuntimeError, 'a task, a model, or both'), ('fill-mask', None, None, ValueError, "No model ships for 'fill-mask'"),
    ('fill-mask', 'classes', None, ValueError, None), ('text-classification', 'no/such/folder', None, OSError, 'no/such/folder'),
    ('text-classification', 'classes', dict(inputs=None), ValueError, 'a text is wanted'), ('text-classification', 'classes', dict(inputs=('a', 'b')), ValueError, "'text_pair'"),
    ('text-classification', 'classes', dict(inputs='a', top_k=0), ValueError, 'top_k=0'), ('text-classification', 'classes', dict(inputs='a', batch_size=0), ValueError, 'batch_size=0'),
    ('text-classification', 'classes', dict(inputs='a', function_to_apply='softmx'), ValueError, "'softmx' is unknown"), ('text-classification', 'classes', dict(inputs='a', topk=2), TypeError, "did you mean 'top_k'?"),
    ('text-classification', 'classes', dict(inputs='good ' * 200), RuntimeError, 'truncation=True'), ('text-classification', 'classes', dict(inputs={'text': ['a', 'b']}), ValueError, 'pass a list'),
    ('ner', 'tags', dict(inputs='a', aggregation_strategy='averge'), ValueError, "did you mean 'average'?"), ('ner', 'tags', dict(inputs='a', stride=3), ValueError, "aggregation_strategy='simple'"),
    ('ner', 'tags', dict(inputs='a', is_split_into_words=True), ValueError, 'a list of words'), ('ner', 'tags', dict(inputs='a', agregation_strategy='max'), TypeError, "'aggregation_strategy'"),
    ('fill-mask', 'words', dict(inputs='no gap'), ValueError, '[MASK]'), ('fill-mask', 'words', dict(inputs='a [MASK]', targets=[]), ValueError, 'names no word'),
    ('question-answering', 'answers', dict(question='a', context=''), ValueError, '`context` cannot be empty'), ('question-answering', 'answers', dict(inputs={'question': 'a'}), KeyError, "no 'context'"),
    ('question-answering', 'answers', dict(question=['a'], context=['b', 'c']), ValueError, "don't pair up"), ('question-answering', 'answers', dict(question='a', context='b', doc_stride=99, max_seq_len=20), ValueError, 'doc_stride=99'),
    ('feature-extraction', 'body', dict(inputs='a', truncation=True, tokenize_kwargs=dict(truncation=False)), ValueError, 'leave one'),
    ('image-classification', 'pictures', dict(inputs='https://example.com/a.png'), ValueError, 'nothing is downloaded'), ('image-classification', 'pictures', dict(inputs='none.png'), FileNotFoundError, 'no picture'),
    ('audio-classification', 'sounds', dict(inputs='https://example.com/a.wav'), ValueError, 'nothing is downloaded'), ('audio-classification', 'sounds', dict(inputs=3.5), TypeError, 'numpy ndarray'),
    ('automatic-speech-recognition', 'speech', dict(inputs=np.zeros((4000, 2), np.float32)), ValueError, 'transpose it'), ('automatic-speech-recognition', 'speech', dict(inputs={'array': np.zeros(9)}), ValueError, "'sampling_rate'"),
    ('automatic-speech-recognition', 'speech', dict(inputs=np.zeros(5, np.float32)), ValueError, 'give a longer one'), ('automatic-speech-recognition', 'speech', dict(inputs=np.ones(4000, np.float32), return_timestamps=True), ValueError, "'char' or 'word'"),
    ('automatic-speech-recognition', 'speech', dict(inputs=np.ones(4000, np.float32), chunk_length_s=1, stride_length_s=.5), ValueError, 'longer than both margins'),
    ('automatic-speech-recognition', 'speech', dict(inputs=np.ones(4000, np.float32), chunk_lenght_s=1), TypeError, "did you mean 'chunk_length_s'?")]

@pytest.mark.parametrize('task,model,call,kind,words', ERRORS, ids=[f'{t}-{c!s:.50}' for t, _, c, *_ in ERRORS])
@pytest.mark.filterwarnings('ignore')
def test_errors(task, model, call, kind, words, home):
    with pytest.raises(kind) as e:
        pipe = pipeline(task, model=home/model if model and (home/model).exists() else model)
        if call is None and words is None: raise ValueError('loaded, with a fresh head and a warning')
        pipe(**call)
    assert words is None or words in str(e.value), str(e.value)

def test_an_error_says_which_input_it_was(judge):
    with pytest.raises(ValueError) as e: judge(['a', 'b', None])
    assert e.value.__notes__ == ['This was input 2.']

def test_a_model_for_another_task(home):
    model = lite.AutoModelForMaskedLM.from_pretrained(home/'words')
    with pytest.raises(ValueError, match='needs a model for sequence_classification'): pipeline('text-classification', model=model)
    with pytest.raises(ValueError, match='needs a tokenizer'): pipelines.FillMaskPipeline(model=model)
    with pytest.raises(ValueError, match='loads one by name'): pipelines.FillMaskPipeline(model='words')
    with pytest.raises(RuntimeError, match='name the task'): pipeline(model=Own(lite.DistilBertConfig(dim=4, n_heads=2, n_layers=1)))

class Own(lite.PreTrainedModel):
    "A model that isn't in the table."
    config_class = lite.DistilBertConfig
    def __init__(self, config):
        super().__init__(config)
        self.layer = torch.nn.Linear(2, 2)

def test_a_long_text_is_read_in_part_with_a_warning(home):
    pipelines.warn_once.cache_clear()
    with pytest.warns(UserWarning, match='Only the first 64 tokens'): pipeline(model=home/'tags')('good ' * 200)

def test_sound_in_every_form(listen, tmp_path):
    import soundfile, soxr
    x = morse()
    soundfile.write(tmp_path/'a.wav', x, 4000)
    samples = types.SimpleNamespace(data=torch.tensor(x)[None], sample_rate=4000) # as torchcodec gives them
    forms = [x, torch.tensor(x), np.stack([x, x]), tmp_path/'a.wav', str(tmp_path/'a.wav'), (tmp_path/'a.wav').read_bytes(), dict(raw=x, sampling_rate=4000), dict(array=x.astype(np.float64), sampling_rate=4000),
             dict(array=soxr.resample(x, 4000, 16000), sampling_rate=16000, path=None), types.SimpleNamespace(get_all_samples=lambda: samples)]
    assert {o['text'] for o in listen(forms)} == {'HELLO, WORLD!'}

# --- text-generation

@pytest.fixture(scope='module')
def writers(tmp_path_factory):
    "(transformers' pipeline, ours): a small Llama, and a byte-level tokenizer with a template for chats."
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    folder = tmp_path_factory.mktemp('writer')
    rust = Tokenizer(models.BPE())
    rust.pre_tokenizer, rust.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    rust.train_from_iterator(['the cat sees the dog . a bird sings in the tree . who is there ? nobody .'] * 3, trainers.BpeTrainer(vocab_size=300, special_tokens=['<pad>', '<end>', 'user:', 'assistant:'], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    chat = "{% for m in messages %}{{ m['role'] + ':' + m['content'] + '\n' }}{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}"
    transformers.PreTrainedTokenizerFast(tokenizer_object=rust, pad_token='<pad>', eos_token='<end>', padding_side='left', chat_template=chat).save_pretrained(folder)
    torch.manual_seed(0)
    config = transformers.LlamaConfig(vocab_size=rust.get_vocab_size(), hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, initializer_range=.5, pad_token_id=0, eos_token_id=1, bos_token_id=None)
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    theirs = transformers.pipeline('text-generation', model=str(folder))
    return theirs, pipeline('text-generation', model=str(folder))

CHAT = [{'role': 'user', 'content': 'who is there ?'}]
GREEDY = dict(do_sample=False, max_new_tokens=7)

@pytest.mark.parametrize('options', [{}, dict(return_full_text=False), dict(return_tensors=True), dict(num_return_sequences=2, num_beams=3), dict(prefix='a bird '), dict(stop_sequence='e'), dict(skip_special_tokens=False),
                                     dict(max_new_tokens=None, max_length=12), dict(clean_up_tokenization_spaces=True)])
@pytest.mark.parametrize('inputs', ['the cat', ['the cat', 'a bird sings in'], CHAT, [CHAT, CHAT + [{'role': 'assistant', 'content': 'no'}]]])
def test_writes_as_theirs(writers, inputs, options):
    theirs, ours = writers
    options = {k: v for k, v in {**GREEDY, **options}.items() if v is not None}
    if 'prefix' in options and not isinstance(inputs if isinstance(inputs, str) else inputs[0], str): del options['prefix']
    assert ours(inputs, **options) == theirs(inputs, **options)

def test_draws_unless_told_otherwise(writers):
    theirs, ours = writers
    torch.manual_seed(5)
    a = theirs('the cat', max_new_tokens=30)
    torch.manual_seed(5)
    b = ours('the cat', max_new_tokens=30)
    torch.manual_seed(6)
    assert a == b and b != ours('the cat', max_new_tokens=30)

def test_writes_in_batches(writers):
    _, ours = writers
    texts = ['the cat', 'a bird sings in the', 'who', 'nobody is there . the']
    assert ours(texts, batch_size=3, **GREEDY) == [ours(t, **GREEDY) for t in texts]

def test_what_a_writer_refuses(writers):
    _, ours = writers
    with pytest.raises(ValueError, match='leave out return_text'): ours('a', return_tensors=True, return_text=True)
    with pytest.raises(ValueError, match="did you mean 'num_beams'"): ours('a', num_beam=2)
    assert type(pipeline(model=ours.model, tokenizer=ours.tokenizer)) is type(ours) # by the model's class alone
