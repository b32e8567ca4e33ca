"torch's DataLoader with our tokenizer, image processor and feature extractor as its collator: `pad`, or the object itself."
from functools import partial
import pytest, torch
from torch.utils.data import DataLoader

from transformers_lite import AutoFeatureExtractor, AutoImageProcessor, AutoTokenizer, DistilBertForSequenceClassification, cached_file

@pytest.mark.parametrize('fast', [True, False])
@pytest.mark.parametrize('workers', [0, 2])
def test_pad_is_a_collator(reviews, fast, workers, config):
    tokenizer = AutoTokenizer.from_pretrained('transformers-lite/distilbert-sentiment', use_fast=fast)
    rows = [{**tokenizer(text), 'labels': label} for text, label in reviews]
    def batches(): return DataLoader(rows, batch_size=16, collate_fn=partial(tokenizer.pad, return_tensors='pt'), num_workers=workers)
    for batch, start in zip(batches(), range(0, len(rows), 16), strict=True):
        direct = tokenizer([text for text, _ in reviews[start:start+16]], padding=True, return_tensors='pt')
        assert torch.equal(batch.input_ids, direct.input_ids) and torch.equal(batch.attention_mask, direct.attention_mask)
        assert batch['labels'].tolist() == [label for _, label in reviews[start:start+16]]
    assert len({b.input_ids.shape[1] for b in batches()}) > 1 # each batch is as long as its longest text

    model = DistilBertForSequenceClassification(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    losses = []
    for epoch in range(5):
        for batch in batches():
            loss = model(**batch).loss
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
    assert losses[-1] < losses[0] / 3

def test_workers_that_start_afresh(tokenizer, reviews): # as on macOS and Windows: all that the collator holds is pickled
    rows = [{**tokenizer(text), 'labels': label} for text, label in reviews]
    pad = partial(tokenizer.pad, return_tensors='pt')
    spawned = DataLoader(rows, 32, collate_fn=pad, num_workers=1, multiprocessing_context='spawn')
    for a, b in zip(spawned, DataLoader(rows, 32, collate_fn=pad), strict=True): assert all(torch.equal(a[k], b[k]) for k in b)

def test_texts_as_they_are(tokenizer, model): # the tokenizer itself is a collator of texts
    texts = ['A warm film.', 'Two hours of my life that I will never get back.', 'Dull.']
    batch, = DataLoader(texts, batch_size=3, collate_fn=partial(tokenizer, padding=True, return_tensors='pt'))
    assert model(**batch).logits.argmax(-1).tolist() == [1, 0, 0]

def test_pictures_and_sounds():
    name = 'transformers-lite/vit-digits'
    processor, files = AutoImageProcessor.from_pretrained(name), [cached_file(name, f'sample-{n}.png') for n in (3, 6, 7)]
    batch, = DataLoader(files, batch_size=3, collate_fn=partial(processor, return_tensors='pt'), num_workers=1)
    assert torch.equal(batch.pixel_values, processor(files, return_tensors='pt').pixel_values)
    extractor = AutoFeatureExtractor.from_pretrained('transformers-lite/wav2vec2-morse')
    rows = [{'input_values': extractor(torch.randn(n).numpy(), sampling_rate=4000).input_values[0]} for n in (400, 700)]
    batch, = DataLoader(rows, batch_size=2, collate_fn=partial(extractor.pad, padding=True, return_tensors='pt'), num_workers=1)
    assert batch.input_values.shape == (2, 700) and not batch.input_values[0, 400:].any() and batch.input_values[0, :400].all()
