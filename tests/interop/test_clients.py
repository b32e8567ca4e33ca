"Clients end to end, that fit this environment: sentence-transformers, and what peft and TRL do with a decoder. The page has the whole table, with those that were run by hand."
import numpy as np, pytest, torch
from peft import LoraConfig, PeftModel, PrefixTuningConfig, PromptTuningConfig, get_peft_model

from transformers_lite import AutoModelForCausalLM, AutoTokenizer, DistilBertModel

LLAMA = 'transformers-lite/llama-reviews'
TEXTS = ['A warm film.', 'Dull, dull, dull, and far too long.']

@pytest.fixture
def decoder(): return AutoModelForCausalLM.from_pretrained(LLAMA)

@pytest.fixture
def words(): return AutoTokenizer.from_pretrained(LLAMA)

# -- sentence-transformers

@pytest.fixture
def sentences(tmp_path, tokenizer):
    "A SentenceTransformer around our model and tokenizer, and one that made its own from the same folder."
    pytest.importorskip('sentence_transformers')
    from sentence_transformers import SentenceTransformer, models
    encoder = DistilBertModel.from_pretrained(tokenizer.name_or_path)
    encoder.save_pretrained(tmp_path/'encoder'), tokenizer.save_pretrained(tmp_path/'encoder')
    first = models.Transformer(str(tmp_path/'encoder'))
    first.model, first.processor = encoder, tokenizer
    return SentenceTransformer(modules=[first, models.Pooling(encoder.config.dim, 'mean')], device='cpu'), SentenceTransformer(str(tmp_path/'encoder'), device='cpu')

def test_sentences_have_the_same_vectors(sentences):
    ours, theirs = sentences
    assert type(ours[0].model) is DistilBertModel and type(theirs[0].model) is not DistilBertModel
    np.testing.assert_allclose(ours.encode(TEXTS), theirs.encode(TEXTS), atol=1e-5)
    np.testing.assert_allclose(ours.encode(TEXTS)[:1], ours.encode(TEXTS[:1]), atol=1e-5) # padding changes nothing

def test_sentences_learn_and_come_back(sentences, tmp_path):
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments, losses
    ours, before = sentences[0], sentences[0].encode(TEXTS)
    rows = Dataset.from_dict(dict(anchor=['a warm film', 'a dull book'] * 8, positive=['a fine film', 'a stupid book'] * 8))
    args = SentenceTransformerTrainingArguments(tmp_path/'run', max_steps=3, per_device_train_batch_size=4, learning_rate=1e-3, report_to='none', disable_tqdm=True, use_cpu=True, save_strategy='no')
    SentenceTransformerTrainer(ours, args, train_dataset=rows, loss=losses.MultipleNegativesRankingLoss(ours)).train()
    after = ours.encode(TEXTS)
    assert np.abs(after - before).max() > 1e-3
    ours.save(str(tmp_path/'saved'), create_model_card=False)
    np.testing.assert_allclose(SentenceTransformer(str(tmp_path/'saved'), device='cpu').encode(TEXTS), after, atol=1e-5)

# -- peft on a decoder

def learn(model, batch, steps=30):
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=2e-2)
    losses = []
    for _ in range(steps):
        losses.append(model.train()(**batch, labels=batch['input_ids']).loss)
        losses[-1].backward()
        optimizer.step()
        optimizer.zero_grad()
    model.eval()
    return losses[0].item(), losses[-1].item()

CONFIGS = dict(lora=LoraConfig(task_type='CAUSAL_LM', target_modules='all-linear'), prompt=PromptTuningConfig(task_type='CAUSAL_LM', num_virtual_tokens=6), prefix=PrefixTuningConfig(task_type='CAUSAL_LM', num_virtual_tokens=6))

@pytest.mark.parametrize('config', CONFIGS.values(), ids=CONFIGS)
def test_a_decoder_writes_through_an_adapter(config, decoder, words, tmp_path):
    "It learns one text; then `generate` agrees with what `forward` says is likeliest, token by token."
    batch, start = words(['The boat sailed home.'], return_tensors='pt'), words(['The'], return_tensors='pt')
    plain = decoder.generate(**start, max_new_tokens=5, do_sample=False)
    adapted = get_peft_model(decoder, config)
    first, last = learn(adapted, batch)
    assert last < first - 1
    with torch.no_grad():
        ids = start['input_ids']
        for _ in range(5): ids = torch.cat([ids, adapted(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[:, -1:].argmax(-1)], 1)
        wrote = adapted.generate(**start, max_new_tokens=5, do_sample=False)
    assert wrote.tolist() == ids.tolist() != plain.tolist()
    adapted.save_pretrained(tmp_path/'adapter', save_embedding_layers=False)
    again = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(LLAMA), tmp_path/'adapter').eval()
    torch.testing.assert_close(again(**batch).logits, adapted(**batch).logits, atol=1e-5, rtol=0)

# -- TRL's packed rows

def test_a_packed_row_is_its_texts(decoder, words):
    "As TRL's collator packs them: all that it hands over is taken, and no text sees another."
    parts = [words(t)['input_ids'] for t in TEXTS]
    lengths = [len(p) for p in parts]
    starts = torch.tensor([0, *np.cumsum(lengths)], dtype=torch.int32)
    packed = dict(input_ids=torch.tensor([sum(parts, [])]), position_ids=torch.cat([torch.arange(n) for n in lengths])[None], cu_seq_lens_q=starts, cu_seq_lens_k=starts, max_length_q=max(lengths), max_length_k=max(lengths),
                  seq_idx=torch.repeat_interleave(torch.arange(2), torch.tensor(lengths))[None])
    with torch.no_grad():
        alone = torch.cat([decoder(torch.tensor([p])).logits[0] for p in parts])
        torch.testing.assert_close(decoder(**packed).logits[0], alone, atol=1e-4, rtol=0)
        assert (decoder(packed['input_ids']).logits[0] - alone).abs().max() > .1 # negative control
