"What acts on a model's loading and saving: options, other hands' state dicts, and surgery through a part. Devices and the disk are in interop/test_accelerate.py."
import copy, json, os, sys

import pytest, torch, transformers
from safetensors.torch import load_file, save_file
from torch import nn

from helpers import run457
from transformers_lite import (AutoModelForMaskedLM, DistilBertConfig, DistilBertForMaskedLM, DistilBertForSequenceClassification, DistilBertModel, DistilBertTokenizer, LlamaConfig,
                               LlamaForCausalLM, PreTrainedModel, ViTConfig, ViTForImageClassification, ViTImageProcessor, ViTModel, Wav2Vec2Config, Wav2Vec2ForCTC, Wav2Vec2Model)

pytestmark = pytest.mark.filterwarnings('ignore:vocabulary resized', 'ignore:.*fresh weights', 'ignore:.*left out')
SMALL = dict(vocab_size=60, dim=16, n_heads=2, n_layers=2, hidden_dim=32, max_position_embeddings=16, initializer_range=1.)
PICTURE = dict(image_size=8, patch_size=4, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16, initializer_range=1.)
SOUND = dict(vocab_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, conv_dim=[8, 8], conv_stride=[4, 2], conv_kernel=[8, 4], num_feat_extract_layers=2, num_conv_pos_embeddings=4,
             num_conv_pos_embedding_groups=2)
IDS = torch.tensor([[1, 2, 3, 4, 5]])

def mlm(**kw):
    torch.manual_seed(0)
    m = DistilBertForMaskedLM(DistilBertConfig(**SMALL | kw)).eval()
    nn.init.normal_(m.vocab_projector.bias)
    return m

@torch.no_grad()
def scores(m): return m(IDS).logits

def same(a, b): return torch.equal(scores(a), scores(b))

# ---------------------------------------------------------------- variants

@pytest.mark.parametrize('size', ['5GB', '4KB'])
def test_variants_stand_side_by_side(size, tmp_path):
    m = mlm()
    half = copy.deepcopy(m).half()
    m.save_pretrained(tmp_path, max_shard_size='4KB')
    half.save_pretrained(tmp_path, variant='fp16', max_shard_size=size)
    m.save_pretrained(tmp_path) # replaces the shards without a variant, and leaves the variant alone
    names = sorted(p.name for p in tmp_path.iterdir())
    assert 'model.safetensors' in names and not any(n.startswith('model-0') for n in names) and 'model.safetensors.index.json' not in names
    assert ('model.fp16.safetensors' in names) != ('model.safetensors.index.fp16.json' in names) and (size == '4KB') == ('model.fp16-00001-of-00004.safetensors' in names)
    assert same(DistilBertForMaskedLM.from_pretrained(tmp_path), m)
    back = DistilBertForMaskedLM.from_pretrained(tmp_path, variant='fp16', dtype='auto', use_safetensors=True)
    assert all(torch.equal(a, b) for a, b in zip(back.state_dict().values(), half.state_dict().values())) # config.json says float32 by now, and 'auto' believes it
    half.save_pretrained(tmp_path, variant='fp16') # and the other way round
    assert sum('fp16' in p.name for p in tmp_path.iterdir()) == 1 and (tmp_path/'model.safetensors').exists()

THEIRS = """
import inspect, re
from transformers import DistilBertForMaskedLM, PreTrainedModel, PretrainedConfig, PreTrainedTokenizerBase, ProcessorMixin, ImageProcessingMixin, FeatureExtractionMixin
from transformers.utils.hub import PushToHubMixin
folder, sizes, ids = args
fs = [c.save_pretrained for c in (PreTrainedModel, PretrainedConfig, PreTrainedTokenizerBase, ProcessorMixin, ImageProcessingMixin, FeatureExtractionMixin)] + [PushToHubMixin.push_to_hub]
named = {n for f in fs for n, p in inspect.signature(f).parameters.items() if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
named |= {n for f in fs for n in re.findall(r'kwargs\\.pop\\("(\\w+)"', inspect.getsource(f))}
found = []
for size in sizes:
    m, info = DistilBertForMaskedLM.from_pretrained(f'{folder}/{size}', variant='fp16', output_loading_info=True)
    m.save_pretrained(f'{folder}/{size}/out', variant='x.y', max_shard_size=size)
    found.append((sorted(info['missing_keys']), m.eval()(__import__('torch').tensor(ids)).logits.tolist()))
result = found, sorted(named)
"""
SIZES = '5GB', '4KB'

@pytest.fixture(scope='module', params=['4.57.6', '5.23'])
def theirs(request, tmp_path_factory):
    "(the folder, what a release read of our variants, the options of its saves)"
    folder = tmp_path_factory.mktemp('theirs')
    for size in SIZES: mlm().save_pretrained(folder/size, variant='fp16', max_shard_size=size)
    args = str(folder), SIZES, IDS.tolist()
    if request.param == '4.57.6': return folder, *run457(THEIRS, *args)
    space = dict(args=args)
    exec(THEIRS, space)
    return folder, *space['result']

def test_both_releases_read_our_variants_and_write_theirs(theirs):
    folder, found, _ = theirs
    m = mlm()
    for size, (missing, logits) in zip(SIZES, found):
        assert not missing and torch.allclose(torch.tensor(logits), scores(m), atol=1e-5)
        assert (folder/size/'out'/'model.safetensors.index.x.y.json').exists() == (size == '4KB')
        assert same(DistilBertForMaskedLM.from_pretrained(folder/size/'out', variant='x.y'), m)

def test_both_releases_options_of_a_save_are_taken(theirs, tmp_path):
    m, names = mlm(), {*theirs[2]} - {'self', 'save_directory', 'push_to_hub', 'is_main_process', 'state_dict', 'safe_serialization', 'variant', 'max_shard_size', 'distributed_checkpoint'}
    assert len(names) > 9
    m.save_pretrained(tmp_path/'m', **dict.fromkeys(names))
    m.config.save_pretrained(tmp_path/'c', **dict.fromkeys(names))
    assert same(DistilBertForMaskedLM.from_pretrained(tmp_path/'m'), m)

def test_a_variant_that_is_not_there_or_leads_elsewhere(tmp_path):
    m = mlm()
    m.save_pretrained(tmp_path)
    with pytest.raises(OSError, match='no model.fp16.safetensors.*leave out the variant'): DistilBertForMaskedLM.from_pretrained(tmp_path, variant='fp16')
    torch.save(m.state_dict(), tmp_path/'pytorch_model.old.bin')
    assert same(DistilBertForMaskedLM.from_pretrained(tmp_path, variant='old'), m)
    for bad in '../x', 'a/b', '/etc':
        with pytest.raises(OSError, match='leads out|has no'): DistilBertForMaskedLM.from_pretrained(tmp_path, variant=bad)
        with pytest.raises(OSError, match='is no name of a file'): m.save_pretrained(tmp_path/'out', variant=bad)
    assert not [*(tmp_path/'out').iterdir()] and {p.name for p in tmp_path.iterdir()} == {'config.json', 'model.safetensors', 'pytorch_model.old.bin', 'out'}

@pytest.mark.parametrize('index, says', [({'a.weight': '../x.safetensors'}, 'outside its folder'), ({'a.weight': 'model.fp16-00001-of-00002.safetensors'}, "has no file|no file 'model.fp16-0")])
def test_the_index_of_a_variant_is_no_more_trusted(index, says, tmp_path):
    mlm().config.save_pretrained(tmp_path)
    (tmp_path/'model.safetensors.index.fp16.json').write_text(json.dumps({'weight_map': index}))
    with pytest.raises(OSError, match=says): DistilBertForMaskedLM.from_pretrained(tmp_path, variant='fp16')

def test_what_is_pushed_is_what_was_saved(tmp_path, monkeypatch): # the options of a save hold for the upload
    seen = []
    monkeypatch.setattr('transformers_lite.pretrained.upload', lambda folder, *a, **k: seen.append(sorted(os.listdir(folder))))
    mlm().save_pretrained(tmp_path, push_to_hub=True, variant='fp16', max_shard_size='4KB', commit_message='x')
    assert seen == [sorted(os.listdir(tmp_path))] and 'model.fp16-00001-of-00008.safetensors' in seen[0]

# ---------------------------------------------------------------- options

HARMLESS = dict(low_cpu_mem_usage=True, offload_state_dict=True, disable_mmap=True, quantization_config=None, generation_config=None, device_map=None, max_memory=None, offload_folder=None, offload_buffers=False, variant=None,
                gguf_file=None, key_mapping=None, tp_plan=None, use_kernels=False, adapter_kwargs=None, load_in_8bit=False, from_tf=False, weights_only=True, trust_remote_code=False, revision='main', tqdm_class=None)

def test_what_asks_for_nothing_changes_nothing(tmp_path):
    m = mlm()
    m.save_pretrained(tmp_path)
    for load in DistilBertForMaskedLM.from_pretrained, AutoModelForMaskedLM.from_pretrained:
        assert same(load(tmp_path, **HARMLESS), m)
        for name, value in HARMLESS.items(): assert load(tmp_path, **{name: value}).config == m.config, name

@pytest.mark.parametrize('slip, near', [('varient', 'variant'), ('device_maps', 'device_map'), ('max_memroy', 'max_memory'), ('use_safetensor', 'use_safetensors'), ('key_maping', 'key_mapping'), ('gguf_files', 'gguf_file'),
                                        ('quantisation_config', 'quantization_config'), ('output_loading_infos', 'output_loading_info'), ('ofload_folder', 'offload_folder'), ('low_cpu_mem_usag', 'low_cpu_mem_usage'), ('n_layer', 'n_layers')])
def test_slips_of_from_pretrained(slip, near, tmp_path):
    mlm().save_pretrained(tmp_path)
    with pytest.raises((TypeError, ValueError), match=f"'{slip}'.*did you mean '{near}'"): DistilBertForMaskedLM.from_pretrained(tmp_path, **{slip: True})

@pytest.mark.parametrize('option, remedy', [('load_in_8bit', 'torchao'), ('load_in_4bit', 'torchao'), ('tp_plan', 'fully_shard'), ('adapter_name', 'peft'), ('from_flax', 'leave it out')])
def test_what_is_not_done_says_what_to_do(option, remedy, tmp_path):
    mlm().save_pretrained(tmp_path)
    with pytest.raises(TypeError, match=f"'{option}'.*Instead, .*{remedy}"): DistilBertForMaskedLM.from_pretrained(tmp_path, **{option: 'auto'})

class Words(DistilBertTokenizer): pass

@pytest.mark.parametrize('what', ['model', 'config', 'image processor', 'tokenizer'])
@pytest.mark.parametrize('slip, near', [('repo_idd', 'repo_id'), ('commit_mesage', 'commit_message'), ('push_to_hubs', 'push_to_hub'), ('max_shard_sise', 'max_shard_size'), ('safe_serialisation', 'safe_serialization'), ('varient', 'variant')])
def test_slips_of_save_pretrained(what, slip, near, tmp_path):
    (tmp_path/'v.txt').write_text('[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n')
    o = {'model': mlm, 'config': lambda: DistilBertConfig(**SMALL), 'image processor': ViTImageProcessor, 'tokenizer': lambda: Words(tmp_path/'v.txt')}[what]()
    with pytest.raises(TypeError, match=f"save_pretrained takes no '{slip}'; did you mean '{near}'"): o.save_pretrained(tmp_path/'out', **{slip: '1KB'})
    with pytest.raises(TypeError, match="takes no 'dtype'"): o.save_pretrained(tmp_path/'out', dtype='float16')
    assert not (tmp_path/'out').exists()
    o.save_pretrained(tmp_path/'out', repo_id='a/b', commit_message='x', token=None, private=True, revision='main', create_pr=False, tags=['x'])

def test_names_of_a_file_by_patterns(tmp_path):
    m = mlm()
    m.save_pretrained(tmp_path)
    save_file({n.replace('distilbert.transformer.layer', 'enc.blocks'): t for n, t in load_file(tmp_path/'model.safetensors').items()}, tmp_path/'model.safetensors')
    mapping = {r'^enc\.blocks\.(\d+)': r'distilbert.transformer.layer.\1', 'never': 'x'}
    back, info = DistilBertForMaskedLM.from_pretrained(tmp_path, key_mapping=mapping, output_loading_info=True)
    assert same(back, m) and not any(info.values())
    class Mine(DistilBertForMaskedLM): _checkpoint_conversion_mapping = mapping # what 4.57 reads of a class
    assert same(Mine.from_pretrained(tmp_path), m)
    assert not same(DistilBertForMaskedLM.from_pretrained(tmp_path), m) # negative control

def test_parts_that_keep_their_precision(tmp_path):
    class Careful(DistilBertForMaskedLM): _keep_in_fp32_modules = ['vocab_layer_norm', 'ffn']
    m = mlm()
    m.save_pretrained(tmp_path)
    c = Careful.from_pretrained(tmp_path, dtype='float16')
    kinds = {n: p.dtype for n, p in c.named_parameters()}
    assert {d for n, d in kinds.items() if '.ffn.' in n or n.startswith('vocab_layer_norm')} == {torch.float32} and {d for n, d in kinds.items() if '.ffn.' not in n and 'vocab_layer_norm' not in n} == {torch.float16}
    assert torch.equal(c.vocab_layer_norm.weight, m.vocab_layer_norm.weight)

def test_settings_of_generate_are_given(tmp_path):
    m = LlamaForCausalLM(LlamaConfig(vocab_size=20, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2))
    m.save_pretrained(tmp_path)
    given = transformers_generation()
    assert LlamaForCausalLM.from_pretrained(tmp_path, generation_config=given).generation_config is given

def transformers_generation():
    from transformers_lite import GenerationConfig
    return GenerationConfig(max_new_tokens=3)

# ---------------------------------------------------------------- fewer bits

torchao = pytest.importorskip('torchao.quantization')

def quantised(m): return {n for n, x in m.named_modules() if isinstance(x, nn.Linear) and hasattr(x.weight, '__tensor_flatten__')}

@pytest.mark.parametrize('form', ['ours', 'transformers', 'dict', 'json'])
def test_torchao(form, tmp_path):
    m, kind = mlm(), torchao.Int8WeightOnlyConfig()
    m.save_pretrained(tmp_path)
    theirs = transformers.TorchAoConfig(kind, modules_to_not_convert=['vocab_transform', 'lin1', r'distilbert.transformer.layer.1.attention.*'])
    how = {'ours': kind, 'transformers': theirs, 'dict': dict(quant_method='torchao', quant_type=kind), 'json': json.loads(json.dumps(theirs.to_dict(), default=str)) | {'quant_method': 'torchao'}}[form]
    q = DistilBertForMaskedLM.from_pretrained(tmp_path, quantization_config=how)
    assert 0 < (scores(q) - scores(m)).abs().max() < scores(m).abs().max() / 20
    few, all_ = {f'distilbert.transformer.layer.0.attention.{n}_lin' for n in ('q', 'k', 'v', 'out')} | {f'distilbert.transformer.layer.{i}.ffn.lin2' for i in (0, 1)}, {n for n, x in m.named_modules() if isinstance(x, nn.Linear)} - {'vocab_projector'}
    assert quantised(q) == (few if form in ('transformers', 'json') else all_)
    with pytest.raises(ValueError, match='quantised'): q.save_pretrained(tmp_path/'out')

def test_torchao_gives_what_transformers_gives(tmp_path): # the last layer stays as it is where it scores words, and not where it scores labels, as in 5.23
    for cls, c in (DistilBertForSequenceClassification, DistilBertConfig(**SMALL)), (LlamaForCausalLM, LlamaConfig(vocab_size=20, hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, initializer_range=1.)):
        cls(c).save_pretrained(tmp_path/cls.__name__)
        how = transformers.TorchAoConfig(torchao.Int8WeightOnlyConfig())
        a, b = (k.from_pretrained(tmp_path/cls.__name__, quantization_config=how, **kw).eval() for k, kw in ((cls, {}), (getattr(transformers, cls.__name__), dict(dtype='float32'))))
        assert quantised(a) == quantised(b) and torch.allclose(scores(a), scores(b), atol=1e-4)

@pytest.mark.parametrize('how', [dict(quant_method='bitsandbytes', load_in_8bit=True), transformers.BitsAndBytesConfig(load_in_4bit=True), transformers.GPTQConfig(bits=4)], ids=['dict', 'bitsandbytes', 'gptq'])
def test_other_ways_to_quantise_name_the_one_that_is_done(how, tmp_path):
    mlm().save_pretrained(tmp_path)
    with pytest.raises(ValueError, match='quantization_config asks for .(bitsandbytes|gptq).*torchao'): DistilBertForMaskedLM.from_pretrained(tmp_path, quantization_config=how)

def test_packages_that_are_not_there_are_named(tmp_path, monkeypatch):
    mlm().save_pretrained(tmp_path)
    for package, kw in ('torchao', dict(quantization_config=torchao.Int8WeightOnlyConfig())), ('accelerate', dict(device_map={'distilbert': 'cpu'})), ('accelerate', dict(device_map='auto', max_memory={'cpu': '1GB'})):
        with monkeypatch.context() as m:
            m.setitem(sys.modules, package, None)
            with pytest.raises(ImportError, match=f'pip install {package}'): DistilBertForMaskedLM.from_pretrained(tmp_path, **kw)
    with monkeypatch.context() as m: # one device needs no accelerate
        m.setitem(sys.modules, 'accelerate', None)
        m.setattr('transformers_lite.checkpoint.find_spec', lambda name: None)
        for where in 'auto', 'cpu', {'': 'cpu'}, torch.device('cpu'): assert DistilBertForMaskedLM.from_pretrained(tmp_path, device_map=where).device.type in ('cpu', 'cuda')

# ---------------------------------------------------------------- state dicts of other hands

def wav2vec2():
    torch.manual_seed(1)
    return Wav2Vec2Model(Wav2Vec2Config(**SOUND)).eval()

SOUNDS = torch.randn(2, 300, generator=torch.Generator().manual_seed(0))

def old_names(sd):
    ends = {'LayerNorm.weight': 'LayerNorm.gamma', 'LayerNorm.bias': 'LayerNorm.beta', 'parametrizations.weight.original0': 'weight_g', 'parametrizations.weight.original1': 'weight_v'}
    for new, old in ends.items(): sd = {n.removesuffix(new) + old if n.endswith(new) else n: t for n, t in sd.items()}
    return sd

def zeroed(m):
    "The same model with other numbers, so that loading shows."
    m = copy.deepcopy(m)
    with torch.no_grad():
        for p in m.parameters(): p.fill_(.5)
    return m

CHANGES = {
    'old names': old_names,
    **{p: lambda sd, p=p: {p + n: t for n, t in sd.items()} for p in ('module.', '_orig_mod.', 'module._orig_mod.', '_fsdp_wrapped_module.')},
    'inside': lambda sd: {n.replace('layer.0.', 'layer.0._checkpoint_wrapped_module.').replace('distilbert.', 'distilbert._orig_mod.'): t for n, t in sd.items()},
    'saved once': lambda sd: {n: t for n, t in sd.items() if n != 'vocab_projector.weight'},
    'only the other': lambda sd: {n: t for n, t in sd.items() if n != 'distilbert.embeddings.word_embeddings.weight'},
    'position ids': lambda sd: {**sd, 'distilbert.embeddings.position_ids': torch.arange(16)[None]},
}

@pytest.mark.parametrize('assign', [False, True])
@pytest.mark.parametrize('change', CHANGES)
def test_load_state_dict_takes_what_from_pretrained_takes(change, assign):
    m, sd = mlm(), CHANGES[change](mlm().state_dict())
    for strict in True, False:
        blank = zeroed(m)
        given = {n: t.clone() for n, t in sd.items()} if change != 'old names' else sd
        found = blank.load_state_dict(given, strict=strict, assign=assign)
        assert not found.missing_keys and not found.unexpected_keys and same(blank, m)
        assert blank.vocab_projector.weight is blank.distilbert.embeddings.word_embeddings.weight
    assert same(DistilBertForMaskedLM.from_pretrained(None, config=m.config, state_dict=sd), m)

def test_what_does_not_fit_is_still_said():
    m, sd = mlm(), mlm().state_dict()
    found = m.load_state_dict({n: t for n, t in sd.items() if 'lin1' not in n} | {'mine.weight': torch.ones(1), 'distilbert.pooler.gamma': torch.ones(1)}, strict=False)
    assert set(found.missing_keys) == {n for n in sd if 'lin1' in n} and set(found.unexpected_keys) == {'mine.weight', 'distilbert.pooler.gamma'}
    with pytest.raises(RuntimeError, match='Unexpected key.*mine.weight'): m.load_state_dict({**sd, 'mine.weight': torch.ones(1)})
    with pytest.raises(RuntimeError, match='Missing key'): m.load_state_dict({'model.' + n: t for n, t in sd.items()})
    with pytest.raises(RuntimeError, match='size mismatch'): m.load_state_dict({**sd, 'vocab_transform.bias': torch.ones(3)})

def test_heads_and_bases_find_each_other():
    m = mlm()
    found = zeroed(m).load_state_dict(m.distilbert.state_dict(), strict=False)
    assert not found.unexpected_keys and all(n.startswith('vocab_') for n in found.missing_keys)
    base = zeroed(m.distilbert)
    found = base.load_state_dict(old_names(m.state_dict()), strict=False)
    assert not found.missing_keys and all(n.startswith('vocab_') for n in found.unexpected_keys) and torch.equal(base(IDS)[0], m.distilbert(IDS)[0])

def test_inside_somebody_elses_module():
    class Outer(nn.Module):
        def __init__(self, net): super().__init__(); self.net, self.gamma = net, nn.Parameter(torch.ones(1))
    m, sd = mlm(), old_names(mlm().state_dict())
    outer = Outer(zeroed(m))
    outer.load_state_dict({'gamma': torch.zeros(1)} | {'net.' + n: t for n, t in sd.items()})
    assert same(outer.net, m) and outer.gamma == 0

def test_length_and_direction():
    m = wav2vec2()
    blank = zeroed(m)
    assert blank.load_state_dict(old_names(m.state_dict())) and torch.equal(blank(SOUNDS)[0], m(SOUNDS)[0])
    theirs = transformers.Wav2Vec2Model(transformers.Wav2Vec2Config(**SOUND)).eval()
    theirs.load_state_dict(m.state_dict())
    want = theirs(SOUNDS)[0]
    nn.utils.parametrize.remove_parametrizations(theirs.encoder.pos_conv_embed.conv, 'weight')
    plain = theirs.state_dict()
    assert 'encoder.pos_conv_embed.conv.weight' in plain
    blank = zeroed(m)
    assert not any(blank.load_state_dict(plain)) and torch.allclose(blank(SOUNDS)[0], want, atol=1e-5)
    head, info = Wav2Vec2ForCTC.from_pretrained(None, config=m.config, state_dict=plain, output_loading_info=True) # and with a prefix
    assert info['missing_keys'] == {'lm_head.weight', 'lm_head.bias'} and torch.allclose(head.wav2vec2(SOUNDS)[0], want, atol=1e-5)
    with pytest.raises(RuntimeError, match='size mismatch'): blank.load_state_dict({**plain, 'encoder.pos_conv_embed.conv.weight': torch.ones(2, 2, 4)})

def test_names_that_transformers_5_has_in_memory():
    theirs = transformers.ViTForImageClassification(transformers.ViTConfig(**PICTURE)).eval()
    sd, x = theirs.state_dict(), torch.randn(2, 3, 8, 8)
    assert 'vit.layers.1.attention.q_proj.weight' in sd
    m = ViTForImageClassification(ViTConfig(**PICTURE)).eval()
    assert not any(m.load_state_dict(sd)) and torch.allclose(m(x).logits, theirs(x).logits, atol=1e-5)
    m, info = ViTForImageClassification.from_pretrained(None, config=m.config, state_dict=sd, output_loading_info=True)
    assert not any(info.values()) and torch.allclose(m(x).logits, theirs(x).logits, atol=1e-5)
    found = ViTModel(m.config).load_state_dict(theirs.vit.state_dict(), strict=False)
    assert not found.unexpected_keys and set(found.missing_keys) == {'pooler.dense.weight', 'pooler.dense.bias'}
    theirs.load_state_dict(transformers.ViTForImageClassification(theirs.config).state_dict()) # the other way they bring their own

def test_distributed_checkpoints(tmp_path): # torch's own format, by the names of a model
    import torch.distributed.checkpoint as dcp
    from torch.distributed.checkpoint.state_dict import get_model_state_dict, set_model_state_dict
    m = mlm()
    dcp.save(get_model_state_dict(m), checkpoint_id=tmp_path/'dcp', no_dist=True)
    blank = zeroed(m)
    sd = get_model_state_dict(blank)
    dcp.load(sd, checkpoint_id=tmp_path/'dcp', no_dist=True)
    assert not any(set_model_state_dict(blank, sd)) and same(blank, m) and blank.vocab_projector.weight is blank.distilbert.embeddings.word_embeddings.weight

# ---------------------------------------------------------------- without memory, and memory that is shared

def test_a_hollow_model_is_not_saved(tmp_path):
    m = mlm().to('meta')
    with pytest.raises(ValueError, match='has no memory'): m.save_pretrained(tmp_path)
    assert not tmp_path.exists() or not [*tmp_path.iterdir()]
    m.load_state_dict(mlm().state_dict(), assign=True)
    m.tie_weights() # torch's `to` made two of what was one
    assert same(m, mlm()) and m.vocab_projector.weight is m.distilbert.embeddings.word_embeddings.weight
    with torch.device('meta'): hollow = DistilBertForMaskedLM(DistilBertConfig(**SMALL))
    m = hollow.to_empty(device='cpu') # raw memory, in which two names are no longer one weight
    m.tie_weights()
    m.load_state_dict({n: t for n, t in mlm().state_dict().items() if n != 'vocab_projector.weight'})
    assert same(m.eval(), mlm())

def test_weights_that_share_memory_are_saved_whole(tmp_path): # an idiom of old scripts: tied by `.data`
    m = mlm(tie_word_embeddings=False)
    m.vocab_projector.weight.data = m.distilbert.embeddings.word_embeddings.weight.data
    m.save_pretrained(tmp_path)
    assert {'vocab_projector.weight', 'distilbert.embeddings.word_embeddings.weight'} <= load_file(tmp_path/'model.safetensors').keys() and same(DistilBertForMaskedLM.from_pretrained(tmp_path), m)

# ---------------------------------------------------------------- surgery through a part

def table(n): return nn.Embedding(n, 16)
def replace(m, n): m.distilbert.embeddings.word_embeddings = table(n)
def other_base(m, n): m.distilbert = DistilBertModel(DistilBertConfig(**SMALL | dict(vocab_size=n, n_layers=3))).eval()

SURGERY = { # name: (what is done, words afterwards)
    'resize the part': (lambda m: m.distilbert.resize_token_embeddings(65), 65),
    'shrink the part': (lambda m: m.distilbert.resize_token_embeddings(45, mean_resizing=False), 45),
    'resize the part, tie': (lambda m: (m.distilbert.resize_token_embeddings(65), m.tie_weights()), 65),
    'resize both': (lambda m: (m.distilbert.resize_token_embeddings(65), m.resize_token_embeddings(70)), 70),
    'set on the part': (lambda m: m.distilbert.set_input_embeddings(table(65)), 65),
    'set on the part, tie': (lambda m: (m.distilbert.set_input_embeddings(table(65)), m.tie_weights()), 65),
    'set on the whole': (lambda m: m.set_input_embeddings(table(65)), 65),
    'replace the table': (lambda m: replace(m, 65), 65),
    'replace the table by one as large': (lambda m: replace(m, 60), 60),
    'replace the table, resize the part': (lambda m: (replace(m, 65), m.distilbert.resize_token_embeddings(70)), 70),
    'replace the table, resize': (lambda m: (replace(m, 65), m.resize_token_embeddings(70)), 70),
    'replace the part': (lambda m: other_base(m, 65), 65),
    'replace the part, tie, resize it': (lambda m: (other_base(m, 65), m.tie_weights(), m.distilbert.resize_token_embeddings(50)), 50),
    'prune the part': (lambda m: m.distilbert.prune_heads({0: [1]}), 60),
    'resize, prune the part': (lambda m: (m.distilbert.resize_token_embeddings(65), m.distilbert.prune_heads({1: [0]})), 65),
}

@pytest.mark.parametrize('tie', [True, False])
@pytest.mark.parametrize('how', SURGERY)
def test_the_whole_follows_its_part(how, tie, tmp_path):
    act, n = SURGERY[how]
    m = copy.deepcopy(mlm(tie_word_embeddings=tie)) # copies follow their own parts
    before = m.distilbert.embeddings.word_embeddings.weight
    act(m)
    if how.startswith(('resize', 'shrink', 'set on the whole')): # at once
        assert len(m.vocab_projector.weight) == len(m.vocab_projector.bias) == m.vocab_projector.out_features == n
    assert scores(m).shape[-1] == n # and in any case before it is used
    now = m.distilbert.embeddings.word_embeddings.weight
    assert len(now) == len(m.vocab_projector.weight) == len(m.vocab_projector.bias) == m.vocab_projector.out_features == m.config.vocab_size == n
    assert (m.vocab_projector.weight is now) == tie
    m.save_pretrained(tmp_path)
    back, info = DistilBertForMaskedLM.from_pretrained(tmp_path, output_loading_info=True)
    assert same(back, m) and not any(info.values()) and (back.vocab_projector.weight is back.distilbert.embeddings.word_embeddings.weight) == tie
    m.train()(IDS, labels=IDS).loss.backward() # the table learns by both its uses
    assert now.grad.abs().sum() > 0 and (before is now or before.grad is None)

def test_saved_at_once_after_surgery(tmp_path): # without a call in between
    for how in 'set on the part', 'replace the table', 'replace the part':
        m = mlm()
        SURGERY[how][0](m)
        m.save_pretrained(tmp_path/how)
        back = DistilBertForMaskedLM.from_pretrained(tmp_path/how)
        assert back.config.vocab_size == 65 and same(back, m)

def test_output_embeddings_of_ones_own_stay(tmp_path):
    m, mine = mlm(), nn.Linear(16, 60)
    m.set_output_embeddings(mine)
    want = scores(m)
    assert m.vocab_projector is mine and mine.weight is not m.distilbert.embeddings.word_embeddings.weight # a call doesn't tie what was set by hand
    m.save_pretrained(tmp_path)
    with pytest.warns(UserWarning, match='kept apart'): back = DistilBertForMaskedLM.from_pretrained(tmp_path)
    assert torch.equal(scores(back), want)
    m.distilbert.resize_token_embeddings(65)
    assert scores(m).shape[-1] == 65 and torch.equal(scores(m)[..., :60], want)
    m.tie_weights() # asked for, it is done
    assert mine.weight is m.distilbert.embeddings.word_embeddings.weight

def test_a_table_of_another_kind_is_left_alone(): # soft prompts wrap the table, and scores go on by the words
    class Prompted(nn.Module):
        def __init__(self, words): super().__init__(); self.words = words
        def forward(self, ids): return self.words(ids) * 1.
    m = mlm()
    want, words = scores(m), m.get_input_embeddings()
    m.set_input_embeddings(Prompted(words))
    assert torch.equal(scores(m), want) and m.vocab_projector.weight is words.weight

def test_copies_pickles_and_functions_of_a_tied_model(tmp_path):
    m = mlm()
    torch.save(m, tmp_path/'m.pt')
    for c in copy.deepcopy(m), torch.load(tmp_path/'m.pt', weights_only=False):
        c.distilbert.resize_token_embeddings(65)
        assert scores(c).shape[-1] == 65 and scores(m).shape[-1] == 60
    assert m.state_dict().keys() == mlm().state_dict().keys() and [n for n, _ in m.named_modules()] == [n for n, _ in mlm().named_modules()]
    params = {n: p.detach() * 2 for n, p in m.named_parameters()}
    torch.func.functional_call(m, params, (IDS,))
    assert same(copy.deepcopy(m), m) and same(m, mlm())
    traced = torch.jit.trace(m, IDS, strict=False)
    torch.jit.save(traced, tmp_path/'traced.pt')
    once = DistilBertForSequenceClassification(m.config)
    torch.jit.save(torch.jit.trace(once, IDS, strict=False), tmp_path/'once.pt')
    assert torch.allclose(traced(IDS)['logits'], scores(m), atol=1e-5) and (tmp_path/'traced.pt').stat().st_size < (tmp_path/'once.pt').stat().st_size + 9000

@pytest.mark.parametrize('tie', [True, False])
def test_a_decoder_follows_too(tie, tmp_path):
    m = LlamaForCausalLM(LlamaConfig(vocab_size=20, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, tie_word_embeddings=tie)).eval()
    m.model.resize_token_embeddings(25)
    assert scores(m).shape[-1] == 25 and (m.lm_head.weight is m.model.embed_tokens.weight) == tie
    m.model.embed_tokens = nn.Embedding(30, 16)
    m.save_pretrained(tmp_path)
    assert scores(m).shape[-1] == 30 and same(LlamaForCausalLM.from_pretrained(tmp_path), m)

def test_a_familys_own_head_follows():
    class Guesser(PreTrainedModel):
        config_class, base_model_prefix, _tied_weights_keys = DistilBertConfig, 'distilbert', ['score.weight']
        def __init__(self, config):
            super().__init__(config)
            self.distilbert, self.score = DistilBertModel(config), nn.Linear(config.dim, config.vocab_size, bias=False)
        def get_output_embeddings(self): return self.score
        def forward(self, input_ids): return self.score(self.distilbert(input_ids)[0])
    m = Guesser(DistilBertConfig(**SMALL))
    m.distilbert.resize_token_embeddings(65)
    assert m(IDS).shape[-1] == 65 and m.score.weight is m.get_input_embeddings().weight
