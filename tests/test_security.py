"What a stranger's file may not do, and what is kept by nothing: a section a kind, every class that loads. Tokenizers and processors have tests of their own."
import json, os, re, sys, warnings
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from helpers import Answering, result_of, run457, run_python, serving
from transformers_lite import (AutoConfig, AutoFeatureExtractor, AutoImageProcessor, AutoModel, AutoModelForCTC, AutoModelForImageClassification, AutoModelForSequenceClassification, AutoProcessor,
                               AutoTokenizer, DistilBertConfig, DistilBertForSequenceClassification, DistilBertModel, PretrainedConfig, ViTConfig, ViTForImageClassification, ViTImageProcessor, Wav2Vec2Config,
                               Wav2Vec2FeatureExtractor, Wav2Vec2ForCTC)
from transformers_lite import pretrained
from transformers_lite.files import (LOAD_OPTIONS, OTHER_OPTIONS, cached_file)
from transformers_lite.messages import masked, warn_once
from transformers_lite.pretrained import PreprocessorMixin, is_secret, vetted

TEXT = dict(vocab_size=8, dim=8, n_heads=2, n_layers=1, hidden_dim=16, max_position_embeddings=16)
PICTURE = dict(image_size=8, patch_size=4, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
SOUND = dict(vocab_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, conv_dim=[8, 8], conv_stride=[4, 2], conv_kernel=[8, 4], num_conv_pos_embeddings=4,
             num_conv_pos_embedding_groups=2)
CONFIGS = {DistilBertConfig: TEXT, ViTConfig: PICTURE, Wav2Vec2Config: SOUND}
FILES = {**{c: ('config.json', {'model_type': c.model_type, **kw}) for c, kw in CONFIGS.items()}, # what loads, its file, and an honest content
         ViTImageProcessor: ('preprocessor_config.json', {'image_processor_type': 'ViTImageProcessor', 'size': 8}),
         Wav2Vec2FeatureExtractor: ('preprocessor_config.json', {'feature_extractor_type': 'Wav2Vec2FeatureExtractor', 'sampling_rate': 8000})}
MODELS = {DistilBertForSequenceClassification: AutoModelForSequenceClassification, ViTForImageClassification: AutoModelForImageClassification, Wav2Vec2ForCTC: AutoModelForCTC}
AUTO = {ViTImageProcessor: AutoImageProcessor, Wav2Vec2FeatureExtractor: AutoFeatureExtractor}
each_class = pytest.mark.parametrize('cls', FILES, ids=lambda c: c.__name__)
each_config = pytest.mark.parametrize('cls', CONFIGS, ids=lambda c: c.__name__)

@pytest.fixture(autouse=True)
def warn_anew(): warn_once.cache_clear()

@contextmanager
def hearing():
    "What is warned of in the block."
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter('always')
        yield said

def lay_out(folder, cls, **more):
    "A folder with the file of a class, and more settings in it."
    name, honest = FILES[cls]
    folder.mkdir(parents=True, exist_ok=True)
    (folder/name).write_text(json.dumps({**honest, **more}))
    return folder

def ways(cls, folder):
    "Every way to load what lies in a folder: {name: function of keyword arguments}."
    path = folder/FILES[cls][0]
    found = {'folder': lambda **k: cls.from_pretrained(folder, **k), 'file': lambda **k: cls.from_pretrained(path, **k), 'dict': lambda **k: cls.from_dict(json.loads(path.read_text()), **k),
             'Auto': lambda **k: AUTO.get(cls, AutoConfig).from_pretrained(folder, **k), 'unused': lambda **k: cls.from_pretrained(folder, return_unused_kwargs=True, **k)[0]}
    if issubclass(cls, PretrainedConfig): return {**found, 'JSON file': lambda **k: cls.from_json_file(path), 'the base class': lambda **k: PretrainedConfig.from_pretrained(folder, **k)}
    outer = folder/'outer'
    outer.mkdir(exist_ok=True)
    (outer/'processor_config.json').write_text(json.dumps({cls.kind: json.loads(path.read_text())}))
    return {**found, 'processor_config.json': lambda **k: cls.from_pretrained(outer, **k), 'AutoProcessor': lambda **k: AutoProcessor.from_pretrained(folder, **k)}

def shown(o, folder):
    "All that an object tells: attributes, prints, files."
    o.save_pretrained(folder)
    texts = [repr(vars(o)), repr(o), str(o.to_dict()), o.to_json_string(), *(p.read_text() for p in folder.rglob('*') if p.is_file())]
    if hasattr(o, '_repr_html_'): texts.append(o._repr_html_())
    return '\n'.join(texts)

# ---------------------------------------------------------------- what belongs to a call is kept by nothing

CALL = dict(use_auth_token='hf_secret_one', proxies={'https': 'http://me:secret_two@proxy.example'}, resume_download=True, mirror='secret_mirror', from_tf=True, from_flax=True, from_pt=True, _from_auto=True,
            _from_pipeline='secret_pipe', _commit_hash='secret_commit', trust_remote_code=True, code_revision='secret_branch', local_files_only=True, force_download=False, revision='secret_revision',
            user_agent='secret_agent', low_cpu_mem_usage=True, _fast_init=True, weights_only=False, output_loading_info=True, device_map='auto', max_memory={0: '1GB'}, offload_folder='secret_folder',
            load_in_8bit=True, variant='secret_variant', gguf_file='secret.gguf', use_safetensors=True, state_dict={}, ignore_mismatched_sizes=True, adapter_kwargs={'token': 'hf_secret_three'},
            use_fast=False, backend='pil', config='secret_config', kernel_config={'secret_kernel': 1}, commit_message='secret_message', repo_id='secret/repo')

@each_class
def test_options_of_a_call_are_kept_by_nothing(cls, tmp_path):
    lay_out(tmp_path/'in', cls)
    for i, (way, load) in enumerate(ways(cls, tmp_path/'in').items()):
        o = load(**{k: v for k, v in CALL.items() if (way, k) != ('Auto', 'gguf_file')}) # a file that AutoConfig would read
        if way == 'the base class': continue # has less in it to compare; its ways are those of the others
        text = shown(o, tmp_path/f'out{i}')
        assert 'secret' not in text, way
        left = vars(o).keys() & {*LOAD_OPTIONS, *OTHER_OPTIONS}
        assert not left, (way, left)
        honest = load()
        assert o == honest and vars(o).keys() == vars(honest).keys()

@each_class
def test_each_option_by_itself(cls, tmp_path):
    lay_out(tmp_path/'in', cls)
    honest = cls.from_pretrained(tmp_path/'in')
    for name in {*LOAD_OPTIONS, *OTHER_OPTIONS} - {'return_unused_kwargs', 'subfolder', 'image_processor_filename'}: # these three act
        o = cls.from_pretrained(tmp_path/'in', **{name: 'secret'})
        assert vars(o) == vars(honest) and 'secret' not in repr(o), name

THEIRS = """
import inspect, re
classes = transformers.AutoConfig, transformers.DistilBertConfig, transformers.ViTImageProcessor, transformers.Wav2Vec2FeatureExtractor, transformers.PreTrainedModel
named = {n for c in classes for n, p in inspect.signature(c.from_pretrained).parameters.items() if p.default is not p.empty}
readers = transformers.PreTrainedModel.from_pretrained, transformers.PretrainedConfig._get_config_dict, transformers.ImageProcessingMixin.get_image_processor_dict, transformers.FeatureExtractionMixin.get_feature_extractor_dict
popped = {n for f in readers for n in re.findall(r'kwargs\\.pop\\("(\\w+)"', inspect.getsource(f))}
result = sorted(named), sorted(popped)
"""

def run5(code): return result_of(code)

@pytest.mark.parametrize('oracle', [run457, run5])
def test_both_releases_options_are_in_the_tables(oracle):
    "What transformers' own from_pretrained takes by name, or takes out of its keyword arguments."
    named, popped = oracle(THEIRS)
    assert len(named) > 5 and len(popped) > 20
    settings = {'dtype', 'torch_dtype', 'attn_implementation', 'experts_implementation', 'generation_config', 'quantization_config'} # of a configuration, or refused by name
    assert {*named, *popped} - {*LOAD_OPTIONS, *OTHER_OPTIONS} <= settings

def test_another_name_of_the_file(tmp_path): # an option of transformers that is done
    lay_out(tmp_path, ViTImageProcessor)
    (tmp_path/'other.json').write_text('{"size": 4}')
    p = ViTImageProcessor.from_pretrained(tmp_path, image_processor_filename='other.json')
    assert p.size == 4 and not hasattr(p, 'image_processor_filename')
    with pytest.raises(OSError, match='leads out'): ViTImageProcessor.from_pretrained(tmp_path, image_processor_filename='../other.json')

@pytest.mark.parametrize('cls', MODELS, ids=lambda c: c.__name__)
def test_models_keep_nothing_of_a_call(cls, tmp_path):
    model = cls(cls.config_class(**CONFIGS[cls.config_class]))
    model.save_pretrained(tmp_path/'in')
    call = {k: v for k, v in CALL.items() if k in LOAD_OPTIONS} | dict(from_tf=False, from_flax=None, variant=None, max_memory=None)
    for i, load in enumerate([cls.from_pretrained, MODELS[cls].from_pretrained]):
        m = load(tmp_path/'in', **call)
        m.save_pretrained(tmp_path/f'out{i}')
        assert 'secret' not in (tmp_path/f'out{i}'/'config.json').read_text() + repr(m.config) + repr(vars(m.config)) + repr({k: v for k, v in vars(m).items() if k[0] != '_'})
        assert json.loads((tmp_path/f'out{i}'/'config.json').read_text()) == json.loads((tmp_path/'in'/'config.json').read_text())

@pytest.mark.parametrize('name', ['from_tf', 'from_flax', 'load_in_8bit', 'tp_plan', 'adapter_name', 'use_kernels'])
def test_a_model_says_what_it_does_not_do(name, tmp_path): # an option that asks for something is not passed over, and its value is not shown
    DistilBertModel(DistilBertConfig(**TEXT)).save_pretrained(tmp_path)
    for kw in {}, dict(config=DistilBertConfig(**TEXT)):
        with pytest.raises(TypeError, match=f"'{name}'") as e: DistilBertModel.from_pretrained(tmp_path, **{name: 'secret'}, **kw)
        assert 'secret' not in str(e.value)
        DistilBertModel.from_pretrained(tmp_path, **{name: None}, **kw)

@each_class
def test_a_slip_of_an_option_is_refused_without_its_value(cls, tmp_path): # it would be kept, as an attribute of the user's own
    lay_out(tmp_path, cls)
    for slip in 'use_auth_tokn', 'use_auth_tokens', 'tokn', 'proxie', 'resume_downlod':
        with pytest.raises(ValueError, match=f"'{slip}'.*did you mean") as e: cls.from_pretrained(tmp_path, **{slip: 'hf_my_own'})
        assert 'hf_my_own' not in str(e.value)

@each_class
def test_credentials_in_a_constructor(cls, tmp_path):
    for name in 'use_auth_token', 'token', 'hf_token', 'HF-Token', 'api_key', 'apiKey', 'password', '_token', 'http_proxy', 'note':
        value = 'hf_' + 'a1' * 17 if name == 'note' else 'hf_my_own'
        with hearing() as said: o = cls(**CONFIGS.get(cls, {}), **{name: value})
        assert len(said) == 1 and 'credential' in str(said[0].message) and value not in str(said[0].message), name
        assert value not in repr(vars(o)) + repr(o), name

@each_class
def test_credentials_set_by_hand_are_in_no_file(cls, tmp_path):
    "An attribute stays where its owner put it, but nothing prints or writes it."
    o = cls(**CONFIGS.get(cls, {}))
    o.use_auth_token, o.mine = 'hf_my_own', {'deep': [{'api_key': 'hf_my_own', 'kept': 1}]}
    o.save_pretrained(tmp_path)
    assert o.use_auth_token == 'hf_my_own'
    assert 'hf_my_own' not in repr(o) + str(o.to_dict()) + ''.join(p.read_text() for p in tmp_path.iterdir())
    assert cls.from_pretrained(tmp_path).mine == {'deep': [{'kept': 1}]}

# ---------------------------------------------------------------- nor is a credential from a file

KEPT_BY_ACCIDENT = dict(use_auth_token='hf_theirs', token='hf_theirs', proxies={'https': 'hf_theirs'}, hf_token='hf_theirs', HF_TOKEN='hf_theirs', api_key='hf_theirs', apiKey='hf_theirs', _token='hf_theirs',
                        authToken='hf_theirs', access_token='hf_theirs', password='hf_theirs', authorization='Bearer hf_theirs', aws_secret_access_key='hf_theirs', http_proxy='hf_theirs', **{'hub-token': 'hf_theirs'})
BY_ITS_LOOK = dict(note='hf_' + 'Ab3' * 11 + 'x', where='https://me:hf_theirs@hub.example/x', notes=['fine', 'hf_' + 'Ab3' * 11 + 'x'])

@each_class
@pytest.mark.parametrize('deep', [False, True])
def test_a_credential_in_a_file(cls, deep, tmp_path):
    "Each alone, told without its value; then all at once, by every way of loading."
    def put(more): lay_out(tmp_path/'in', cls, **{'mine': {'deeper': [more, 3]}} if deep else more)
    for k, v in {**KEPT_BY_ACCIDENT, **BY_ITS_LOOK}.items():
        put({k: v})
        warn_once.cache_clear()
        with hearing() as said: o = cls.from_pretrained(tmp_path/'in')
        told = ''.join(str(w.message) for w in said)
        assert 'credential' in told and 'revoke' in told and not re.search('theirs|Ab3', told + repr(vars(o)) + repr(o)), k
    put({**KEPT_BY_ACCIDENT, **BY_ITS_LOOK})
    for i, (way, load) in enumerate(ways(cls, tmp_path/'in').items()):
        with hearing(): o = load()
        assert not re.search('theirs|Ab3', repr(vars(o)) if way == 'the base class' else shown(o, tmp_path/f'out{i}')), way

def test_what_is_no_credential():
    "Numbers under such a name, the special tokens of tokenizers, labels, and words that only look similar."
    for k, v in dict(token=7, tokens=['a'], pad_token='[PAD]', bos_token='<s>', num_tokens=3, token_type='x', use_auth_token=None, secretary='x', passwords_seen=3, proxies={}, note='hf_internal_testing').items():
        assert not is_secret(k, v), k
    labels = {'id2label': {'0': 'token', '1': 'hf_' + 'a' * 34}, 'label2id': {'token': 0, 'password': 1}}
    assert vetted(labels) == labels

def test_labels_of_any_name_come_back(tmp_path):
    c = DistilBertConfig(id2label={0: 'token', 1: 'proxies', 2: 'auto_map', 3: '_attn_implementation_internal'})
    c.save_pretrained(tmp_path)
    assert DistilBertConfig.from_pretrained(tmp_path) == c

# ---------------------------------------------------------------- a credential reaches the hub, and no message

class Secretive(Answering):
    "A hub that notes what it is asked, and refuses."
    def do_GET(self):
        self.server.asked.append(self.headers.get('Authorization'))
        self.answer(401, X_Error_Code='RepoNotFound')
    do_HEAD = do_GET

def test_the_older_name_of_token_reaches_the_hub(tmp_path):
    with serving(Secretive, tmp_path/'hf', asked=[]) as hub:
        out = run_python('''
from transformers_lite import AutoConfig, AutoFeatureExtractor, AutoImageProcessor, AutoModel, AutoTokenizer, DistilBertModel, ViTImageProcessor
for cls in AutoConfig, AutoFeatureExtractor, AutoImageProcessor, AutoModel, AutoTokenizer, DistilBertModel, ViTImageProcessor:
    for kw in dict(use_auth_token='hf_boat_of_old'), dict(token='hf_boat_of_now', use_auth_token='hf_boat_of_old'):
        try: cls.from_pretrained('fleet/boat', **kw)
        except OSError as e: assert 'hf_boat' not in repr(e) and 'pass `token=`' in str(e), e
        else: raise AssertionError(cls)
''', **hub.env)
    assert out == '' and hub.asked.count('Bearer hf_boat_of_old') == hub.asked.count('Bearer hf_boat_of_now') >= 7 and {*hub.asked} == {'Bearer hf_boat_of_old', 'Bearer hf_boat_of_now'}

@pytest.mark.parametrize('token', ['hf_secretsecret', 'secret-of-another-kind'])
@pytest.mark.parametrize('text', ["Illegal header value b'Bearer {}\\n'", 'no way to https://me:{}@proxy.example', '{}', 'a {} b'])
def test_no_message_shows_a_token(token, text, monkeypatch):
    "Not in the message, and not in the chain of exceptions that a traceback prints."
    def broken(*args, **kwargs): raise RuntimeError(text.format(token))
    monkeypatch.setattr('huggingface_hub.hf_hub_download', broken)
    import traceback
    with pytest.raises(OSError, match='the download failed') as e: cached_file('fleet/boat', 'config.json', token=token)
    assert token not in ''.join(traceback.format_exception(e.value)) and '…' in str(e.value)
    monkeypatch.setattr('huggingface_hub.hf_hub_download', lambda *a, **k: (_ for _ in ()).throw(RuntimeError('line cut')))
    with pytest.raises(OSError, match='line cut') as e: cached_file('fleet/boat', 'config.json', token=token)
    assert e.value.__cause__ is not None # what shows nothing stays for whoever looks for the cause

def test_no_message_shows_the_password_of_an_address():
    with pytest.raises(OSError, match='There is no folder') as e: AutoConfig.from_pretrained('https://me:secret@hub.example/fleet/boat')
    assert 'secret' not in str(e.value) and masked('https://hub.example/a@b') == 'https://hub.example/a@b'

def test_proxies_are_handed_on_where_that_is_possible(monkeypatch):
    got = {}
    def old(repo_id, filename, proxies=None, **k): got.update(proxies=proxies); return __file__
    def new(repo_id, filename, token=None, library_name=None, subfolder=None): got.clear(); return __file__
    monkeypatch.setattr('huggingface_hub.hf_hub_download', old)
    cached_file('fleet/boat', 'x.py', proxies={'https': 'p.example'})
    assert got == {'proxies': {'https': 'p.example'}}
    monkeypatch.setattr('huggingface_hub.hf_hub_download', new)
    with pytest.warns(UserWarning, match='HTTPS_PROXY'): cached_file('fleet/boat', 'x.py', proxies={'https': 'p.example'})
    with hearing() as said: cached_file('fleet/boat', 'x.py', proxies={}), cached_file('fleet/boat', 'x.py')
    assert not said

def test_push_to_hub_takes_the_older_name(monkeypatch):
    made = []
    class Api:
        def __init__(self, token=None, **k): made.append(token)
        def create_repo(self, repo_id, **k): return type('R', (), {'repo_id': repo_id})
        def upload_folder(self, folder_path, **k): return ''.join(p.read_text() for p in Path(folder_path).iterdir())
    monkeypatch.setattr('huggingface_hub.HfApi', Api)
    with hearing(): c = DistilBertConfig.from_dict({'use_auth_token': 'hf_theirs', 'auto_map': {'AutoConfig': 'evil/x--y.Z'}, 'flag': 'black'})
    c.token = 'hf_my_own'
    for kw in dict(use_auth_token='hf_mine'), dict(token='hf_mine', use_auth_token='hf_old'): sent = c.push_to_hub('fleet/boat', **kw)
    assert made == ['hf_mine', 'hf_mine'] and 'black' in sent and not re.search('hf_|evil', sent)

# ---------------------------------------------------------------- no poison is passed on

POISON = dict(_attn_implementation_internal='evil/kernel', _attn_implementation='evil/kernel', attn_implementation='evil/kernel', _experts_implementation_internal='evil/kernel',
              _experts_implementation='evil/kernel', experts_implementation='evil/kernel', auto_map={'AutoConfig': 'evil/code--mod.Config', 'AutoModel': 'evil/code--mod.Model'}, kernel_config={'RMSNorm': 'evil/k:Norm'},
              custom_pipelines={'mine': {'impl': 'evil/code--pipe.Pipe', 'pt': ['AutoModel']}}, tokenizer_class='evil.module.Class', processor_class='evil/code--mod.P', transformers_weights='../evil.safetensors',
              configuration_files=['config.evil.json'], name_or_path='evil/code', _name_or_path='../evil', attribute_map={'evil': '_attn_implementation'}, sub_configs={'evil': 1}, trust_remote_code='evil', _auto_class='evil',
              base_model_name_or_path='evil/base', image_processor_class='evil.X', feature_extractor_class='evil.X', chat_template={'../evil': 'x'})
OTHERS = dict(attn_implementation={'': 'evil/kernel'}, auto_map=['evil/code--mod.T', None], tokenizer_class=['evil'], _name_or_path='/evil/x', custom_pipelines={'m': {'impl': 'p.P', 'default': {'model': {'pt': ['evil/model', 'x']}}}})

LOUD, QUIET = {'auto_map', '_attn_implementation_internal', 'transformers_weights', 'custom_pipelines', 'attn_implementation'}, {'_name_or_path', 'name_or_path'} # the latter are in almost every file of 4.x

@each_class
@pytest.mark.parametrize('deep', [False, True])
def test_poison(cls, deep, tmp_path):
    "Neither in the object, nor in what is written again; what is beside it is. Each alone, then all at once, by every way of loading."
    def put(more): lay_out(tmp_path/'in', cls, **({'mine': {'text_config': [more]}} if deep else more), flag='black')
    honest = cls.from_pretrained(lay_out(tmp_path/'honest', cls, flag='black'))
    for key, value in [*POISON.items(), *OTHERS.items()]:
        put({key: value})
        warn_once.cache_clear()
        with hearing() as said: o = cls.from_pretrained(tmp_path/'in')
        told = ''.join(str(w.message) for w in said)
        assert (key in told and 'elsewhere' in told or key not in LOUD) and not (told and key in QUIET), (key, told)
        if deep: assert o.__dict__.pop('mine') == {'text_config': [{}]}, key
        assert o == honest and vars(o).keys() == vars(honest).keys() and 'evil' not in repr(vars(o)), key
    for others in {}, OTHERS:
        put({**POISON, **others})
        for i, (way, load) in enumerate(ways(cls, tmp_path/'in').items()):
            with hearing(): o = load()
            if way != 'the base class': assert 'evil' not in shown(o, tmp_path/f'out{i}') and o.flag == 'black', way

@each_class
def test_without_the_rule_it_is_passed_on(cls, tmp_path, monkeypatch): # negative control: the tests above can fail
    monkeypatch.setattr(pretrained, 'vetted', lambda d, *a: d)
    lay_out(tmp_path/'in', cls, _attn_implementation_internal_too='x', auto_map=POISON['auto_map'], note=BY_ITS_LOOK['note'], mine={'text_config': {'_attn_implementation_internal': 'evil/kernel'}})
    o = cls.from_pretrained(tmp_path/'in')
    assert 'evil/code' in repr(o) and 'evil/kernel' in repr(o) and 'hf_Ab3' not in repr(o) # what is written has a second rule for credentials

@pytest.mark.parametrize('cls', MODELS, ids=lambda c: c.__name__)
def test_models_pass_no_poison_on(cls, tmp_path):
    config = cls.config_class(**CONFIGS[cls.config_class])
    cls(config).save_pretrained(tmp_path/'in')
    path = tmp_path/'in'/'config.json'
    path.write_text(json.dumps({**json.loads(path.read_text()), **POISON, **KEPT_BY_ACCIDENT, 'flag': 'black'}))
    for i, load in enumerate([cls.from_pretrained, MODELS[cls].from_pretrained, lambda d: AutoModel.from_pretrained(d)]):
        with hearing(): model = load(tmp_path/'in')
        out = tmp_path/f'out{i}'
        model.save_pretrained(out)
        assert not re.search('evil|hf_theirs', (out/'config.json').read_text() + repr(vars(model.config)))
        assert json.loads((out/'config.json').read_text())['flag'] == 'black' and {p.name for p in out.iterdir()} == {'config.json', 'model.safetensors'}
        assert model.attention_mode == 'packed'

def test_stock_transformers_finds_nothing_to_act_on(tmp_path):
    "Both kinds of poison that releases before 5.3 ran: what we saved gives their object nothing."
    import transformers
    lay_out(tmp_path/'in', DistilBertConfig, **POISON)
    with hearing(): AutoConfig.from_pretrained(tmp_path/'in').save_pretrained(tmp_path/'out')
    for folder, found in (tmp_path/'in', True), (tmp_path/'out', False):
        d = json.loads((folder/'config.json').read_text())
        assert any(k in d for k in ('_attn_implementation_internal', 'auto_map')) == found # negative control: the file itself has them
    theirs = transformers.AutoConfig.from_pretrained(tmp_path/'out')
    assert theirs._attn_implementation is None and not hasattr(theirs, 'auto_map') and not hasattr(theirs, 'custom_pipelines')

def test_an_outer_file_is_not_passed_on_either(tmp_path): # saving into a downloaded folder writes its processor_config.json anew
    lay_out(tmp_path, ViTImageProcessor)
    p = ViTImageProcessor.from_pretrained(tmp_path)
    (tmp_path/'processor_config.json').write_text(json.dumps({'image_processor': {'size': 4}, 'auto_map': POISON['auto_map'], 'token': 'hf_theirs', 'processor_class': 'MyProcessor', 'note': 1}))
    with hearing(): p.save_pretrained(tmp_path)
    d = json.loads((tmp_path/'processor_config.json').read_text())
    assert d.keys() == {'image_processor', 'processor_class', 'note'} and d['image_processor']['size'] == {'height': 8, 'width': 8}

HARMLESS = dict(tie_weights_=True, output_past=True, _name_or_path='owner/model-1.5', _num_labels=5, torchscript=False, favourite_boat={'paper': [1, None, 'a/b/../c']}, use_cache=True, gradient_checkpointing=False,
                auto_map={'AutoConfig': 'configuration_mine.MyConfig', 'AutoTokenizer': ['tok-x.Slow', None]}, custom_pipelines={'pair': {'impl': 'pair.PairPipeline', 'pt': ['AutoModel'], 'type': 'text'}},
                tokenizer_class='MyTokenizer', processor_class='MyProcessor', vocab_file='vocab.txt', quantization_config={'quant_method': 'torchao', 'quant_type': {'default': {'_type': 'Int8', '_data': {'a': 1}}}},
                text_config={'model_type': 'vision-encoder-decoder', 'hidden_act': 'gelu', '_attn_implementation_autoset': True}, task_specific_params={'summarization': {'prefix': 'summarize: ', 'tokens': 3}},
                architectures=['DistilBertForMaskedLM'], conv_kernel_note=[3, 3], variant='my own', config={'mine': 1}, description='https://hub.example/readme and ../x')

@each_class
def test_harmless_settings_come_back(cls, tmp_path, more=HARMLESS): # the negative control of all of the above
    lay_out(tmp_path/'in', cls, **more)
    with hearing() as said: o = cls.from_pretrained(tmp_path/'in')
    o.save_pretrained(tmp_path/'out')
    back = json.loads((tmp_path/'out'/FILES[cls][0]).read_text())
    private = {k for k in more if k[0] == '_' and issubclass(cls, PreprocessorMixin)} # these two never write what begins with _
    assert {k: back.get(k) for k in more if k not in private} == {k: v for k, v in more.items() if k not in private}
    assert not said

@each_class
def test_what_a_user_sets_stays(cls, tmp_path):
    "Poison is what a file says. A user may set what he likes: it is there, it is written, and the next stranger's program drops it."
    o = cls(**CONFIGS.get(cls, {}), favourite_boat='paper')
    o.auto_map, o.vocab_path = POISON['auto_map'], '/data/vocab'
    o.save_pretrained(tmp_path)
    d = json.loads((tmp_path/FILES[cls][0]).read_text())
    assert (d['favourite_boat'], d['auto_map'], d['vocab_path']) == ('paper', POISON['auto_map'], '/data/vocab')
    with hearing(): again = cls.from_pretrained(tmp_path)
    assert again.favourite_boat == 'paper' and not hasattr(again, 'auto_map')
    assert cls.from_pretrained(tmp_path, auto_map=POISON['auto_map']).auto_map == POISON['auto_map'] # and so by the call

@pytest.mark.parametrize('cls', MODELS, ids=lambda c: c.__name__)
def test_what_a_user_sets_stays_in_a_model(cls, tmp_path):
    config = cls.config_class(**CONFIGS[cls.config_class])
    config.auto_map, config.attn_implementation = {'AutoModel': 'me/mine--m.M'}, 'eager'
    model = cls(config)
    assert model.config.auto_map == {'AutoModel': 'me/mine--m.M'}
    model.save_pretrained(tmp_path)
    for kw in {}, dict(output_attentions=True):
        m = cls.from_pretrained(tmp_path, config=config, **kw)
        assert m.config.auto_map == config.auto_map and m.config.auto_map is not config.auto_map and m.attention_mode == 'eager'

class TokenFamily(PretrainedConfig):
    "A family whose own settings have such names: what a class declares is its author's choice."
    model_type = 'token_family'
    def __init__(self, token='cls', variant='small', data_path='/data', backbone='owner/net', **kwargs):
        self.token, self.variant, self.data_path, self.backbone = token, variant, data_path, backbone
        super().__init__(**kwargs)

def test_declared_settings_are_the_authors(tmp_path):
    c = TokenFamily(token='mean', variant='large', data_path='/other', backbone='owner/other')
    c.save_pretrained(tmp_path)
    with hearing() as said: assert TokenFamily.from_pretrained(tmp_path) == c
    assert not said

# ---------------------------------------------------------------- a file replaces no part of a class

PARTS = ['__foo__', '__dict__', '__doc__', '__module__', '__slots__', '_hidden', 'filename', 'outer', 'kind', 'foreign', 'model_type', 'attribute_map', 'use_return_dict', '_quiet', '_from_file', 'config_class']
METHODS = ['to_dict', 'from_pretrained', 'from_dict', 'save_pretrained', 'push_to_hub', 'validate', 'to_json_string', 'to_json_file', '__class__', '__init__', '__setattr__', '__call__', 'preprocess', 'pad', '_repr_html_']

@each_class
def test_a_file_replaces_no_part(cls, tmp_path):
    parts = {k: 'taken' for k in PARTS if hasattr(cls, k) or k in ('__foo__', '_from_file')}
    if issubclass(cls, PretrainedConfig): del parts['model_type'] # says the family
    assert len(parts) >= 6
    for more in [parts, *({k: v} for k, v in parts.items())]:
        lay_out(tmp_path/'in', cls, **more, flag='black')
        for i, (way, load) in enumerate(ways(cls, tmp_path/'in').items()):
            if way == 'the base class' or more is not parts and way != 'folder': continue
            with hearing(): o = load()
            assert not vars(o).keys() & parts.keys() and all(getattr(o, k, '') != 'taken' for k in parts), way
            o.save_pretrained(tmp_path/f'out{i}')
            assert {p.name for p in (tmp_path/f'out{i}').iterdir()} == {FILES[cls][0]} and o.flag == 'black'

@each_class
def test_a_file_replaces_no_method(cls, tmp_path):
    for name in filter(partial(hasattr, cls), METHODS):
        lay_out(tmp_path, cls, **{name: 'taken'})
        for way, load in ways(cls, tmp_path).items():
            if way == 'the base class': continue
            with pytest.raises(ValueError, match=f"'{name}' is the name of a method"): load()

@pytest.mark.parametrize('value', ['../taken.json', '../../taken.json', 'taken.json', '/{}/taken.json'])
@pytest.mark.parametrize('cls', AUTO, ids=lambda c: c.__name__)
def test_no_file_names_the_file_that_is_written(cls, value, tmp_path): # in 0.1.0 "filename" became an attribute, and the processor was saved there
    deep = tmp_path/'a'/'b'/'c'
    lay_out(deep/'in', cls, filename=value.format(tmp_path), outer=value.format(tmp_path))
    with hearing(): cls.from_pretrained(deep/'in').save_pretrained(deep/'out')
    assert sorted(p.name for p in tmp_path.rglob('*') if p.is_file()) == ['preprocessor_config.json'] * 2

# ---------------------------------------------------------------- a file names no other file

NAMING = ['vocab_file', 'merges_file', 'tokenizer_file', 'adapter_path', 'feature_extractor', 'tokenizer', 'processor', 'image_processor', 'backbone', 'checkpoint', 'special_tokens_map_file', 'kernel', 'weights_dir', 'model_name_or_path', 'files', 'data_folder', 'repository', 'module']

@each_class
@pytest.mark.parametrize('value', ['.env', '../secret', '/etc/secret', 'a/secret', '..\\secret', 'C:secret', '~secret', 'https://evil.example/secret', ['ok.txt', '../secret']], ids=str)
def test_names_of_files_elsewhere(cls, value, tmp_path):
    names = {n: value for n in NAMING}
    lay_out(tmp_path/'in', cls, **names, deep={'deeper': [names]})
    with hearing(): o = cls.from_pretrained(tmp_path/'in')
    text = shown(o, tmp_path/'out')
    assert 'secret' not in text and '.env' not in text and not vars(o).keys() & names.keys() and o.deep == {'deeper': [{}]}
    lay_out(tmp_path/'in', cls, **{n: 'plain.txt' for n in NAMING}) # negative control: a name in the folder stays
    with hearing() as said: assert {n: getattr(cls.from_pretrained(tmp_path/'in'), n) for n in NAMING} == dict.fromkeys(NAMING, 'plain.txt')
    assert not said

@each_class
def test_nothing_is_read_but_the_file_itself(cls, tmp_path, monkeypatch):
    "With every key that could name one set to a file that is there: a spy on `open` sees none of them."
    bait = tmp_path/'bait.txt'
    bait.write_text('{"secret": 1}')
    (tmp_path/'in').mkdir()
    (tmp_path/'in'/'bait.txt').write_text('{"secret": 1}')
    opened = []
    monkeypatch.setattr('io.open', lambda f, *a, _open=open, **k: opened.append(str(f)) or _open(f, *a, **k))
    for value in str(bait), '../bait.txt', 'bait.txt':
        lay_out(tmp_path/'in', cls, **{n: value for n in [*NAMING, *POISON, 'vocab', 'path', 'base', 'include', '$ref', 'extends', 'import', 'preset', 'image_processor_type' if cls in CONFIGS else 'include_file']})
        with hearing():
            for load in ways(cls, tmp_path/'in').values():
                try: load().save_pretrained(tmp_path/'out')
                except (OSError, ValueError) as e: assert 'secret' not in str(e)
    assert not [f for f in opened if 'bait' in f]
    assert all('secret' not in p.read_text() for p in (tmp_path/'out').rglob('*') if p.is_file())

def test_shards_stay_in_their_folder_for_both_frameworks(tmp_path):
    from transformers_lite.files import shard_file
    folder = tmp_path/'in'
    folder.mkdir()
    index = folder/'model.safetensors.index.json'
    (tmp_path/'secret.safetensors').write_bytes(b'x')
    (folder/'fine.safetensors').write_bytes(b'x')
    (folder/'link.safetensors').symlink_to('../secret.safetensors')
    assert shard_file(folder, index, 'fine.safetensors') == folder/'fine.safetensors'
    for name in '../secret.safetensors', str(tmp_path/'secret.safetensors'), 'a/b.safetensors', '..', '':
        with pytest.raises(OSError, match='outside its folder'): shard_file(folder, index, name)
    with pytest.raises(OSError, match='is a link'): shard_file(folder, index, 'link.safetensors')

# ---------------------------------------------------------------- names of classes choose from a table, and import nothing

@pytest.fixture
def everything(tmp_path):
    "A folder of text and pictures with all files that name a class."
    lay_out(tmp_path, DistilBertConfig)
    lay_out(tmp_path, ViTImageProcessor)
    (tmp_path/'tokenizer_config.json').write_text('{}')
    (tmp_path/'processor_config.json').write_text('{}')
    (tmp_path/'vocab.txt').write_text('\n'.join('[PAD] [UNK] [CLS] [SEP] [MASK] a b c'.split()))
    return tmp_path

NAMES = {'config.json': ['model_type', 'tokenizer_class', 'architectures'], 'tokenizer_config.json': ['tokenizer_class', 'processor_class'],
         'preprocessor_config.json': ['image_processor_type', 'feature_extractor_type', 'processor_class'], 'processor_config.json': ['processor_class', 'image_processor_type', 'image_processor', 'feature_extractor']}

@pytest.mark.parametrize('file, key', [(f, k) for f, keys in NAMES.items() for k in keys])
def test_names_that_are_none(everything, file, key):
    "An object of one of our classes, or an error that a loader may raise; and no module is imported by the name."
    path, before = everything/file, {*sys.modules}
    honest = json.loads(path.read_text())
    for value in 'os.system', 'antigravity', 'this.Class', 'evil/code--mod.Class', '__class__', '../x', '', ['ViTImageProcessor'], {'a': 1}, 7, True, None, 1.5, [], {}:
        path.write_text(json.dumps({**honest, key: value}))
        for auto in AutoConfig, AutoTokenizer, AutoImageProcessor, AutoFeatureExtractor, AutoProcessor, AutoModel:
            with hearing():
                try: o = auto.from_pretrained(everything)
                except (OSError, ValueError): continue
            assert type(o).__module__.startswith('transformers_lite.')
    assert not {m for m in {*sys.modules} - before if m.split('.')[0] in ('antigravity', 'this', 'evil', 'mod', 'code')}

def test_a_module_in_the_folder_is_not_run(everything, monkeypatch):
    "Neither where a file names it, nor by its place on the import path."
    (everything/'configuration_evil.py').write_text('raise SystemExit("run!")')
    monkeypatch.chdir(everything)
    monkeypatch.syspath_prepend(str(everything))
    path = everything/'config.json'
    path.write_text(json.dumps({**json.loads(path.read_text()), 'auto_map': {'AutoConfig': 'configuration_evil.Config', 'AutoModel': 'configuration_evil.Model'}, 'tokenizer_class': 'configuration_evil'}))
    for auto in AutoConfig, AutoTokenizer, AutoImageProcessor: assert type(auto.from_pretrained(everything, trust_remote_code=True)).__module__.startswith('transformers_lite.')
    with pytest.raises(OSError, match='has no model.safetensors'): AutoModel.from_pretrained(everything, trust_remote_code=True)

def test_nothing_here_imports_by_a_name_from_a_file():
    "`import_module` stands in one place, behind the table."
    sources = {p.name: p.read_text() for p in Path(pretrained.__file__).parent.glob('*.py')}
    assert [n for n, s in sources.items() if re.search(r'import_module\(|__import__\(|exec\(|eval\((?!\))', s.replace('.eval(', ''))] == ['auto.py'] or \
           {n for n, s in sources.items() if 'import_module(' in s} <= {'auto.py', '__init__.py', '__main__.py', 'away.py', 'processor.py'} # the last two: of a class's own module, and of this package

# ---------------------------------------------------------------- TensorFlow

def test_tensorflow_keeps_the_same_promises(tmp_path):
    h5py = pytest.importorskip('h5py')
    pytest.importorskip('keras')
    from transformers_lite.checkpoint import load_state_dict
    from transformers_lite.tf import TFDistilBertModel
    DistilBertModel(DistilBertConfig(**TEXT)).save_pretrained(tmp_path/'in', max_shard_size='1KB')
    path = tmp_path/'in'/'config.json'
    path.write_text(json.dumps({**json.loads(path.read_text()), **POISON, **KEPT_BY_ACCIDENT, 'flag': 'black'}))
    call = {k: v for k, v in CALL.items() if k in LOAD_OPTIONS} | dict(from_tf=False, mirror=None)
    with hearing(): m = TFDistilBertModel.from_pretrained(tmp_path/'in', **call)
    m.save_pretrained(tmp_path/'out')
    assert not re.search('evil|hf_theirs|secret', (tmp_path/'out'/'config.json').read_text() + json.dumps(m.get_config()) + repr(vars(m.config)))
    assert m.config.flag == 'black'
    with pytest.raises(TypeError, match='gguf_file'): TFDistilBertModel.from_pretrained(tmp_path/'in', gguf_file='secret')
    shard = next((tmp_path/'in').glob('model-*-of-*.safetensors')) # a shard that is a link out of the folder
    os.replace(shard, tmp_path/'elsewhere')
    shard.symlink_to('../elsewhere')
    with hearing(), pytest.raises(OSError, match='is a link'): TFDistilBertModel.from_pretrained(tmp_path/'in')
    (tmp_path/'in'/'model.safetensors.index.json').write_text('{"weight_map": ["../x"]}')
    with hearing(), pytest.raises(OSError, match="has no 'weight_map'"): TFDistilBertModel.from_pretrained(tmp_path/'in')

    (tmp_path/'secret.bin').write_bytes(b'a secret text, 24 bytes!') # HDF5 can keep the numbers of an array in any other file
    with h5py.File(tmp_path/'fine.h5', 'w') as f: f['g/x'] = [1., 2.]
    assert [*load_state_dict(tmp_path/'fine.h5').values()][0].tolist() == [1, 2]
    with h5py.File(tmp_path/'evil.h5', 'w') as f: f.create_dataset('g/x', (24,), 'u1', external=[(str(tmp_path/'secret.bin'), 0, 24)])
    with h5py.File(tmp_path/'evil.h5') as f: assert bytes(f['g/x'][()]) == b'a secret text, 24 bytes!' # negative control: h5py itself reads it
    layout = h5py.VirtualLayout((2,), 'f8')
    layout[:] = h5py.VirtualSource(str(tmp_path/'fine.h5'), 'g/x', (2,))
    with h5py.File(tmp_path/'virtual.h5', 'w') as f: f.create_virtual_dataset('g/x', layout)
    with h5py.File(tmp_path/'links.h5', 'w') as f: f['g/x'], f['g/y'] = [1.], h5py.ExternalLink(str(tmp_path/'fine.h5'), 'g/x')
    for name in 'evil.h5', 'virtual.h5':
        with pytest.raises(OSError, match='in another file') as e: load_state_dict(tmp_path/name)
        assert 'secret text' not in str(e.value)
    assert len(load_state_dict(tmp_path/'links.h5')) == 1
