"transformers' pipelines take our models, tokenizers and processors, and give the scores of a direct call."
import numpy as np, pytest, torch, transformers
from helpers import FOUR
from transformers import DistilBertTokenizerFast, Pipeline, pipeline
from transformers.pipelines import PIPELINE_REGISTRY
from transformers.utils import ModelOutput

from transformers_lite import (AutoImageProcessor, AutoModelForCTC, AutoModelForImageClassification, AutoProcessor, DistilBertForMaskedLM, DistilBertForQuestionAnswering, DistilBertForSequenceClassification,
                               DistilBertForTokenClassification, DistilBertModel, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, Wav2Vec2ForSequenceClassification, cached_file, load_audio)

TEXTS = ['A warm, funny and clever film.', 'Two hours of my life that I will never get back.', 'Not bad.']

@pytest.mark.parametrize('batch_size', [1, 3])
def test_text_classification(tokenizer, model, batch_size):
    classify = pipeline('text-classification', model=model, tokenizer=tokenizer)
    direct = model(**tokenizer(TEXTS, padding=True, return_tensors='pt')).logits.softmax(-1)
    found = classify(TEXTS, top_k=None, batch_size=batch_size)
    np.testing.assert_allclose([[{o['label']: o['score'] for o in row}[name] for name in model.config.label2id] for row in found], direct.detach(), atol=1e-5)
    assert [o['label'] for o in classify(TEXTS[:2])] == ['positive', 'negative']

def test_token_classification(tokenizer, config):
    config.id2label = {0: 'O', 1: 'B-PER', 2: 'I-PER'}
    tagger = DistilBertForTokenClassification(config).eval()
    with torch.no_grad(): tagger.classifier.weight.normal_(std=2) # a fresh head is undecided
    text = 'Ana met Ravi in a café.'
    found = pipeline('token-classification', model=tagger, tokenizer=tokenizer, ignore_labels=[])(text)
    batch = tokenizer(text, return_tensors='pt')
    direct = tagger(**batch).logits[0].softmax(-1)[1:-1] # without [CLS] and [SEP]
    np.testing.assert_allclose([o['score'] for o in found], direct.max(-1).values.detach(), atol=1e-5)
    assert [o['entity'] for o in found] == [config.id2label[i] for i in direct.argmax(-1).tolist()] and len({o['entity'] for o in found}) > 1
    assert [(o['start'], o['end']) for o in found] == [tuple(batch.token_to_chars(i)) for i in range(1, len(found) + 1)]
    groups = pipeline('token-classification', model=tagger, tokenizer=tokenizer, ignore_labels=[], aggregation_strategy='first')(text)
    assert all(text[o['start']:o['end']].lower().replace('é', 'e') == o['word'] for o in groups) and groups[-1]['end'] == len(text)

def test_words_are_those_of_their_own_tokenizer(tokenizer, config, tmp_path): # the decoder takes the spaces before punctuation away
    config.id2label = {0: 'O', 1: 'B-PER', 2: 'I-PER'}
    tagger = DistilBertForTokenClassification(config).eval()
    tokenizer.save_pretrained(tmp_path)
    theirs = DistilBertTokenizerFast.from_pretrained(tmp_path)
    pieces = theirs.tokenize("Ravi's café isn't 10.5 km away, is it?")
    assert tokenizer.convert_tokens_to_string(pieces) == theirs.convert_tokens_to_string(pieces) != ' '.join(pieces).replace(' ##', '')
    for text in 'Ana met Ravi.', "It isn't Ravi's, is it?", 'What? No!':
        words = [[[o['word'] for o in pipeline('token-classification', model=tagger, tokenizer=t, ignore_labels=[], aggregation_strategy=how)(text)] for how in ('simple', 'first')] for t in (tokenizer, theirs)]
        assert words[0] == words[1]

def test_fill_mask(tokenizer, config):
    model = DistilBertForMaskedLM(config).eval()
    text = f'a warm {tokenizer.mask_token}.'
    found = pipeline('fill-mask', model=model, tokenizer=tokenizer, top_k=3)(text)
    batch = tokenizer(text, return_tensors='pt')
    direct = model(**batch).logits[0, batch.input_ids[0].tolist().index(tokenizer.mask_token_id)].softmax(-1).topk(3)
    assert [o['token'] for o in found] == direct.indices.tolist()
    np.testing.assert_allclose([o['score'] for o in found], direct.values.detach(), rtol=1e-4)

def test_feature_extraction(tokenizer, config):
    batch = tokenizer(TEXTS[0], return_tensors='pt')
    model = DistilBertModel(config).eval()
    np.testing.assert_allclose(pipeline('feature-extraction', model=model, tokenizer=tokenizer)(TEXTS[0]), model(**batch).last_hidden_state.detach(), atol=1e-5)

def test_zero_shot(tokenizer, config):
    config.id2label = {0: 'contradiction', 1: 'neutral', 2: 'entailment'}
    model = DistilBertForSequenceClassification(config).eval()
    found = pipeline('zero-shot-classification', model=model, tokenizer=tokenizer)(TEXTS[0], candidate_labels=['joy', 'sleep'], hypothesis_template='{}.')
    direct = model(**tokenizer([TEXTS[0]] * 2, ['joy.', 'sleep.'], padding=True, return_tensors='pt')).logits[:, 2].softmax(-1)
    np.testing.assert_allclose([dict(zip(found['labels'], found['scores']))[k] for k in ('joy', 'sleep')], direct.detach(), atol=1e-5)

def test_image_classification():
    name = 'transformers-lite/vit-digits'
    model, processor = AutoModelForImageClassification.from_pretrained(name), AutoImageProcessor.from_pretrained(name)
    files = [str(cached_file(name, f'sample-{n}.png')) for n in (3, 6, 7)]
    found = pipeline('image-classification', model=model, image_processor=processor)(files, top_k=10)
    direct = model(**processor(files, return_tensors='pt')).logits.softmax(-1)
    np.testing.assert_allclose([[{o['label']: o['score'] for o in row}[str(n)] for n in range(10)] for row in found], direct.detach(), atol=1e-5)
    assert [row[0]['label'] for row in found] == ['3', '6', '7']

def test_features_of_pictures():
    name = 'transformers-lite/vit-digits'
    whole, processor, file = AutoModelForImageClassification.from_pretrained(name), AutoImageProcessor.from_pretrained(name), str(cached_file(name, 'sample-3.png'))
    direct = whole.vit(**processor(file, return_tensors='pt')).last_hidden_state
    np.testing.assert_allclose(pipeline('image-feature-extraction', model=whole.vit, image_processor=processor)(file), direct.detach(), atol=1e-5)

@pytest.fixture
def listen():
    name = 'transformers-lite/wav2vec2-morse'
    processor, model = AutoProcessor.from_pretrained(name), AutoModelForCTC.from_pretrained(name)
    sound = load_audio(cached_file(name, 'sample.flac'), sampling_rate=4000)
    return pipeline('automatic-speech-recognition', model=model, tokenizer=processor.tokenizer, feature_extractor=processor.feature_extractor), processor, model, sound

def test_speech_recognition(listen):
    hear, processor, model, sound = listen
    frames = model(**processor(sound, sampling_rate=4000, return_tensors='pt')).logits.argmax(-1)
    assert [hear(sound)['text']] == processor.batch_decode(frames) == ['HELLO, WORLD!']
    assert hear(sound[:len(sound)//2])['text'] != 'HELLO, WORLD!'

def test_times_of_characters_and_words(listen):
    hear, processor, model, sound = listen
    frames = model(**processor(sound, sampling_rate=4000, return_tensors='pt')).logits[0].argmax(-1)
    seconds = model.config.inputs_to_logits_ratio / 4000
    direct = processor.tokenizer.decode(frames, output_char_offsets=True, output_word_offsets=True, seconds_per_frame=seconds)
    for kind, offsets in dict(char=direct.char_offsets, word=direct.word_offsets).items():
        chunks = hear(sound, return_timestamps=kind)['chunks']
        assert [c['text'] for c in chunks] == [o[kind] for o in offsets] and len(chunks) > 1
        np.testing.assert_allclose([c['timestamp'] for c in chunks], [(o['start_time'], o['end_time']) for o in offsets], atol=1e-4)

def test_question_answering(tokenizer, config):
    if not FOUR:
        with pytest.raises(KeyError, match='question-answering has been removed'): pipeline('question-answering') # from transformers 5, for every model
        return
    model = DistilBertForQuestionAnswering(config).eval()
    context = 'Ana met Ravi in a café. ' * 2
    ask = pipeline('question-answering', model=model, tokenizer=tokenizer)
    found = ask(question='Who?', context=context, max_seq_len=30, doc_stride=8)
    assert found['answer'] == context[found['start']:found['end']] and 0 < found['score'] < 1

def test_audio_classification(listen):
    _, processor, listener, sound = listen
    model = Wav2Vec2ForSequenceClassification(listener.config).eval()
    direct = model(**processor(sound, sampling_rate=4000, return_tensors='pt')).logits[0].softmax(-1)
    found = pipeline('audio-classification', model=model, feature_extractor=processor.feature_extractor)(sound)
    np.testing.assert_allclose([{o['label']: o['score'] for o in found}[name] for name in model.config.label2id], direct.detach(), atol=1e-5)

def test_text_generation(tokenizer):
    words = PreTrainedTokenizerFast(tokenizer_object=tokenizer.backend_tokenizer, pad_token='[PAD]', padding_side='left', model_input_names=['input_ids', 'attention_mask'])
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(words), hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, eos_token_id=None, pad_token_id=0)).eval()
    found = pipeline('text-generation', model=model, tokenizer=words)(TEXTS[:2], max_new_tokens=4, do_sample=False, batch_size=2, return_full_text=False)
    direct = model.generate(**words(TEXTS[:2], padding=True, return_tensors='pt'), max_new_tokens=4, do_sample=False)
    assert [row[0]['generated_text'].strip() for row in found] == words.batch_decode(direct[:, -4:], skip_special_tokens=True)

class Warmth(Pipeline): # a task of one's own, which asks for everything by transformers' names
    def _sanitize_parameters(self, **kwargs): return {}, {}, {}
    def preprocess(self, text): return self.tokenizer(text, return_tensors='pt')
    def _forward(self, batch): return self.model(**batch)
    def postprocess(self, out):
        assert isinstance(out, ModelOutput)
        return out.logits.softmax(-1)[0, 1].item()

def test_a_pipeline_of_ones_own(tokenizer, model, tmp_path):
    PIPELINE_REGISTRY.register_pipeline('warmth', pipeline_class=Warmth, pt_model=transformers.AutoModelForSequenceClassification)
    warm = pipeline('warmth', model=model, tokenizer=tokenizer)
    found = warm(TEXTS, batch_size=1)
    assert found[0] > .9 > .2 > found[1] and 'Warmth' in repr(warm)
    pipeline('text-classification', model=model, tokenizer=tokenizer).save_pretrained(tmp_path)
    again = pipeline('text-classification', model=str(tmp_path))(TEXTS[0])[0] # of transformers' own classes
    assert abs(again['score'] - found[0]) < 1e-5

def test_a_processor_of_theirs_with_our_parts(listen, tmp_path):
    _, processor, _, sound = listen
    both = transformers.Wav2Vec2Processor(processor.feature_extractor, processor.tokenizer)
    torch.testing.assert_close(both(sound, sampling_rate=4000, return_tensors='pt').input_values, processor(sound, sampling_rate=4000, return_tensors='pt').input_values)
    both.save_pretrained(tmp_path)
    assert AutoProcessor.from_pretrained(tmp_path).feature_extractor.sampling_rate == 4000
