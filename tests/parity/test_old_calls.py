"What scripts of five years call on tokenizers, image processors and processors: as in transformers 4.57.6, and in 5.x where it still has the name."
import json

import numpy as np, pytest, transformers
from PIL import Image

import transformers_lite as lite
from helpers import run457

WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] hello un ##able cafe , . world < x > rav ##i don ' t ! ?".split()
LETTERS = ['<pad>', '<s>', '</s>', '<unk>', '|', *'ABEHLO']

# -- tokenizers: each line is evaluated on ours, on the fast one and the Python one, and on 4.57.6's Python one
SQUAD = '''
def squad(t, n, stride): # as the question answering of transformers 2 and 3 cut long texts
    question, rest, rows = t.encode('hello x', add_special_tokens=False), ['un', '##able', 'cafe', ',', 'world', '.', 'rav', '##i', 'hello'], []
    around = t.model_max_length - t.max_len_sentences_pair
    while True:
        d = t.encode_plus(question, rest, truncation='only_second', padding='max_length', max_length=n, return_overflowing_tokens=True, stride=n - stride - len(question) - around, return_token_type_ids=True)
        rows.append([d['input_ids'], d['token_type_ids'], d['attention_mask']])
        rest = d.get('overflowing_tokens') or []
        if not rest: return rows
'''
CALLS = [
    'squad(t, 9, 2)', 'squad(t, 12, 3)', 't.encode([5, 6])', 't.encode([5, 6], add_special_tokens=False)', 't.encode_plus([5, 6], [7])["input_ids"]', 't.encode_plus(["hello", "##able"])["input_ids"]',
    't.encode_plus("hello", "x")["input_ids"]', 't.encode_plus([5, 6], return_tensors="np")["input_ids"].tolist()', 't.prepare_for_model([5], padding="max_length", max_length=4, pad_to_multiple_of=3, return_tensors="np")["input_ids"].tolist()',
    't.batch_encode_plus([("hello", "world"), ("x", "x")])["input_ids"]', 't.batch_encode_plus(["hello world", "x"], padding=True)["input_ids"]',
    *(f't.truncate_sequences([5, 6, 7, 8], {pair}, 2, "{how}", {stride})' for pair, how in ((None, 'longest_first'), (None, 'only_first'), ([1, 2], 'only_first'), ([1, 2, 9], 'only_second'), ([1], 'longest_first')) for stride in (0, 1)),
    *(f'as_dict(t.prepare_for_model([5, 6, 7, 8, 9, 10, 11], {pair}, max_length={n}, truncation="{how}", stride=1, return_overflowing_tokens=True, return_special_tokens_mask=True, padding="{pad}"))'
      for pair, how, n in ((None, 'longest_first', 8), (None, 'longest_first', 20), ([5], 'only_first', 8), ([1, 2, 9], 'only_second', 11)) for pad in ('max_length', 'do_not_pad')),
    'as_dict(t.prepare_for_model([5, 6], add_special_tokens=False))', 'as_dict(t.prepare_for_model([5, 6], return_attention_mask=False, return_token_type_ids=True, prepend_batch_axis=True))',
    't.build_inputs_with_special_tokens([5], [6])', 't.create_token_type_ids_from_sequences([5, 5], [6])', 't.get_special_tokens_mask([2, 5, 3], already_has_special_tokens=True)', 't.get_special_tokens_mask([5], [6])',
    't.num_special_tokens_to_add(True)', '(t.max_len_single_sentence, t.max_len_sentences_pair, t.pad_token_type_id, t.verbose, list(t.init_inputs))', 't.SPECIAL_TOKENS_ATTRIBUTES', 't.init_kwargs["do_lower_case"]',
    '{k: str(v) for k, v in t.special_tokens_map_extended.items()}', '[str(x) for x in t.all_special_tokens_extended]', 'type(t).clean_up_tokenization("don \'t , you !")',
    '[[x.content, x.lstrip] for x in t.convert_added_tokens([{"__type": "AddedToken", "content": "<a>", "lstrip": True}])]', 't.convert_added_tokens({"a": t.convert_added_tokens({"__type": "AddedToken", "content": "<a>"})}, save=True)',
    't.decode([2, 5, 3], spaces_between_special_tokens=False)', 'added(t, "<new>").decode([5, 22, 8, 22, 22], spaces_between_special_tokens=False)', 'added(t, "<new>").decode([5, 22, 8, 22, 22])',
    't.sanitize_special_tokens()', 'changed(t, pad_token=t.sep_token)', 'changed(t, pad_token_id=4)', 'changed(t, additional_special_tokens=["x", "world"])', 'changed(t, additional_special_tokens_ids=[13])',
    't("hello world", verbose=False, padding="do_not_pad", truncation="do_not_truncate")["input_ids"]', 't.apply_chat_template([{"role": "user", "content": "hello"}], chat_template="{{ messages[0].content }} x")',
    'targets(t)', 't.convert_tokens_to_string(["rav", "##i", "un", "##able"])', 't.get_added_vocab() == t.added_tokens_encoder',
]
TELL = SQUAD + '''
def as_dict(b): return {k: b[k] for k in sorted(b)}
def added(t, token): return (t.add_tokens(token), t)[1]
def changed(t, **new):
    for k, v in new.items(): setattr(t, k, v)
    return [t.pad_token, t.pad_token_id, t.additional_special_tokens, t.additional_special_tokens_ids, t.all_special_tokens]
def targets(t):
    with t.as_target_tokenizer(): return t('hello')['input_ids']
def tell(load, calls): return [eval(c, globals(), dict(t=load())) for c in calls]
'''

@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    d = tmp_path_factory.mktemp('old')
    (d/'vocab.txt').write_text(''.join(f'{w}\n' for w in WORDS))
    (d/'vocab.json').write_text(json.dumps({t: i for i, t in enumerate(LETTERS)}))
    return d

@pytest.fixture(scope='module')
def told(folder):
    return run457(TELL + '''
transformers.logging.set_verbosity(50)
result = tell(lambda: transformers.DistilBertTokenizer.from_pretrained(args[0], model_max_length=64), args[1])''', str(folder), CALLS)

@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('cls', [lite.DistilBertTokenizer, lite.DistilBertTokenizerFast])
def test_calls_of_before(folder, told, cls):
    space = {}
    exec(TELL, space)
    for call, want in zip(CALLS, told):
        got = json.loads(json.dumps(space['tell'](lambda: cls.from_pretrained(folder, model_max_length=64), [call])[0]))
        if cls.is_fast and 'added(t' in call: continue # spaces_between_special_tokens is of the Python one, in 4.57 as well
        assert got == want, call

def test_negative_control(folder, told): # the calls say something: another maximum, another vocabulary
    space = {}
    exec(TELL, space)
    other = space['tell'](lambda: lite.DistilBertTokenizer.from_pretrained(folder, model_max_length=32, unk_token='x', sep_token='world'), CALLS)
    assert sum(a != b for a, b in zip(json.loads(json.dumps(other)), told)) > 20

def test_a_role_must_be_in_the_vocabulary(folder): # transformers gives it the id of the unknown token, silently
    t = lite.DistilBertTokenizerFast.from_pretrained(folder)
    for name, value in (('eos_token', '<eos>'), ('additional_special_tokens', ['x', '<eos>'])):
        with pytest.raises(ValueError, match=r"'<eos>' is not in the vocabulary.*add_special_tokens\(\{"): setattr(t, name, value)
    t.pad_token = t.sep_token
    assert t.pad_token_id == 3 and t(['hello', 'x x'], padding=True)['input_ids'] == [[2, 5, 3, 3], [2, 13, 13, 3]]
    assert t.add_special_tokens({'extra_special_tokens': ['<a>']}, replace_extra_special_tokens=False) == 1 and t.extra_special_tokens == ['<a>']

@pytest.mark.parametrize('cls', [lite.DistilBertTokenizer, lite.DistilBertTokenizerFast])
def test_special_tokens_as_any_text(folder, cls, tmp_path):
    "By call, by constructor and by attribute, as in 5.x; what is added but not special is found still."
    theirs, t = transformers.DistilBertTokenizer.from_pretrained(folder), cls.from_pretrained(folder)
    for x in theirs, t: x.add_tokens('<new>')
    texts = ['hello [SEP] x', '[MASK]hello', 'hello <new>', '[CLS]']
    want = theirs(texts, split_special_tokens=True)['input_ids']
    plain = t(texts)['input_ids']
    for _ in range(2): assert t(texts, split_special_tokens=True)['input_ids'] == want != plain == t(texts)['input_ids'] # and back
    assert t.encode(texts[0], split_special_tokens=True) == want[0] and t.tokenize(texts[3], split_special_tokens=True) == ['[UNK]'] * 3
    assert t(texts, split_special_tokens=True, return_offsets_mapping=True)['offset_mapping'] == theirs(texts, split_special_tokens=True, return_offsets_mapping=True)['offset_mapping']
    t.split_special_tokens = True
    assert t(texts)['input_ids'] == want and t(texts, split_special_tokens=False)['input_ids'] == plain
    t.save_pretrained(tmp_path)
    again = cls.from_pretrained(tmp_path)
    assert again.split_special_tokens and again(texts)['input_ids'] == want == transformers.DistilBertTokenizer.from_pretrained(tmp_path)(texts)['input_ids']

@pytest.mark.filterwarnings('ignore')
def test_options_of_before(folder):
    for cls in lite.DistilBertTokenizer, lite.DistilBertTokenizerFast:
        t = cls.from_pretrained(folder, use_fast=True, config=None, from_tf=False, mirror=None, verbose=True, trust_remote_code=False)
        assert t('hello', pad_to_max_length=True, max_length=5)['input_ids'] == [2, 5, 3, 0, 0] and t.verbose
        assert t('hello', 'x x x', truncation_strategy='only_second', max_length=6)['input_ids'] == [2, 5, 3, 13, 13, 3]
        with pytest.raises(TypeError, match="did you mean 'truncation_strategy'"): t('x', truncation_strategi='only_first')
        with pytest.raises(TypeError): t.decode([5], skip_special_token=True)

# -- conversations, on any tokenizer

MESSAGES = [{'role': 'user', 'content': 'HELLO'}, {'role': 'assistant', 'content': 'HALLO'}]
TEMPLATES = dict(one='{% for m in messages %}{{ m.content }} {% endfor %}', named={'default': 'x', 'tool_use': '{{ messages[0].content }}?'}, listed=[{'name': 'default', 'template': 'x'}, {'name': 'rag', 'template': 'y'}])
CLASSES = 'DistilBertTokenizer', 'DistilBertTokenizerFast', 'Wav2Vec2CTCTokenizer'

def test_chats_of_every_tokenizer(folder, tmp_path): # what is written is what both releases read
    args = []
    for c in CLASSES:
        for name, template in TEMPLATES.items():
            t = getattr(lite, c).from_pretrained(folder, chat_template=template)
            t.save_pretrained(tmp_path/c/name)
            again = getattr(lite, c).from_pretrained(tmp_path/c/name)
            assert again.chat_template == t.chat_template
            args.append([c, str(tmp_path/c/name), again.chat_template, again.apply_chat_template(MESSAGES, tokenize=False), again.apply_chat_template(MESSAGES, return_dict=False)])
    code = 'result = [[t.chat_template, t.apply_chat_template(chat, tokenize=False), t.apply_chat_template(chat, return_dict=False)] for c, d, *_ in args for t in [getattr(transformers, c).from_pretrained(d)]]'
    space = dict(transformers=transformers, args=args, chat=MESSAGES)
    exec(code, space)
    assert space['result'] == [a[2:] for a in args] == run457(f'chat = {MESSAGES!r}\n' + code, *args)

def test_a_python_tokenizer_knows_what_the_model_said(folder):
    template = '{% for m in messages %}{% if m.role == "assistant" %}{% generation %}{{ m.content }}{% endgeneration %}{% else %}{{ m.content }}{% endif %} {% endfor %}'
    asked = [{'role': 'user', 'content': 'hello x'}, {'role': 'assistant', 'content': 'world unable'}]
    for cls in lite.DistilBertTokenizer, lite.DistilBertTokenizerFast:
        b = cls.from_pretrained(folder, chat_template=template).apply_chat_template(asked, return_dict=True, return_assistant_tokens_mask=True)
        assert b['assistant_masks'] == [0, 0, 1, 1, 1] and len(b['input_ids']) == 5

def weather(city: str, days: int = 1):
    """
    How the weather will be.

    Args:
        city: Where.
        days: How many.
    """

def test_tools(folder): # a function becomes a schema as transformers makes it, once that is imported; without it, the error says what is wanted
    template, chat = '{% for t in tools %}{{ t | tojson }}{% endfor %}', MESSAGES[:1]
    t, theirs = (m.DistilBertTokenizer.from_pretrained(folder, chat_template=template) for m in (lite, transformers))
    for tools in [weather], [weather, {'type': 'function', 'function': {'name': 'x'}}]:
        text = t.apply_chat_template(chat, tools=tools, tokenize=False)
        assert text == theirs.apply_chat_template(chat, tools=tools, tokenize=False) and '"city"' in text
    for tool in 3, 'weather':
        with pytest.raises(ValueError, match='JSON schema'): t.apply_chat_template(chat, tools=[tool], tokenize=False)

# -- pictures

PICTURE = np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)
STEPS = ["p.resize(x, {'height': 20, 'width': 10})", "p.resize(x, {'height': 20, 'width': 10}, data_format='channels_first')", "p.resize(x / 255, {'height': 20, 'width': 10}, resample=3)", "p.resize(image=x.transpose(2, 0, 1), size={'height': 9, 'width': 9}, resample=0)",
         'p.rescale(x, 1 / 255)', "p.rescale(image=x, scale=2., input_data_format='channels_last')", 'p.normalize(x / 255, [.5, .4, .3], [.2, .3, .4])', 'p.normalize(x, .5, .2)', "p.normalize(x.transpose(2, 0, 1), mean=[.5] * 3, std=[.5] * 3, data_format='channels_last')",
         *(f"p.center_crop(x, {{'height': {h}, 'width': {w}}})" for h, w in ((21, 11), (51, 41), (50, 11), (40, 30), (41, 31), (1, 1), (5, 33)))]

def test_steps_of_a_picture():
    want = run457('''
import numpy as np
x, p = np.array(args[0], np.uint8), transformers.ViTImageProcessor()
result = [[str(y.dtype), y.tolist()] for y in map(eval, args[1])]''', PICTURE.tolist(), STEPS)
    for cls in lite.ViTImageProcessor, lite.ViTImageProcessorFast:
        for step, (kind, values) in zip(STEPS, want):
            y = eval(step, dict(p=cls(), x=PICTURE))
            step_of_torch = 1 if cls.is_fast and 'resize' in step else 1e-5
            assert str(y.dtype) == kind and y.shape == np.shape(values), step
            np.testing.assert_allclose(y, values, atol=step_of_torch / (255 if 'x / 255' in step and step_of_torch == 1 else 1), err_msg=step)

def test_a_size_has_names():
    p = lite.ViTImageProcessor()
    assert p.size == 224 == p.size['height'] == p.size.width and p.size == {'height': 224, 'width': 224} == dict(**p.size) and p.size != 8 and 'shortest_edge' not in p.size and isinstance(p.size, dict)
    assert p.to_dict()['size'] == transformers.ViTImageProcessor().to_dict()['size'] and '"size": 224' in repr(p) and 'do_rescale' not in repr(p) and p.to_dict()['do_rescale'] is True
    assert lite.ViTImageProcessor(size=(8, 9)).size == {'height': 8, 'width': 9} and '"height": 8' in repr(lite.ViTImageProcessor(size=(8, 9)))
    p.size = {'height': 9, 'width': 9}
    assert '"size": 9' in repr(p) and p(PICTURE, return_tensors='np')['pixel_values'].shape == (1, 3, 9, 9)

def test_settings_of_one_file(tmp_path):
    lite.ViTImageProcessor(size=7).save_pretrained(tmp_path)
    assert lite.ViTImageProcessor.from_json_file(tmp_path/'preprocessor_config.json').size == 7 == json.loads((tmp_path/'preprocessor_config.json').read_text())['size']['height']

@pytest.mark.parametrize('cls', [lite.ViTImageProcessor, lite.ViTImageProcessorFast])
def test_pictures_of_other_colours(cls):
    "One colour as transformers has it; many, each as it would be among three; and what can't go."
    one = dict(size=9, image_mean=[.5], image_std=[.25])
    grey, theirs = PICTURE[..., :1], transformers.ViTImageProcessor(size={'height': 9, 'width': 9}, image_mean=[.5], image_std=[.25])
    want, near = theirs(grey, return_tensors='np', input_data_format='channels_last')['pixel_values'], 4.1 / 255 if cls.is_fast else 1e-6
    for x in grey, grey[..., 0], grey.transpose(2, 0, 1), Image.fromarray(grey[..., 0]):
        y = cls(**one)(x, return_tensors='np')['pixel_values']
        assert y.shape == (1, 1, 9, 9)
        np.testing.assert_allclose(y, want, atol=near)
    many = np.concatenate([PICTURE, PICTURE[..., :2]], -1)
    y = cls(size=9, image_mean=[.5] * 5, image_std=[.5] * 5)([many, many.transpose(2, 0, 1)], return_tensors='np')['pixel_values']
    assert y.shape == (2, 5, 9, 9) and np.array_equal(y[0, :3], cls(size=9)(PICTURE, return_tensors='np')['pixel_values'][0]) and np.array_equal(y[0, 3:], y[1, :2])
    rgba = Image.fromarray(np.dstack([PICTURE, PICTURE[..., 0]]))
    assert cls(size=9, image_mean=[.5] * 4, image_std=[.5] * 4)(rgba, return_tensors='np')['pixel_values'].shape == (1, 4, 9, 9)
    for x in PICTURE, Image.fromarray(PICTURE), many:
        with pytest.raises(ValueError, match='no axis of 1 colours'): cls(**one)(x)
    with pytest.raises(ValueError, match='2 and 3 elements'): cls(image_mean=[.5, .5])
    with pytest.raises(ValueError, match='no picture'): cls()(np.zeros((1, 2, 3, 9, 9), np.uint8))
    assert cls(**one).show(grey[..., 0]) and cls()(PICTURE, do_center_crop=False, crop_size=None, return_tensors='np')['pixel_values'].shape == (1, 3, 224, 224)
    config = lite.ViTConfig(num_channels=1, image_size=9, patch_size=3, hidden_size=12, num_attention_heads=2, num_hidden_layers=1, intermediate_size=8)
    assert lite.ViTModel(config)(**cls(**one)(grey, return_tensors='pt')).last_hidden_state.shape == (1, 10, 12)

# -- sound

def test_places_are_a_dict(folder):
    t = lite.Wav2Vec2CTCTokenizer.from_pretrained(folder)
    ids = t('HELLO ALL')['input_ids']
    out = t.decode(ids, output_word_offsets=True, group_tokens=False)
    theirs = transformers.Wav2Vec2CTCTokenizer.from_pretrained(folder).decode(ids, output_word_offsets=True, group_tokens=False)
    assert 'word_offsets' in out and 'char_offsets' not in out and out.get('char_offsets', 3) == 3 and list(out.keys()) == list(theirs.keys()) and len(out) == len(theirs) == 2
    assert dict(out) == {**out} == {k: v if k == 'text' else [{a: b if a == 'word' else int(b) for a, b in w.items()} for w in v] for k, v in theirs.items()}
    assert out[0] == out.text == out['text'] == 'HELLO ALL' and out.to_tuple() == tuple(out.values())
    with pytest.raises(KeyError): out['char_offsets']

@pytest.mark.filterwarnings('ignore')
def test_a_processor_of_before(folder):
    p = lite.Wav2Vec2Processor(lite.Wav2Vec2FeatureExtractor(), lite.Wav2Vec2CTCTokenizer.from_pretrained(folder))
    rows = [{'input_ids': [5, 6]}, {'input_ids': [5]}]
    with p.as_target_processor(): old = p.pad(rows, padding=True, return_tensors='np')
    assert old['input_ids'].tolist() == [[5, 6], [5, 0]] == p.pad(labels=rows, padding=True, return_tensors='np')['input_ids'].tolist() and old['attention_mask'].tolist() == [[1, 1], [1, 0]]
    assert p.pad([{'input_values': [1., 2.]}, {'input_values': [1.]}], padding=True, return_tensors='np')['input_values'].shape == (2, 2)
    assert p(audio=np.ones(9), text=None, images=None, videos=None, sampling_rate=16000).keys() == p(np.ones(9), sampling_rate=16000).keys()
    with pytest.raises(ValueError, match='leave images'): p(text='A', images=PICTURE)
    assert json.loads(p.to_json_string())['processor_class'] == 'Wav2Vec2Processor' and p.feature_extractor_class == 'Wav2Vec2FeatureExtractor'

class Both(lite.ProcessorMixin): # as transformers 4 has them: classes by name
    attributes = ['image_processor', 'tokenizer']
    image_processor_class, tokenizer_class = 'AutoImageProcessor', lite.DistilBertTokenizerFast

def test_parts_by_name(folder, tmp_path):
    Both(lite.ViTImageProcessor(size=5), lite.DistilBertTokenizerFast.from_pretrained(folder)).save_pretrained(tmp_path)
    again = Both.from_pretrained(tmp_path)
    assert again.image_processor.size == 5 and again.tokenizer('hello')['input_ids'] == [2, 5, 3]

# -- what 4.57's own suite asks of tokenizers

BOTH = pytest.mark.parametrize('cls', [lite.DistilBertTokenizer, lite.DistilBertTokenizerFast])

@BOTH
def test_arguments_that_are_only_kept(folder, cls, tmp_path):
    "A setting that nobody knows is kept and saved; a slip, a method's name or a file is an error."
    with pytest.warns(UserWarning, match=f"{cls.__name__} has no argument 'random_argument'"): t = cls.from_pretrained(folder, random_argument=True, from_slow=True)
    t.save_pretrained(tmp_path)
    with pytest.warns(UserWarning, match="'other_argument'"): again = cls.from_pretrained(tmp_path, other_argument=[1])
    assert t.init_kwargs['random_argument'] is True and again.init_kwargs['random_argument'] is True and again.init_kwargs['other_argument'] == [1]
    assert cls.from_pretrained(tmp_path, random_argument=False).init_kwargs['random_argument'] is False
    assert transformers.DistilBertTokenizer.from_pretrained(tmp_path).init_kwargs['random_argument'] is True
    for kind, said, more in ((AttributeError, 'conflicts with the method get_vocab', dict(get_vocab=True)), (AttributeError, 'add_special_tokens', dict(add_special_tokens=True)), (ValueError, "did you mean 'do_lower_case'", dict(do_lowercase=True)), (ValueError, 'merges_file', dict(merges_file='x')), (ValueError, 'my_api_key', dict(my_api_key='x')), (ValueError, 'hf_token', dict(hf_token='x'))):
        with pytest.raises(kind, match=said): cls.from_pretrained(folder, **more)

@BOTH
def test_init_kwargs_hold_each_argument(folder, cls):
    import inspect
    t = cls.from_pretrained(folder, padding_side='left')
    assert {*inspect.signature(cls.__init__).parameters} - {'self', 'kwargs'} <= {*t.init_kwargs}
    assert t.init_kwargs['vocab_file'] == t.vocab_file and str(t.vocab_file).endswith('vocab.txt') and t.init_kwargs['padding_side'] == 'left' and t.init_kwargs['vocab']['hello'] == 5
    assert cls(vocab=t.get_vocab()).vocab_file is None

def test_a_space_before_a_text(tmp_path):
    "add_prefix_space reaches the part of the Rust tokenizer that knows it, and its file."
    from tokenizers import Tokenizer, models, pre_tokenizers
    rust = Tokenizer(models.BPE({'a': 0, 'Ġ': 1, 'Ġa': 2}, [('Ġ', 'a')]))
    rust.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    for yes, want in ((True, ['Ġa']), (False, ['a']), (None, ['a'])):
        t = lite.PreTrainedTokenizerFast(tokenizer_object=rust, add_prefix_space=yes)
        t.save_pretrained(tmp_path/str(yes))
        for x in t, lite.PreTrainedTokenizerFast.from_pretrained(tmp_path/str(yes)): assert x.tokenize('a') == want and x.add_prefix_space is bool(yes)

@BOTH
def test_none_and_nothing(folder, cls):
    t = cls.from_pretrained(folder)
    for call in t.tokenize, t.encode, t.encode_plus, t.batch_encode_plus:
        with pytest.raises(TypeError): call(None)
    with pytest.raises(ValueError, match='Pass a `text`'): t(None)
    n = len(t)
    assert t.add_tokens('') == t.add_tokens([]) == t.add_tokens(['', '<q>']) - 1 == 0 and len(t) == n + 1
    with pytest.raises(AssertionError, match='is a list of tokens'): t.add_special_tokens({'additional_special_tokens': '<r>'})
    assert len(t) == n + 1
    t.additional_special_tokens = ['<q>']
    t.additional_special_tokens = None
    assert t.additional_special_tokens is None and t.additional_special_tokens_ids is None and '<q>' not in t.all_special_tokens and 'additional_special_tokens' not in t.special_tokens_map
    assert t.add_special_tokens({'additional_special_tokens': ['<s>']}, replace_additional_special_tokens=False) == 1 and t.additional_special_tokens == ['<s>']

@BOTH
def test_lengths_of_before(folder, cls):
    "Sources and targets with lengths of their own; a length that is no multiple; a stride without special tokens."
    t, long = cls.from_pretrained(folder), ['hello world x', 'x ' * 20]
    theirs = transformers.DistilBertTokenizer.from_pretrained(folder)
    got = t.prepare_seq2seq_batch(src_texts=long, tgt_texts=long, max_length=3, max_target_length=10, return_tensors='np', src_lang='en')
    assert got['input_ids'].shape == got['attention_mask'].shape == (2, 3) and got['labels'].shape == (2, 10) and got['labels'].tolist() == theirs(long, padding=True, truncation=True, max_length=10)['input_ids']
    assert t.prepare_seq2seq_batch(long, long, max_length=3, return_tensors='np')['labels'].shape == (2, 3) and 'labels' not in t.prepare_seq2seq_batch(long, max_length=3)
    options = dict(padding=True, truncation=True, pad_to_multiple_of=8)
    for x in t, theirs:
        with pytest.raises(ValueError, match='multiple'): x(long, max_length=12, **options)
    assert {*map(len, t(long, max_length=16, **options)['input_ids'])} == {16} and {*map(len, t(long[:1], max_length=12, padding=True, pad_to_multiple_of=8, truncation=False)['input_ids'])} == {8}
    rows = t('hello world . ,', max_length=4, stride=2, add_special_tokens=False, truncation=True, return_overflowing_tokens=True)['input_ids']
    assert rows == [t.encode('hello world . ,', add_special_tokens=False)]
    rows = t('hello world . , x ?', max_length=4, stride=2, add_special_tokens=False, truncation=True, return_overflowing_tokens=True)['input_ids']
    ids = t.encode('hello world . , x ?', add_special_tokens=False)
    assert rows == [ids[:4], ids[2:]]
    with pytest.raises(ValueError, match='stride=2'): t('hello world . , x ?', max_length=4, stride=2, truncation=True)
    with pytest.raises(ValueError, match='stride=3'): t('hello world . , x ?', max_length=4, stride=3, truncation=True, add_special_tokens=False)

@BOTH
def test_files_that_are_told(folder, cls, tmp_path):
    "Their names in the order of 4.57; a template in a file of its own or in the settings, not in both; an added token with its flags."
    from tokenizers import AddedToken
    eos = AddedToken('[EOS]', lstrip=True, normalized=False, special=True)
    t = cls.from_pretrained(folder, chat_template='{{ 1 }}', eos_token=eos)
    chat, config, own = 'chat_template.jinja', 'tokenizer_config.json', ['vocab.txt', 'tokenizer.json']
    for files, options in (([chat], {}), ([], dict(save_jinja_files=False)), ([chat], {})):
        paths = t.save_pretrained(tmp_path, **options)
        assert [p.split('/')[-1] for p in paths] == [config, 'special_tokens_map.json', *files, *own] and (tmp_path/chat).exists() == bool(files)
        assert ('chat_template' in json.loads((tmp_path/config).read_text())) is not bool(files)
        for c in lite.DistilBertTokenizer, lite.DistilBertTokenizerFast, transformers.DistilBertTokenizer:
            again = c.from_pretrained(tmp_path)
            assert again.chat_template == '{{ 1 }}' and again.added_tokens_decoder[again.eos_token_id] == eos and not (getattr(again, 'additional_special_tokens', None) or ())
