"The `datasets` library maps our tokenizers over a table, and remembers what it did."
import pytest, torch
from datasets import Dataset
from datasets.fingerprint import Hasher
from torch.utils.data import DataLoader

from transformers_lite import AutoTokenizer, DistilBertForSequenceClassification

@pytest.fixture(params=[True, False], ids=['fast', 'slow'])
def tokenizer(request): return AutoTokenizer.from_pretrained('transformers-lite/distilbert-sentiment', use_fast=request.param)

@pytest.fixture
def table(reviews): return Dataset.from_dict(dict(text=[t for t, _ in reviews], labels=[l for _, l in reviews]))

def test_map(tokenizer, table):
    mapped = table.map(tokenizer, batched=True, input_columns='text')
    assert {'input_ids', 'attention_mask'} < {*mapped.column_names} and list(mapped['input_ids']) == tokenizer(list(table['text'])).input_ids

@pytest.mark.parametrize('processes', [1, 2])
def test_several_processes(tokenizer, table, processes):
    mapped = table.map(lambda rows: tokenizer(rows['text'], truncation=True, max_length=6), batched=True, num_proc=processes)
    assert list(mapped['input_ids']) == tokenizer(list(table['text']), truncation=True, max_length=6).input_ids

def test_what_was_done_is_not_done_again(tmp_path, tokenizer, table):
    table.save_to_disk(tmp_path)
    table, calls = Dataset.load_from_disk(tmp_path), tmp_path/'calls'
    def encode(rows, tokenizer):
        with calls.open('a') as f: f.write('.') # one for each batch
        return tokenizer(rows['text'])
    def run(tokenizer):
        mapped = table.map(encode, batched=True, fn_kwargs=dict(tokenizer=tokenizer))
        return mapped, len(calls.read_text())
    first, n = run(tokenizer)
    again, m = run(tokenizer) # the tokenizer was used, and is the same still
    fresh, k = run(AutoTokenizer.from_pretrained('transformers-lite/distilbert-sentiment', use_fast=tokenizer.is_fast))
    assert n == m == k == 1 and list(first['input_ids']) == list(again['input_ids']) == list(fresh['input_ids'])
    tokenizer.add_tokens(['winding'])
    other, l = run(tokenizer) # another tokenizer
    assert l == 2 and list(other['input_ids']) != list(first['input_ids'])

def test_the_hash_of_a_tokenizer(tokenizer):
    before = Hasher.hash(tokenizer)
    tokenizer(['some text', 'and a longer one'], padding=True, truncation=True, max_length=4)
    assert Hasher.hash(tokenizer) == before
    tokenizer.padding_side = 'left'
    assert Hasher.hash(tokenizer) != before

def test_from_table_to_training(tokenizer, table, config):
    rows = table.map(tokenizer, batched=True, input_columns='text', remove_columns='text', fn_kwargs=dict(padding='max_length', max_length=12)).with_format('torch')
    assert rows[:2]['input_ids'].shape == (2, 12) and rows[:2]['labels'].tolist() == [0, 1]
    model = DistilBertForSequenceClassification(config).train()
    optimizer, losses = torch.optim.AdamW(model.parameters(), lr=1e-2), []
    for _ in range(4):
        for batch in DataLoader(rows, batch_size=16):
            loss = model(**batch).loss
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
    assert losses[-1] < losses[0] / 2

def test_padding_comes_later(tokenizer, table): # rows of any length, and `pad` for each batch
    rows = table.map(tokenizer, batched=True, input_columns='text', remove_columns='text').with_format('torch')
    batch = next(iter(DataLoader(rows.select(range(60, 64)), batch_size=4, collate_fn=lambda r: tokenizer.pad(r, return_tensors='pt'))))
    assert torch.equal(batch.input_ids, tokenizer(list(table['text'][60:]), padding=True, return_tensors='pt').input_ids)

def test_whole_rows_are_no_texts(tokenizer, table): # `map` must be told the column
    with pytest.raises(ValueError, match='A text is a `str`.*LazyBatch'): table.map(tokenizer, batched=True)
