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
