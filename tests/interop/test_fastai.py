"fastai's Learner trains our models: batches are tuples of inputs and labels, and one callback takes the logits of what a model returns."
import torch

from fastai.basics import Callback, CrossEntropyLossFlat, DataLoader, DataLoaders, Learner, accuracy, params
from fastai.callback import schedule # noqa: F401 (gives a Learner fit_one_cycle)

from transformers_lite import AutoModelForSequenceClassification, DistilBertForSequenceClassification

class TakeLogits(Callback):
    "The loss and the metrics get the logits."
    def after_pred(self): self.learn.pred = self.pred.logits

def learner(folder, model, tokenizer, reviews, **kwargs):
    def collate(rows):
        texts, labels = zip(*rows)
        batch = tokenizer(list(texts), padding=True, return_tensors='pt')
        return batch.input_ids, batch.attention_mask, torch.tensor(labels)
    train, valid = DataLoader(reviews[:48], bs=8, shuffle=True, create_batch=collate, n_inp=2), DataLoader(reviews[48:], bs=8, create_batch=collate, n_inp=2)
    return Learner(DataLoaders(train, valid, device='cpu'), model, loss_func=CrossEntropyLossFlat(), metrics=accuracy, cbs=TakeLogits(), path=folder, **kwargs)

def test_one_cycle(tmp_path, tokenizer, config, reviews):
    model = DistilBertForSequenceClassification(config)
    learn = learner(tmp_path, model, tokenizer, reviews)
    loss, right = learn.validate()
    assert loss > 0.5 and right < 0.8
    with learn.no_bar(), learn.no_logging(): learn.fit_one_cycle(10, 5e-3)
    loss, right = learn.validate() # on texts that it didn't see
    assert loss < 0.3 and right > 0.9
    with learn.no_bar(): shares, labels = learn.get_preds()
    direct = model(**tokenizer([text for text, _ in reviews[48:]], padding=True, return_tensors='pt')).logits.softmax(-1)
    torch.testing.assert_close(shares, direct.detach(), atol=1e-5, rtol=0)
    assert labels.tolist() == [label for _, label in reviews[48:]]
    learn.model.save_pretrained(tmp_path)
    again = learner(tmp_path, AutoModelForSequenceClassification.from_pretrained(tmp_path), tokenizer, reviews)
    assert again.validate() == learn.validate()

def test_frozen_body(tmp_path, tokenizer, config, reviews): # fastai's groups of parameters: the head learns, the body stays (and train_bn=False its normalizations)
    model = DistilBertForSequenceClassification(config)
    learn = learner(tmp_path, model, tokenizer, reviews, train_bn=False, splitter=lambda m: [params(m.distilbert), params(m.pre_classifier) + params(m.classifier)])
    start = {k: v.clone() for k, v in model.state_dict().items()}
    def changed(): return {k.split('.')[0] for k, v in model.state_dict().items() if not torch.equal(v, start[k])}
    learn.freeze()
    with learn.no_bar(), learn.no_logging(): learn.fit_one_cycle(1, 1e-2)
    assert changed() == {'pre_classifier', 'classifier'}
    learn.unfreeze()
    with learn.no_bar(), learn.no_logging(): learn.fit_one_cycle(1, slice(1e-3, 1e-2)) # the body slower than the head
    assert changed() == {'distilbert', 'pre_classifier', 'classifier'}
