"""What a downloaded tokenizer's files may not do: name another file, keep a credential, pass poison on, or bring a value of
the wrong kind in. Each section has a control, which shows that the test would see it."""
import io, json, pickle, re, shutil

import pytest

import transformers, transformers_lite.tokenizer
from helpers import run457
from transformers_lite import (AutoProcessor, AutoTokenizer, DistilBertTokenizer, DistilBertTokenizerFast, PreTrainedTokenizerFast, Wav2Vec2CTCTokenizer,
    Wav2Vec2FeatureExtractor, Wav2Vec2Processor)
from transformers_lite.tokenizer import read_settings

WORDS = {t: i for i, t in enumerate('[PAD] [UNK] [CLS] [SEP] [MASK] hello'.split())}
LETTERS = {t: i for i, t in enumerate(['<pad>', '<s>', '</s>', '<unk>', '|', *'ABC'])}
SECRET = 'hf_TheSecretOfSomebody'
TEXT, SOUND = (DistilBertTokenizer, DistilBertTokenizerFast, PreTrainedTokenizerFast, AutoTokenizer), (Wav2Vec2CTCTokenizer, Wav2Vec2Processor, AutoProcessor)
each_class = pytest.mark.parametrize('cls', TEXT + SOUND, ids=lambda c: c.__name__)
each_file = pytest.mark.parametrize('file', ['tokenizer_config.json', 'special_tokens_map.json', 'processor_config.json'])

@pytest.fixture
def opened(monkeypatch):
    "The names of all files that Python opens."
    names, original = [], io.open
    def watched(file, *args, **kwargs):
        names.append(str(file))
        return original(file, *args, **kwargs)
    for where in 'io.open', 'builtins.open': monkeypatch.setattr(where, watched)
    return names

@pytest.fixture(scope='module')
def saved(tmp_path_factory):
    "A tokenizer, a processor, and a tokenizer whose vocabulary holds a secret."
    d = tmp_path_factory.mktemp('saved')
    DistilBertTokenizer(vocab=WORDS).save_pretrained(d/'text')
    Wav2Vec2Processor(Wav2Vec2FeatureExtractor(), Wav2Vec2CTCTokenizer(vocab=LETTERS)).save_pretrained(d/'sound')
    DistilBertTokenizer(vocab={**WORDS, SECRET: len(WORDS)}).save_pretrained(d/'other')
    return d

@pytest.fixture
def folder(saved, tmp_path):
    "A function that lays out a folder for a class, with a secret in it and beside it, as a vocabulary of each kind."
    def make(cls):
        d = shutil.copytree(saved/('text' if issubclass(cls, TEXT) else 'sound'), tmp_path/'downloaded', dirs_exist_ok=True)
        for place in d, tmp_path:
            (place/'.env').write_text('\n'.join([*WORDS, SECRET]) if issubclass(cls, TEXT) else json.dumps({**LETTERS, SECRET: len(LETTERS)}))
            shutil.copytree(saved/'other', place/'other', dirs_exist_ok=True)
        return d
    return make

def tell(folder, file, **keys):
    "Write keys into one of a folder's files."
    path = folder/file
    old = json.loads(path.read_text()) if path.is_file() else {}
    path.write_text(json.dumps({**old, **keys}))
    return folder

def tokenizer_of(x): return getattr(x, 'tokenizer', x)
def traces(x, folder):
    "All that is left of what was loaded: its text, its attributes, and the files that it saves."
    x.save_pretrained(folder)
    files = [p.read_text() for p in sorted(folder.iterdir()) if p.is_file()]
    return '\n'.join([repr(x), str({k: v for k, v in vars(tokenizer_of(x)).items() if k != 'name_or_path'}), *files, str(pickle.dumps(x))])

# ── no other file ───────────────────────────────────────────────────────────────────────────────────────────────────
NAMES = ('vocab vocab_file tokenizer_file merges merges_file special_tokens_map_file added_tokens_file full_tokenizer_file tokenizer_config_file '
         'chat_template_file spm_file tokenizer_object slow_tokenizer __slow_tokenizer name_or_path _name_or_path fast_tokenizer_files backend tokenizer').split()
PLACES = ['.env', '../.env', '{tmp}/.env', 'other/tokenizer.json', '{tmp}/other/tokenizer.json', 'other', ['.env'], {'vocab_file': '.env'}]

@each_file
@each_class
def test_no_file_names_another(cls, file, folder, opened, tmp_path):
    d = folder(cls)
    clean = tokenizer_of(cls.from_pretrained(d)).get_vocab()
    for place in PLACES:
        place = json.loads(json.dumps(place).replace('{tmp}', str(tmp_path)))
        tell(d, file, **dict.fromkeys(NAMES, place), init_inputs=[place])
        opened.clear()
        x = cls.from_pretrained(d)
        assert len(opened) > 1 or cls is PreTrainedTokenizerFast # control: others are seen
        assert not [p for p in opened if '.env' in p or '/other' in p], place
        assert tokenizer_of(x).get_vocab() == clean and SECRET not in traces(x, tmp_path/'saved')
        kept = json.loads((tmp_path/'saved'/'tokenizer_config.json').read_text())
        assert not kept.keys() & {*NAMES, 'init_inputs'} - {'backend', 'tokenizer'}

@pytest.mark.parametrize('key', NAMES)
@pytest.mark.parametrize('cls', TEXT[:3] + SOUND[:1], ids=lambda c: c.__name__)
def test_no_key_alone(cls, key, folder, tmp_path):
    "Each by itself, as a path that leads there."
    d = folder(cls)
    for place in tmp_path/'.env', tmp_path/'other'/'tokenizer.json', tmp_path/'other'/'vocab.txt':
        x = cls.from_pretrained(tell(d, 'tokenizer_config.json', **{key: str(place)}))
        assert SECRET not in x.get_vocab() and SECRET not in traces(x, tmp_path/'saved')

def test_even_a_class_that_declares_it(folder, tmp_path, monkeypatch): # and the control: without the rule, the secret is in the vocabulary
    class Careless(Wav2Vec2CTCTokenizer): settings = *Wav2Vec2CTCTokenizer.settings, 'vocab'
    d = tell(folder(Careless), 'tokenizer_config.json', vocab=str(tmp_path/'.env'))
    assert SECRET not in Careless.from_pretrained(d).get_vocab()
    monkeypatch.setattr(transformers_lite.tokenizer, 'NOT_KEPT', re.compile('nothing'))
    assert SECRET in Careless.from_pretrained(d).get_vocab()

def test_vocabularies_hold_no_paths(folder):
    d = folder(Wav2Vec2CTCTokenizer)
    for vocab in '".env"', '{"en": ".env"}', '{"vocab": ".env"}', '{"A": {"vocab_file": ".env"}}', '[".env"]':
        (d/'vocab.json').write_text(vocab)
        with pytest.raises(ValueError): Wav2Vec2CTCTokenizer.from_pretrained(d)
    d = folder(DistilBertTokenizer)
    rust = json.loads((d/'tokenizer.json').read_text())
    for change in dict(vocab='.env'), dict(type='BPE', vocab='.env', merges='.env'), dict(type='WordPiece', files=['.env'], vocab=[]):
        (d/'tokenizer.json').write_text(json.dumps({**rust, 'model': {**rust['model'], **change}}))
        for c in TEXT[:3]:
            with pytest.raises(OSError, match='tokenizer.json'): c.from_pretrained(d)

# ── no credential ───────────────────────────────────────────────────────────────────────────────────────────────────
CREDENTIALS = dict(use_auth_token=SECRET, token=SECRET, auth_token=SECRET, hf_token=SECRET, api_key=SECRET, proxies={'https': f'me:{SECRET}@here'}, password=SECRET, client_secret=SECRET)
OPTIONS = dict(cache_dir='x', revision='x', subfolder='x', local_files_only=True, force_download=True, resume_download=True, trust_remote_code=True, code_revision='x',
               mirror='x', _from_auto=True, _commit_hash='x', from_slow=True, use_fast=False)

@each_file
@each_class
def test_no_credential_of_a_file_is_kept(cls, file, folder, tmp_path):
    d = tell(folder(cls), file, **CREDENTIALS, **OPTIONS, note={'token': SECRET, 'list': [{'proxies': SECRET}], 'mine': 1})
    x = cls.from_pretrained(d)
    assert SECRET not in traces(x, tmp_path/'saved')
    kept = json.loads((tmp_path/'saved'/'tokenizer_config.json').read_text())
    assert not kept.keys() & {*CREDENTIALS, *OPTIONS}
    if file != 'processor_config.json': assert kept['note'] == {'list': [{}], 'mine': 1} # what is no secret is, at any depth

@each_class
@pytest.mark.parametrize('key', ['use_auth_token', 'token', 'proxies', 'api_key'])
def test_no_credential_of_a_call_is_kept(cls, key, folder, tmp_path):
    "It is taken for the call or refused; neither a message nor what was loaded holds it."
    d = folder(cls)
    try: x = cls.from_pretrained(d, **{key: CREDENTIALS[key]})
    except (TypeError, ValueError) as e: assert SECRET not in str(e) and key in str(e)
    else: assert SECRET not in traces(x, tmp_path/'saved')
    with pytest.raises(ValueError) as e: cls.from_pretrained(tell(d, 'tokenizer_config.json', padding_side='up', **CREDENTIALS))
    assert SECRET not in str(e.value)

def test_the_trace_would_be_seen(folder, tmp_path): # control
    t = DistilBertTokenizer.from_pretrained(tell(folder(DistilBertTokenizer), 'tokenizer_config.json', note=SECRET))
    assert SECRET in traces(t, tmp_path/'saved')

# ── no poison ───────────────────────────────────────────────────────────────────────────────────────────────────────
ELSEWHERE = ['owner/repo--code.Tokenizer', ['owner/repo--code.Tokenizer', None], [None, 'owner/repo--code.Fast'], '/etc/code.Tokenizer', '../code.Tokenizer', 'a/b.C', 7, {'a': 'b.C'}, ['code.Tokenizer', 'o/r--code.Fast']]
HERE = ['code.Tokenizer', ['code.Tokenizer', None], ['code.Slow', 'code.Fast']]

@pytest.mark.parametrize('cls', TEXT + SOUND[:1], ids=lambda c: c.__name__)
def test_code_elsewhere_is_dropped(cls, folder, tmp_path):
    d = folder(cls)
    def kept(value):
        cls.from_pretrained(tell(d, 'tokenizer_config.json', auto_map=value)).save_pretrained(tmp_path/'saved')
        return json.loads((tmp_path/'saved'/'tokenizer_config.json').read_text()).get('auto_map')
    for ref in ELSEWHERE: assert kept({'AutoTokenizer': ref}) is None and kept(ref) is None or isinstance(ref, dict), ref
    for ref in HERE: assert kept({'AutoTokenizer': ref, 'AutoConfig': 'o/r--c.C'}) == {'AutoTokenizer': ref} # code of the folder itself may be named
    assert kept('o/r--c.C') is None and kept([HERE[0], None]) == [HERE[0], None]

@pytest.mark.parametrize('cls', TEXT + SOUND[:1], ids=lambda c: c.__name__)
def test_names_of_templates(cls, folder, tmp_path): # transformers makes files of these names
    d = folder(cls)
    def kept(value):
        cls.from_pretrained(tell(d, 'tokenizer_config.json', chat_template=value)).save_pretrained(tmp_path/'saved', save_jinja_files=False)
        return json.loads((tmp_path/'saved'/'tokenizer_config.json').read_text())['chat_template']
    bad, good = ['../../x', '/etc/x', '..', 'a/b', 'a\\b', '', None, 3, '.ssh', 'x\n'], ['default', 'tool_use', 'rag-2']
    assert kept([{'name': n, 'template': 'hi'} for n in bad + good] + ['hi']) == [{'name': n, 'template': 'hi'} for n in good]
    assert kept({str(n): 'hi' for n in bad if isinstance(n, str)} | {n: 'hi' for n in good}) == [{'name': n, 'template': 'hi'} for n in good] # as 4 and 5 write them
    assert kept('{{ messages }}') == '{{ messages }}'

SHADOWS = 'save_pretrained decode __call__ __class__ __dict__ _tokenizer _ids _special _attn_implementation_internal _experts_implementation_internal from_pretrained add_special_tokens get_vocab'.split()

@each_file
@each_class
def test_nothing_is_shadowed(cls, file, folder, tmp_path):
    d = folder(cls)
    clean = vars(tokenizer_of(cls.from_pretrained(d))).keys()
    x = cls.from_pretrained(tell(d, file, **dict.fromkeys(SHADOWS, 'poison')))
    assert vars(tokenizer_of(x)).keys() == clean and type(tokenizer_of(x)).decode.__name__ == 'decode'
    assert 'poison' not in traces(x, tmp_path/'saved')

@pytest.mark.parametrize('cls', ['DistilBertTokenizer', 'DistilBertTokenizerFast', 'Wav2Vec2CTCTokenizer'])
def test_releases_get_no_poison(cls, folder, tmp_path):
    "4.57.6 takes a path from a file for a vocabulary, unless our save stands between; then both releases load what we saved."
    ours = getattr(transformers_lite, cls)
    d = tell(folder(ours), 'tokenizer_config.json', vocab_file=str(tmp_path/'.env'), **dict.fromkeys(SHADOWS[:3], 1), **CREDENTIALS)
    (d/'tokenizer.json').unlink(missing_ok=True)
    ours.from_pretrained(d).save_pretrained(tmp_path/'saved')
    clean = {k: v for k, v in json.loads((d/'tokenizer_config.json').read_text()).items() if k not in SHADOWS}
    (d/'tokenizer_config.json').write_text(json.dumps(clean))
    stolen, safe = run457('result = [args[2] in getattr(transformers, args[3]).from_pretrained(d).get_vocab() for d in args[:2]]', str(d), str(tmp_path/'saved'), SECRET, cls)
    assert (stolen, safe) == (True, False)
    assert SECRET not in getattr(transformers, cls).from_pretrained(tmp_path/'saved').get_vocab()

# ── values of the wrong kind ────────────────────────────────────────────────────────────────────────────────────────
KINDS = dict(
    unk_token=[7, True, [], ['a'], {}, {'content': 3}, {'content': '[UNK]', 'lstrip': 'yes'}, ''], pad_token=[1.5, {'content': None}, {'content': '[PAD]', 'normalized': None}],
    additional_special_tokens=['<x>', 3, True, [3], [None], [{'x': 1}], {'a': '<x>'}], extra_special_tokens=['<x>', 3, [[]], {'a': 3}], model_specific_special_tokens=['<x>', {'a': []}],
    added_tokens_decoder=[[], 'x', 3, True, {'x': {'content': 'a'}}, {'-1': {'content': 'a'}}, {'1.5': 'a'}, {'6': 3}, {'6': {'content': ''}}, {'6': {'content': 'a', 'normalized': 1}}],
    model_max_length=['512', True, [], {}], padding_side=['up', None, 1, True, ['left'], {}], truncation_side=['middle', None, 0], model_input_names=['input_ids', [], [1], {'a': 1}, True],
    clean_up_tokenization_spaces=['yes', 1, []])
WORDPIECE = dict(do_lower_case=['yes', 1, [], {}], strip_accents=['no', 0], tokenize_chinese_chars=[2], do_basic_tokenize=['x'], never_split=['ab', 3, [1], {'a': 1}])
CTC = dict(do_lower_case=['yes', 1], word_delimiter_token=[7, None, '', [], {'content': 3}, {}], replace_word_delimiter_char=[1, None, [], {}], target_lang=[1, ['a'], {}])
WRONG = [(c, k, v) for c in TEXT + SOUND for k, vs in {**KINDS, **(CTC if c in SOUND else WORDPIECE if c is not PreTrainedTokenizerFast else {})}.items() for v in vs]

@pytest.mark.parametrize('cls, key, value', WRONG, ids=lambda x: getattr(x, '__name__', None) or str(x))
def test_wrong_kinds_are_refused(cls, key, value, folder):
    d = tell(folder(cls), 'tokenizer_config.json', **{key: value})
    with pytest.raises(ValueError) as e: cls.from_pretrained(d)
    assert str(d) in str(e.value) and key in str(e.value) and ('in tokenizer_config.json' in str(e.value)), e.value

@pytest.mark.parametrize('file, content, said', [
    ('special_tokens_map.json', {'unk_token': 7}, 'in special_tokens_map.json, unk_token: 7 is no token'), ('special_tokens_map.json', {'additional_special_tokens': 'x'}, 'in special_tokens_map.json, additional_special_tokens='),
    ('added_tokens.json', {'x': '6'}, "in added_tokens.json, 'x' has the id '6'"), ('added_tokens.json', {'x': []}, 'in added_tokens.json'), ('added_tokens.json', {'x': -1}, 'in added_tokens.json'), ('added_tokens.json', {'x': True}, 'in added_tokens.json'),
    ('added_tokens.json', {'': 6}, 'in added_tokens.json'), ('added_tokens.json', {'a': 6, 'b': 6}, 'an id of its own'), ('added_tokens.json', [], 'added_tokens.json'), ('tokenizer_config.json', [], 'tokenizer_config.json'), ('special_tokens_map.json', 3, 'special_tokens_map.json')])
@pytest.mark.parametrize('cls', TEXT[:2] + SOUND[:1], ids=lambda c: c.__name__)
def test_wrong_files_are_refused(cls, file, content, said, folder):
    d = folder(cls)
    config = json.loads((d/'tokenizer_config.json').read_text())
    del config['added_tokens_decoder'] # then the older files are read
    (d/'tokenizer_config.json').write_text(json.dumps(config))
    (d/file).write_text(json.dumps(content))
    with pytest.raises((ValueError, OSError)) as e: cls.from_pretrained(d)
    assert said in str(e.value) and str(d) in str(e.value)

@pytest.mark.parametrize('value', [7, [], ['DistilBertTokenizer'], {'a': 1}, True, None, '', '../x', 'os.system'], ids=str)
def test_names_of_classes(value, folder):
    "A name leads to a class of the table; anything else is an error that says so, or is no name."
    for cls in AutoTokenizer, AutoProcessor:
        d = tell(folder(cls), 'tokenizer_config.json', tokenizer_class=value, processor_class=value)
        if cls is AutoProcessor: tell(d, 'processor_config.json', processor_class=value)
        try: x = cls.from_pretrained(d)
        except (ValueError, OSError) as e: assert str(d) in str(e)
        else: assert type(x).__name__ in ('DistilBertTokenizerFast', 'PreTrainedTokenizerFast', 'Wav2Vec2Processor', 'Wav2Vec2FeatureExtractor')

@each_class
def test_right_kinds_pass(cls, folder, tmp_path): # control; and the error is the value's, not the key's
    d = tell(folder(cls), 'tokenizer_config.json', model_max_length=64, padding_side='left', additional_special_tokens=['<x>', {'content': '<y>'}])
    t = tokenizer_of(cls.from_pretrained(d))
    assert (t.model_max_length, t.padding_side, t.additional_special_tokens) == (64, 'left', ['<x>', '<y>'])

# ── what is kept ────────────────────────────────────────────────────────────────────────────────────────────────────
REAL = dict(model_type='bert', wordpieces_prefix='##', max_length=128, stride=0, truncation_strategy='longest_first', pad_token_type_id=0, pad_to_multiple_of=None, return_attention_mask=False, do_normalize=True,
            backend='tokenizers', is_local=False, processor_class='Wav2Vec2Processor', chat_template='hi', image_token='<image>', add_prefix_space=False, legacy=True, sp_model_kwargs={}, transformers_version='4.30.0')

@pytest.mark.parametrize('cls', TEXT + SOUND[:1], ids=lambda c: c.__name__)
def test_harmless_keys_are_written_back(cls, folder, tmp_path):
    cls.from_pretrained(tell(folder(cls), 'tokenizer_config.json', **REAL)).save_pretrained(tmp_path/'saved', save_jinja_files=False)
    kept = json.loads((tmp_path/'saved'/'tokenizer_config.json').read_text())
    assert {k: kept[k] for k in REAL} == REAL

def test_own_settings_of_a_class_are_read(folder, tmp_path): # what a class declares is a setting; what it doesn't is only kept
    class Shouting(DistilBertTokenizer):
        settings = *DistilBertTokenizer.settings, 'shout'
        def __init__(self, vocab_file=None, *, shout=False, quietly=None, **kwargs):
            super().__init__(vocab_file, **kwargs)
            self.shout, self.quietly = shout, quietly
    Shouting(vocab=WORDS, shout=True).save_pretrained(tmp_path/'own')
    t = Shouting.from_pretrained(tell(tmp_path/'own', 'tokenizer_config.json', quietly=1))
    assert t.shout is True and t.quietly is None and t.to_dict()['quietly'] == 1

def test_what_is_kept(tmp_path):
    d = dict(a=1, vocab='x', b=dict(token='x', c=[dict(_d=1, e=2)]), auto_map=None, chat_template=None)
    (tmp_path/'tokenizer_config.json').write_text(json.dumps(d))
    assert read_settings(tmp_path/'tokenizer_config.json', {}) == ({}, dict(a=1, b=dict(c=[dict(e=2)]), chat_template=None))
    assert read_settings(None, {}) == ({}, {})
