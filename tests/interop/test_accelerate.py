"accelerate's loop around our models. Two processes, and sharded weights, are in tests/test_scaling.py."
import pytest, torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from torch.utils.data import DataLoader

from transformers_lite import DistilBertForSequenceClassification

@pytest.fixture(autouse=True)
def forget(): # accelerate keeps its settings for the life of a process
    yield
    AcceleratorState._reset_state(reset_partial_state=True)

def loader(tokenizer, reviews, batch_size):
    rows = [{**tokenizer(text, padding='max_length', max_length=12), 'labels': label} for text, label in reviews]
    return DataLoader(rows, batch_size, collate_fn=lambda rows: tokenizer.pad(rows, return_tensors='pt'))

def train(model, batches, steps=1, optimizer=None, rate=0.1, epochs=1):
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=steps)
    model, optimizer, batches = accelerator.prepare(model.train(), optimizer or torch.optim.SGD(model.parameters(), lr=rate), batches)
    losses = []
    for _ in range(epochs):
        for batch in batches:
            with accelerator.accumulate(model):
                loss = model(**batch).loss
                accelerator.backward(loss)
                optimizer.step()
                optimizer.zero_grad()
            losses.append(loss.item())
    return losses, accelerator, model

def difference(a, b): return max((p - q).abs().max().item() for p, q in zip(a.parameters(), b.parameters(), strict=True))

def copy_of(model, config):
    copy = DistilBertForSequenceClassification(config)
    copy.load_state_dict(model.state_dict())
    return copy

def test_trains_and_saves(tmp_path, tokenizer, config, reviews):
    model = DistilBertForSequenceClassification(config)
    losses, accelerator, model = train(model, loader(tokenizer, reviews, 8), optimizer=torch.optim.AdamW(model.parameters(), lr=1e-2), epochs=4)
    assert losses[-1] < losses[0] / 3
    bare = accelerator.unwrap_model(model)
    bare.save_pretrained(tmp_path, is_main_process=accelerator.is_main_process, save_function=accelerator.save)
    assert type(bare) is DistilBertForSequenceClassification and difference(bare, type(bare).from_pretrained(tmp_path)) == 0

def test_four_small_batches_are_a_large_one(tokenizer, config, reviews):
    whole = DistilBertForSequenceClassification(config)
    parts, wrong = copy_of(whole, config), copy_of(whole, config)
    train(whole, loader(tokenizer, reviews, 32))
    train(parts, loader(tokenizer, reviews, 8), steps=4)
    train(wrong, loader(tokenizer, reviews, 8)) # four times as many steps: another model
    assert difference(whole, parts) < 1e-6 < 1e-4 < difference(whole, wrong)

def test_state_is_saved_and_loaded(tmp_path, tokenizer, config, reviews):
    config.dropout = 0.1 # so that the state of the random numbers matters as well
    model = DistilBertForSequenceClassification(config)
    optimizer, batches = torch.optim.AdamW(model.parameters(), lr=1e-2), loader(tokenizer, reviews, 8)
    _, accelerator, model = train(model, batches, optimizer=optimizer)
    prepared = accelerator._optimizers[0]
    accelerator.save_state(tmp_path)
    def go_on():
        for batch in batches:
            accelerator.backward(model(**batch).loss)
            prepared.step()
            prepared.zero_grad()
        return {k: v.clone() for k, v in model.state_dict().items()}
    first, other = go_on(), go_on()
    accelerator.load_state(tmp_path)
    again = go_on()
    assert all(torch.equal(first[k], again[k]) for k in first) and not all(torch.equal(first[k], other[k]) for k in first)

def test_half_the_bits(tokenizer, config, reviews): # outputs come back in float32, as accelerate promises, in the class of the model
    accelerator = Accelerator(cpu=True, mixed_precision='bf16')
    model = accelerator.prepare(DistilBertForSequenceClassification(config))
    batch = next(iter(loader(tokenizer, reviews, 8)))
    out = model(**batch)
    exact = accelerator.unwrap_model(model, keep_fp32_wrapper=False)(**batch)
    assert type(out) is type(exact) and out.logits.dtype == torch.float32
    assert 0 < (out.logits - exact.logits).abs().max() < 0.02

# ---------------------------------------------------------------- devices and the disk

def each_family():
    "A small model of each family with large weights, and a batch for it."
    from transformers_lite import DistilBertConfig, DistilBertForMaskedLM, LlamaConfig, LlamaForCausalLM, ViTConfig, ViTForImageClassification, Wav2Vec2Config, Wav2Vec2ForCTC
    ids = torch.tensor([[1, 2, 3, 4], [1, 5, 6, 0]])
    text, spread = dict(input_ids=ids, attention_mask=(ids != 0).long()), dict(num_attention_heads=2, intermediate_size=32, num_hidden_layers=5, hidden_size=16, initializer_range=.5)
    yield DistilBertForMaskedLM(DistilBertConfig(vocab_size=60, dim=16, n_heads=2, n_layers=5, hidden_dim=32, max_position_embeddings=16, initializer_range=.5)), text
    yield ViTForImageClassification(ViTConfig(image_size=8, patch_size=4, **spread)), dict(pixel_values=torch.randn(2, 3, 8, 8))
    yield Wav2Vec2ForCTC(Wav2Vec2Config(vocab_size=12, conv_dim=(8, 8), conv_stride=(2, 2), conv_kernel=(3, 3), num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2, **spread)), dict(input_values=torch.randn(2, 200))
    yield LlamaForCausalLM(LlamaConfig(vocab_size=60, num_key_value_heads=1, tie_word_embeddings=True, **spread)), text

FAMILIES = 'distilbert', 'vit', 'wav2vec2', 'llama'

@pytest.fixture(params=FAMILIES)
def case(request, tmp_path):
    "(the model, a batch, its answer, the folder that it is saved in)"
    model, batch = next(c for c in each_family() if c[0].config.model_type == request.param)
    model.eval().save_pretrained(tmp_path/'saved', max_shard_size='8KB')
    with torch.no_grad(): return model, batch, model(**batch)[0], tmp_path/'saved'

@torch.no_grad()
def gap(model, batch, want): return ((model(**batch)[0] - want).abs().max() / want.abs().max()).item()

def bytes_of(model): return sum(p.numel() * p.element_size() for p in model.parameters())

WAYS = {'cpu': {}, 'auto': {}, 'balanced': {}, 'sequential': {}, 'disk': dict(offload_folder='off'), 'auto, half of it': dict(offload_folder='off'), 'sequential, half of it': dict(offload_folder='off')}

@pytest.mark.parametrize('way', WAYS)
def test_device_map(case, way, tmp_path):
    model, batch, want, folder = case
    where, _, half = way.partition(', ')
    kw = {'offload_folder': tmp_path/'off'} if WAYS[way] else {}
    if half: kw['max_memory'] = {'cpu': bytes_of(model) // 2, 'disk': '1GB'}
    placed = type(model).from_pretrained(folder, device_map=where, **kw)
    assert (set(placed.hf_device_map.values()) == {'cpu', 'disk'}) if half else all(str(v) == ('disk' if where == 'disk' else 'cpu') for v in placed.hf_device_map.values())
    assert any(p.is_meta for p in placed.parameters()) == bool(kw) and placed.device.type == 'cpu'
    assert gap(placed, batch, want) < 1e-5
    placed.save_pretrained(tmp_path/'again') # what is on the disk is fetched
    again, info = type(model).from_pretrained(tmp_path/'again', output_loading_info=True)
    assert gap(again, batch, want) < 1e-5 and not any(info.values()) and gap(placed, batch, want) < 1e-5

def test_blocks_stay_whole(case, tmp_path):
    model, _, _, folder = case
    biggest = max(bytes_of(b) for m in model.modules() if isinstance(m, torch.nn.ModuleList) for b in m)
    placed = type(model).from_pretrained(folder, device_map='sequential', max_memory={'cpu': bytes_of(model) - biggest - 1}, offload_folder=tmp_path/'off')
    blocks = [n for n, m in model.named_modules() if type(m).__name__ in model._no_split_modules]
    assert blocks and 'disk' in placed.hf_device_map.values()
    assert not [n for n in placed.hf_device_map if any(n.startswith(b + '.') for b in blocks)]

def test_parts_by_name(tmp_path):
    model, batch = next(each_family())
    model.eval().save_pretrained(tmp_path/'m')
    want = model(**batch)[0].detach()
    parts = {n: 'cpu' for n, _ in model.named_children()}
    for kw in dict(device_map=parts), dict(device_map=parts | {'distilbert': 'disk'}, offload_folder=tmp_path/'off'):
        placed = type(model).from_pretrained(tmp_path/'m', **kw)
        assert placed.hf_device_map == kw['device_map'] and gap(placed, batch, want) < 1e-6
    with pytest.raises(ValueError, match='parts on the disk.*offload_folder'): type(model).from_pretrained(tmp_path/'m', device_map=parts | {'distilbert': 'disk'})
    with pytest.raises(ValueError, match='does not give any device'): type(model).from_pretrained(tmp_path/'m', device_map={'distilbrt': 'cpu'})
    with pytest.raises(ValueError, match="device_map='cup' is no device.*balanced"): type(model).from_pretrained(tmp_path/'m', device_map='cup')

def test_accelerates_own_ways(case, tmp_path):
    from copy import deepcopy
    from accelerate import cpu_offload, disk_offload, dispatch_model, infer_auto_device_map, init_empty_weights, load_checkpoint_and_dispatch
    model, batch, want, folder = case
    def hollow(**kw):
        with init_empty_weights(**kw): m = type(model)(deepcopy(model.config)).eval()
        m.tie_weights()
        return m
    assert all(p.is_meta for p in hollow().parameters())
    assert gap(cpu_offload(deepcopy(model)), batch, want) < 1e-5 and gap(disk_offload(deepcopy(model), tmp_path/'a'), batch, want) < 1e-5
    plan = infer_auto_device_map(hollow(), {'cpu': bytes_of(model) // 2}, no_split_module_classes=model._no_split_modules)
    assert {*plan.values()} == {'cpu', 'disk'}
    words = [n.rpartition('.')[0] for n, p in model.named_parameters(remove_duplicate=False) if model.get_output_embeddings() is not None and p is model.get_input_embeddings().weight]
    for n in plan: # a file has a shared weight once, and accelerate looks for both names on the disk, with transformers' models as well
        if any(w == n or w.startswith(n + '.') for w in words): plan[n] = 'cpu'
    assert gap(load_checkpoint_and_dispatch(hollow(), folder, device_map='auto'), batch, want) < 1e-5
    assert gap(load_checkpoint_and_dispatch(hollow(include_buffers=True), folder, device_map='auto'), batch, want) < 1e-5
    assert gap(load_checkpoint_and_dispatch(hollow(), folder, device_map=plan, offload_folder=tmp_path/'b'), batch, want) < 1e-5
    plan = infer_auto_device_map(model, {'cpu': bytes_of(model) // 2}, no_split_module_classes=model._no_split_modules)
    assert gap(dispatch_model(deepcopy(model), plan, offload_dir=tmp_path/'c'), batch, want) < 1e-5

def test_a_pipeline_of_what_is_on_the_disk(tmp_path):
    from transformers_lite import pipeline
    whole = pipeline('text-classification', model='transformers-lite/distilbert-sentiment')
    spread = pipeline('text-classification', model='transformers-lite/distilbert-sentiment', device_map='disk', model_kwargs=dict(offload_folder=str(tmp_path)))
    assert spread('a fine film')[0]['score'] == pytest.approx(whole('a fine film')[0]['score'], abs=1e-6) and any(p.is_meta for p in spread.model.parameters())
