"transformers' Trainer and peft's LoRA on a decoder: Llama of ours, beside transformers' own."
import numpy as np, pytest, torch, transformers
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import Trainer, TrainingArguments

from transformers_lite import AutoModelForCausalLM, AutoModelForSequenceClassification, LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification, follow

@pytest.fixture
def config(): return LlamaConfig(vocab_size=40, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, initializer_range=.2, pad_token_id=0)

@pytest.fixture
def rows(): # counting texts of unequal length: each word is the one before plus the first
    texts = [[(start + i * start) % 37 + 3 for i in range(4 + start % 5)] for start in range(1, 33)]
    return [{'input_ids': t, 'attention_mask': [1] * len(t), 'labels': t} for t in texts]

def collate(rows, side='right'):
    n = max(len(r['input_ids']) for r in rows)
    def fill(x, pad): return [pad] * (n - len(x)) + x if side == 'left' else x + [pad] * (n - len(x))
    return {k: torch.tensor([fill(r[k], -100 if k == 'labels' else 0) for r in rows]) for k in rows[0]}

def train(model, folder, rows, **kwargs):
    args = TrainingArguments(folder, **{**dict(num_train_epochs=2, per_device_train_batch_size=8, learning_rate=3e-3, logging_steps=1, save_strategy='no', use_cpu=True, report_to='none', disable_tqdm=True), **kwargs})
    trainer = Trainer(model, args, train_dataset=rows, eval_dataset=rows, data_collator=collate)
    trainer.train()
    return trainer, [float(o['loss']) for o in trainer.state.log_history if 'loss' in o]

def pair(config, folder):
    ours = LlamaForCausalLM(config)
    ours.save_pretrained(folder)
    return ours, transformers.LlamaForCausalLM.from_pretrained(folder)

def test_trainer_learns_what_their_own_learns(tmp_path, config, rows):
    ours, theirs = pair(config, tmp_path/'start')
    (run, a), (_, b), (_, c) = (train(m, tmp_path, rows) for m in (ours, theirs, LlamaForCausalLM(config)))
    np.testing.assert_allclose(a, b, rtol=1e-3)
    assert np.abs(np.subtract(b, c)).max() > .01 and a[-1] < a[0]
    assert abs(run.evaluate()['eval_loss'] - run.evaluate()['eval_loss']) < 1e-6

def test_accumulated_losses_count_each_word_once(tmp_path, config, rows): # the number of words in all small batches divides
    ours, theirs = pair(config, tmp_path/'start')
    small = dict(per_device_train_batch_size=2, gradient_accumulation_steps=4)
    a, b = (train(m, tmp_path, rows, **small)[1] for m in (ours, theirs))
    np.testing.assert_allclose(a, b, rtol=1e-3)
    large, _ = pair(config, tmp_path/'large')
    large.load_state_dict(theirs.from_pretrained(tmp_path/'start').state_dict())
    c = train(large, tmp_path, rows)[1]
    np.testing.assert_allclose(a, c, rtol=2e-3)

def test_padded_left_learns_the_same(config, rows):
    model = LlamaForCausalLM(config).eval()
    left, right = (model(**collate(rows, side)).loss for side in ('left', 'right'))
    torch.testing.assert_close(left, right)
    alone = torch.stack([model(**collate([r])).loss * (len(r['input_ids']) - 1) for r in rows]).sum() / sum(len(r['input_ids']) - 1 for r in rows)
    torch.testing.assert_close(left, alone)

def test_gradient_checkpointing_and_bfloat16(tmp_path, config, rows):
    ours, theirs = pair(config, tmp_path/'start')
    a, b = (train(m, tmp_path, rows, gradient_checkpointing=True)[1] for m in (ours, theirs))
    np.testing.assert_allclose(a, b, rtol=1e-3)
    _, half = train(LlamaForCausalLM(config), tmp_path, rows, bf16=True, num_train_epochs=6)
    assert np.isfinite(half).all() and half[-1] < half[0]

def test_lora(tmp_path, config, rows):
    model = LlamaForCausalLM(config)
    model.save_pretrained(tmp_path/'base')
    lora = get_peft_model(AutoModelForCausalLM.from_pretrained(tmp_path/'base'), LoraConfig(r=4, target_modules=['q_proj', 'v_proj', 'gate_proj']))
    before = {k: v.clone() for k, v in lora.state_dict().items()}
    _, losses = train(lora, tmp_path, rows, num_train_epochs=8, learning_rate=2e-2)
    assert losses[-1] < .8 * losses[0]
    changed = {k for k, v in lora.state_dict().items() if not torch.equal(v, before[k])}
    assert changed and all('lora_' in k for k in changed)
    batch = collate(rows[:4])
    with torch.no_grad(): after = lora.eval()(**batch).logits
    lora.save_pretrained(tmp_path/'adapter')
    again = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tmp_path/'base'), tmp_path/'adapter').eval()
    with torch.no_grad(): torch.testing.assert_close(again(**batch).logits, after)
    on_theirs = PeftModel.from_pretrained(transformers.LlamaForCausalLM.from_pretrained(tmp_path/'base'), tmp_path/'adapter').eval()
    with torch.no_grad(): torch.testing.assert_close(on_theirs(**batch).logits[batch['attention_mask'] == 1], after[batch['attention_mask'] == 1], atol=1e-4, rtol=1e-4)
    merged = again.merge_and_unload()
    assert type(merged) is LlamaForCausalLM
    with torch.no_grad(): torch.testing.assert_close(merged(**batch).logits, after, atol=1e-5, rtol=1e-5)

def test_a_classifier_is_fine_tuned(tmp_path, config):
    config.num_labels = 2
    rows = [{'input_ids': [i, 5, 6][:2 + i % 2], 'attention_mask': [1, 1, 1][:2 + i % 2], 'labels': int(i > 20)} for i in range(7, 40)]
    def together(rows): return {**collate([{k: v for k, v in r.items() if k != 'labels'} for r in rows]), 'labels': torch.tensor([r['labels'] for r in rows])}
    args = TrainingArguments(tmp_path, num_train_epochs=40, per_device_train_batch_size=8, learning_rate=3e-3, save_strategy='no', use_cpu=True, report_to='none', disable_tqdm=True)
    trainer = Trainer(LlamaForSequenceClassification(config), args, train_dataset=rows, eval_dataset=rows, data_collator=together)
    trainer.train()
    assert trainer.evaluate()['eval_loss'] < .2
    trainer.model.save_pretrained(tmp_path/'kept')
    loaded, there = AutoModelForSequenceClassification.from_pretrained(tmp_path/'kept').eval(), transformers.LlamaForSequenceClassification.from_pretrained(tmp_path/'kept')
    batch = together(rows)
    with torch.no_grad(): torch.testing.assert_close(loaded(**batch).logits, there(**batch).logits, atol=1e-4, rtol=1e-4)

@torch.no_grad()
def test_follow_a_decoder(config):
    model = LlamaForCausalLM(config).eval()
    whole = follow(model, {'input_ids': torch.tensor([[5, 6, 7]])})
    assert whole['self_attn'].shape_in == (1, 3, 32) and whole['lm_head'].shape_out == (1, 3, 40)
    step = follow(model, {'input_ids': torch.tensor([[8]]), 'past_key_values': whole.output.past_key_values}) # with what was kept
    assert step['self_attn'].shape_in == (1, 1, 32) and step.output.past_key_values.get_seq_length() == 4
    torch.testing.assert_close(step.output.logits[:, 0], model(torch.tensor([[5, 6, 7, 8]])).logits[:, 3], atol=1e-5, rtol=1e-4)
    assert 'rope' not in repr(step) and repr(step)
