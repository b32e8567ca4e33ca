"ViT's and wav2vec 2.0's settings, heads and Auto classes: files, signatures, messages, and what users do with them."
import copy, inspect, json, pickle

import numpy as np, pytest, torch, transformers
from sklearn.datasets import load_sample_image

from helpers import run457
from transformers_lite import *
from transformers_lite import auto
from transformers_lite.wav2vec2 import _compute_mask_indices

VIT = dict(image_size=8, patch_size=4, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32)
W2V = dict(vocab_size=9, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, conv_dim=[8, 16], conv_kernel=[10, 4], conv_stride=[5, 2], num_conv_pos_embeddings=4,
           num_conv_pos_embedding_groups=2, feat_extract_norm='layer', do_stable_layer_norm=True)
PICTURES, SOUND = torch.randn(3, 3, 8, 8), torch.randn(3, 200)
HEADS = {ViTModel: AutoModel, ViTForImageClassification: AutoModelForImageClassification, Wav2Vec2Model: AutoModel, Wav2Vec2ForCTC: AutoModelForCTC, Wav2Vec2ForSequenceClassification: AutoModelForAudioClassification}
each_model = pytest.mark.parametrize('cls', HEADS, ids=lambda c: c.__name__)

@pytest.fixture(autouse=True)
def own_table(monkeypatch): monkeypatch.setattr(auto, 'FAMILIES', {f: dict(kinds) for f, kinds in auto.FAMILIES.items()})

def make(cls, **settings):
    torch.manual_seed(0)
    return cls(cls.config_class(**{**(VIT if 'ViT' in cls.__name__ else W2V), **settings})).eval()
def batch(cls): return {cls.main_input_name: PICTURES if 'ViT' in cls.__name__ else SOUND}

# settings

@pytest.mark.parametrize('name,kwargs', [('ViTConfig', {}), ('ViTConfig', {**VIT, 'qkv_bias': False, 'id2label': {0: 'cat', 1: 'dog'}, 'label2id': {'cat': 0, 'dog': 1}}), ('Wav2Vec2Config', {}), ('Wav2Vec2Config', {**W2V, 'mask_feature_prob': .1, 'ctc_loss_reduction': 'mean', 'bos_token_id': None})])
def test_config_files(name, kwargs, tmp_path): # 5.x here, 4.57.6 in one other process
    ours, theirs = globals()[name](**kwargs), getattr(transformers, name)(**kwargs)
    ours.save_pretrained(tmp_path/'ours'); theirs.save_pretrained(tmp_path/'theirs')
    said = lambda c: {k: v for k, v in json.loads(c.to_json_string()).items() if k != 'transformers_version'}
    assert said(getattr(transformers, name).from_pretrained(tmp_path/'ours')) == said(theirs)
    assert said(globals()[name].from_pretrained(tmp_path/'theirs')) == said(ours)
    old = run457(f'''import json
from transformers import {name}
d = args[0]
{name}(**args[1]).save_pretrained(d + '/old')
result = [json.loads({name}.from_pretrained(d + f).to_json_string()) for f in ('/ours', '/old')]''', str(tmp_path), kwargs)
    assert {k: v for k, v in old[0].items() if k != 'transformers_version'} == {k: v for k, v in old[1].items() if k != 'transformers_version'} == said(ours)
    assert globals()[name].from_pretrained(tmp_path/'old') == ours

@pytest.mark.parametrize('cls,kwargs,words', [(ViTConfig, dict(image_size=8), 'must fit'), (ViTConfig, dict(num_attention_heads=5), 'divide hidden_size'), (ViTConfig, dict(patch_size='16'), 'pixels'), (ViTConfig, dict(hidden_dropout_prob=1.5), 'between 0 and 1'),
    (ViTConfig, dict(hidden_sise=8), "did you mean 'hidden_size'"), (ViTConfig, dict(image_size=(8, 8, 8)), 'pixels'), (ViTConfig, dict(num_channels=0), 'at least 1'), (Wav2Vec2Config, dict(conv_stride=(5,)), 'an entry for each'), (Wav2Vec2Config, dict(conv_dim=()), 'entry|above 0'),
    (Wav2Vec2Config, dict(conv_kernel=(0,) * 7), 'entry at least 1'), (Wav2Vec2Config, dict(feat_extract_norm='both'), "'group' or 'layer'"), (Wav2Vec2Config, dict(num_conv_pos_embedding_groups=7), 'divide'), (Wav2Vec2Config, dict(add_adapter=1), 'True or False'),
    (Wav2Vec2Config, dict(layerdrop=2.), 'between 0 and 1'), (Wav2Vec2Config, dict(ctc_loss_reduction='none'), "'sum' or 'mean'"), (Wav2Vec2Config, dict(mask_time_prb=.1), "did you mean 'mask_time_prob'"), (Wav2Vec2Config, dict(mask_time_length=0), 'at least 1')], ids=str)
def test_wrong_settings(cls, kwargs, words):
    with pytest.raises(ValueError, match=words): cls(**kwargs)

@pytest.mark.parametrize('cls,kwargs', [(ViTConfig, dict(hidden_act='rleu')), (ViTConfig, dict(pooler_act='tahn')), (Wav2Vec2Config, dict(feat_extract_activation='gleu'))], ids=str)
def test_wrong_activations(cls, kwargs):
    with pytest.raises(KeyError, match='did you mean'): cls(**kwargs)

# models

def test_signatures_are_those_of_457():
    names = [c.__name__ for c in HEADS]
    theirs = run457('import inspect\nresult = {n: [*inspect.signature(getattr(transformers, n).forward).parameters] for n in args[0]}', names)
    common = {'output_attentions', 'output_hidden_states', 'return_dict'} # some of theirs take these as **kwargs
    for c in HEADS:
        here, there = [*inspect.signature(c.forward).parameters], theirs[c.__name__]
        assert [p for p in here if p not in common] == [p for p in there if p not in common | {'kwargs'}] and common <= {*here}
        assert [p for p in here if p in there] == [p for p in there if p in here]

@each_model
def test_auto(cls, tmp_path):
    model = make(cls)
    model.save_pretrained(tmp_path)
    loaded, info = HEADS[cls].from_pretrained(tmp_path, output_loading_info=True)
    assert type(loaded) is type(HEADS[cls].from_config(model.config)) is cls and not any(info.values())
    for other in loaded, copy.deepcopy(model), pickle.loads(pickle.dumps(model)):
        with torch.no_grad(): assert torch.equal(other.eval()(**batch(cls))[0], model(**batch(cls))[0])

@each_model
def test_outputs(cls):
    model = make(cls)
    with torch.no_grad(): out = model(**batch(cls), output_hidden_states=True, output_attentions=True)
    assert len(out.hidden_states) == 3 and len(out.attentions) == 2 and out.attentions[0].shape[:2] == (3, 2) and torch.allclose(out.attentions[0].sum(-1), torch.ones(1))
    with torch.no_grad(): torch.testing.assert_close(out.to_tuple()[0], model(**batch(cls), return_dict=False)[0], rtol=1e-4, atol=1e-5)

@each_model
def test_compiled(cls):
    model, x = make(cls), batch(cls)
    with torch.no_grad(): torch.testing.assert_close(torch.compile(model, fullgraph=True, backend='aot_eager')(**x)[0], model(**x)[0], rtol=1e-4, atol=1e-5)

@pytest.mark.parametrize('base,head', [(ViTModel, ViTForImageClassification), (Wav2Vec2Model, Wav2Vec2ForCTC), (Wav2Vec2Model, Wav2Vec2ForSequenceClassification)], ids=lambda c: c.__name__)
@pytest.mark.filterwarnings('ignore')
def test_a_head_on_a_body_and_back(base, head, tmp_path):
    body = make(base)
    body.save_pretrained(tmp_path)
    _, info = head.from_pretrained(tmp_path, output_loading_info=True)
    assert info['missing_keys'] and all(not k.startswith(head.base_model_prefix) for k in info['missing_keys'])
    make(head).save_pretrained(tmp_path/'head')
    _, info = base.from_pretrained(tmp_path/'head', output_loading_info=True)
    assert all(k.startswith('pooler') for k in info['missing_keys'])

def test_pruned_heads_of_vit_are_saved(tmp_path):
    model = make(ViTForImageClassification)
    model.prune_heads({0: [1]})
    model.save_pretrained(tmp_path)
    again = ViTForImageClassification.from_pretrained(tmp_path)
    assert again.config.pruned_heads == {0: [1]}
    with torch.no_grad(): assert torch.equal(again(PICTURES).logits, model(PICTURES).logits)
    with pytest.raises(ValueError, match='leave at least one'): model.prune_heads({0: [0]})
    with pytest.raises(NotImplementedError): make(Wav2Vec2Model).prune_heads({0: [0]})

@pytest.mark.parametrize('call,kind,words', [
    (lambda: make(ViTModel)(), ValueError, 'pixel_values'), (lambda: make(ViTModel)(PICTURES[0]), ValueError, 'One picture'), (lambda: make(ViTModel)(PICTURES.movedim(1, -1)), ValueError, 'Channels last'), (lambda: make(ViTModel)(PICTURES.numpy()), TypeError, 'image processor'),
    (lambda: make(ViTModel)(torch.randn(1, 3, 12, 12)), ValueError, 'interpolate_pos_encoding'), (lambda: make(ViTModel)(PICTURES, bool_masked_pos=torch.ones(3, 4)), ValueError, 'use_mask_token'), (lambda: make(ViTForImageClassification)(PICTURES, labels=torch.tensor([0, 1, 5])), IndexError, 'label 5'),
    (lambda: make(Wav2Vec2Model)(), ValueError, 'input_values'), (lambda: make(Wav2Vec2Model)(SOUND[0]), ValueError, 'One clip'), (lambda: make(Wav2Vec2Model)(SOUND[:, :9]), RuntimeError, 'at least 25'), (lambda: make(Wav2Vec2Model)(SOUND, attention_mask=torch.ones(3, 9)), ValueError, 'shape'),
    (lambda: make(Wav2Vec2Model)(SOUND, mask_time_indices=torch.ones(3, 5)), ValueError, 'frames'),
    (lambda: make(Wav2Vec2ForCTC)(SOUND, labels=torch.full((3, 2), 9)), ValueError, 'vocab_size: 9'), (lambda: make(Wav2Vec2ForCTC)(SOUND, labels=torch.ones(2, 2).long()), ValueError, 'a text for each'), (lambda: make(Wav2Vec2ForSequenceClassification)(SOUND, labels=torch.tensor([0, 1, 2])), IndexError, 'label 2'),
    (lambda: ViTModel(W2V), ValueError, 'configuration')])
def test_messages(call, kind, words):
    with pytest.raises(kind, match=words): call()

def test_a_text_longer_than_its_sound_is_told(recwarn):
    from transformers_lite import messages
    messages.warn_once.cache_clear()
    assert make(Wav2Vec2ForCTC)(SOUND, labels=torch.randint(1, 9, (3, 60))).loss.isinf() and 'ctc_zero_infinity' in str(recwarn.pop(UserWarning).message)
    assert make(Wav2Vec2ForCTC, ctc_zero_infinity=True)(SOUND, labels=torch.randint(1, 9, (3, 60))).loss == 0

def test_a_gap_within_a_clip_is_told(recwarn):
    from transformers_lite import messages
    messages.warn_once.cache_clear()
    model, mask = make(Wav2Vec2Model, feat_extract_norm='layer'), torch.ones(3, 200)
    mask[:, 190:] = 0
    with torch.no_grad(): want = model(SOUND, attention_mask=mask)[0]
    assert not recwarn.list
    with torch.no_grad(): got = model(SOUND, attention_mask=(torch.arange(200) // 10 != 9).repeat(3, 1))[0]
    assert torch.equal(got, want) and 'within a clip' in str(recwarn.pop(UserWarning).message)

def test_a_convolution_of_one_feature_is_padded():
    from transformers_lite.wav2vec2 import NormedConv1d
    conv, x = NormedConv1d(1, 4, 1), torch.randn(2, 9, 1)
    want = torch.nn.functional.conv1d(x.transpose(1, 2), conv.weight, conv.bias, padding=2).transpose(1, 2)
    assert want.shape == (2, 10, 1) and torch.allclose(conv(x), want, atol=1e-6)

def test_freezing():
    model = make(Wav2Vec2ForCTC)
    model.freeze_feature_encoder()
    assert {n.split('.')[1] for n, p in model.named_parameters() if not p.requires_grad} == {'feature_extractor'}
    model.freeze_base_model()
    assert {n.split('.')[0] for n, p in model.named_parameters() if p.requires_grad} == {'lm_head'}

def test_masks_law():
    for seed in range(30):
        np.random.seed(seed)
        lengths = torch.from_numpy(np.random.randint(1, 80, 4))
        mask = _compute_mask_indices((4, 80), .3, 10, torch.arange(80) < lengths[:, None], 2)
        for row, n in zip(mask, lengths.tolist()): assert not row[n:].any() and (row.sum() >= 10 if n >= 10 else not row.any())

def test_training_hides_stretches():
    model = make(Wav2Vec2Model, mask_time_prob=.5, hidden_dropout=0., attention_dropout=0., activation_dropout=0., layerdrop=0., mask_time_length=3).train()
    assert not torch.equal(model(SOUND)[0], model(SOUND)[0])
    with torch.no_grad(): assert torch.equal(model.eval()(SOUND)[0], model(SOUND)[0])

# Auto classes

def test_processors_by_name(tmp_path): # of folders that hold nothing else, and of one that names no class
    ViTImageProcessor(size=8).save_pretrained(tmp_path/'eye')
    Wav2Vec2FeatureExtractor().save_pretrained(tmp_path/'ear')
    Wav2Vec2Processor(Wav2Vec2FeatureExtractor(), Wav2Vec2CTCTokenizer(vocab={'<pad>': 0, '<unk>': 1, '|': 2, 'A': 3})).save_pretrained(tmp_path/'both')
    assert [type(a.from_pretrained(tmp_path/f)).__name__ for a, f in ((AutoImageProcessor, 'eye'), (AutoProcessor, 'eye'), (AutoFeatureExtractor, 'ear'), (AutoProcessor, 'ear'), (AutoProcessor, 'both'), (AutoTokenizer, 'both'), (AutoFeatureExtractor, 'both'))] == [
        'ViTImageProcessor', 'ViTImageProcessor', 'Wav2Vec2FeatureExtractor', 'Wav2Vec2FeatureExtractor', 'Wav2Vec2Processor', 'Wav2Vec2CTCTokenizer', 'Wav2Vec2FeatureExtractor']
    (tmp_path/'eye'/'preprocessor_config.json').write_text('{"size": 8}')
    ViTConfig(**VIT).save_pretrained(tmp_path/'eye') # no class is named: config.json decides
    assert type(AutoImageProcessor.from_pretrained(tmp_path/'eye')).__name__ == type(AutoProcessor.from_pretrained(tmp_path/'eye')).__name__ == 'ViTImageProcessor'
    assert AutoImageProcessor.from_pretrained(tmp_path/'eye', size=9, use_fast=True, trust_remote_code=True).size == 9

def test_folders_from_before_processors_had_a_name(tmp_path): # as facebook/wav2vec2-base-960h and google/vit-base-patch16-224 were in 2021
    files = dict(w={'config.json': {**W2V, 'model_type': 'wav2vec2', 'feat_extract_dropout': 0., 'gradient_checkpointing': False, 'hidden_dropout_prob': .1, 'transformers_version': '4.7.0.dev0'},
                    'vocab.json': {'<pad>': 0, '<s>': 1, '</s>': 2, '<unk>': 3, '|': 4, 'E': 5, 'T': 6}, 'tokenizer_config.json': dict(unk_token='<unk>', bos_token='<s>', eos_token='</s>', pad_token='<pad>', do_lower_case=False, return_attention_mask=False, do_normalize=True),
                    'special_tokens_map.json': dict(unk_token='<unk>', bos_token='<s>', eos_token='</s>', pad_token='<pad>'),
                    'preprocessor_config.json': dict(do_normalize=True, feature_size=1, padding_side='right', padding_value=0., return_attention_mask=False, sampling_rate=16000)},
                 v={'config.json': {**VIT, 'model_type': 'vit', 'id2label': {str(i): f'c{i}' for i in range(1000)}, 'label2id': {f'c{i}': i for i in range(1000)}},
                    'preprocessor_config.json': dict(do_normalize=True, do_resize=True, image_mean=[.5] * 3, image_std=[.5] * 3, size=224)},
                 s={'config.json': {**W2V, 'model_type': 'wav2vec2'}, 'preprocessor_config.json': dict(do_normalize=True, sampling_rate=16000)}) # for labelling sounds: no text
    for folder, some in files.items():
        (tmp_path/folder).mkdir()
        for f, d in some.items(): (tmp_path/folder/f).write_text(json.dumps(d))
    made = {f: AutoProcessor.from_pretrained(tmp_path/f) for f in files}
    assert {f: type(p).__name__ for f, p in made.items()} == dict(w='Wav2Vec2Processor', v='ViTImageProcessor', s='Wav2Vec2FeatureExtractor')
    theirs = transformers.AutoProcessor.from_pretrained(tmp_path/'w')
    assert type(theirs).__name__ == 'Wav2Vec2Processor' and made['w'].decode([5, 5, 0, 5, 4, 6]) == theirs.decode([5, 5, 0, 5, 4, 6]) == 'EE T'
    for f, name in (('w', 'feat_extract_dropout'), ('v', 'label2id')): assert AutoConfig.from_pretrained(tmp_path/f).to_dict()[name] == files[f]['config.json'][name]

@pytest.mark.parametrize('name', ['distilbert-sentiment', 'vit-digits', 'wav2vec2-morse'])
def test_packaged(name): assert type(AutoProcessor.from_pretrained(f'transformers-lite/{name}')).__name__ == {'d': 'DistilBertTokenizerFast', 'v': 'ViTImageProcessor', 'w': 'Wav2Vec2Processor'}[name[0]]

def test_register_every_kind(tmp_path): # field notes, row 21: again replaces, and a slip is told
    class MyConfig(PretrainedConfig): model_type = 'mine'
    AutoConfig.register('mine', MyConfig)
    for auto_class, base, key in ((AutoImageProcessor, ViTImageProcessor, 'image_processor_class'), (AutoFeatureExtractor, Wav2Vec2FeatureExtractor, 'feature_extractor_class')):
        for _ in range(2):
            mine = type(f'My{base.__name__}', (base,), {})
            auto_class.register(MyConfig, **{key: mine})
        mine().save_pretrained(tmp_path/key)
        assert type(auto_class.from_pretrained(tmp_path/key)) is mine
        with pytest.raises(ValueError, match='already'): auto_class.register(MyConfig, mine, exist_ok=False)
        with pytest.raises(ValueError, match='Give the'): auto_class.register(MyConfig)
    class MyProcessor(Wav2Vec2Processor): pass
    AutoProcessor.register(MyConfig, MyProcessor)
    MyProcessor(Wav2Vec2FeatureExtractor(), Wav2Vec2CTCTokenizer(vocab={'<pad>': 0, '<unk>': 1, '|': 2, 'A': 3})).save_pretrained(tmp_path/'p')
    assert type(AutoProcessor.from_pretrained(tmp_path/'p')) is MyProcessor

@pytest.mark.parametrize('auto_class', [AutoImageProcessor, AutoFeatureExtractor, AutoProcessor, AutoModelForCTC])
def test_auto_says_what_is_wrong(auto_class, tmp_path):
    with pytest.raises(OSError, match='use Auto'): auto_class()
    with pytest.raises(OSError): auto_class.from_pretrained(tmp_path)
    (tmp_path/'preprocessor_config.json').write_text('{"image_processor_type": "CLIPImageProcessor", "feature_extractor_type": "WhisperFeatureExtractor", "processor_class": "CLIPProcessor"}')
    with pytest.raises((ValueError, OSError), match="doesn't have|config.json"): auto_class.from_pretrained(tmp_path)

# real files

@pytest.mark.parametrize('photo', ['china.jpg', 'flower.jpg'])
@pytest.mark.parametrize('resample', [0, 2, 3])
def test_a_photograph(photo, resample, tmp_path): # from the file to the scores, as transformers has it
    from PIL import Image
    Image.fromarray(load_sample_image(photo)).save(tmp_path/'photo.jpg', quality=90)
    Theirs = getattr(transformers, 'ViTImageProcessorPil', transformers.ViTImageProcessor)
    a, b = Theirs(resample=resample)(Image.open(tmp_path/'photo.jpg'), return_tensors='pt')['pixel_values'], ViTImageProcessor(resample=resample)(tmp_path/'photo.jpg', return_tensors='pt')['pixel_values']
    assert (a - b).abs().max() <= 1e-6
    model = make(ViTForImageClassification, image_size=224, patch_size=56)
    with torch.no_grad(): assert (model(a).logits - model(b).logits).abs().max() < 1e-5

def test_saving_says_where(tmp_path): # a list, as in transformers
    for cls in ViTImageProcessor, Wav2Vec2FeatureExtractor:
        (path,) = cls().save_pretrained(tmp_path)
        assert path == str(tmp_path/'preprocessor_config.json') and cls.from_pretrained(path) == cls()
