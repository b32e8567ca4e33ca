"transformers' Trainer trains our models."
import numpy as np, torch, transformers
import transformers_lite
from transformers import DataCollatorWithPadding, Trainer, TrainingArguments
from transformers_lite import AutoModelForSequenceClassification, AutoTokenizer, DistilBertForMaskedLM, DistilBertForQuestionAnswering, DistilBertForSequenceClassification

def make(model, folder, tokenizer, reviews, callbacks=None, **kwargs):
    rows = [{**tokenizer(text), 'labels': label} for text, label in reviews]
    args = TrainingArguments(folder, **{**dict(num_train_epochs=20, per_device_train_batch_size=8, learning_rate=3e-3, logging_steps=1, save_strategy='no', use_cpu=True, report_to='none', disable_tqdm=True), **kwargs})
    return Trainer(model, args, train_dataset=rows[:48], eval_dataset=rows[48:], data_collator=DataCollatorWithPadding(tokenizer), processing_class=tokenizer, callbacks=callbacks,
                   compute_metrics=lambda p: {'accuracy': np.mean(p.predictions.argmax(-1) == p.label_ids)})

def losses(trainer): return [float(o['loss']) for o in trainer.state.log_history if 'loss' in o]

def same(a, b): return all(torch.equal(p, q) for p, q in zip(a.state_dict().values(), b.state_dict().values(), strict=True))

def test_trains_and_evaluates(tmp_path, tokenizer, config, reviews):
    model = DistilBertForSequenceClassification(config)
    trainer = make(model, tmp_path, tokenizer, reviews)
    before = trainer.evaluate()
    trainer.train()
    after = trainer.evaluate() # on texts that it didn't see
    assert before['eval_loss'] > 0.6 and before['eval_accuracy'] < 0.8
    assert after['eval_loss'] < 0.3 and after['eval_accuracy'] > 0.9
    text = tokenizer('a clever song', return_tensors='pt')
    np.testing.assert_allclose(trainer.predict([{k: v[0] for k, v in text.items()}]).predictions, model.eval()(**text).logits.detach(), atol=1e-6)

def test_learns_what_transformers_own_model_learns(tmp_path, tokenizer, config, reviews):
    ours = DistilBertForSequenceClassification(config)
    ours.save_pretrained(tmp_path/'start')
    theirs = transformers.DistilBertForSequenceClassification.from_pretrained(tmp_path/'start')
    other = DistilBertForSequenceClassification(config) # another start, another run
    runs = [make(m, tmp_path, tokenizer, reviews, num_train_epochs=2) for m in (ours, theirs, other)]
    for run in runs: run.train()
    a, b, c = map(losses, runs)
    np.testing.assert_allclose(a, b, rtol=1e-3)
    assert np.abs(np.subtract(c, b)).max() > 0.01

def test_two_small_batches_are_a_large_one(tmp_path, tokenizer, config, reviews):
    large, small, other = (DistilBertForSequenceClassification(config) for _ in range(3))
    for m in small, other: m.load_state_dict(large.state_dict())
    runs = [make(m, tmp_path, tokenizer, reviews, num_train_epochs=2, optim='sgd', learning_rate=0.1, per_device_train_batch_size=b, gradient_accumulation_steps=n) for m, b, n in ((large, 16, 1), (small, 8, 2), (other, 8, 1))]
    for run in runs: run.train()
    np.testing.assert_allclose(losses(runs[0]), losses(runs[1]), rtol=1e-4)
    weights = [torch.nn.utils.parameters_to_vector(m.parameters()) for m in (large, small, other)]
    assert (weights[0] - weights[1]).abs().max() < 1e-6 < 1e-3 < (weights[0] - weights[2]).abs().max()

def test_saves_and_goes_on(tmp_path, tokenizer, config, reviews):
    config.dropout = 0.1 # so that the state of the random numbers matters as well
    whole = DistilBertForSequenceClassification(config)
    make(whole, tmp_path, tokenizer, reviews, num_train_epochs=4, save_strategy='epoch').train()
    part = DistilBertForSequenceClassification(config)
    half = tmp_path/'checkpoint-12'
    assert not same(whole, AutoModelForSequenceClassification.from_pretrained(half))
    assert same(whole, AutoModelForSequenceClassification.from_pretrained(tmp_path/'checkpoint-24'))
    make(part, tmp_path/'again', tokenizer, reviews, num_train_epochs=4).train(resume_from_checkpoint=str(half))
    assert same(whole, part)

def test_save_model_saves_all_that_is_needed(tmp_path, tokenizer, model, reviews):
    make(model, tmp_path, tokenizer, reviews).save_model(tmp_path/'saved')
    ours, theirs = (library.AutoModelForSequenceClassification.from_pretrained(tmp_path/'saved') for library in (transformers_lite, transformers))
    assert type(ours) is type(model) and same(model, ours)
    assert type(AutoTokenizer.from_pretrained(tmp_path/'saved')) is type(tokenizer)
    batch = tokenizer(reviews[0][0], return_tensors='pt')
    torch.testing.assert_close(theirs.eval()(**batch).logits, model.eval()(**batch).logits, atol=1e-5, rtol=1e-5)

def test_the_best_checkpoint_comes_back(tmp_path, tokenizer, config, reviews): # here the one with the highest loss, so that it isn't the last
    trainer = make(DistilBertForSequenceClassification(config), tmp_path, tokenizer, reviews, num_train_epochs=8, save_strategy='epoch', eval_strategy='epoch', load_best_model_at_end=True, metric_for_best_model='eval_loss', greater_is_better=True)
    trainer.train()
    saved = type(trainer.model).from_pretrained
    assert same(trainer.model, saved(trainer.state.best_model_checkpoint)) and not same(trainer.model, saved(tmp_path/'checkpoint-48'))

def test_gradient_checkpointing(tmp_path, tokenizer, config, reviews):
    name = 'activation_checkpointing' if hasattr(TrainingArguments, 'activation_checkpointing') else 'gradient_checkpointing' # until 5.23
    plain, thrifty = DistilBertForSequenceClassification(config), DistilBertForSequenceClassification(config)
    thrifty.load_state_dict(plain.state_dict())
    runs = make(plain, tmp_path, tokenizer, reviews, num_train_epochs=1), make(thrifty, tmp_path, tokenizer, reviews, num_train_epochs=1, **{name: True})
    for run in runs: run.train()
    assert thrifty.is_gradient_checkpointing and not plain.is_gradient_checkpointing
    np.testing.assert_allclose(*map(losses, runs), rtol=1e-4)

def test_question_answering(tmp_path, tokenizer, config): # two labels, found by their names
    rows = [{**tokenizer('which film?', f'a {word} film', padding='max_length', max_length=16), 'start_positions': 6, 'end_positions': 6} for word in 'warm dull fine poor'.split()] * 4
    model = DistilBertForQuestionAnswering(config)
    trainer = Trainer(model, TrainingArguments(tmp_path, num_train_epochs=5, learning_rate=1e-2, logging_steps=1, save_strategy='no', use_cpu=True, report_to='none', disable_tqdm=True), train_dataset=rows, eval_dataset=rows)
    before = trainer.evaluate()['eval_loss']
    trainer.train()
    assert trainer.evaluate()['eval_loss'] < before / 2
    start, end = trainer.predict(rows[:1]).predictions[:2]
    assert start.argmax() == end.argmax() == 6

def test_tied_weights_are_saved(tmp_path, tokenizer, config):
    model = DistilBertForMaskedLM(config)
    Trainer(model, TrainingArguments(tmp_path, use_cpu=True, report_to='none')).save_model(tmp_path/'a')
    assert same(model, DistilBertForMaskedLM.from_pretrained(tmp_path/'a'))
    again = transformers.DistilBertForMaskedLM.from_pretrained(tmp_path/'a')
    assert again.vocab_projector.weight is again.distilbert.embeddings.word_embeddings.weight and torch.equal(again.vocab_projector.weight, model.vocab_projector.weight)
