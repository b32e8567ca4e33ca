"Importing is light, and every public name can be reached from the package."
import json
from importlib import import_module

import pytest
import transformers_lite
from helpers import ROOT, run_python

MODULES = sorted(p.stem for p in (ROOT/'transformers_lite').glob('[a-z]*.py'))
HEAVY = {'torch', 'PIL', 'soundfile', 'soxr', 'tensorflow', 'keras', 'transformers'}
LIGHT = ['DistilBertConfig', 'ViTConfig', 'Wav2Vec2Config', 'PretrainedConfig', 'AutoConfig', 'DistilBertTokenizer', 'DistilBertTokenizerFast', 'AutoTokenizer', 'AutoProcessor',
         'Wav2Vec2FeatureExtractor', 'Wav2Vec2CTCTokenizer', 'Wav2Vec2Processor', 'load_audio']

def modules_after(code):
    "The modules that a fresh Python has after running `code`."
    return set(json.loads(run_python(f'{code}\nimport sys, json; print(json.dumps(sorted(sys.modules)))')))

@pytest.mark.parametrize('code', ['import transformers_lite'] + [f'from transformers_lite import {o}' for o in LIGHT])
def test_light(code):
    loaded = modules_after(code)
    assert 'transformers_lite' in loaded and not HEAVY & loaded

def test_pictures_bring_pillow_alone(): assert HEAVY & modules_after('from transformers_lite import ViTImageProcessor, AutoImageProcessor') == {'PIL'}

def test_negative_control(): # the check above sees torch when it is there
    assert 'torch' in modules_after('from transformers_lite import DistilBertModel')

def import_seconds(code):
    "What an import costs when torch is there already, in a processor's time, since others may be at work: the shortest of three."
    clock = f'import torch, time\nt = time.process_time()\n{code}\nprint(time.process_time() - t)'
    return min(float(run_python(clock)) for _ in range(3))

@pytest.mark.parametrize('name', ['DistilBertModel', 'DistilBertForSequenceClassification', 'ViTForImageClassification', 'Wav2Vec2ForCTC', 'AutoModel'])
def test_a_model_costs_little_over_torch(name): assert import_seconds(f'from transformers_lite import {name}') < .3

@pytest.mark.parametrize('module', MODULES)
def test_names(module):
    "Each public name of a module is reached from the package, and the list of what users import is right."
    mod = import_module(f'transformers_lite.{module}')
    assert getattr(transformers_lite, module) is mod
    for name in mod.__all__: assert getattr(transformers_lite, name) is getattr(mod, name)
    listed = [name for name, m in transformers_lite._where.items() if m == module]
    assert {*listed} <= {*mod.__all__, 'PreTrainedConfig', 'ViTFeatureExtractor', 'AddedToken'} & {*dir(transformers_lite)}
    assert [name in transformers_lite.__all__ for name in listed] == [module != 'tf'] * len(listed)

def test_no_name_twice():
    names = [n for m in MODULES for n in import_module(f'transformers_lite.{m}').__all__]
    assert len(names) == len(set(names)) and not set(names) & set(MODULES)

def test_star():
    "What users need, and no helper whose name is a common word."
    names = set(json.loads(run_python('from transformers_lite import *\nimport json; print(json.dumps(dir()))')))
    assert names >= set(transformers_lite.__all__) and len(transformers_lite.__all__) > 80
    assert names & set(COMMON_WORDS) == set() and not [w for w in COMMON_WORDS if not hasattr(transformers_lite, w)]

COMMON_WORDS = 'some', 'plain', 'clean', 'large', 'check', 'branches', 'match', 'cast', 'tracing', 'saving', 'without', 'suggest'

def test_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'DistilBertModl'"): transformers_lite.DistilBertModl
    with pytest.raises(ImportError, match='DistilBertModl'): exec('from transformers_lite import DistilBertModl', {})

def test_families_are_listed_whole():
    "Every class that an Auto class opens, and every Auto class, is in the list of what users import."
    from transformers_lite import auto
    named = {path.split('.')[1] for kinds in auto.FAMILIES.values() for path in kinds.values()}
    named |= {n for n in auto.__all__ if n.startswith('Auto') and n != 'AutoClass'}
    assert named <= {*transformers_lite.__all__} and len(named) > 30

LOADED = '''
import torch, transformers_lite as lite
for auto, name in zip('AutoModelForSequenceClassification AutoModelForImageClassification AutoModelForCTC AutoModelForCausalLM'.split(), 'distilbert-sentiment vit-digits wav2vec2-morse llama-reviews'.split()):
    getattr(lite, auto).from_pretrained(f'transformers-lite/{name}')
'''
COMPILER = {'torch._dynamo', 'sympy'} # a second and more, which torch takes for arithmetic on what has no memory

def test_loading_brings_no_compiler():
    assert not COMPILER & modules_after(LOADED)
    assert COMPILER <= modules_after("import torch\nwith torch.device('meta'): torch.nn.Linear(3, 4).weight * 2") # negative control
