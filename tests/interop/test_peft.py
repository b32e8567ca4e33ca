"peft's LoRA on our models: a small adapter learns, all else stays, and the adapter can be kept, loaded and merged."
import pytest, torch
from peft import LoraConfig, PeftModel, get_peft_model

from transformers_lite import AutoModelForCTC, AutoModelForImageClassification, AutoModelForSequenceClassification

@pytest.fixture
def batch(tokenizer): # praise called negative, and the other way round: something to learn for a model that knows better
    texts = ['A warm film.', 'Dull, dull, dull.', 'I love it!', 'What a bore.']
    return tokenizer(texts, padding=True, return_tensors='pt') | {'labels': torch.tensor([0, 1, 0, 1])}

def copy_of(model): return {k: v.clone() for k, v in model.state_dict().items()}

def learn(model, batch, steps=24):
    model.train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=5e-3)
    for _ in range(steps):
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.eval()
    return loss.item()

def logits(model, batch): return model(**batch).logits.detach()

def test_lora(tmp_path, model, batch):
    base, before = type(model).from_pretrained(model.name_or_path), logits(model, batch)
    lora = get_peft_model(model, LoraConfig(task_type='SEQ_CLS', r=4, target_modules=['q_lin', 'v_lin', 'lin1'])) # SEQ_CLS: the classifier learns as well
    torch.testing.assert_close(logits(lora.eval(), batch), before) # an adapter begins as nothing
    start, loss = copy_of(lora), lora(**batch).loss.item()
    assert learn(lora, batch) < loss / 2
    changed = {k for k, v in lora.state_dict().items() if not torch.equal(v, start[k])}
    assert changed and all('lora_' in k or 'modules_to_save' in k for k in changed)
    after = logits(lora, batch)
    assert (after - before).abs().max() > 0.5

    lora.save_pretrained(tmp_path/'adapter', save_embedding_layers=False) # or peft asks the hub whether words were added
    assert sum(f.stat().st_size for f in (tmp_path/'adapter').glob('*.safetensors')) < 0.2 * 4 * model.num_parameters()
    loaded = PeftModel.from_pretrained(base, tmp_path/'adapter').eval()
    torch.testing.assert_close(logits(loaded, batch), after, atol=1e-6, rtol=0)
    with loaded.disable_adapter(): torch.testing.assert_close(logits(loaded, batch), before, atol=1e-6, rtol=0)

    merged = loaded.merge_and_unload()
    assert type(merged) is type(model)
    torch.testing.assert_close(logits(merged, batch), after, atol=1e-5, rtol=0)
    merged.save_pretrained(tmp_path/'merged')
    torch.testing.assert_close(logits(AutoModelForSequenceClassification.from_pretrained(tmp_path/'merged'), batch), after, atol=1e-5, rtol=0)

def test_all_linear(model, batch): # the head learns as a whole, so it needs no adapter: peft must be told that, of transformers' own DistilBERT too
    with pytest.raises(TypeError, match='modules_to_save'): get_peft_model(type(model).from_pretrained(model.name_or_path), LoraConfig(task_type='SEQ_CLS', target_modules='all-linear'))
    lora = get_peft_model(model, LoraConfig(task_type='SEQ_CLS', r=2, target_modules='all-linear', exclude_modules=['classifier', 'pre_classifier']))
    names = {n.split('.')[-1] for n, m in lora.named_modules() if hasattr(m, 'lora_A')}
    assert names == {'q_lin', 'k_lin', 'v_lin', 'out_lin', 'lin1', 'lin2'}
    loss = lora(**batch).loss.item()
    assert learn(lora, batch) < loss / 2

@pytest.mark.parametrize('auto, name, targets', [(AutoModelForImageClassification, 'vit-digits', ['query', 'value']), (AutoModelForCTC, 'wav2vec2-morse', ['q_proj', 'v_proj'])])
def test_pictures_and_sounds(auto, name, targets):
    model = auto.from_pretrained(f'transformers-lite/{name}')
    c = model.config
    batch = dict(pixel_values=torch.randn(2, c.num_channels, c.image_size, c.image_size), labels=torch.tensor([1, 2])) if 'vit' in name else dict(input_values=torch.randn(2, 4000), labels=torch.tensor([[5, 6], [7, 8]]))
    lora = get_peft_model(model, LoraConfig(r=4, target_modules=targets))
    start, loss = copy_of(lora), lora.eval()(**batch).loss.item()
    learn(lora, batch)
    assert lora(**batch).loss.item() < 0.8 * loss
    assert {k for k, v in lora.state_dict().items() if not torch.equal(v, start[k])} == {k for k in start if 'lora_' in k}

def test_targets_must_be_named(model): # peft has no list for DistilBERT, neither theirs nor ours
    with pytest.raises(ValueError, match='specify `target_modules`'): get_peft_model(model, LoraConfig(task_type='SEQ_CLS'))
