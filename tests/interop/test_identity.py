"Once transformers is imported, our objects answer isinstance as its own do; nothing else about them changes."
import copy, dataclasses, io, multiprocessing, pickle, sys
from functools import singledispatch
from types import SimpleNamespace

import pytest, torch, transformers, transformers.modeling_outputs, transformers.utils.generic
from helpers import run_python
from kinds import Own, things

import transformers_lite as lite
from transformers_lite.pretrained import mirror

KINDS = sorted(things())

def named(names):
    for name in names.split():
        found = transformers
        for part in name.split('.'): found = getattr(found, part)
        yield found

@pytest.mark.parametrize('kind', KINDS)
def test_answers(kind):
    o, yes, no = things()[kind]
    assert all(isinstance(o, t) for t in named(yes)) and not any(isinstance(o, t) for t in named(no))
    assert type(o).__module__ in (lite.__name__, 'kinds') or type(o).__module__.startswith('transformers_lite.') # type(x) is ours
    assert isinstance(o, type(o)) and o.__class__.__name__ == type(o).__name__ and issubclass(o.__class__, type(o)) and o.__class__.__module__ == type(o).__module__

@pytest.mark.parametrize('kind', KINDS)
def test_copies_and_pickles(kind):
    o, *_ = things()[kind]
    file = io.BytesIO()
    torch.save(o, file)
    file.seek(0)
    twins = [copy.copy(o), copy.deepcopy(o), *(pickle.loads(pickle.dumps(o, p)) for p in (2, 3, 4, 5)), torch.load(file, weights_only=False)]
    assert all(type(t) is type(o) and t.__class__ is o.__class__ and repr(t) == repr(o) for t in twins)
    assert pickle.loads(pickle.dumps(o.__class__)) is type(o) is copy.deepcopy(type(o)) # some __reduce__ say self.__class__
    assert pickle.loads(pickle.dumps(SimpleNamespace(inner=[o]))).inner[0].__class__ is o.__class__

@pytest.mark.parametrize('kind', KINDS)
def test_shows_what_it_has_and_no_more(kind):
    o, *_ = things()[kind]
    assert not [n for n in dir(o) if not n.startswith('__') and not hasattr(type(o), n) and n not in vars(o) and not hasattr(o, n)]
    assert not any(n in dir(o) for n in ('_load_from_flax', 'from_text_vision_configs', '_eventually_correct_t5_max_length', 'center_cropp'))

def test_the_class_that_is_seen_does_what_ours_does():
    config, model, batch = (things()[k][0] for k in ('config', 'model', 'batch'))
    assert type(config.__class__(dim=16, n_heads=2)) is type(config) and config.__class__.from_dict(config.to_dict()) == config and type(config.__class__.from_dict({})) is type(config)
    assert type(model.__class__(config)) is type(model) and type(model.__class__._from_config(config)) is type(model)
    assert model.__class__.forward is type(model).forward and not hasattr(model.__class__, '_load_pretrained_model')
    assert type(batch | {'a': 1}) is type(batch) is type(batch.copy()) and type(dataclasses.replace(things()['output'][0])) is lite.SequenceClassifierOutput
    @singledispatch
    def kind(o): return 'other'
    kind.register(lite.PretrainedConfig)(lambda o: 'ours')
    assert kind(config) == 'ours' == kind(things()['config'][0])
    kind.register(transformers.PreTrainedModel)(lambda o: 'theirs')
    assert kind(model) == 'theirs'
    class Child(model.__class__): pass # as torch makes them, for parametrizations and fully_shard
    assert type(Child(config)) is Child and isinstance(Child(config), lite.DistilBertForSequenceClassification)

def test_a_class_is_seen_once_and_grows_with_what_is_imported():
    o, *_ = things()['model']
    assert o.__class__ is o.__class__ is mirror(type(o)) and o.__class__ is not type(o) and things()['mine'][0].__class__ is not o.__class__
    code = """import sys
from transformers_lite import ViTConfig, ViTImageProcessor
config = ViTConfig()
assert config.__class__ is ViTConfig and 'transformers' not in sys.modules
import transformers
before = set(sys.modules)
assert config.__class__ is ViTConfig and set(sys.modules) == before # nothing is imported for it
from transformers import PretrainedConfig
assert isinstance(config, PretrainedConfig) and config.__class__ is not ViTConfig
assert 'transformers.models.vit.configuration_vit' not in sys.modules
from transformers import ViTConfig as Theirs
assert isinstance(config, Theirs) and type(config) is ViTConfig
print('well')"""
    assert run_python(code, *[p for p in sys.path if p.endswith('457')]).strip().endswith('well')

def test_swapping_the_class_works(): # torch does so
    o, *_ = things()['own']
    torch.nn.utils.parametrize.register_parametrization(o.layer, 'weight', torch.nn.Identity())
    o.scale = torch.nn.Parameter(torch.ones(2))
    torch.nn.utils.parametrize.register_parametrization(o, 'scale', torch.nn.Softplus())
    assert type(o).__name__ == 'ParametrizedOwn' and isinstance(o, Own) and isinstance(o, transformers.PreTrainedModel)
    twin = copy.deepcopy(o)
    assert type(twin).__name__ == 'ParametrizedOwn' and isinstance(twin, Own) and torch.equal(twin.scale, o.scale)
    torch.nn.utils.parametrize.remove_parametrizations(o, 'scale')
    assert isinstance(o, Own) and torch.allclose(o.scale, torch.nn.functional.softplus(torch.ones(2)))

def look(o): return type(o).__name__, isinstance(o, transformers.PreTrainedTokenizerBase), o('a film').input_ids

def test_other_processes():
    tokenizer, *_ = things()['fast']
    with multiprocessing.get_context('spawn').Pool(1) as pool: assert pool.apply(look, (tokenizer,)) == look(tokenizer)

def test_tracing_and_exporting_see_our_class(): # torch's compiler looks names up in `__class__.__mro__`
    model, ids = things()['model'][0], torch.tensor([[1, 2, 3]])
    exported = torch.export.export(model, (ids,)).module()
    torch.testing.assert_close(exported(ids).logits, model(ids).logits)
    compiled = torch.compile(model, backend='eager', fullgraph=True)
    for options in {}, dict(output_hidden_states=True), dict(attention_mask=torch.tensor([[1, 1, 0]])): torch.testing.assert_close(compiled(ids, **options).logits, model(ids, **options).logits)
    torch.testing.assert_close(torch.jit.trace(model, ids, strict=False)(ids)['logits'], model(ids).logits)
