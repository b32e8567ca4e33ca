"transformers' own Auto classes take our classes, and those that users derive from them."
import json

import pytest, torch, transformers
from helpers import FOUR, run_python
from transformers import AutoConfig, AutoFeatureExtractor, AutoImageProcessor, AutoModel, AutoModelForSequenceClassification, AutoProcessor, AutoTokenizer

import transformers_lite as lite

SENTIMENT, MORSE = 'transformers-lite/distilbert-sentiment', 'transformers-lite/wav2vec2-morse'
SMALL = dict(vocab_size=3000, dim=16, n_heads=2, n_layers=1, hidden_dim=8, num_labels=3)

class BoatConfig(lite.DistilBertConfig): model_type = 'boat'
class BoatModel(lite.DistilBertModel): config_class = BoatConfig
class BoatForSequenceClassification(lite.DistilBertForSequenceClassification): config_class = BoatConfig
class BoatTokenizer(lite.DistilBertTokenizer): pass
class BoatTokenizerFast(lite.DistilBertTokenizerFast): pass
class SeaConfig(lite.ViTConfig): model_type = 'sea'
class SeaImageProcessor(lite.ViTImageProcessor): pass
class GullConfig(lite.Wav2Vec2Config): model_type = 'gull'
class GullFeatureExtractor(lite.Wav2Vec2FeatureExtractor): pass
class GullProcessor(lite.Wav2Vec2Processor): pass

@pytest.fixture(scope='module', autouse=True)
def registered():
    for c in BoatConfig, SeaConfig, GullConfig: AutoConfig.register(c.model_type, c)
    AutoModel.register(BoatConfig, BoatModel)
    AutoModelForSequenceClassification.register(BoatConfig, BoatForSequenceClassification)
    AutoTokenizer.register(BoatConfig, slow_tokenizer_class=BoatTokenizer, fast_tokenizer_class=BoatTokenizerFast)
    AutoImageProcessor.register(SeaConfig, slow_image_processor_class=SeaImageProcessor)
    AutoFeatureExtractor.register(GullConfig, GullFeatureExtractor)
    AutoProcessor.register(GullConfig, GullProcessor)

@pytest.fixture
def boat(tmp_path):
    BoatForSequenceClassification(BoatConfig(**SMALL)).save_pretrained(tmp_path)
    return tmp_path

def test_configurations(boat, tmp_path):
    config = AutoConfig.from_pretrained(boat)
    assert type(config) is BoatConfig and config.dim == 16 and config._name_or_path == config.name_or_path == str(boat)
    config, unused = AutoConfig.from_pretrained(boat, dim=8, mast=1, return_unused_kwargs=True)
    assert config.dim == 8 and unused == {'mast': 1}
    assert AutoConfig.for_model('boat', dim=24).dim == 24
    config.save_pretrained(tmp_path/'again')
    assert AutoConfig.from_pretrained(tmp_path/'again') == config and 'name_or_path' not in (tmp_path/'again'/'config.json').read_text()

def test_models_from_a_configuration():
    config = BoatConfig(**SMALL)
    model = AutoModelForSequenceClassification.from_config(config)
    assert type(model) is BoatForSequenceClassification and model.num_labels == 3
    assert type(AutoModel.from_config(config, attn_implementation='sdpa', trust_remote_code=False)) is BoatModel
    assert AutoModel.from_config(config, torch_dtype=torch.bfloat16).dtype == torch.bfloat16 != AutoModel.from_config(config).dtype
    with pytest.raises(ValueError, match='Unrecognized configuration class'): AutoModelForSequenceClassification.from_config(SeaConfig())

SCRIPTS = [dict(trust_remote_code=False, revision='main', cache_dir=None, force_download=False, token=None), dict(torch_dtype='auto'), dict(dtype=torch.float16), dict(attn_implementation='eager'), dict(device_map='cpu'),
           dict(from_tf=False, from_flax=False, quantization_config=None), dict(low_cpu_mem_usage=True, use_safetensors=True, local_files_only=True, mirror=None, resume_download=None, weights_only=True)]

@pytest.mark.parametrize('options', SCRIPTS, ids=lambda o: ','.join(o))
def test_models_with_what_scripts_pass(boat, options):
    model = AutoModelForSequenceClassification.from_pretrained(boat, **options)
    assert type(model) is BoatForSequenceClassification and not model.training
    assert model.dtype == options.get('dtype', torch.float32) and model.attention_mode == options.get('attn_implementation', 'packed')

def test_models_load_save_and_load(boat, tmp_path):
    first, info = AutoModelForSequenceClassification.from_pretrained(boat, output_loading_info=True)
    assert not info['missing_keys'] and not info['unexpected_keys']
    first.save_pretrained(tmp_path/'again')
    assert json.loads((tmp_path/'again'/'config.json').read_text())['architectures'] == ['BoatForSequenceClassification']
    second = AutoModelForSequenceClassification.from_pretrained(tmp_path/'again', config=first.config)
    assert all(torch.equal(a, b) for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True))
    wider = AutoModelForSequenceClassification.from_pretrained(boat, num_labels=5, ignore_mismatched_sizes=True)
    assert wider.classifier.out_features == 5
    with pytest.raises(TypeError, match="'ignore_mismatched_sizes'"): AutoModelForSequenceClassification.from_pretrained(boat, ignore_mismatched_size=True)

def test_an_adapter_isnt_left_out_silently(boat): # transformers' Auto classes say where they found one
    lite.DistilBertForSequenceClassification.from_pretrained(SENTIMENT, adapter_kwargs={'token': None})
    with pytest.raises(TypeError, match='adapter_kwargs'): BoatForSequenceClassification.from_pretrained(boat, adapter_kwargs={'_adapter_model_path': 'x'})

def test_tokenizers(boat, tmp_path):
    BoatTokenizerFast.from_pretrained(SENTIMENT).save_pretrained(boat)
    fast = AutoTokenizer.from_pretrained(boat, config=BoatConfig(**SMALL), trust_remote_code=False, revision='main', model_max_length=77)
    assert type(fast) is BoatTokenizerFast and fast.model_max_length == 77
    other = AutoTokenizer.from_pretrained(boat, use_fast=False) # 5 has one class a family
    assert type(other) is (BoatTokenizer if FOUR else BoatTokenizerFast) and other('a film').input_ids == fast('a film').input_ids
    fast.save_pretrained(tmp_path/'again')
    BoatConfig(**SMALL).save_pretrained(tmp_path/'again')
    assert type(AutoTokenizer.from_pretrained(tmp_path/'again')) is BoatTokenizerFast

def test_a_slow_tokenizer_alone(tmp_path):
    class RaftConfig(lite.DistilBertConfig): model_type = 'raft'
    class RaftTokenizer(lite.DistilBertTokenizer): pass
    AutoConfig.register('raft', RaftConfig)
    AutoTokenizer.register(RaftConfig, slow_tokenizer_class=RaftTokenizer)
    RaftTokenizer.from_pretrained(SENTIMENT).save_pretrained(tmp_path)
    RaftConfig(**SMALL).save_pretrained(tmp_path)
    for use_fast in True, False: assert type(AutoTokenizer.from_pretrained(tmp_path, use_fast=use_fast)) is RaftTokenizer

def test_image_processors(tmp_path):
    SeaImageProcessor(size=32).save_pretrained(tmp_path)
    SeaConfig().save_pretrained(tmp_path)
    found = AutoImageProcessor.from_pretrained(tmp_path, trust_remote_code=False, use_fast=False)
    assert type(found) is SeaImageProcessor and found == SeaImageProcessor(size=32)
    found.save_pretrained(tmp_path/'again')
    assert SeaImageProcessor.from_pretrained(tmp_path/'again') == found
    AutoImageProcessor.register(SeaConfig, slow_image_processor_class=lite.ViTImageProcessor, fast_image_processor_class=lite.ViTImageProcessorFast, exist_ok=True)
    AutoImageProcessor.register(SeaConfig, slow_image_processor_class=SeaImageProcessor, exist_ok=True)
    if not FOUR: AutoImageProcessor.register(SeaConfig, image_processor_classes={'pil': SeaImageProcessor}, exist_ok=True)
    class Other: pass
    with pytest.raises(ValueError): AutoImageProcessor.register(SeaConfig, fast_image_processor_class=Other, exist_ok=True) # a control

@pytest.mark.parametrize('order', [['transformers_lite.image_processor', 'transformers'], ['transformers', 'transformers_lite.image_processor']])
def test_image_processors_whoever_is_imported_first(order):
    import sys
    code = f"""import sys, {order[0]}, {order[1]}
from transformers_lite import ViTConfig, ViTImageProcessor
from transformers import AutoImageProcessor
class Sea(ViTConfig): model_type = 'sea'
AutoImageProcessor.register(Sea, slow_image_processor_class=ViTImageProcessor)
from transformers.image_processing_utils import BaseImageProcessor
assert issubclass(ViTImageProcessor, BaseImageProcessor) and not any('WhenImported' in repr(f) and f.name.endswith('processing_utils') for f in sys.meta_path)
print(ViTImageProcessor(size=8)([[[255] * 3] * 8] * 8, return_tensors='np').pixel_values.shape)"""
    assert '(1, 3, 8, 8)' in run_python(code, *[p for p in sys.path if p.endswith('457')], USE_TF='0')

def test_feature_extractors_and_processors(tmp_path):
    GullProcessor.from_pretrained(MORSE).save_pretrained(tmp_path)
    GullFeatureExtractor.from_pretrained(MORSE).save_pretrained(tmp_path/'ears')
    for folder in tmp_path, tmp_path/'ears': GullConfig().save_pretrained(folder)
    found, ears = AutoProcessor.from_pretrained(tmp_path, trust_remote_code=False), AutoFeatureExtractor.from_pretrained(tmp_path/'ears', trust_remote_code=False)
    assert type(found) is GullProcessor and type(ears) is GullFeatureExtractor and ears.sampling_rate == 4000 and ears == GullFeatureExtractor.from_pretrained(tmp_path/'ears')
    found.save_pretrained(tmp_path/'again')
    GullConfig().save_pretrained(tmp_path/'again')
    assert type(AutoProcessor.from_pretrained(tmp_path/'again')) is GullProcessor

def test_a_pipeline_by_name(boat):
    BoatTokenizerFast.from_pretrained(SENTIMENT).save_pretrained(boat)
    read = transformers.pipeline('text-classification', model=str(boat))
    assert type(read.model) is BoatForSequenceClassification and type(read.tokenizer) is BoatTokenizerFast and read('a film')[0]['label'].startswith('LABEL_')

def test_register_for_auto_class():
    kinds = {BoatConfig: 'AutoConfig', BoatModel: 'AutoModel', BoatTokenizerFast: 'AutoTokenizer', BoatTokenizer: 'AutoTokenizer', SeaImageProcessor: 'AutoImageProcessor', GullFeatureExtractor: 'AutoFeatureExtractor', GullProcessor: 'AutoProcessor'}
    for c, name in kinds.items():
        class Child(c): pass
        Child.register_for_auto_class()
        assert Child._auto_class == name and c._auto_class is None
        Child.register_for_auto_class(AutoModelForSequenceClassification)
        assert Child._auto_class == 'AutoModelForSequenceClassification'
        with pytest.raises(ValueError, match="'Boat'"): Child.register_for_auto_class('Boat')
