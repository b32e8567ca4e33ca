"What `generate` writes is what transformers' own writes: token by token, with every setting that is here; and what isn't here is refused."
import threading
from types import SimpleNamespace

import pytest, torch, transformers
from packaging.version import Version
from torch import nn

from helpers import run_python
from transformers_lite import CausalLMOutputWithPast, DynamicCache, GenerationConfig, LlamaForCausalLM, LlamaModel, LlamaPreTrainedModel
from transformers_lite.generation import (
    ELSEWHERE, Generation, GenerationMixin, Steps, TextIteratorStreamer, TextStreamer, forbid_repeated_ngrams, generate, keep_min_p,
    keep_top_k, keep_top_p, new_scores, penalize_repetition, sample, stop_at)

NEW_524 = Version(transformers.__version__) >= Version('5.24') # the release that `make test-newest` met first
MANY = list(range(2, 12)) # ids that end a text, so many that texts do end

def their_llama(seed=0):
    torch.manual_seed(seed)
    config = transformers.LlamaConfig(
        vocab_size=60, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        initializer_range=.3, max_position_embeddings=128, bos_token_id=1, eos_token_id=2, pad_token_id=0)
    return transformers.LlamaForCausalLM(config).eval()

def their_gpt2(seed=0):
    torch.manual_seed(seed)
    config = transformers.GPT2Config(vocab_size=60, n_embd=32, n_layer=2, n_head=4, initializer_range=.3, n_positions=128,
                                     bos_token_id=1, eos_token_id=2, pad_token_id=0)
    return transformers.GPT2LMHeadModel(config).eval()

@pytest.fixture(scope='module', params=['llama', 'gpt2', 'ours'])
def pairs(request, tmp_path_factory):
    "Two models each of theirs, and of what `generate` is given: the same, or ours with the same weights."
    if request.param == 'gpt2': return [(m, m) for m in map(their_gpt2, (0, 1))]
    made = [(m, m) for m in map(their_llama, (0, 1))]
    if request.param == 'llama': return made
    folder, res = tmp_path_factory.mktemp('ours'), []
    for i, (m, _) in enumerate(made):
        m.save_pretrained(folder/str(i))
        res.append((m, LlamaForCausalLM.from_pretrained(folder/str(i))))
    return res

@pytest.fixture(scope='module')
def llama(): return their_llama()

def batch(*lengths, seed=0):
    "Prompts of these lengths, padded on the left by 0."
    torch.manual_seed(seed + 100)
    n = max(lengths)
    ids, mask = torch.zeros(len(lengths), n, dtype=torch.long), torch.zeros(len(lengths), n, dtype=torch.long)
    for i, k in enumerate(lengths): ids[i, n-k:], mask[i, n-k:] = torch.randint(12, 60, (k,)), 1
    return dict(input_ids=ids, attention_mask=mask)

PROMPTS = [batch(3, 7, 5), batch(6, 6), batch(4), dict(input_ids=batch(5, 2)['input_ids'])]

def both(theirs, ours, prompt, **options):
    "What the two write from the same seed."
    res = []
    for write in theirs.generate, lambda **kw: generate(ours, **kw):
        torch.manual_seed(3)
        res.append(write(**prompt, **{'max_new_tokens': 12, 'pad_token_id': 1, **options}))
    return res

CASES = [
    dict(), dict(use_cache=False), dict(max_length=15, max_new_tokens=None), dict(max_new_tokens=None), dict(eos_token_id=MANY),
    dict(eos_token_id=MANY, min_new_tokens=6), dict(eos_token_id=MANY, min_length=12), dict(eos_token_id=None),
    dict(repetition_penalty=1.3), dict(repetition_penalty=.7), dict(no_repeat_ngram_size=2), dict(no_repeat_ngram_size=1),
    dict(num_beams=3), dict(num_beams=3, use_cache=False), dict(num_beams=4, eos_token_id=None),
    dict(num_beams=4, eos_token_id=MANY, num_return_sequences=4), dict(num_beams=3, eos_token_id=MANY, early_stopping=True),
    dict(num_beams=3, eos_token_id=MANY, early_stopping='never', length_penalty=1.5), dict(num_beams=3, eos_token_id=MANY, length_penalty=0.),
    dict(num_beams=2, eos_token_id=MANY, length_penalty=-1., num_return_sequences=2),
    dict(num_beams=3, eos_token_id=MANY, repetition_penalty=1.2, no_repeat_ngram_size=2, min_new_tokens=3),
    dict(do_sample=True), dict(do_sample=True, top_k=0), dict(do_sample=True, temperature=.6, top_k=8), dict(do_sample=True, top_p=.8),
    dict(do_sample=True, top_p=.8, top_k=None), dict(do_sample=True, min_p=.1), dict(do_sample=True, num_return_sequences=3),
    dict(do_sample=True, temperature=1.4, top_k=20, top_p=.9, min_p=.02, repetition_penalty=1.1, eos_token_id=MANY),
    dict(do_sample=True, num_beams=3, top_p=.9, eos_token_id=MANY)]

@pytest.mark.parametrize('case', CASES, ids=lambda c: ', '.join(f'{k}={v}' for k, v in c.items() if k != 'eos_token_id') + ', ends' * ('eos_token_id' in c) or 'plain')
def test_parity(pairs, case):
    if NEW_524 and case.get('do_sample') and 'num_beams' in case: pytest.skip('transformers 5.24 ranks the beams that it drew; here, as in 4.57, they stay as they were drawn')
    for prompt in PROMPTS:
        for theirs, ours in pairs:
            expected, found = both(theirs, ours, prompt, **case)
            assert torch.equal(expected, found)

def test_a_lost_mask_is_noticed(llama): # negative control
    ids = PROMPTS[0]['input_ids']
    expected, _ = both(llama, llama, PROMPTS[0])
    assert not torch.equal(expected, generate(llama, ids, attention_mask=torch.ones_like(ids), max_new_tokens=12, pad_token_id=1))

def test_texts_end(llama): # or the cases above would say nothing of ends
    out = generate(llama, **PROMPTS[0], eos_token_id=MANY, max_new_tokens=30, pad_token_id=1)
    assert (out[:, 7:] == 1).any() and torch.isin(out[:, 7:], torch.tensor(MANY)).any()

# Scores

@pytest.mark.parametrize('name, value, ours', [
    ('TopKLogitsWarper', 3, keep_top_k), ('TopKLogitsWarper', 500, keep_top_k), ('TopPLogitsWarper', .1, keep_top_p), ('TopPLogitsWarper', .7, keep_top_p),
    ('TopPLogitsWarper', 0., keep_top_p), ('MinPLogitsWarper', .05, keep_min_p), ('MinPLogitsWarper', 1., keep_min_p)])
def test_what_is_kept(name, value, ours):
    torch.manual_seed(0)
    scores = 3 * torch.randn(8, 200)
    expected = getattr(transformers, name)(value)(None, scores)
    torch.testing.assert_close(ours(scores, value), expected, atol=1e-6, rtol=0)
    assert torch.isinf(expected).any() or value == 500

@pytest.mark.parametrize('least', [1, 4])
def test_some_stay_in_any_case(least):
    torch.manual_seed(0)
    scores = 5 * torch.randn(8, 50)
    top_p, min_p = transformers.TopPLogitsWarper(.01, min_tokens_to_keep=least), transformers.MinPLogitsWarper(.99, min_tokens_to_keep=least)
    assert torch.equal(keep_top_p(scores, .01, least), top_p(None, scores)) and torch.equal(keep_min_p(scores, .99, least), min_p(None, scores))
    few = keep_top_k(scores, 10)
    assert torch.equal(keep_top_p(few, .9, least, among=10), keep_top_p(few, .9, least))

def test_what_was_written():
    torch.manual_seed(0)
    scores, ids = 3 * torch.randn(4, 12), torch.randint(12, (4, 30))
    for penalty in .5, 1.7:
        expected = transformers.RepetitionPenaltyLogitsProcessor(penalty)(ids, scores)
        torch.testing.assert_close(penalize_repetition(scores, ids, penalty), expected, atol=1e-6, rtol=0)
    for n in 1, 2, 3:
        expected = transformers.NoRepeatNGramLogitsProcessor(n)(ids, scores)
        assert torch.equal(forbid_repeated_ngrams(scores, ids, n), expected)
        assert torch.equal(forbid_repeated_ngrams(scores, ids[:, :n-1], n), scores)
    padded = torch.ones_like(ids)
    padded[:, :9] = 0
    assert torch.equal(penalize_repetition(scores, ids, 2., padded), penalize_repetition(scores, ids[:, 9:], 2.))

def test_functions_of_the_caller(llama):
    "Transformers' own objects, plain functions, and tests that answer in one word."
    prompt = PROMPTS[0]
    warper = transformers.TypicalLogitsWarper(.4)
    expected, found = both(llama, llama, prompt, do_sample=True, logits_processor=transformers.LogitsProcessorList([warper]))
    assert torch.equal(expected, found)
    plain = both(llama, llama, prompt)[0]
    assert (generate(llama, **prompt, max_new_tokens=3, logits_processor=[lambda ids, x: x.index_fill(1, torch.tensor([33]), 9e9)])[:, -3:] == 33).all()
    for stop in transformers.MaxLengthCriteria(9), lambda ids, scores: ids.shape[1] >= 9, lambda ids, scores: torch.tensor([ids.shape[1] >= 9] * len(ids)):
        for beams in {}, dict(num_beams=2):
            assert generate(llama, **prompt, max_new_tokens=12, stopping_criteria=[stop], **beams).shape[1] == 9
    assert torch.equal(generate(llama, **prompt, max_new_tokens=12, pad_token_id=1, stopping_criteria=[lambda ids, scores: ids.shape[1] >= 9]), plain[:, :9])
    assert generate(llama, **prompt, max_new_tokens=12, max_time=0.).shape[1] == 8

# Kinds of prompts

def test_vectors_in_the_place_of_ids(llama):
    prompt = PROMPTS[0]
    embeds = llama.get_input_embeddings()(prompt['input_ids'])
    for case in dict(), dict(num_beams=3), dict(max_length=14, max_new_tokens=None), dict(eos_token_id=MANY, min_length=12):
        expected, found = both(llama, llama, dict(inputs_embeds=embeds, attention_mask=prompt['attention_mask']), **case)
        assert torch.equal(expected, found)
    assert torch.equal(generate(llama, **prompt, max_new_tokens=5)[:, 7:], generate(llama, inputs_embeds=embeds, attention_mask=prompt['attention_mask'], max_new_tokens=5))
    # with padding, transformers 5.23 leaves out the first new tokens of a row, as if they were its padding
    expected, found = both(llama, llama, dict(inputs_embeds=embeds[1:2]), repetition_penalty=1.5)
    assert torch.equal(expected, found)
    row = generate(llama, inputs_embeds=embeds, attention_mask=prompt['attention_mask'], repetition_penalty=1.5, max_new_tokens=12)[:1]
    alone = generate(llama, inputs_embeds=embeds[:1, 4:], repetition_penalty=1.5, max_new_tokens=12)
    assert torch.equal(row, alone)
    with pytest.raises(ValueError, match='read once'): generate(llama, inputs_embeds=embeds, max_new_tokens=5, use_cache=False)

def test_a_cache_that_was_there(pairs):
    "The beginning is read once, whoever read it, and the text is the same."
    theirs, ours = pairs[0]
    ids, cache = PROMPTS[1]['input_ids'], transformers.DynamicCache() if theirs is ours else DynamicCache()
    with torch.no_grad(): ours(ids[:, :4], past_key_values=cache, use_cache=True)
    found = generate(ours, ids, past_key_values=cache, max_new_tokens=5)
    assert torch.equal(found, generate(ours, ids, max_new_tokens=5))
    again = generate(ours, ids, max_new_tokens=3, return_dict_in_generate=True)
    more = generate(ours, again.sequences, past_key_values=again.past_key_values, max_new_tokens=2)
    assert torch.equal(more, found)
    with pytest.raises(ValueError, match='give the whole text'): generate(ours, ids[:, :2], past_key_values=again.past_key_values, max_new_tokens=2)

def test_no_prompt(llama):
    expected = llama.generate(max_new_tokens=4)
    assert torch.equal(generate(llama, max_new_tokens=4), expected) and expected[0, 0] == 1
    with pytest.raises(ValueError, match='Set bos_token_id'): generate(llama, max_new_tokens=4, bos_token_id=None)

def test_padding_on_the_right(llama):
    prompt = {k: v.flip(1) for k, v in PROMPTS[0].items()}
    with pytest.raises(ValueError, match="padding_side = 'left'"): generate(llama, **prompt)
    with pytest.raises(ValueError, match="padding_side = 'left'"): generate(llama, prompt['input_ids'])
    with pytest.raises(ValueError, match='an entry for each token'): generate(llama, prompt['input_ids'], attention_mask=prompt['attention_mask'][:, 1:])

# What comes back

def test_outputs(pairs):
    names = dict(return_dict_in_generate=True, output_scores=True, output_logits=True, output_hidden_states=True)
    for theirs, ours in pairs:
        for case in dict(repetition_penalty=1.3), dict(num_beams=3, num_return_sequences=2, eos_token_id=MANY), dict(do_sample=True, top_k=5):
            expected, found = both(theirs, ours, PROMPTS[0], **names, **case)
            assert torch.equal(expected.sequences, found.sequences)
            assert set(found) == {'past_key_values' if k == 'cache' else k for k in expected} - {'beam_indices'} # 5.24 has the other name
            for k in 'scores', 'logits':
                assert len(expected[k]) == len(found[k])
                for a, b in zip(expected[k], found[k]): torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-5)
            if 'num_beams' in case: torch.testing.assert_close(expected.sequences_scores, found.sequences_scores, atol=1e-5, rtol=1e-5)
            kept = PROMPTS[0]['attention_mask'].repeat_interleave(len(found.scores[0]) // 3, 0).bool()
            torch.testing.assert_close(expected.hidden_states[0][1][kept], found.hidden_states[0][1][kept], atol=1e-5, rtol=1e-5)
            assert [len(h) for h in found.hidden_states] == [len(h) for h in expected.hidden_states]

def test_attentions(llama, tmp_path):
    llama.save_pretrained(tmp_path)
    out = generate(LlamaForCausalLM.from_pretrained(tmp_path), **PROMPTS[0], max_new_tokens=3, return_dict_in_generate=True, output_attentions=True)
    assert [a[0].shape[2:] for a in out.attentions] == [(7, 7), (1, 8), (1, 9)]

def test_what_fills_a_row(llama):
    "Transformers 5.23 fills rows of beams with the first end where the id of padding is 0; here it is 0."
    options = dict(num_beams=3, eos_token_id=MANY, pad_token_id=0, max_new_tokens=20)
    expected, found = llama.generate(**PROMPTS[0], **options), generate(llama, **PROMPTS[0], **options)
    ends = torch.isin(found[:, 7:], torch.tensor(MANY)).int().argmax(1) + 8
    assert ends.min() < found.shape[1]
    for theirs, ours, n in zip(expected, found, ends):
        assert torch.equal(theirs[:n], ours[:n]) and (ours[n:] == 0).all() and (theirs[n:] == 2).all()

def test_gradients_are_on_again(llama):
    for _ in sample(Generation(llama, PROMPTS[2]['input_ids'], max_new_tokens=2)): assert torch.is_grad_enabled()
    assert not generate(llama, PROMPTS[2]['input_ids'], max_new_tokens=2).is_inference()

# Models of every kind

class Plain(nn.Module):
    "A recurrent writer: no configuration, no cache, no mask."
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.table, self.rnn, self.head = nn.Embedding(60, 16), nn.GRU(16, 16, batch_first=True), nn.Linear(16, 60)
    def forward(self, input_ids): return SimpleNamespace(logits=self.head(self.rnn(self.table(input_ids))[0]))

class Remembers(Plain):
    "The same with its state as the cache, as a tuple of tuples with the rows first."
    def forward(self, input_ids, past_key_values=None, use_cache=True):
        self.read = getattr(self, 'read', 0) + input_ids.shape[1]
        state = None if past_key_values is None else past_key_values[0][0][None].contiguous()
        x, state = self.rnn(self.table(input_ids), state)
        return SimpleNamespace(logits=self.head(x), past_key_values=((state[0],),) if use_cache else None)

@pytest.mark.parametrize('case', [dict(), dict(num_beams=3, eos_token_id=MANY), dict(do_sample=True)], ids=str)
def test_any_model(case):
    ids, options, res = PROMPTS[1]['input_ids'], dict(max_new_tokens=8, pad_token_id=1) | case, []
    remembers = Remembers()
    for model, use_cache in (Plain(), True), (remembers, True), (Remembers(), False):
        torch.manual_seed(0)
        res.append(generate(model, ids, use_cache=use_cache, **options))
    assert torch.equal(res[0], res[1]) and torch.equal(res[0], res[2])
    if not case: assert remembers.read == ids.shape[1] + 7 # each token once

class PlainWriter(LlamaPreTrainedModel):
    "A model that can't write yet."
    def __init__(self, config):
        super().__init__(config)
        self.model, self.lm_head = LlamaModel(config), torch.nn.Linear(config.hidden_size, config.vocab_size, bias=False)
    def forward(self, input_ids, attention_mask=None, past_key_values=None, use_cache=None):
        out = self.model(input_ids, attention_mask, past_key_values=past_key_values, use_cache=use_cache)
        return CausalLMOutputWithPast(logits=self.lm_head(out[0]), past_key_values=out.past_key_values)

def test_the_mixin(llama, tmp_path):
    class Writer(PlainWriter, GenerationMixin): pass # in the order that transformers' own classes have
    llama.save_pretrained(tmp_path/'theirs')
    model = Writer.from_pretrained(tmp_path/'theirs')
    assert model.can_generate() and Writer.can_generate() and not PlainWriter.can_generate() and model.generation_config.eos_token_id == 2
    model.generation_config = GenerationConfig(max_new_tokens=3, do_sample=True, top_k=4, eos_token_id=None)
    model.save_pretrained(tmp_path/'ours')
    again = Writer.from_pretrained(tmp_path/'ours')
    assert again.generation_config == model.generation_config and again.generate(PROMPTS[2]['input_ids']).shape == (1, 7)
    theirs = transformers.LlamaForCausalLM.from_pretrained(tmp_path/'ours').generation_config
    assert (theirs.top_k, theirs.do_sample, theirs.max_new_tokens) == (4, True, 3)
    model.save_pretrained(tmp_path/'none', is_main_process=False)
    assert not (tmp_path/'none').exists()

# Streams

class Letters:
    "A tokenizer whose tokens are pieces of words, spaces, lines and signs."
    pieces = ['a', 'be ', 'ce', ' de', '.\n', '中', '文', 'é', ' ', 'x y']
    def decode(self, ids, upper=False):
        text = ''.join(self.pieces[i % 10] for i in ([ids] if isinstance(ids, int) else ids)) # 5.24 asks for one id, too
        return text.upper() if upper else text

@pytest.mark.parametrize('options', [{}, dict(skip_prompt=True), dict(upper=True)], ids=str)
def test_streams(llama, capsys, options):
    prompt, res = dict(PROMPTS[2], max_new_tokens=30, eos_token_id=None, repetition_penalty=1.5), []
    for write, streamer in (llama.generate, transformers.TextStreamer), (lambda **kw: generate(llama, **kw), TextStreamer):
        write(**prompt, streamer=streamer(Letters(), **options))
        res.append(capsys.readouterr().out)
    assert res[0] == res[1] and len(res[0]) > 30
    streamer, whole = TextIteratorStreamer(Letters(), timeout=60, **options), transformers.TextIteratorStreamer(Letters(), timeout=60, **options)
    pieces = []
    for one in streamer, whole:
        thread = threading.Thread(target=generate, args=(llama,), kwargs=dict(prompt, streamer=one))
        thread.start()
        pieces.append(list(one))
        thread.join()
    assert ''.join(pieces[0]) == ''.join(pieces[1]) and len(pieces[0]) > 10
    assert NEW_524 or pieces[0] == pieces[1] # 5.24 cuts at other places

def test_a_stream_ends_after_an_error(llama):
    def broken(ids, scores): raise RuntimeError('broken')
    streamer = TextIteratorStreamer(Letters(), timeout=60)
    with pytest.raises(RuntimeError, match='broken'): generate(llama, PROMPTS[2]['input_ids'], logits_processor=[broken], streamer=streamer)
    assert list(streamer)
    with pytest.raises(ValueError, match='one text'): generate(llama, PROMPTS[1]['input_ids'], streamer=TextStreamer(Letters()))
    with pytest.raises(ValueError, match='Leave out one of the two'): generate(llama, PROMPTS[2]['input_ids'], num_beams=2, streamer=TextStreamer(Letters()))

# Ends

def bpe():
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    tokenizer.train_from_iterator(['stop the topper, stopped at the top', 'sto p st opera 停止 the end'], trainers.BpeTrainer(vocab_size=330, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer)

def test_stop_strings_as_transformers():
    tokenizer = bpe()
    strings = ['top', 'the e', '止', 'opp']
    theirs, ours = transformers.StopStringCriteria(tokenizer, strings), stop_at(strings, tokenizer)
    found = []
    for text in 'stop the topper, stopped at the top of the opera 停止 and the end', 'sto pto p theend the ending top':
        ids = torch.tensor([tokenizer(text)['input_ids']])
        for n in range(1, ids.shape[1] + 1):
            assert theirs(ids[:, :n], None).item() == ours(ids[:, :n], None).item(), tokenizer.decode(ids[0, :n])
            found.append(ours(ids[:, :n], None).item())
    assert 4 < sum(found) < len(found) - 4

def test_stop_strings(llama):
    words = SimpleNamespace(decode=lambda ids: ''.join(f'<{i}>' for i in ids))
    plain = generate(llama, **PROMPTS[0], max_new_tokens=12, pad_token_id=1)
    string = f'{plain[0, 10]}><{plain[0, 11]}'
    out = generate(llama, **PROMPTS[0], max_new_tokens=12, pad_token_id=1, stop_strings=string, tokenizer=words)
    assert torch.equal(out[0, :12], plain[0, :12]) and (out[0, 12:] == 1).all() and torch.equal(out[1], plain[1])
    with pytest.raises(ValueError, match='pass tokenizer'): generate(llama, **PROMPTS[0], stop_strings='x')

# Settings

def test_settings_without_torch():
    assert run_python("from transformers_lite import GenerationConfig; import sys; GenerationConfig(top_k=3); print('torch' in sys.modules)").split()[-1] == 'False'

def test_files_both_ways(tmp_path):
    settings = dict(do_sample=True, temperature=.6, top_p=.9, eos_token_id=[2, 5], bos_token_id=1, max_length=40, stop_strings=['x'])
    GenerationConfig(**settings).save_pretrained(tmp_path)
    theirs = transformers.GenerationConfig.from_pretrained(tmp_path)
    assert {k: getattr(theirs, k) for k in settings} == settings
    transformers.GenerationConfig(**settings, typical_p=.7, mine='kept', cache_implementation='static').save_pretrained(tmp_path)
    ours = GenerationConfig.from_pretrained(tmp_path, top_k=7)
    assert {k: getattr(ours, k) for k in settings} == settings and (ours.top_k, ours.mine, ours.typical_p) == (7, 'kept', .7)
    ours.save_pretrained(tmp_path/'again')
    assert transformers.GenerationConfig.from_pretrained(tmp_path/'again').typical_p == .7
    same, unused = GenerationConfig.from_pretrained(tmp_path, top_k=7, other=1, return_unused_kwargs=True)
    assert same == ours and unused == {'other': 1}
    assert 'temperature' in ours.to_diff_dict() and 'num_beams' not in ours.to_diff_dict() and ours.to_dict()['num_beams'] == 1
    assert ours.update(top_k=9, nothing=2) == {'nothing': 2} and ours.top_k == 9
    with pytest.raises(OSError): GenerationConfig.from_pretrained(tmp_path/'again', subfolder='none')

def test_settings_of_a_model(llama, tmp_path):
    theirs = transformers.GenerationConfig.from_model_config(llama.config)
    ours = GenerationConfig.from_model_config(llama.config.to_dict())
    for k in 'bos_token_id', 'eos_token_id', 'pad_token_id': assert getattr(ours, k) == getattr(theirs, k)
    for config in GenerationConfig(max_new_tokens=3), transformers.GenerationConfig(max_new_tokens=3):
        assert generate(llama, PROMPTS[2]['input_ids'], config).shape[1] == 7
        assert generate(llama, PROMPTS[2]['input_ids'], generation_config=config, max_new_tokens=2).shape[1] == 6
        assert config.max_new_tokens == 3 # a call changes nothing

@pytest.mark.parametrize('bad, words', [
    (dict(temperature=-1.), 'not negative'), (dict(do_sample=True, temperature=0), 'above 0'), (dict(top_p=2), 'between 0 and 1'), (dict(num_beams=0), 'at least 1'),
    (dict(max_new_tokens='5'), 'a whole number'), (dict(num_return_sequences=2), 'set do_sample=True'), (dict(num_beams=2, num_return_sequences=3, do_sample=True), 'num_beams=2'),
    (dict(max_new_token=5), "'max_new_tokens'"), (dict(do_sampl=True), "'do_sample'")], ids=str)
def test_bad_settings(llama, bad, words):
    with pytest.raises(ValueError, match=words): GenerationConfig(**bad)
    with pytest.raises(ValueError, match=words): generate(llama, PROMPTS[2]['input_ids'], **bad)

def test_what_is_refused(llama):
    ids = PROMPTS[2]['input_ids']
    for k, nothing in ELSEWHERE.items():
        generate(llama, ids, max_new_tokens=1, **{k: nothing})
        with pytest.raises(ValueError, match=f"{k}=.* isn't done here"): generate(llama, ids, **{k: True if nothing is False else .5})
    with pytest.raises(ValueError, match='forced_eos_token_id=0'): generate(llama, ids, forced_eos_token_id=0)
    with pytest.raises(ValueError, match="typical_p=0.5"): generate(llama, ids, transformers.GenerationConfig(typical_p=.5))
    generate(llama, ids, max_new_tokens=1, cache_implementation='dynamic', synced_gpus=None)
    with pytest.raises(ValueError, match="takes no 'nonsense'"): generate(Plain(), ids, nonsense=1)
    for bad in ids[0], ids.tolist(), 'text':
        with pytest.raises(ValueError, match='a tensor of ids'): generate(llama, bad)
    with pytest.raises(ValueError, match="doesn't count the prompt"): generate(llama, ids, max_length=4)

def test_every_setting_of_transformers_is_known():
    "What another release adds is a slip to us until it is named here."
    import inspect
    from transformers_lite.generation import HARMLESS
    theirs = {k for k in vars(transformers.GenerationConfig()) if k[0] != '_'} | {k for k in inspect.signature(transformers.GenerationMixin.generate).parameters}
    rest = theirs - {*GenerationConfig.known_names(), *ELSEWHERE, *HARMLESS, *inspect.signature(Generation).parameters}
    assert rest <= {'self', 'kwargs', 'streamer', 'transformers_version', 'negative_prompt_attention_mask', 'decoder_start_token_id', 'is_assistant', 'continuous_batching_config',
                    'num_assistant_tokens', 'num_assistant_tokens_schedule', 'assistant_confidence_threshold', 'assistant_lookbehind', 'target_lookbehind',
                    'assistant_ensemble_weight', 'max_matching_ngram_size'}, sorted(rest)

def test_idle_settings_warn(llama):
    from transformers_lite.messages import warn_once
    warn_once.cache_clear()
    with pytest.warns(UserWarning, match='Set do_sample=True'): generate(llama, PROMPTS[2]['input_ids'], temperature=.5, max_new_tokens=1)

def test_steps_read_once(llama):
    read, forward = [], llama.forward
    class Spy(nn.Module):
        config = llama.config
        def forward(self, input_ids, past_key_values=None, use_cache=None):
            read.append(input_ids.shape[1])
            return forward(input_ids, past_key_values=past_key_values, use_cache=use_cache)
    generate(Spy(), PROMPTS[2]['input_ids'], max_new_tokens=4)
    assert read == [4, 1, 1, 1]
    steps = Steps(Spy(), use_cache=False)
    assert new_scores(GenerationConfig(), PROMPTS[2]['input_ids'], steps(PROMPTS[2]['input_ids']).logits[:, -1].detach()).shape == (1, 60)

def test_masks_of_every_kind(pairs):
    theirs, ours = pairs[0]
    prompt = PROMPTS[0]
    expected = generate(ours, **prompt, max_new_tokens=6, repetition_penalty=1.3)
    for kind in torch.bool, torch.int32, torch.float32:
        found = generate(ours, prompt['input_ids'], attention_mask=prompt['attention_mask'].to(kind), max_new_tokens=6, repetition_penalty=1.3)
        assert torch.equal(found, expected)

def test_a_cache_of_a_padded_batch(pairs):
    theirs, ours = pairs[0]
    first = generate(ours, **PROMPTS[0], max_new_tokens=3, eos_token_id=None, return_dict_in_generate=True)
    mask = torch.cat([PROMPTS[0]['attention_mask'], torch.ones(3, 3, dtype=torch.long)], 1)
    more = generate(ours, first.sequences, attention_mask=mask, past_key_values=first.past_key_values, max_new_tokens=4, eos_token_id=None)
    assert torch.equal(more, generate(ours, **PROMPTS[0], max_new_tokens=7, eos_token_id=None))
